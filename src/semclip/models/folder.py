"""Model folders on disk: replaced as a whole or not at all; weights read without running code from the file."""

import hashlib
import json
import os
import pickle
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.files import is_file, reason
from semclip.core.folders import new_folder

#: A saved model holds one of these; a folder with neither is not replaced.
CONFIG_FILES = ("open_clip_config.json", "semclip_config.json", "student.json")

#: Said of a pickle; torch's own words advise how to load it all the same, which would run what it holds.
HOLDS_CODE = "it is a pickle that holds more than tensors, perhaps code, or it is damaged"

#: What reading weights raises for a damaged file, a pickle that wants to run code, or weights of another shape.
UNREADABLE_WEIGHTS = (
    SafetensorError,
    pickle.UnpicklingError,
    OSError,
    RuntimeError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    StopIteration,
    AssertionError,  # open_clip's, where the shapes of a configuration and of its weights differ
)


def replace_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a model's folder; the old one stands until the new one is complete on disk.

    Raises UserError when the disk is full, the place
    cannot be written, or `folder` holds something that is no saved model.
    """
    folder = Path(folder)
    there = {p.name for p in folder.iterdir()} if folder.is_dir() else {"a file"} if folder.exists() else set()
    if there and not there & set(CONFIG_FILES):
        raise UserError(
            "this folder is not a saved model, so it is not replaced by one",
            where=str(folder),
            fix="choose a new or empty folder",
        )
    with new_folder(folder, "cannot save the model", there="replaced") as filling:
        try:
            fill(filling)
        except SafetensorError as error:  # a full disk, in its words
            raise OSError(str(error)) from error
        for path in (p for p in filling.rglob("*") if p.is_file()):
            with path.open("rb") as file:
                os.fsync(file.fileno())  # the rename must not reach the disk before the bytes do


def save_weights(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write tensors as safetensors."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    save_file(plain, path, metadata={"format": "pt"})


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name, from safetensors or from a torch file that holds nothing but tensors.

    A pickle that needs more than that is refused: unpickling can run any code. Raises UserError.
    """
    try:
        state: Any = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
        if "state_dict" in state:
            state = state["state_dict"]
        if not state or not all(isinstance(value, Tensor) for value in state.values()):
            raise ValueError("it does not hold named tensors")
    except UNREADABLE_WEIGHTS as error:
        raise unreadable_weights(path, error) from error
    return dict(state)


def unreadable_weights(path: Path, error: BaseException) -> UserError:
    """The message for weights that cannot be read or do not fit."""
    if is_file(path):
        try:
            path.open("rb").close()
        except OSError as closed:  # safetensors calls a file missing that may not be read
            fix = f"`chmod u+r {shlex.quote(str(path))}` if the file is yours"
            return UserError(f"cannot read the weights: {reason(closed)}", where=str(path), fix=fix)
    said = " ".join((str(error) or type(error).__name__).split())  # torch's are lines with tabs
    if isinstance(error, pickle.UnpicklingError):
        said = HOLDS_CODE
    return UserError(
        f"cannot read the weights: {said}",
        where=str(path),
        fix="copy or save the file again; only safetensors and torch files that hold nothing but tensors are read, "
        "and they must be of this architecture",
    )


def refuse_non_finite_weights(state: Iterable[tuple[str, Tensor]], path: Path) -> None:
    """Raise UserError for weights with NaN or infinity: every embedding would be NaN."""
    for name, tensor in state:
        if not torch.isfinite(tensor).all():
            raise UserError(
                f"the weights '{name}' hold NaN or infinity", where=str(path), fix="use an earlier checkpoint"
            )


def fingerprint(state: Iterable[tuple[str, Tensor]], settings: Any) -> str:
    """SHA-256 over named tensors (name, type, shape, bytes) and JSON-ready settings."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, tensor in sorted(state, key=lambda item: item[0]):
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
