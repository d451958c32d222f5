"""The device that a name stands for."""

from typing import Any

import torch

from semclip.core.errors import UserError


def find_device(name: str) -> Any:
    """`auto` takes a GPU where there is one. Raises UserError for a device that is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"no device is called '{name}'", where="--device", fix="use cpu, cuda or cuda:1") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError("this machine has no GPU that torch can use", where="--device", fix="use --device cpu")
    return device
