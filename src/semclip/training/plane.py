"""SemCLIP's projected plane as a picture: where captions, paraphrases and negations lie before and after training."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from semclip.core.example import Example
from semclip.core.files import write_json
from semclip.models.backends.base import Encoder
from semclip.objectives import Objective

#: Points per view: more hide each other.
POINTS = 200
VIEWS = ("caption", "paraphrase", "negation")


class PlaneRecorder:
    """Projects test texts onto the objective's first two basis rows, as the loss sees them; nothing without a basis.

    u = n(t) B^T with B (2, D) the first two rows of the basis; the two numbers of each text are its point.
    """

    def __init__(
        self, objective: Objective, encoder: Encoder, examples: Sequence[Example], points: dict[str, Any]
    ) -> None:
        self.objective = objective
        self.encoder = encoder
        self.examples = [e for e in examples if all(e.has(v) for v in VIEWS)][:POINTS]
        self.points = points  # kept in the checkpoint, so that a resumed run still knows "before"

    def record(self, moment: str) -> None:
        """Project the texts with the weights of now; `moment` is "before" or "after"."""
        basis = getattr(self.objective, "basis", None)
        if basis is None or not self.examples:
            return
        rows = basis.detach().float()[:2]  # (2, D)
        self.encoder.eval()
        with torch.no_grad():
            self.points[moment] = {
                view: self._project([e.texts(view)[0] for e in self.examples], rows) for view in VIEWS
            }
        self.points["basis"] = rows.tolist()

    def save(self, path: Path) -> None:
        if {"before", "after"} <= self.points.keys():
            write_json(path, self.points | {"ids": [e.id for e in self.examples]})

    def _project(self, texts: Sequence[str], rows: torch.Tensor) -> list[list[float]]:
        embeddings = self.encoder.encode_text(self.encoder.tokenize(texts).to(rows.device)).float()  # (P, D)
        projected = F.normalize(embeddings, dim=-1) @ rows.T  # (P, 2)
        return [[round(x, 6), round(y, 6)] for x, y in projected.tolist()]
