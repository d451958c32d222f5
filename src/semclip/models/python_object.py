"""A Python object of the user's as an encoder: anything with `encode_image` and `encode_text`, of lists or tensors."""

import inspect
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError, did_you_mean, first_line
from semclip.core.example import ImageRef
from semclip.core.registry import module_of_file
from semclip.models.backends.base import Encoder


@runtime_checkable
class EncodesLists(Protocol):
    """What the object has to have: images (PIL, RGB, any size) or texts in, one row each out.

    Rows (B, D): a tensor of any device and float type, an array or lists; not necessarily of unit length.
    """

    def encode_image(self, images: list[Image.Image]) -> Any: ...

    def encode_text(self, texts: list[str]) -> Any: ...


class PythonObject:
    """A DualEncoder around such an object: what `semclip evaluate FILE.py:NAME` measures.

    The object is called as it is given, without gradients: its device, its precision and its evaluation mode are the
    user's to set. Batches here are lists, so what travels in tensors is a number for each waiting image or text.
    It has no fingerprint, so its embeddings cannot be kept in a cache. When to use: for a model that is neither
    open_clip's nor transformers'.
    """

    name = "python"
    context_length = 1
    reads_pixels = True

    def __init__(self, model: EncodesLists, label: str = "") -> None:
        if not isinstance(model, EncodesLists):
            raise UserError(
                f"a {type(model).__name__} is no encoder: encode_image or encode_text is not there",
                where=label or "the model",
                fix="give an object with encode_image(images) and encode_text(texts), each -> one row per entry",
            )
        self.label = label or type(model).__name__
        self.logit_scale = torch.tensor(1.0)
        self._model = model
        self._numbers = count()
        self._waiting: dict[int, Any] = {}
        self.embed_dim = int(self.encode_text(self.tokenize(["a photo"])).shape[1])

    def load_image(self, ref: ImageRef) -> Tensor:
        return torch.tensor(self._queued(read_rgb(ref)))

    def encode_image(self, inputs: Tensor) -> Tensor:
        rows = _rows(self._model.encode_image(self._taken(inputs)), len(inputs), "encode_image", self.label)
        if rows.shape[1] != self.embed_dim:
            what = f"an image has {rows.shape[1]} numbers and a text {self.embed_dim}"
            raise UserError(what, where=self.label, fix="give both in one space: rows of the same width")
        return rows

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        return torch.tensor([[self._queued(text)] for text in texts])  # (B, 1)

    def encode_text(self, tokens: Tensor) -> Tensor:
        return _rows(self._model.encode_text(self._taken(tokens[:, 0])), len(tokens), "encode_text", self.label)

    def _queued(self, thing: Any) -> int:
        number = next(self._numbers)
        self._waiting[number] = thing
        return number

    def _taken(self, numbers: Tensor) -> list[Any]:
        return [self._waiting.pop(int(number)) for number in numbers]


def load_object(spec: str) -> PythonObject | Encoder:
    """The object that `path/to/file.py:NAME` names; a class or a function is called without arguments to make it.

    A model as `semclip.load` gives one is taken as it is.

    Raises UserError for a missing file or name, and for an object without the two methods.
    """
    file, _, name = spec.rpartition(":")
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise UserError("no such file", where=file, fix="check the path before ':'")
    names = vars(module_of_file(path))
    if name not in names:
        public = [n for n in names if not n.startswith("_")]
        raise UserError(f"no '{name}' in the file", where=spec, fix=did_you_mean(name, public))
    thing = names[name]
    made: Any = thing() if inspect.isclass(thing) or inspect.isfunction(thing) else thing
    return made if isinstance(made, Encoder) else PythonObject(made, label=spec)


def _rows(given: Any, wanted: int, method: str, label: str) -> Tensor:
    """(B, D) in a float type."""
    fix = "give one row of floats for each entry, in their order"
    try:
        rows = given if isinstance(given, Tensor) else torch.from_numpy(np.asarray(given))
    except (TypeError, ValueError) as error:  # texts; lists of different lengths
        raise UserError(f"{method} gave no array of numbers: {first_line(error)}", where=label, fix=fix) from error
    if rows.ndim != 2 or len(rows) != wanted or not rows.is_floating_point():
        what = f"{method} gave {rows.dtype} of shape {tuple(rows.shape)} for {wanted} entries"
        raise UserError(what, where=label, fix=fix)
    return rows
