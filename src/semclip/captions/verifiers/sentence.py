"""How near caption and text are in a sentence model's space. Needs `pip install semclip[hf]`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from semclip.captions.verifiers import _hf
from semclip.captions.verifiers.base import LoadEncoder, Verdict, Verifier, as_typed
from semclip.captions.writers.base import Candidate
from semclip.core.config import dump
from semclip.core.errors import UserError
from semclip.core.example import Example


class Sentence(Verifier):
    """The cosine of mean-pooled sentence embeddings, against thresholds that the user gives.

        e(x) = sum_i m_i h_i(x) / sum_i m_i,  score = cos( e(caption), e(text) )
        m: attention mask, h: last hidden states

    paraphrase: a paraphrase scores at least this. negation: a negation scores below this. Where one is not given, texts
    of that view are scored and accepted; absences always are.
    model: id or folder of an encoder of transformers that was trained for mean pooling, such as
    `sentence-transformers/all-MiniLM-L6-v2`. What such a model calls near depends on it: look at `--dry-run` first.
    Errors: UserError without the extra, for a model that is not there, and without any threshold.

    When to use: to keep paraphrases to the meaning, cheaply. Sentence models hardly hear negation: leave that to `nli`.
    """

    version = "1"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        model: str = ""
        paraphrase: float | None = None
        negation: float | None = None
        device: str = "cpu"
        batch_size: int = 32

    def __init__(self, config: Config | None, load_encoder: LoadEncoder) -> None:
        super().__init__(config, load_encoder)
        if self.config.paraphrase is None and self.config.negation is None:
            fix = as_typed("sentence", "model: ID_OR_FOLDER, paraphrase: 0.8, negation: 0.95")
            raise UserError("no threshold", where="verifier sentence", fix=fix)
        self._tokenizer, self._network = _hf.load("text encoder", self.config.model, self.config.device, "sentence")
        self._lowest = {"paraphrase": -1.0 if self.config.paraphrase is None else self.config.paraphrase}
        self._highest = {"negation": 2.0 if self.config.negation is None else self.config.negation}
        self._aside = _hf.Aside()

    async def check(self, example: Example, view: str, candidates: Sequence[Candidate]) -> list[Verdict]:
        captions = [example.captions[candidate.of] for candidate in candidates]
        scores = await self._aside(self.cosines, captions, [candidate.text for candidate in candidates])
        return [self._verdict(view, score) for score in scores]

    def cosines(self, first: Sequence[str], second: Sequence[str]) -> list[float]:
        """cos(e(first_i), e(second_i))."""
        rows = self.embeddings([*first, *second])  # (2n, D)
        return (rows[: len(first)] * rows[len(first) :]).sum(-1).tolist()

    def embeddings(self, texts: Sequence[str]) -> Any:
        """Unit rows (n, D), float32, of the mean of the hidden states under the attention mask."""
        import torch

        parts = []
        for part in _hf.batches(texts, self.config.batch_size):
            inputs = self._tokenizer(list(part), return_tensors="pt", padding=True, truncation=True)
            inputs = inputs.to(self.config.device)
            with torch.inference_mode():
                hidden = self._network(**inputs).last_hidden_state  # (B, L, D)
            mask = inputs["attention_mask"][..., None].float()  # (B, L, 1)
            parts.append((hidden * mask).sum(1) / mask.sum(1))
        return torch.nn.functional.normalize(torch.cat(parts), dim=-1)

    def _verdict(self, view: str, score: float) -> Verdict:
        if score < self._lowest.get(view, -1.0):
            return Verdict("sentence", "too far from the caption", score)
        if score >= self._highest.get(view, 2.0):
            return Verdict("sentence", "too near to the caption", score)
        return Verdict("sentence", "", score)

    def signature(self) -> dict[str, Any]:
        settings = dump(self.config)
        del settings["device"], settings["batch_size"]
        return {**super().signature(), **settings}

    async def close(self) -> None:
        self._aside.close()
