"""A server on this machine with OpenAI's batch interface, which answers each question as a test says."""

import json
import re
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.captions.llm.fake_server import Behaviour, completion, running

#: A batch as the server shows it, its lines, and how often it was looked at before -> its status and lines answered.
Course = Callable[[dict[str, Any], list[dict[str, Any]], int], tuple[str, list[dict[str, Any]]]]


def at_once(batch: dict[str, Any], lines: list[dict[str, Any]], looks: int) -> tuple[str, list[dict[str, Any]]]:
    """Done at the second look."""
    return ("completed", lines) if looks else ("in_progress", [])


class BatchServer(ThreadingHTTPServer):
    """behave: how a question is answered. course: how a batch goes. batches, files: by id. asked: every question."""

    daemon_threads = True

    def __init__(self, behave: Behaviour, course: Course) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behave, self.course = behave, course
        self.batches: dict[str, dict[str, Any]] = {}
        self.files: dict[str, str] = {}
        self.looks: dict[str, int] = {}
        self.asked: list[dict[str, Any]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def lines(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]

    def look(self, known: str) -> dict[str, Any]:
        """The batch as it is now; its questions are answered when it ends, in another order than they were asked."""
        batch = self.batches[known]
        looks, self.looks[known] = self.looks[known], self.looks[known] + 1
        if batch["status"] not in ("validating", "in_progress"):
            return batch
        batch["status"], answered = self.course(batch, self.lines(batch), looks)
        good, bad = [], []
        for line in reversed(answered):
            self.asked.append(line["body"])
            reply = self.behave(line["body"], len(self.asked) - 1)
            body = json.loads(reply.body if reply.body is not None else completion(reply))
            response = {"status_code": reply.status, "request_id": "r", "body": body}
            (good if reply.status == 200 else bad).append(
                json.dumps({"id": "x", "custom_id": line["custom_id"], "response": response, "error": None})
            )
        for kind, found in (("output", good), ("error", bad)):
            if found:
                batch[f"{kind}_file_id"] = f"{kind}-{known}"
                self.files[f"{kind}-{known}"] = "".join(f"{text}\n" for text in found)
        return batch

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BatchServer

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            if self.path == "/v1/files":
                known = f"file-{len(self.server.files)}"
                assert b'name="purpose"\r\n\r\nbatch' in sent
                part = re.search(rb'filename="[^"]+"\r\n.*?\r\n\r\n(.*?)\r\n--', sent, re.DOTALL)
                assert part is not None
                self.server.files[known] = part[1].decode()
                self._send({"id": known, "object": "file", "bytes": 1, "created_at": 0, "filename": "f",
                            "purpose": "batch", "status": "processed"})  # fmt: skip
            elif self.path != "/v1/batches":
                self._send({"error": {"message": f"what is {self.path}?"}}, 404)
            else:
                request = json.loads(sent)
                assert (request["endpoint"], request["completion_window"]) == ("/v1/chat/completions", "24h")
                known = f"batch_{len(self.server.batches)}"
                batch = {"id": known, "object": "batch", "status": "validating", "created_at": 0, **request}
                assert len({line["body"]["model"] for line in self.server.lines(batch)}) == 1
                self.server.batches[known], self.server.looks[known] = batch, 0
                self._send(batch)

    def do_GET(self) -> None:
        with self.server.lock:
            *_, kind, name = self.path.partition("?")[0].removesuffix("/content").split("/")
            if name == "batches":
                self._send({"object": "list", "data": list(self.server.batches.values())[::-1], "has_more": False})
            elif kind == "batches" and name in self.server.batches:
                self._send(self.server.look(name))
            elif kind == "files":
                self._send(self.server.files[name])
            else:
                self._send({"error": {"message": f"no {name}"}}, 404)

    def _send(self, value: Any, status: int = 200) -> None:
        body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests print nothing."""


def batching(behave: Behaviour, course: Course = at_once) -> AbstractContextManager[BatchServer]:
    return running(BatchServer(behave, course))
