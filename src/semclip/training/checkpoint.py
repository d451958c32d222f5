"""Checkpoints: written atomically, loaded without unpickling code, enough to continue exactly."""

import re
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from semclip.core.errors import UserError
from semclip.core.files import write_atomic

_NAME = re.compile(r"step_(\d+)\.pt")


def save_checkpoint(folder: Path, step: int, state: Mapping[str, Any], keep: int = 2) -> Path:
    """Write `step_<step>.pt`, then remove all but the newest `keep`."""
    path = folder / f"step_{step:08d}.pt"
    write_atomic(path, lambda temporary: _save(dict(state), temporary))
    for old in list_checkpoints(folder)[:-keep]:
        old.unlink()
    return path


def _save(state: dict[str, Any], path: Path) -> None:
    try:
        torch.save(state, path)
    except RuntimeError as error:  # how torch reports a full disk
        raise OSError(f"{str(error).splitlines()[0]} (is the disk full?)") from error


def list_checkpoints(folder: Path) -> list[Path]:
    """Checkpoints by step, oldest first."""
    return sorted(p for p in folder.glob("step_*.pt") if _NAME.fullmatch(p.name))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; only tensors and plain values are accepted, never pickled code."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, OSError) as error:
        raise UserError(
            f"the checkpoint cannot be read: {str(error).splitlines()[0]}",
            where=str(path),
            fix="delete this file; `--resume` then continues from the one before it",
        ) from error
