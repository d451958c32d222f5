"""The picture itself, through any dual encoder: a negation scores below its caption, and by how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from semclip.captions.verifiers import _hf
from semclip.captions.verifiers.base import LoadEncoder, Verdict, Verifier, as_typed, need_pictures
from semclip.captions.writers.base import Candidate
from semclip.core.config import dump
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef


class Image(Verifier):
    """The margin between caption c and text t at the image x, in cosine.

        score = cos(x, c) - cos(x, t)
        negation: score above `margin`;  paraphrase, absence: score at most `slack`

    model: whatever `semclip evaluate` takes: a run, a folder, `ViT-B-32/openai`, `hf:ID`, a features file's model.
    A text whose picture cannot be read is rejected with that reason.

    When to use: to drop negations that the picture does not contradict, with an encoder that can see it. CLIP itself
    hardly reads negation words: with it, judge swapped words, not "no dog"; the slack spares absences for that reason.
    """

    version = "1"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        model: str = ""
        margin: float = 0.0
        slack: float = 0.05

    def __init__(self, config: Config | None, load_encoder: LoadEncoder) -> None:
        super().__init__(config, load_encoder)
        if not self.config.model:
            raise UserError("which model?", where="verifier image", fix=as_typed("image", "model: ViT-B-32/openai"))
        self._encoder = load_encoder(self.config.model)
        self._image = lru_cache(256)(self._read_image)  # each picture serves all views of its row
        self._aside = _hf.Aside()

    def look_over(self, examples: Sequence[Example]) -> None:
        need_pictures(examples)

    async def check(self, example: Example, view: str, candidates: Sequence[Candidate]) -> list[Verdict]:
        try:
            margins = await self._aside(self.margins, example, candidates)
        except UserError as error:
            return [Verdict("image", f"the picture cannot be read: {error.what}")] * len(candidates)
        return [self._verdict(view, margin) for margin in margins]

    def margins(self, example: Example, candidates: Sequence[Candidate]) -> list[float]:
        """cos(image, caption) - cos(image, text) of every candidate. Raises UserError for an unreadable picture."""
        import torch

        image = self._image(example.image)  # (1, D)
        texts = [example.captions[c.of] for c in candidates] + [c.text for c in candidates]
        with torch.inference_mode():
            rows = self._encoder.encode_text(self._encoder.tokenize(texts))  # (2n, D)
        scores = torch.nn.functional.cosine_similarity(rows.float(), image)  # (2n,)
        return (scores[: len(candidates)] - scores[len(candidates) :]).tolist()

    def _read_image(self, ref: ImageRef) -> Any:
        import torch

        with torch.inference_mode():
            return self._encoder.encode_image(self._encoder.load_image(ref)[None]).float()  # (1, D)

    def _verdict(self, view: str, margin: float) -> Verdict:
        if view == "negation":
            reason = "" if margin > self.config.margin else "fits the picture as well as the caption does"
        else:
            reason = "" if margin <= self.config.slack else "fits the picture far less than the caption"
        return Verdict("image", reason, margin)

    def signature(self) -> dict[str, Any]:
        return {**super().signature(), **dump(self.config)}

    async def close(self) -> None:
        self._aside.close()
