"""The towers of an ONNX export, run by onnxruntime: what the export is compared with, and int8 is measured by."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from semclip.core.example import ImageRef
from semclip.models.backends.base import Encoder

SETTINGS = "onnx_settings.json"


class OnnxFolder:
    """Both towers. variant: "" for the exact files, ".int8" for the quantised ones."""

    def __init__(self, folder: Path, variant: str = "") -> None:
        import onnxruntime

        self.folder = folder
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()  # as many as torch has
        options.log_severity_level = 3
        self._image, self._text = (
            onnxruntime.InferenceSession(folder / f"{tower}{variant}.onnx", options, providers=["CPUExecutionProvider"])
            for tower in ("image", "text")
        )

    def images(self, pixels: Any) -> Any:
        """(B, D) unit rows of pixels (B, 3, H, W)."""
        return self._image.run(None, {"pixel_values": np.asarray(pixels, np.float32)})[0]

    def texts(self, ids: Any) -> Any:
        """(B, D) unit rows of ids (B, L)."""
        return self._text.run(None, {"input_ids": np.asarray(ids, np.int64)})[0]


class OnnxEncoder:
    """A DualEncoder that decodes and tokenises as `encoder` does and runs the towers of an export, to be evaluated."""

    name = "onnx"
    reads_pixels = True

    def __init__(self, encoder: Encoder, folder: Path, variant: str = "") -> None:
        self._encoder, self._towers = encoder, OnnxFolder(folder, variant)
        self.embed_dim, self.context_length = encoder.embed_dim, encoder.context_length
        self.label = f"{encoder.label}, ONNX{variant.replace('.', ' ')}"

    @property
    def logit_scale(self) -> Tensor:
        return self._encoder.logit_scale

    def load_image(self, ref: ImageRef) -> Tensor:
        return self._encoder.load_image(ref)

    def encode_image(self, inputs: Tensor) -> Tensor:
        return torch.from_numpy(self._towers.images(inputs.cpu().numpy()))

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        return self._encoder.tokenize(texts)

    def encode_text(self, tokens: Tensor) -> Tensor:
        return torch.from_numpy(self._towers.texts(tokens.cpu().numpy()))
