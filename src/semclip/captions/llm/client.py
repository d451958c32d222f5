"""A client for many small requests, with limits on concurrency and rate, retries, and a budget."""

import asyncio
import random
import time
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from urllib.parse import urlsplit

from semclip.captions.llm.base import LanguageModel
from semclip.captions.llm.budget import Budget, Cost
from semclip.captions.llm.connection import (
    REQUEST_FORMATS,
    ChatRequest,
    Connection,
    Failed,
    NoResponse,
    NotThere,
    Refused,
    RequestFormat,
)
from semclip.captions.llm.parse import Unusable
from semclip.captions.llm.rate_limit import RateLimiter
from semclip.captions.llm.server import Server
from semclip.captions.writers.base import JobStopped

FIRST_WAIT = 0.5  # seconds before the first further try: a draw between 0 and that; it doubles with every try
PATIENCE = 4.0  # seconds for an address at which no chat server ever answered
LONGEST_WAIT = 60.0  # seconds; a server that asks for more ends the job, which can go on later

#: Tells whether a server that fails on one question answers any.
_PROBE = ChatRequest(
    model="",
    messages=[{"role": "user", "content": 'Is water wet? Answer with one JSON object: {"answer": "yes|no"}'}],
    schema={
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": ["yes", "no"]}},
        "required": ["answer"],
        "additionalProperties": False,
    },
)


class Client(LanguageModel):
    """Asks one server, each question at once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._budget = Budget(server)
        self._connection = Connection(server)
        self._slots = asyncio.Semaphore(server.concurrency)
        self._requests = RateLimiter(server.requests_per_minute)
        self._tokens = RateLimiter(server.tokens_per_minute)
        self._formats: dict[str, RequestFormat] = {}  # model -> the way of asking that the server takes for it
        self._alone = asyncio.Lock()
        self._stopped: BaseException | None = None
        self._trouble = ""  # why the last try gave nothing; "" once one has given something

    async def ask(self, question: ChatRequest) -> str:
        """The answer's words.

        Raises Unusable where this question gets none (refused, filtered, cut, the server fails on it alone), JobStopped
        where no question would get one (budget spent, key refused, model unknown, server gone after all tries).
        """
        async with self._slots:
            if question.model in self._formats:
                return await self._answer(question, self._alone)
            async with self._alone:  # until one question is answered the others wait: there may be no server
                return await self._answer(question, nullcontext())

    async def _answer(self, question: ChatRequest, alone: AbstractAsyncContextManager[None]) -> str:
        try:
            return await self._find_format(question)
        except (Refused, Failed) as trouble:
            async with alone:
                await self._check_server(question.model, trouble)
            raise Unusable(f"the server fails on it: {trouble}") from trouble

    def stop(self, reason: BaseException) -> None:
        self._stopped = reason

    def spent(self) -> str:
        """Whom, what was used so far, the way of asking that the server takes, and why it does not answer."""
        shapes = sorted({shape.name for shape in self._formats.values()})
        trouble = [f"the last try: {self._trouble}"] if self._trouble else []
        return f"{urlsplit(self._server.place).netloc}: " + ", ".join([str(self._budget), *shapes, *trouble])

    async def close(self) -> None:
        await self._connection.close()

    async def _find_format(self, question: ChatRequest) -> str:
        """Ask in one way after the other until the server takes one, and keep to that."""
        if question.model in self._formats:
            return await self._ask_with_retries(question, self._formats[question.model])
        refused: Refused | None = None
        for shape in REQUEST_FORMATS:
            if shape.schema and not self._server.structured:
                continue
            try:
                answer = await self._ask_with_retries(question, shape)
            except Refused as error:
                refused = refused or error  # the first refusal is about the plainest fault
            except Unusable:
                self._formats[question.model] = shape
                raise
            else:
                self._formats[question.model] = shape
                return answer
        assert refused is not None
        raise refused

    async def _check_server(self, model: str, trouble: Exception) -> None:
        """Raise JobStopped unless a test request is answered; if it is, the server fails on one row, not on all."""
        try:
            await self._find_format(replace(_PROBE, model=model))
        except (Refused, Failed):
            self._stopped = JobStopped(
                f"the server gives no answers: {trouble}",
                where=self._server.place,
                fix="see that it runs, and what it prints",
            )
            raise self._stopped from trouble
        except Unusable:
            return  # an answer all the same

    async def _ask_with_retries(self, question: ChatRequest, shape: RequestFormat) -> str:
        """Try until an answer comes, at most 1 + retries times; between tries a drawn wait that doubles.

        Not by the openai client's own retries: they are out of sight, so no budget could book each try, one question's
        Retry-After would not hold back the others, and a server that is gone would be asked by every question anew.
        """
        longest, begun = FIRST_WAIT, time.monotonic()
        for tries_left in range(self._server.retries, -1, -1):
            if self._stopped:
                raise self._stopped
            try:
                return await self._try(question, shape)
            except JobStopped as stopped:
                self._stopped = stopped
                raise
            except Failed as failed:
                self._trouble = str(failed)
                if failed.wait > LONGEST_WAIT:
                    self._stopped = JobStopped(
                        f"the server asks to wait {failed.wait:,.0f} seconds ({failed})",
                        where=self._server.place,
                        fix="start again then",
                    )
                    raise self._stopped from failed
                # A server that has answered may come back; one that never did is not there.
                never = failed if isinstance(failed, NotThere) and not self._formats else None
                if never and (not tries_left or time.monotonic() - begun > PATIENCE):
                    self._stopped = JobStopped(never.what, where=self._server.place, fix=never.fix)
                    raise self._stopped from failed
                if not tries_left:
                    raise
                self._requests.pause(failed.wait)  # for all: others would only be refused as well
                await asyncio.sleep(failed.wait + random.random() * longest)
                longest = min(PATIENCE / 4 if never else LONGEST_WAIT, 2 * longest)
        raise AssertionError("the last try returns or raises")

    async def _try(self, question: ChatRequest, shape: RequestFormat) -> str:
        """One request. Whatever becomes of it, it is booked."""
        prompt_price, answer_price = self._server.price(question.model)
        tokens = question.most_tokens
        most = Cost(1, tokens, tokens * max(prompt_price, answer_price) / 1e6)
        await self._budget.reserve(most)
        real, guessed = Cost(1), False  # an error that the server reports costs a request, and no tokens
        try:
            await self._tokens.take(tokens)
            await self._requests.take(1)
            completion = await self._connection.send(question, shape)
            if completion.usage:
                prompt, answer = completion.usage.prompt_tokens, completion.usage.completion_tokens
                real = Cost(1, prompt + answer, (prompt * prompt_price + answer * answer_price) / 1e6)
            else:
                real, guessed = most, True
            self._trouble = ""
        except NoResponse:
            real, guessed = most, True  # it may have written all of its answer
            raise
        finally:
            self._budget.book(most, real, guessed)
            self._tokens.correct(real.tokens - tokens)
        return completion.text()
