"""Both towers as ONNX files, with tokenizer and settings: for programs without torch."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from semclip.core.files import write_json
from semclip.models.backends.base import Encoder
from semclip.models.backends.open_clip import OpenClip
from semclip.models.backends.transformers import Transformers, image_settings
from semclip.models.exports._onnx_folder import SETTINGS, OnnxFolder
from semclip.models.exports._onnx_words import write_tokenizer
from semclip.models.exports.base import (
    PROBE_TEXTS,
    Export,
    Reading,
    furthest,
    probe_pictures,
    quiet_loading,
    reads_no_pixels,
    refuse_different,
)

#: Greatest difference of unit embeddings.
TOLERANCE = 1e-4
#: Above this many bytes the weights go into a file of their own: an ONNX file holds 2 GB.
_OWN_FILE = 1_500_000_000
#: What speed is measured on.
_BATCH, _ROUNDS = 8, 3


_TEXTS = """import json

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file("tokenizer.json")
session = onnxruntime.InferenceSession("text.onnx")
ids = [e.ids for e in tokenizer.encode_batch(["a photo of a dog", "a beach without people"])]
texts = session.run(None, {"input_ids": np.array(ids)})[0]
"""
_PICTURES = """
settings = json.load(open("onnx_settings.json"))
height, width = settings["image_size"]
how = settings["preprocessing"]


def pixels(path):
    picture = Image.open(path).convert("RGB")
    scale = max(height / picture.height, width / picture.width)
    squash = how["resize_mode"] == "squash"
    size = (width, height) if squash else (int(picture.width * scale + 1e-6), int(picture.height * scale + 1e-6))
    picture = picture.resize(size, Image.Resampling[how["interpolation"].upper()])
    left, top = round((size[0] - width) / 2), round((size[1] - height) / 2)
    array = np.asarray(picture.crop((left, top, left + width, top + height))) / 255
    return ((array - how["mean"]) / how["std"]).transpose(2, 0, 1).astype(np.float32)


session = onnxruntime.InferenceSession("image.onnx")
images = session.run(None, {"pixel_values": pixels("picture.jpg")[None]})[0]
print(texts @ images.T)
"""
_LIBRARY_PICTURES = """print(texts.shape)
# image.onnx takes pixel_values, float32 (batch, 3, height, width); onnx_settings.json says how pictures become that,
# in the words of transformers' image processors.
"""


class OnnxExport(Export):
    """`image.onnx` (pixel_values -> image_embeds), `text.onnx` (input_ids -> text_embeds), `tokenizer.json`, settings.

    Any batch size; rows of unit length. The text tower reads all positions: the shortcut for short texts stays here.
    `int8` adds `image.int8.onnx` and `text.int8.onnx`: embeddings and weights of matrix products in 8 bits, activations
    quantised as they come (onnxruntime's dynamic quantisation).
    When to use: in servers, on phones, in browsers; and for ResNets, which transformers' CLIPModel has no place for.
    """

    needs = ("onnx", "onnxscript", "onnxruntime", "tokenizers")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """int8: write quantised towers beside the exact ones."""

        int8: bool = False

    def reading(self, encoder: Encoder) -> Reading:
        return Reading("onnx", _TEXTS + (_PICTURES if isinstance(encoder, OpenClip) else _LIBRARY_PICTURES))

    def why_not(self, encoder: Encoder) -> str:
        if isinstance(encoder, OpenClip | Transformers):
            return ""
        return reads_no_pixels(encoder) or f"what the backend '{encoder.name}' computes is not known here"

    def otherwise(self) -> str:
        return "train or name a model of the backends open_clip or transformers"

    def fill(self, encoder: Encoder, folder: Path) -> Sequence[str]:
        pixels = torch.stack([_pixels(encoder, picture) for picture in probe_pictures()])  # (3, 3, H, W)
        ids = encoder.tokenize(PROBE_TEXTS)  # (5, L)
        _export(_Image(encoder), pixels, folder / "image.onnx", "pixel_values", "image_embeds")
        _export(_Text(encoder), ids, folder / "text.onnx", "input_ids", "text_embeds")
        said = write_tokenizer(encoder, folder / "tokenizer.json")
        write_json(folder / SETTINGS, _settings(encoder, pixels))
        said += _compare(encoder, OnnxFolder(folder), pixels, ids)
        if self.config.int8:
            said += _quantise(folder, pixels, ids)
        return said


class _Image(nn.Module):
    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pixel_values: Tensor) -> Tensor:
        return F.normalize(self.encoder.encode_image(pixel_values), dim=-1)


class _Text(nn.Module):
    """The tower's own pass over all positions: no shape depends on what the texts say."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder: Any = encoder
        self._masks = isinstance(encoder, Transformers) and encoder.network.config.model_type not in ("clip", "siglip")

    def forward(self, input_ids: Tensor) -> Tensor:
        network = self.encoder.network
        if isinstance(self.encoder, OpenClip):
            rows = network.encode_text(input_ids)
        elif self._masks:
            mask = (input_ids != self.encoder.tokenizer.pad_token_id).long()
            rows = network.get_text_features(input_ids=input_ids, attention_mask=mask).pooler_output
        else:
            rows = network.get_text_features(input_ids=input_ids).pooler_output
        return F.normalize(rows, dim=-1)


def _export(module: nn.Module, example: Tensor, path: Path, takes: str, gives: str) -> None:
    import logging
    import warnings

    size = sum(p.numel() * p.element_size() for p in module.parameters())
    loud = [logging.getLogger(name) for name in ("onnxscript", "onnx_ir", "torch.onnx")]
    levels = [logger.level for logger in loud]
    for logger in loud:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            torch.onnx.export(
                module.eval(), (example,), path, input_names=[takes], output_names=[gives],
                dynamic_shapes=({0: torch.export.Dim("batch")},), dynamo=True, verbose=False,
                external_data=size > _OWN_FILE,
            )  # fmt: skip
    finally:
        for logger, level in zip(loud, levels, strict=True):
            logger.setLevel(level)


def _settings(encoder: Encoder, pixels: Tensor) -> dict[str, Any]:
    bias = getattr(getattr(encoder, "network", None), "logit_bias", None)
    return {
        "model": encoder.label,
        "embed_dim": encoder.embed_dim,
        "context_length": encoder.context_length,
        "image_size": list(pixels.shape[-2:]),
        "preprocessing": encoder.preprocess.settings if isinstance(encoder, OpenClip) else _library_settings(encoder),
        "logit_scale": float(encoder.logit_scale),
        "logit_bias": None if bias is None else float(bias),
        "unit_length": True,
    }


def _library_settings(encoder: Encoder) -> dict[str, Any]:
    assert isinstance(encoder, Transformers)
    return image_settings(encoder.processor)


def _compare(encoder: Encoder, exported: OnnxFolder, pixels: Tensor, ids: Tensor) -> list[str]:
    """Equality at several batch sizes, sizes, and speed beside torch's. Raises UserError for a difference."""
    said = []
    for what, file, inputs, mine, theirs in (
        ("image", "image.onnx", pixels, encoder.encode_image, exported.images),
        ("text", "text.onnx", ids, encoder.encode_text, exported.texts),
    ):
        expected = mine(inputs)
        worst = max(furthest(expected[:count], theirs(inputs[:count].numpy())) for count in (1, 2, len(inputs)))
        refuse_different(what, worst, TOLERANCE)
        many = inputs[:1].expand(_BATCH, *inputs.shape[1:]).contiguous()
        there, here = _rate(theirs, many.numpy()), _rate(mine, many)
        size = sum(path.stat().st_size for path in exported.folder.glob(f"{file}*")) / 1e6
        said.append(f"{file}: equal in onnxruntime to {worst:.0e}, {size:,.1f} MB, "
                    f"{there:,.0f} {what}s/s (torch {here:,.0f}; batches of {_BATCH})")  # fmt: skip
    return [*said, "torch skips what stands behind the end of a text, text.onnx does not"]


def _quantise(folder: Path, pixels: Tensor, ids: Tensor) -> list[str]:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with quiet_loading():
        for tower in ("image", "text"):
            quantize_dynamic(
                folder / f"{tower}.onnx", folder / f"{tower}.int8.onnx", weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul", "Gemm", "Gather"], extra_options={"DefaultTensorType": 1},
            )  # fmt: skip
    exact, small = OnnxFolder(folder), OnnxFolder(folder, ".int8")
    said = []
    for what, inputs, before, after in (
        ("image", pixels.numpy(), exact.images, small.images),
        ("text", ids.numpy(), exact.texts, small.texts),
    ):
        cosine = float((before(inputs) * after(inputs)).sum(axis=1).min())
        many = inputs[:1].repeat(_BATCH, axis=0)
        size = (folder / f"{what}.int8.onnx").stat().st_size / 1e6
        said.append(f"{what}.int8.onnx: {size:,.1f} MB, {_rate(after, many):,.0f} {what}s/s; "
                    f"least cosine with the exact embedding on probes {cosine:.5f}")  # fmt: skip
    return said


def _pixels(encoder: Encoder, picture: Any) -> Tensor:
    if isinstance(encoder, OpenClip):
        return encoder.preprocess(picture)
    found: Tensor = encoder.processor(images=picture, return_tensors="pt")["pixel_values"][0]  # type: ignore[operator]
    return found


def _rate(encode: Callable[[Any], Any], batch: Any) -> float:
    """Rows a second: the best of some rounds, after one that warms up."""
    seconds = []
    for _ in range(1 + _ROUNDS):
        start = time.perf_counter()
        encode(batch)
        seconds.append(time.perf_counter() - start)
    return len(batch) / max(min(seconds[1:]), 1e-9)
