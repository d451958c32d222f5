"""The space in which data steps look for neighbours: that of the model as training starts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from semclip.core.example import ImageRef
from semclip.models.backends.base import Encoder
from semclip.training.images import feature_store

_TEXTS_AT_ONCE = 512


class StartEmbeddings:
    """Implements `semclip.core.protocols.Embeddings`; images are encoded once and kept beside the runs."""

    def __init__(self, encoder: Encoder, cache: Path, device: torch.device) -> None:
        self.encoder, self.cache, self.device = encoder, cache, device

    def images(self, refs: Sequence[ImageRef]) -> np.ndarray:
        """(N, D) unit rows, float32."""
        if not self.encoder.reads_pixels:
            refs = [ImageRef(ref.name) for ref in refs]
        store = feature_store(self.encoder, refs, self.cache, self.device)
        return _unit(np.stack([store.row(ref) for ref in refs]))

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) unit rows, float32; equal texts are encoded once."""
        distinct = list(dict.fromkeys(texts))
        rows = []
        training = self.encoder.training
        self.encoder.eval()
        with torch.no_grad():
            for start in range(0, len(distinct), _TEXTS_AT_ONCE):
                tokens = self.encoder.tokenize(distinct[start : start + _TEXTS_AT_ONCE]).to(self.device)
                rows.append(self.encoder.encode_text(tokens).float().cpu().numpy())  # (B, D)
        self.encoder.train(training)
        place = {text: i for i, text in enumerate(distinct)}
        return _unit(np.concatenate(rows))[[place[text] for text in texts]]


def _unit(rows: np.ndarray) -> np.ndarray:
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit.astype(np.float32)
