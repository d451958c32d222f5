"""A server on this machine that speaks OpenAI's chat interface, and misbehaves as it is told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

PROMPT_TOKENS, ANSWER_TOKENS = 50, 10

AnyServer = TypeVar("AnyServer", bound=ThreadingHTTPServer)


@dataclass(frozen=True)
class Reply:
    """What comes back. text: the answer's words; body: any bytes instead; cut: half of the bytes only; delay: s."""

    text: str = ""
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    delay: float = 0.0
    usage: bool = True
    finish: str = "stop"
    refusal: str | None = None


def answer(text: str, key: str = "text") -> Reply:
    return Reply(json.dumps({key: text}))


def error(status: int, message: str = "trouble", code: str = "", **headers: str) -> Reply:
    body = json.dumps({"error": {"message": message, "code": code}}).encode()
    return Reply(status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


#: The request's JSON and how many came before it -> the reply.
Behaviour = Callable[[dict[str, Any], int], Reply]


class FakeServer(ThreadingHTTPServer):
    """requests: every request's JSON; headers: with its headers; most: the most that were under way at once."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, behave: Behaviour, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.behave = behave
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.most = self._under_way = 0
        self.count = 0
        self.keep = True
        self.dead = False
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def die(self) -> None:
        """Answer nothing from now on: every connection is closed at once."""
        self.dead = True

    def begin(self, request: dict[str, Any], headers: dict[str, str]) -> int:
        with self.lock:
            number, self.count = self.count, self.count + 1
            if self.keep:
                self.requests.append(request)
                self.headers.append(headers)
            self._under_way += 1
            self.most = max(self.most, self._under_way)
            return number

    def end(self) -> None:
        with self.lock:
            self._under_way -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeServer

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = self.server.begin(request, {name.lower(): value for name, value in self.headers.items()})
        try:
            if self.server.dead:
                self.close_connection = True
                return
            self._send(self.server.behave(request, number))
        finally:
            self.server.end()

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.delay)
        body = completion(reply) if reply.body is None else reply.body
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if reply.cut else body)
        self.close_connection = reply.cut

    def log_message(self, *_: Any) -> None:
        """Tests print nothing."""


def completion(reply: Reply) -> bytes:
    message = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": ANSWER_TOKENS, "total_tokens": 60}
    value = {
        "id": "1", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
        "usage": usage if reply.usage else None,
    }  # fmt: skip
    return json.dumps(value).encode()


@contextmanager
def running(server: AnyServer) -> Iterator[AnyServer]:
    """The server answers within the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serving(behave: Behaviour, port: int = 0) -> AbstractContextManager[FakeServer]:
    return running(FakeServer(behave, port))


def data_of(request: dict[str, Any]) -> dict[str, str]:
    """What a request of ours gives the model to work on."""
    content = request["messages"][-1]["content"]
    data: dict[str, str] = json.loads(content if isinstance(content, str) else content[-1]["text"])
    return data
