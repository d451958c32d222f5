"""A writer for tests of the job: deterministic, in any number of calls at once, refusing and failing on demand."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from semclip.captions.writers.base import Candidate, JobStopped, Writer, Written
from semclip.core.example import Example


class Fake(Writer):
    """Says "ATTEMPT no CAPTION"; captions that hold a key of `says` get its answer instead.

    Answers: a text; "" is refused; "stop" stops the job. pause: seconds that a call takes.
    """

    name, version, views = "fake", "1", ("paraphrase", "negation", "absence")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        concurrency: int = 1
        pause: float = 0.0
        word: str = "no"

    def __init__(
        self, config: Any = None, examples: Sequence[Example] = (), says: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(config, examples)
        self.concurrency = self.config.concurrency
        self.says = says or {}
        self.calls: list[tuple[str, str, tuple[int, ...], int]] = []
        self.under_way = self.most_under_way = 0
        self.closed = False

    async def write(self, example: Example, view: str, of: Sequence[int], seed: int, attempt: int) -> Written:
        self.calls.append((example.id, view, tuple(of), attempt))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(self.config.pause)
        self.under_way -= 1
        candidates, refused = [], []
        for index in of:
            text = self._answer(example.captions[index], view, seed, attempt)
            if text == "stop":
                raise JobStopped("the budget is spent", where="budget", fix="raise it")
            if text:
                candidates.append(Candidate(text, f"{view}_kind", index, {"attempt": attempt}))
            else:
                refused.append((index, "nothing to say"))
        return Written(tuple(candidates), tuple(refused))

    def signature(self) -> dict[str, Any]:
        return {**super().signature(), "word": self.config.word}

    def spent(self) -> str:
        return f"{len(self.calls)} requests"

    async def close(self) -> None:
        self.closed = True

    def _answer(self, caption: str, view: str, seed: int, attempt: int) -> str:
        for key, answers in self.says.items():
            if key in caption:
                return answers[min(attempt, len(answers) - 1)]
        return f"{attempt} {self.config.word} {caption} ({view}, {seed})"
