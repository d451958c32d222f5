"""Checkpoints that other programs wrote: which network a file is of, and where in it the weights are."""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.files import read_json

#: Where checkpoints keep their weights beside optimizer and epoch; open_clip itself reads `state_dict` alone.
_WEIGHTS = ("model", "model_state_dict", "state_dict", "module", "model_ema")
_CONFIG = "open_clip_config.json"


def section_of_file(file: Path) -> dict[str, Any]:
    """The config section `model:` of a file of weights that is named alone, from what lies beside it.

    open_clip_config.json in its folder (a saved model), or params.txt of open_clip's training one folder above
    (`logs/RUN/checkpoints/epoch_3.pt`). Raises UserError where neither is there.
    """
    if (file.parent / _CONFIG).is_file():
        saved = read_json(file.parent / _CONFIG)
        if not isinstance(saved, dict) or not isinstance(saved.get("model_cfg"), dict):
            raise UserError("no `model_cfg` in the file", where=str(file.parent / _CONFIG), fix="save the model again")
        shown = {key: value for key, value in (saved.get("preprocess_cfg") or {}).items() if key != "size"}
        return {"backend": "open_clip", "config": saved["model_cfg"], "preprocess": shown, "pretrained": str(file)}
    for params in (file.parent / "params.txt", file.parent.parent / "params.txt"):
        if params.is_file():
            return {"backend": "open_clip", **_section_of_params(params), "pretrained": str(file)}
    raise UserError(
        "a file of weights does not say which network they are of",
        where=str(file),
        fix=f"write ARCHITECTURE/FILE, such as ViT-B-32/{file}; weights fine-tuned from OpenAI's need "
        f"ViT-B-32-quickgelu/{file}",
    )


def _section_of_params(path: Path) -> dict[str, Any]:
    """open_clip's training writes every argument as a line `name: value`."""
    lines = (line.partition(":") for line in path.read_text("utf-8", errors="replace").splitlines())
    said = {name.strip(): value.strip() for name, colon, value in lines if colon}
    if not said.get("model"):
        raise UserError("no line `model:` in the file", where=str(path), fix="write ARCHITECTURE/FILE")
    if said.get("force_custom_text") == "True":
        raise UserError("trained with force_custom_text", where=str(path), fix="save it with open_clip as local-dir")
    name = said["model"].replace("/", "-")
    quick = said.get("force_quick_gelu") == "True" or said.get("pretrained", "").lower() == "openai"
    preprocess = {
        ours: _value(said[theirs])
        for ours, theirs in (
            ("mean", "image_mean"),
            ("std", "image_std"),
            ("interpolation", "image_interpolation"),
            ("resize_mode", "image_resize_mode"),
        )
        if said.get(theirs, "None") != "None"
    }
    if not quick or name.endswith("-quickgelu"):
        return {"name": name, "preprocess": preprocess}
    from semclip.models.architectures import architecture_config

    return {"config": {**architecture_config(name, str(path)), "quick_gelu": True}, "preprocess": preprocess}


def _value(text: str) -> Any:
    numbers = text.strip("[]()")
    return [float(part) for part in numbers.split(",")] if text[:1] in "[(" else text


@contextmanager
def plain_weights(file: Path) -> Iterator[Path]:
    """A file that holds the weights alone: the file itself, or a temporary copy of the part of it that they are.

    Nothing but tensors, plain values and argparse's Namespace (which checkpoints keep their arguments in) is read.
    """
    with torch.serialization.safe_globals([argparse.Namespace]):
        state = None if file.suffix in (".safetensors", ".npz", ".npy") else _inner(file)
        if state is None:
            yield file
            return
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "weights.safetensors"
            save_file({name: t.clone().contiguous() for name, t in state.items()}, plain)
            yield plain


def _inner(file: Path) -> dict[str, Tensor] | None:
    """The weights of a checkpoint that keeps them under another name than open_clip's; None for other files."""
    try:
        held: Any = torch.load(file, "cpu", weights_only=True, mmap=True)
    except RuntimeError:  # of torch's format before 1.6, which cannot be mapped
        held = torch.load(file, "cpu", weights_only=True)
    if not isinstance(held, Mapping) or _is_state(held):
        return None
    name = next((name for name in _WEIGHTS if _is_state(held.get(name))), None)
    if name is None:
        raise ValueError(
            f"it holds {', '.join(map(str, list(held)[:12]))}, and none of {', '.join(_WEIGHTS)} holds named tensors"
        )
    return None if name == "state_dict" else dict(_without_prefix(held[name]))


def _is_state(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(part, Tensor) for part in value.values())


def _without_prefix(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    wrapped = all(name.startswith("module.") for name in state)
    return {name.removeprefix("module."): t for name, t in state.items()} if wrapped else state
