"""The server behind the page: ports, hosts, tokens, Ctrl-C."""

import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from semclip.cli import serve
from semclip.core.errors import UserError
from semclip.search.page.server import Server, listen
from semclip.search.page.session import Session
from tests.search.fakes import FakeIndex

SERVE = """
import sys
from pathlib import Path
from semclip.search.page.server import listen
from semclip.search.page.session import Session
from tests.search.fakes import FakeIndex, draw_photos
photos = draw_photos(Path(sys.argv[1]), 3)
server = listen(Session(lambda: FakeIndex(photos), "here"), "127.0.0.1", 0)
print(server.port, flush=True)
try:
    server.run()
except KeyboardInterrupt:
    print("stopped")
"""


def _listen(host: str = "127.0.0.1", port: int = 0) -> Server:
    return listen(Session(lambda: FakeIndex([]), "here"), host, port)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_port_in_use_is_named_and_the_fix_works(taken: int) -> None:
    with pytest.raises(UserError) as error:
        _listen(port=taken)
    assert str(taken) in error.value.what and "--port 0" in error.value.fix
    with _listen(port=0).listening as free:
        assert free.getsockname()[1] != taken


@pytest.mark.parametrize("host", ["no such host", "203.0.113.7"])
def test_a_host_that_is_not_this_computers(host: str) -> None:
    with pytest.raises(UserError) as error:
        _listen(host)
    assert "--host" in error.value.where + error.value.fix


def test_only_this_computer_goes_without_a_token() -> None:
    local, shared, again = _listen(), _listen("0.0.0.0"), _listen("0.0.0.0")
    try:
        assert local.token == "" and local.url == f"http://127.0.0.1:{local.port}/"
        assert len(shared.token) >= 32 and shared.url.endswith(f"/?token={shared.token}")
        assert shared.token != again.token
    finally:
        for server in (local, shared, again):
            server.listening.close()


def test_ctrl_c_ends_it_with_one_line(tmp_path: Path, ctrl_c: None) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", SERVE, str(tmp_path / "photos")]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
            connection.request("GET", "/api/status")
            assert connection.getresponse().status == 200
            process.send_signal(signal.SIGINT)  # with a connection still open
            out, err = process.communicate(timeout=300)
        finally:
            process.kill()
    assert (out, err) == ("stopped\n", "")


@pytest.mark.parametrize("index", ["", "gone/photos.index"])
def test_where_there_is_no_index_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        serve.command(index=index)
    assert "semclip index FOLDER" in error.value.fix
