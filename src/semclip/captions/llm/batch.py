"""Questions in batches: the provider's batch interface, which answers within a day at a lower price.

Questions that wait go into one file; its answers are matched by `custom_id`, a hash of the question. The journal holds
which questions are in which batch, so that a job that was killed takes the answers of the batches it had begun.
"""

import asyncio
import hashlib
import json
import uuid
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from semclip.captions.journal import Journal
from semclip.captions.llm.base import LanguageModel
from semclip.captions.llm.batches import AnswerLine, Batches
from semclip.captions.llm.budget import Budget, Cost
from semclip.captions.llm.connection import (
    REQUEST_FORMATS,
    ChatRequest,
    Completion,
    Failed,
    NotFound,
    Refused,
    RequestFormat,
    chat_body,
    meaning,
    unknown_model,
)
from semclip.captions.llm.parse import Unusable
from semclip.captions.llm.server import Server
from semclip.captions.writers.base import JobStopped

if TYPE_CHECKING:
    from openai.types import Batch

TRIAL = 50  # questions of the first batch: only if the model answers are further ones sent
QUIET = 1.0  # seconds without a new question, after which those that wait are sent
_BYTES = 100_000_000  # of one file; providers take twice that
_NOTE, _WAY = "batch ", "way to ask "  # what the journal's notes are called, before a batch's name, a model's name


@dataclass(slots=True)
class _Asked:
    """A question that waits for its answer. shape: how it is asked unless the server's way is known. most: reserved."""

    question: ChatRequest
    shape: RequestFormat
    future: "asyncio.Future[str]"
    most: Cost = field(default_factory=Cost)


class BatchClient(LanguageModel):
    """Asks one server in batches of at most `server.batch` questions, each of one model, as providers want it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._budget = Budget(server)
        self._batches = Batches(server)
        self._journal: Journal | None = None
        self._notes: dict[str, dict[str, Any]] = {}  # name of a batch -> {"id": ..., "keys": [...]}, as in the journal
        self._batch_of: dict[str, str] = {}  # key of a question -> the name of the batch that it is in
        self._early: dict[str, str | Exception] = {}  # answers of an earlier start's batches to questions not asked yet
        self._shapes: dict[str, RequestFormat] = {}  # model -> the way of asking that the server takes for it
        self._stopped: BaseException | None = None
        self._begin()

    def _begin(self) -> None:
        self._asked: dict[str, _Asked] = {}
        self._waiting: dict[str, None] = {}  # keys of questions in no batch yet, in order
        self._looked: dict[str, str] = {}  # name -> how far its batch is
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()

    def keep_in(self, journal: Journal) -> None:
        self._journal = journal
        for key, note in journal.notes().items():
            if key.startswith(_NOTE):
                self._notes[key.removeprefix(_NOTE)] = note
                self._batch_of |= dict.fromkeys(note["keys"], key.removeprefix(_NOTE))
            elif key.startswith(_WAY) and note["of"] == self._server.place:
                self._shapes[key.removeprefix(_WAY)] = REQUEST_FORMATS[note["format"]]

    async def ask(self, question: ChatRequest) -> str:
        refused: Refused | None = None
        for shape in REQUEST_FORMATS:
            if shape.schema and not self._server.structured:
                continue
            try:
                return await self._ask_with_retries(question, shape, again=refused is not None)
            except Failed as failed:
                raise self._hopeless(question, failed) from failed
            except Refused as error:
                refused = refused or error
                if self._shapes.get(question.model, shape) != shape:
                    break  # it was asked in the right way
        assert refused is not None
        raise self._hopeless(question, refused) from refused

    def stop(self, reason: BaseException) -> None:
        self._stopped = self._stopped or reason
        asked, self._asked = self._asked, {}
        self._waiting.clear()
        for one in asked.values():
            self._budget.book(one.most, Cost())
            if not one.future.done():
                one.future.set_exception(self._stopped)

    def spent(self) -> str:
        return f"{urlsplit(self._server.place).netloc}: " + ", ".join([str(self._budget), *self._looked.values()])

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await self._batches.close()
        self._begin()

    def _hopeless(self, question: ChatRequest, trouble: Exception) -> BaseException:
        """What a question's last failure means: for the job where none was answered yet, else for this one."""
        if question.model in self._shapes:
            return Unusable(f"the server fails on it: {trouble}")
        what = f"the server gives no answers: {trouble}"
        self.stop(JobStopped(what, self._server.place, "see what its list of batches says of them"))
        assert self._stopped is not None
        return self._stopped

    async def _ask_with_retries(self, question: ChatRequest, shape: RequestFormat, again: bool) -> str:
        for tries_left in range(self._server.retries, -1, -1):
            try:
                return await self._ask_once(question, shape, again)
            except Failed:
                if not tries_left:
                    raise
                again = True
        raise AssertionError("the last try returns or raises")

    async def _ask_once(self, question: ChatRequest, shape: RequestFormat, again: bool) -> str:
        if self._stopped:
            raise self._stopped
        key = _key(question)
        if key in self._early:
            return _given(self._early.pop(key))
        if key in self._asked:
            return await asyncio.shield(self._asked[key].future)
        one = self._asked[key] = _Asked(question, shape, asyncio.get_running_loop().create_future())
        if key in self._batch_of:
            self._follow(self._batch_of[key])
        else:
            await self._reserve(one)
            # What is asked again goes first: until one is answered, few others are sent.
            self._waiting = {key: None, **self._waiting} if again else {**self._waiting, key: None}
            self._send()
        return await asyncio.shield(one.future)

    async def _reserve(self, one: _Asked) -> None:
        tokens = one.question.most_tokens
        most = Cost(1, tokens, tokens * max(self._server.price(one.question.model)) / 1e6)
        try:
            await self._budget.reserve(most)
        except JobStopped as spent:
            self.stop(spent)
        if self._stopped:
            raise self._stopped
        one.most = most

    def _send(self) -> None:
        self._news.set()
        self._start("sender", self._send_on_and_on)

    def _follow(self, name: str) -> None:
        self._start(name, lambda: self._whole(name))

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something beside everything else, once; where it fails, whoever waits is told."""

        def tell(task: "asyncio.Task[None]") -> None:
            if not task.cancelled() and (error := task.exception()):
                self.stop(error)

        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(work())
            self._tasks[name].add_done_callback(tell)

    async def _send_on_and_on(self) -> None:
        while True:
            await self._quiet()
            model, lines = self._next()
            self._waiting = {key: None for key in self._waiting if key not in lines}
            name = f"{len(self._notes):06}{uuid.uuid4().hex}"  # in order, so that a question's last batch is the one
            self._note(name, "", lines)
            self._start(name, lambda name=name, lines=lines: self._whole(name, lines))  # type: ignore[misc]
            if model not in self._shapes:
                await asyncio.wait([self._tasks[name]])

    async def _quiet(self) -> None:
        """Return when a batch is full, or when something waits and nothing more comes."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        try:
            while len(self._waiting) < self._server.batch:
                self._news.clear()
                await asyncio.wait_for(self._news.wait(), QUIET)
        except TimeoutError:
            return

    def _next(self) -> tuple[str, dict[str, str]]:
        """The model that is asked next, and key -> line of the file, of the questions that go into its batch."""
        model = self._asked[next(iter(self._waiting))].question.model
        most = self._server.batch if model in self._shapes else min(TRIAL, self._server.batch)
        lines: dict[str, str] = {}
        size = 0
        for key in self._waiting:
            one = self._asked[key]
            if one.question.model != model:
                continue
            one.shape = self._shapes.get(model, one.shape)
            body = chat_body(one.question, one.shape)
            line = json.dumps({"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body})
            size += len(line)
            if len(lines) == most or (lines and size > _BYTES):
                break
            lines[key] = line
        return model, lines

    async def _whole(self, name: str, lines: Mapping[str, str] | None = None) -> None:
        """From a batch's questions to their answers. lines: of a new batch; none for one of an earlier start."""
        keys = list(self._notes[name]["keys"])
        try:
            batch = await (self._submit(name, lines) if lines else self._batches.find(name, self._notes[name]["id"]))
            if batch is None:
                self._drop(name, keys)
                self._waiting |= {key: None for key in keys if key in self._asked}
                self._send()
                return
            batch = await self._batches.ended(batch, lambda how_far: self._looked.update({name: how_far}))
            answers = {line.custom_id: self._read(line) for line in await self._batches.answers(batch)}
        except (Refused, Failed) as trouble:
            what = f"the server takes no batches: {trouble}"
            self.stop(JobStopped(what, self._server.place, "leave out server.batch"))
            return
        except JobStopped as stopped:
            self.stop(stopped)
            return
        finally:
            self._looked.pop(name, None)
        # What stops the job is mended before the next start, which then must not read it here again.
        self._drop(name, [key for key, answer in answers.items() if isinstance(answer, JobStopped)])
        missing = [key for key in keys if key not in answers]
        if batch.status in ("failed", "cancelled") and missing:
            self._drop(name, missing)
            self._give(answers)
            why = "; ".join(error.message or "" for error in batch.errors.data or ()) if batch.errors else ""
            how = "was refused" if batch.status == "failed" else "was cancelled"
            fix = "mend what it says (a limit: lower server.batch), then start again"
            self.stop(JobStopped(f"the batch {batch.id} {how}: {why or 'no reason'}", self._server.place, fix))
            return
        self._give({**answers, **{key: Failed("no answer in the batch") for key in missing}})

    async def _submit(self, name: str, lines: Mapping[str, str]) -> "Batch":
        batch = await self._batches.submit(name, lines.values())
        self._note(name, batch.id, lines)
        return batch

    def _read(self, line: AnswerLine) -> str | Exception:
        """The answer of a line, or what its failure means. Books what it has cost."""
        status = line.response.status_code if line.response else 500
        body = (line.response.body if line.response else None) or {}
        one = self._asked.get(line.custom_id)
        if status != 200:
            error = body.get("error") or line.error or {}
            said = meaning(status, str(error.get("message", "")), str(error.get("code", "")), self._server.place)
            unknown = isinstance(said, NotFound) and one is not None
            return unknown_model(one.question.model, self._server.place, str(said)) if unknown and one else said
        try:
            completion = Completion.model_validate(body)
        except ValidationError:
            return Failed("an answer that is no chat completion")
        if one is not None and one.question.model not in self._shapes:
            self._learn(one.question.model, one.shape)
        self._book(one, completion)
        try:
            return completion.text()
        except (Failed, Unusable) as trouble:
            return trouble

    def _learn(self, model: str, shape: RequestFormat) -> None:
        self._shapes[model] = shape
        if self._journal is not None:
            note = {"format": REQUEST_FORMATS.index(shape), "of": self._server.place}
            self._journal.note(_WAY + model, note)

    def _book(self, one: _Asked | None, completion: Completion) -> None:
        """What an answer has cost; of one that an earlier start asked for, the tokens alone are known."""
        most = one.most if one else Cost()
        prompt_price, answer_price = self._server.price(one.question.model) if one else (0.0, 0.0)
        if usage := completion.usage:
            prompt, answer = usage.prompt_tokens, usage.completion_tokens
            self._budget.book(most, Cost(1, prompt + answer, (prompt * prompt_price + answer * answer_price) / 1e6))
        else:
            self._budget.book(most, most, guessed=True)
        if one:
            one.most = Cost()

    def _give(self, answers: Mapping[str, str | Exception]) -> None:
        """Hand every answer to who waits for it, or keep it for who will."""
        for key, answer in answers.items():
            self._batch_of.pop(key, None)
            one = self._asked.pop(key, None)
            if one is None:
                if not isinstance(answer, Failed | JobStopped):
                    self._early[key] = answer
            elif isinstance(answer, JobStopped):
                self._asked[key] = one
                self.stop(answer)
            else:
                self._budget.book(one.most, Cost(bool(one.most.requests)))
                if isinstance(answer, Exception):
                    one.future.set_exception(answer)
                else:
                    one.future.set_result(answer)

    def _drop(self, name: str, keys: Sequence[str]) -> None:
        """These questions of a batch are in no batch."""
        gone = set(keys)
        if not gone:
            return
        for key in gone:
            self._batch_of.pop(key, None)
        self._note(name, self._notes[name]["id"], [key for key in self._notes[name]["keys"] if key not in gone])

    def _note(self, name: str, known: str, keys: Iterable[str]) -> None:
        """Keep in the journal which questions are in a batch, and the id that the server gave it."""
        self._notes[name] = {"id": known, "keys": list(keys)}
        self._batch_of |= dict.fromkeys(self._notes[name]["keys"], name)
        if self._journal is not None:
            self._journal.note(_NOTE + name, self._notes[name])


def _key(question: ChatRequest) -> str:
    """The custom_id of a question: equal for equal questions, in every start of the job."""
    return hashlib.sha256(json.dumps(asdict(question), sort_keys=True, default=dict).encode()).hexdigest()[:40]


def _given(answer: str | Exception) -> str:
    if isinstance(answer, Exception):
        raise answer
    return answer
