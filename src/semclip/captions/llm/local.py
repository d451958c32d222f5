"""A language model in this process: questions that wait together are answered together, beside the event loop."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from semclip.captions.llm.base import LanguageModel
from semclip.captions.llm.connection import ChatRequest
from semclip.captions.llm.parse import Unusable
from semclip.captions.writers.base import JobStopped


@dataclass(frozen=True, slots=True)
class Said:
    """What an engine answers: words, the tokens they took, and whether they end because max_tokens were reached."""

    text: str
    tokens: int
    cut: bool = False


class Engine(Protocol):
    """Loads a model, and answers several questions in one call; equal questions get equal answers."""

    def answer(self, questions: Sequence[ChatRequest]) -> list[Said]: ...


class Local(LanguageModel):
    """Asks an engine, at most `most` questions in one call."""

    def __init__(self, name: str, engine: Engine, most: int) -> None:
        self._name, self._engine, self._most = name, engine, most
        self._waiting: list[tuple[ChatRequest, asyncio.Future[Said]]] = []
        self._working: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1)
        self._stopped: BaseException | None = None
        self._answers = self._tokens = 0

    async def ask(self, question: ChatRequest) -> str:
        if self._stopped:
            raise self._stopped
        future: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
            self._working.add_done_callback(self._tell)
        said = await future
        if said.cut:
            raise Unusable("cut at max_tokens")
        return said.text

    def stop(self, reason: BaseException) -> None:
        self._stopped = self._stopped or reason
        waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            if not future.done():
                future.set_exception(self._stopped)

    def spent(self) -> str:
        return f"{self._name}: {self._answers:,} answers, {self._tokens:,} tokens"

    async def close(self) -> None:
        if self._working is not None:
            self._working.cancel()
        self._working, self._waiting = None, []

    def _tell(self, task: "asyncio.Task[None]") -> None:
        """Whoever waits is told of what ended the work, whatever it was."""
        if not task.cancelled() and (error := task.exception()):
            self.stop(error)

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(0)  # others that are about to ask shall be answered along with these
            now = self._waiting[: self._most]
            if not now:
                return
            loop, questions = asyncio.get_running_loop(), [question for question, _ in now]
            try:
                answers = await loop.run_in_executor(self._thread, self._engine.answer, questions)
            except (RuntimeError, ValueError, OSError) as error:  # memory, a kernel, a prompt that is too long
                raise JobStopped(
                    f"the model fails: {' '.join(str(error).split())[:200]}",
                    where=self._name,
                    fix="lower writer.server.concurrency where memory is short, or name another model",
                ) from error
            self._waiting = self._waiting[len(now) :]
            for (_, future), said in zip(now, answers, strict=True):
                self._answers, self._tokens = self._answers + 1, self._tokens + said.tokens
                if not future.done():
                    future.set_result(said)
