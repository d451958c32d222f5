"""Contradiction and equivalence as a natural-language-inference model judges them. Needs `pip install semclip[hf]`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from semclip.captions.verifiers import _hf
from semclip.captions.verifiers.base import LoadEncoder, Verdict, Verifier
from semclip.captions.writers.base import Candidate
from semclip.core.config import dump
from semclip.core.errors import UserError
from semclip.core.example import Example

_NEEDED = ("entailment", "contradiction")


class Nli(Verifier):
    """A cross-encoder reads (premise, hypothesis) and gives P(entailment), P(neutral), P(contradiction).

    With caption c and text t, score and rule by view:

        negation:    P(contradiction | c, t)                                  at least `contradiction`
        paraphrase:  min( P(entailment | c, t), P(entailment | t, c) )        at least `entailment`
        absence:     P(contradiction | c, t)                                  below `consistent`

    model:  id or folder of a sequence classifier of transformers, such as `cross-encoder/nli-deberta-v3-base`.
    labels: the model's classes in its order, where its own config does not name them.
    Errors: UserError without the extra, for a model that is not there, and for classes that are not known by name.

    When to use: with texts of a language model, after `lexical`. A caption is not all there is in the picture: that a
    model finds no contradiction does not make an absence true.
    """

    version = "1"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        model: str = ""
        labels: tuple[str, ...] = ()
        contradiction: float = 0.5
        entailment: float = 0.5
        consistent: float = 0.5
        device: str = "cpu"
        batch_size: int = 32

    def __init__(self, config: Config | None, load_encoder: LoadEncoder) -> None:
        super().__init__(config, load_encoder)
        self._tokenizer, self._network = _hf.load("pair classifier", self.config.model, self.config.device, "nli")
        own = self._network.config.id2label
        labels = self.config.labels or [own[i] for i in range(len(own))]
        self._class = {str(name).lower(): index for index, name in enumerate(labels)}
        if not set(_NEEDED) <= self._class.keys() or len(labels) != len(own):
            raise UserError(
                f"the model's {len(own)} classes are called {', '.join(map(str, labels))}",
                where="verifier nli",
                fix="choose a model with entailment, neutral and contradiction, or name its classes in their order: "
                "`labels: [contradiction, entailment, neutral]`",
            )
        self._aside = _hf.Aside()

    async def check(self, example: Example, view: str, candidates: Sequence[Candidate]) -> list[Verdict]:
        forth = [(example.captions[candidate.of], candidate.text) for candidate in candidates]
        back = [(text, caption) for caption, text in forth] if view == "paraphrase" else []
        scores = await self._aside(self.probabilities, [*forth, *back])
        return [self._verdict(view, scores[i :: len(forth)]) for i in range(len(forth))]

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> list[dict[str, float]]:
        """P of every class, by name, for each (premise, hypothesis)."""
        import torch

        found = []
        for part in _hf.batches(pairs, self.config.batch_size):
            premises, hypotheses = zip(*part, strict=True)
            inputs = self._tokenizer(
                list(premises), list(hypotheses), return_tensors="pt", padding=True, truncation=True
            ).to(self.config.device)
            with torch.inference_mode():
                rows = self._network(**inputs).logits.softmax(-1).tolist()  # (B, classes)
            found += [{name: row[index] for name, index in self._class.items()} for row in rows]
        return found

    def _verdict(self, view: str, scores: Sequence[dict[str, float]]) -> Verdict:
        """scores: caption to text, and for paraphrases text to caption."""
        contradiction = scores[0]["contradiction"]
        if view == "negation":
            reason = "" if contradiction >= self.config.contradiction else "does not contradict the caption"
            return Verdict("nli", reason, contradiction)
        if view == "absence":
            reason = "" if contradiction < self.config.consistent else "contradicts the caption"
            return Verdict("nli", reason, contradiction)
        both = min(score["entailment"] for score in scores)
        return Verdict("nli", "" if both >= self.config.entailment else "does not mean the same", both)

    def signature(self) -> dict[str, Any]:
        settings = dump(self.config)
        del settings["device"], settings["batch_size"]
        return {**super().signature(), **settings}

    async def close(self) -> None:
        self._aside.close()
