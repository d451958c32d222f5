"""The promise of a language model, wherever it runs: a question in, the words of its answer out."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from semclip.captions.journal import Journal
from semclip.captions.llm.connection import ChatRequest

T = TypeVar("T")


class LanguageModel(ABC):
    """Answers questions, any number at once. Sections that name the same one share it: `llm.connect` gives it."""

    @abstractmethod
    async def ask(self, question: ChatRequest) -> str:
        """The answer's words. Raises Unusable where this question gets none, JobStopped where none would get one."""

    @abstractmethod
    def stop(self, reason: BaseException) -> None:
        """Answer nothing from now on: whoever waits, or asks later, gets the reason."""

    @abstractmethod
    def spent(self) -> str:
        """Who answers, and what was used so far."""

    def keep_in(self, journal: Journal) -> None:  # noqa: B027
        """Keep in a journal what a later start of the job needs to go on, and read what an earlier one has left."""

    async def close(self) -> None:  # noqa: B027
        """Give back what is held; the next question opens it anew."""


async def together(asked: Iterable[Awaitable[T]]) -> list[T]:
    """What several give that ask at once, in order; where one raises, the others are waited for, and their answers kept
    by whoever counts them."""
    found = await asyncio.gather(*asked, return_exceptions=True)
    failed = [result for result in found if isinstance(result, BaseException)]
    if failed:
        raise failed[0]
    return [result for result in found if not isinstance(result, BaseException)]
