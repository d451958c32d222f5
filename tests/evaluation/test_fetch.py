"""Fetching: whole or not at all, whatever the server does."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.evaluation.fetch import fetch, inside
from semclip.evaluation.public.base import AnnotationFile

CONTENT = bytes(range(256)) * 40


@dataclass
class Server:
    """What the server has and does. cut: bytes after which it breaks off. ranges: whether it continues."""

    content: bytes = CONTENT
    cut: int | None = None
    ranges: bool = True
    asked: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            state.asked.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            body = state.content[start:]
            if wanted and state.ranges and not body:
                self.send_error(416)
                return
            self.send_response(206 if wanted and state.ranges else 200)
            if wanted and state.ranges:
                self.send_header("Content-Range", f"bytes {start}-{len(state.content) - 1}/{len(state.content)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body if state.cut is None else body[: state.cut])

        def log_message(self, *_: object) -> None:
            return

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    state.url = f"http://127.0.0.1:{httpd.server_port}/a.json"
    yield state
    httpd.shutdown()
    httpd.server_close()


def official(server: Server, path: str = "a.json", size: int = len(CONTENT)) -> AnnotationFile:
    return AnnotationFile(path=path, sha256=hashlib.sha256(CONTENT).hexdigest(), size=size, url=server.url)


def test_a_file_is_fetched_once(server: Server, tmp_path: Path) -> None:
    assert "fetched a.json" in fetch(official(server), tmp_path)
    assert (tmp_path / "a.json").read_bytes() == CONTENT
    assert "is there" in fetch(official(server), tmp_path)
    assert len(server.asked) == 1 and [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("size", [len(CONTENT), 0])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_is_continued(server: Server, tmp_path: Path, size: int, ranges: bool) -> None:
    server.cut, server.ranges = 1000, ranges
    with pytest.raises(UserError) as caught:
        fetch(official(server, size=size), tmp_path)
    assert "call again" in caught.value.fix
    assert not (tmp_path / "a.json").exists() and (tmp_path / "a.json.part").stat().st_size == 1000
    server.cut = None
    fetch(official(server, size=size), tmp_path)
    assert (tmp_path / "a.json").read_bytes() == CONTENT
    assert server.asked == ["", "bytes=1000-"]


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"x", CONTENT + b"more", b"<html>not found</html>"])
def test_wrong_content_never_gets_the_name(server: Server, tmp_path: Path, content: bytes) -> None:
    server.content = content
    with pytest.raises(UserError):
        fetch(official(server), tmp_path)
    assert not list(tmp_path.iterdir())
    server.content = CONTENT
    fetch(official(server), tmp_path)
    assert (tmp_path / "a.json").read_bytes() == CONTENT


@pytest.mark.parametrize("part", [b"wrong" * 10, CONTENT * 2])
def test_a_part_of_something_else_is_thrown_away(server: Server, tmp_path: Path, part: bytes) -> None:
    (tmp_path / "a.json.part").write_bytes(part)
    fetch(official(server), tmp_path)
    assert (tmp_path / "a.json").read_bytes() == CONTENT


def test_another_version_is_not_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("mine")
    with pytest.raises(UserError, match="another version"):
        fetch(official(server), tmp_path)
    assert (tmp_path / "a.json").read_text() == "mine" and not server.asked


@pytest.mark.parametrize("name", ["../a.json", "/etc/a.json", "x/../../a", "", "a\\b", "C:a", "a\0b"])
def test_names_outside_the_folder_are_refused(server: Server, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="leads out"):
        fetch(official(server, path=name), tmp_path / "root")
    assert not server.asked


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root/out").symlink_to(tmp_path)
    with pytest.raises(UserError, match="leads out"):
        inside(tmp_path / "root", "out/a.json")
    assert inside(tmp_path / "root", "in/a.json") == tmp_path / "root/in/a.json"


def test_a_server_that_is_not_there_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot fetch"):
        fetch(AnnotationFile(path="a.json", url="http://127.0.0.1:9/a.json"), tmp_path)
    with pytest.raises(UserError, match="no web address"):
        fetch(AnnotationFile(path="a.json", url="file:///etc/passwd"), tmp_path)


def test_a_folder_that_may_not_be_written_is_no_fault_of_the_address(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(UserError, match="Permission denied") as caught:
        fetch(AnnotationFile(path="a.json", url=server.url), tmp_path / "closed")
    assert caught.value.where == str(tmp_path / "closed/a.json") and "--root" in caught.value.fix
