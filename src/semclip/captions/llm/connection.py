"""One request to a server that speaks OpenAI's chat interface, and what its answer or error means."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from semclip.captions.llm.parse import Unusable
from semclip.captions.llm.server import Server
from semclip.captions.writers.base import JobStopped

if TYPE_CHECKING:
    import openai

T = TypeVar("T")

_IMAGE_TOKENS = 3000  # reserved for an image; what it really took is booked afterwards


class Refused(Exception):  # noqa: N818
    """The server refuses this request as it is; another try would give the same."""


class Failed(Exception):  # noqa: N818
    """A try gave nothing, but the next may. wait: seconds that the server asks for."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class NotFound(Refused):
    """Nothing is at this address, or nothing of this name."""


class NoResponse(Failed):
    """No readable response arrived, so the cost of the try is unknown."""


class NotThere(Failed):
    """No chat server is at the address, or not yet. what, fix: what people are told where none ever answered."""

    what = "nothing listens at this address"
    fix = "start the server, or mend base_url"


class NoChat(NotThere, NoResponse):
    """Something answers, in another language."""

    what = "what answers at this address is no chat server"
    fix = "mend base_url, which mostly ends in /v1"


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """What is asked. schema: of the answer, for servers that can be held to one. seed: of the server's draws."""

    model: str
    messages: Sequence[Mapping[str, Any]]
    schema: Mapping[str, Any]
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 200
    seed: int = 0

    @property
    def most_tokens(self) -> int:
        """About the most that prompt and answer take: three bytes a token, eight tokens around every message."""
        parts = [message["content"] for message in self.messages if isinstance(message["content"], str)]
        images = len(self.messages) - len(parts)
        size = sum(len(part.encode()) // 3 + 8 for part in parts)
        return size + images * _IMAGE_TOKENS + self.max_tokens


@dataclass(frozen=True)
class RequestFormat:
    """One way to write a request, since servers accept different ones. limit: their name for the longest answer."""

    name: str
    schema: bool
    limit: str


REQUEST_FORMATS = (
    RequestFormat("JSON by schema", True, "max_tokens"),
    RequestFormat("JSON by schema", True, "max_completion_tokens"),
    RequestFormat("JSON by prompt", False, "max_tokens"),
    RequestFormat("JSON by prompt", False, "max_completion_tokens"),
)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int


class Completion(BaseModel):
    """What is needed of an answer; the rest differs between servers. usage: None where the server tells none."""

    choices: list[_Choice]
    usage: Usage | None = None

    def text(self) -> str:
        """The words of the answer. Raises Unusable for one that was withheld or cut, Failed for none at all."""
        if not self.choices:
            raise Failed("an answer without a choice")
        choice = self.choices[0]
        if choice.message.refusal:
            raise Unusable("the model refused")
        if choice.finish_reason == "content_filter":
            raise Unusable("the server's content filter")
        if choice.finish_reason == "length":
            raise Unusable("cut at max_tokens")
        return choice.message.content or ""


def chat_body(question: ChatRequest, shape: RequestFormat) -> dict[str, Any]:
    """The JSON of a request."""
    body: dict[str, Any] = {
        "model": question.model,
        "messages": question.messages,
        "temperature": question.temperature,
        "top_p": question.top_p,
        "seed": question.seed,
        shape.limit: question.max_tokens,
    }
    if shape.schema:
        schema = {"name": "answer", "schema": question.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def meaning(status: int, message: str, code: str, place: str, wait: float = 0.0) -> Exception:
    """What an HTTP error says about this request, the next, or the whole job."""
    # Some servers repeat the key they refuse.
    words = f"HTTP {status}: " + " ".join(message.split())[:200].replace(_key(), "(key)")
    if status in (401, 403):
        return JobStopped("the server refuses the key", place, "set OPENAI_API_KEY to a key of this server")
    if status == 402 or code == "insufficient_quota":
        return JobStopped(f"the server wants to be paid. {words}", place, "fill up the account, then start again")
    if status == 404:
        return NotFound(words)
    if code == "content_filter":
        return Unusable("the server's content filter")
    if status in (408, 409, 425, 429) or (status >= 500 and status != 501):  # 501: not implemented
        return Failed(f"HTTP {status}", wait=wait)
    return Refused(words)


def unknown_model(model: str, place: str, words: str) -> JobStopped:
    """What a request for a model says that the server does not know."""
    return JobStopped(
        f"the server knows no model '{model}', or no chat is at this address. {words}",
        place,
        f"with Ollama: `ollama pull {model}`; else choose a `model` that the server lists under /models",
    )


class Connection:
    """The connection to one server. It never tries twice: that is for the client, who counts."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._openai: openai.AsyncOpenAI | None = None

    async def send(self, question: ChatRequest, shape: RequestFormat) -> Completion:
        """Raises Failed, Refused or Unusable about this request, JobStopped where no request would be answered."""

        async def create(api: "openai.AsyncOpenAI") -> str:
            # The client's own types are its own affair: what a server sends is checked below.
            raw = await api.chat.completions.with_raw_response.create(**chat_body(question, shape))
            return str(raw.text)

        try:
            return Completion.model_validate_json(await self.call(create))
        except ValidationError as error:
            raise NoChat("an answer that is no chat completion") from error
        except NotFound as error:
            raise unknown_model(question.model, self._server.place, str(error)) from error

    async def call(self, do: Callable[["openai.AsyncOpenAI"], Awaitable[T]]) -> T:
        """What `do` gives. Raises what its failure means: Failed, Refused, NotFound, Unusable or JobStopped."""
        import openai

        try:
            # Not the client's own timeout: that begins anew with every byte, so a server that drips would never end.
            async with asyncio.timeout(self._server.timeout):
                return await do(self._connected())
        except TimeoutError as error:
            raise NoResponse(f"no answer within {self._server.timeout:g} s") from error
        except openai.APIConnectionError as error:
            # The transport's own classes are no part of the client's interface; their names have been stable.
            if type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout"):
                raise NotThere("no connection") from error
            raise NoResponse("the connection was cut") from error
        except openai.APIStatusError as error:
            wait = _seconds(error.response.headers.get("retry-after", ""))
            raise meaning(error.status_code, error.message, error.code or "", self._server.place, wait) from error

    async def close(self) -> None:
        """Give the connections back; the next request opens new ones."""
        connected, self._openai = self._openai, None
        if connected is not None:
            await connected.close()

    def _connected(self) -> "openai.AsyncOpenAI":
        if self._openai is None:
            import openai

            timeout = openai.Timeout(None, connect=_TO_CONNECT)
            self._openai = openai.AsyncOpenAI(base_url=self._server.url, api_key=_key(), max_retries=0, timeout=timeout)
        return self._openai


_TO_CONNECT = 5.0  # seconds


def _key() -> str:
    return os.environ.get("OPENAI_API_KEY") or "none"


def _seconds(header: str) -> float:
    """Seconds of a Retry-After header; 0 for a date or nonsense, where the client's own wait serves."""
    try:
        return max(0.0, float(header))
    except ValueError:
        return 0.0
