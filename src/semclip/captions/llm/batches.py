"""A provider's batches: a file of questions sent, looked at until it has ended, its lines of answers fetched."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from semclip.captions.llm.client import FIRST_WAIT, LONGEST_WAIT, PATIENCE
from semclip.captions.llm.connection import Connection, Failed, NotFound, NotThere
from semclip.captions.llm.server import Server
from semclip.captions.writers.base import JobStopped

if TYPE_CHECKING:
    import openai
    from openai.types import Batch

T = TypeVar("T")

FIRST_LOOK, LONGEST_LOOK = 1.0, 60.0  # seconds between looks at a batch; they grow
_OURS = "semclip_batch"  # the key in a batch's metadata under which its name in the journal stands
_ENDED = ("completed", "expired", "cancelled", "failed")


class _Response(BaseModel):
    status_code: int
    body: dict[str, Any] | None = None


class AnswerLine(BaseModel):
    """One line of a batch's answers."""

    custom_id: str
    response: _Response | None = None
    error: dict[str, Any] | None = None


class Batches:
    """The batches of one server. Every call is tried again after a passing trouble.

    Raises JobStopped where the server is not there or gone, Refused and Failed where it takes no batches.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = Connection(server)
        self._reached = False

    async def close(self) -> None:
        await self._connection.close()

    async def submit(self, name: str, lines: Iterable[str]) -> "Batch":
        """Begin a batch of these lines, under a name of ours by which it is found where its answer is lost."""
        text = "".join(f"{line}\n" for line in lines).encode()
        tried = False

        async def create(api: "openai.AsyncOpenAI") -> "Batch":
            nonlocal tried
            if tried and (there := await _by_name(api, name)):  # begun, but the answer did not arrive
                return there
            tried = True
            file = await api.files.create(file=(f"{name}.jsonl", text), purpose="batch")
            return await api.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={_OURS: name},
            )

        return await self._patiently(create)

    async def find(self, name: str, known: str) -> "Batch | None":
        """A batch of an earlier start: by its id, or by its name where the id was not noted before a kill."""
        if not known:
            return await self._patiently(lambda api: _by_name(api, name))
        try:
            return await self._patiently(lambda api: api.batches.retrieve(known))
        except NotFound:
            return None

    async def ended(self, batch: "Batch", look: Callable[[str], None]) -> "Batch":
        """The batch when it has ended. look: is told how far it is, at every look."""
        known, wait = batch.id, FIRST_LOOK
        while batch.status not in _ENDED:
            counts = batch.request_counts
            done = f", {counts.completed + counts.failed:,} of {counts.total:,} done" if counts else ""
            look(f"batch {batch.id} is {batch.status}{done}")
            await asyncio.sleep(wait)
            wait = min(LONGEST_LOOK, 1.5 * wait)
            batch = await self._patiently(lambda api: api.batches.retrieve(known))
        return batch

    async def answers(self, batch: "Batch") -> list[AnswerLine]:
        """All that the batch's files hold. A line that is none is left out: its question stays without an answer."""
        found: list[AnswerLine] = []
        for file in (batch.output_file_id, batch.error_file_id):
            text = await self._patiently(_text_of(file)) if file else ""
            for row in text.splitlines():
                try:
                    found.append(AnswerLine.model_validate_json(row))
                except ValidationError:
                    continue
        return found

    async def _patiently(self, do: Callable[["openai.AsyncOpenAI"], Awaitable[T]]) -> T:
        """What the server gives, asked again after a passing trouble; a server that is not there is soon given up."""
        longest, begun = FIRST_WAIT, time.monotonic()
        for tries_left in range(self._server.retries, -1, -1):
            try:
                found = await self._connection.call(do)
                self._reached = True
                return found
            except Failed as failed:
                never = failed if isinstance(failed, NotThere) and not self._reached else None
                if never and (not tries_left or time.monotonic() - begun > PATIENCE):
                    raise JobStopped(never.what, self._server.place, never.fix) from failed
                if not tries_left:
                    words, fix = f"the server is gone: {failed}", "start again when it is back"
                    raise JobStopped(words, self._server.place, fix) from failed
                await asyncio.sleep(min(LONGEST_WAIT, failed.wait) + random.random() * longest)
                longest = min(PATIENCE / 4 if never else LONGEST_WAIT, 2 * longest)
        raise AssertionError("the last try returns or raises")


async def _by_name(api: "openai.AsyncOpenAI", name: str) -> "Batch | None":
    """The batch that was begun under a name of ours, among the newest."""
    page = await api.batches.list(limit=100)
    return next((batch for batch in page.data if (batch.metadata or {}).get(_OURS) == name), None)


def _text_of(file: str) -> "Callable[[openai.AsyncOpenAI], Awaitable[str]]":
    async def text(api: "openai.AsyncOpenAI") -> str:
        return (await api.files.content(file)).text

    return text
