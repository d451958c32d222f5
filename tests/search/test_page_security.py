"""What is refused: other origins, rebound names, people without the token, files by path, what would fill memory."""

import io
import struct
import zlib
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from semclip.search.page import pictures
from semclip.search.page.app import create_app
from semclip.search.page.guard import Guard
from semclip.search.page.session import Session
from tests.search.fakes import FakeIndex, FakePhoto, draw_photos

HOME = "http://127.0.0.1:8747"
HOSTILE = [
    "<img src=x onerror=alert(1)>.png",
    '"><script>alert(1)</script>.png',
    "a\u202egnp.exe",
    "line\nbreak\r\n\x1b[31m.png",
    "..%2f..%2fetc%2fpasswd",
    "'; DROP TABLE photos; --.png",
]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    photos = draw_photos(tmp_path / "photos", 12)
    odd = [FakePhoto(f"odd{n}", name, photos[n].file, 1, 1, frozenset()) for n, name in enumerate(HOSTILE)]
    session = Session(lambda: FakeIndex([*photos, *odd]), "here")
    session.start().join()
    return session


@pytest.fixture
def local(session: Session) -> TestClient:
    return TestClient(Guard(create_app(session)), base_url=HOME)


@pytest.fixture
def shared(session: Session) -> TestClient:
    guard = Guard(create_app(session), hosts={"photos.lan"}, any_address=True, token="s3cret", cookie="semclip_1")
    return TestClient(guard, base_url="http://photos.lan:8747")


@pytest.mark.parametrize("host", ["127.0.0.1:8747", "localhost:8747", "LOCALHOST", "[::1]:8747"])
def test_this_computers_names_are_answered(local: TestClient, host: str) -> None:
    assert local.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8747", "10.0.0.7", ""]
)
@pytest.mark.parametrize("place", ["/", "/api/search", "/thumbnail/p001"])
def test_a_rebound_name_gets_nothing(local: TestClient, host: str, place: str) -> None:
    assert local.get(place, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_elsewhere_may_link_here_and_no_more(local: TestClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site}
    assert local.get("/", headers=headers).status_code == 200
    for place in ("/api/search", "/api/export", "/thumbnail/p001", "/picture/p001", "/static/app.js"):
        assert local.get(place, headers=headers).status_code == 403
    assert local.post("/api/pictures", content=b"x", headers=headers | {"Origin": HOME}).status_code == 403


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "http://127.0.0.1:9999", "http://127.0.0.1:8747.evil.example", "http://["],
)
def test_a_post_from_another_origin_is_refused(local: TestClient, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    assert local.post("/api/pictures", content=_png(), headers=headers).status_code == 403
    assert local.post("/api/pictures", content=_png(), headers={"Origin": HOME}).status_code == 200


def test_without_the_token_others_see_nothing(shared: TestClient) -> None:
    for place in ("/", "/?token=wrong", "/?token=", "/api/search", "/thumbnail/p001", "/static/app.js"):
        answer = shared.get(place)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
    shared.cookies.set("semclip_1", "wrong")
    assert shared.get("/api/search").status_code == 401


def test_the_token_is_kept_in_a_cookie_that_scripts_and_other_sites_do_not_get(shared: TestClient) -> None:
    answer = shared.get("/?token=s3cret")
    assert answer.status_code == 200
    kept = answer.headers["set-cookie"]
    assert "HttpOnly" in kept and "SameSite=Strict" in kept
    assert shared.get("/api/search").status_code == 200  # the cookie is enough now


def test_a_shared_page_answers_to_its_name_and_to_bare_addresses(shared: TestClient) -> None:
    assert shared.get("/?token=s3cret", headers={"Host": "192.168.1.9:8747"}).status_code == 200
    assert shared.get("/?token=s3cret", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "place",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/....//app.py", "/static/app.py",
        "/static//etc/passwd", "/picture/..%2f..%2f..%2fetc%2fpasswd", "/picture//etc/passwd",
        "/thumbnail/../../etc/passwd", "/picture/%00", "/etc/passwd", "/page.html%00.js",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file(local: TestClient, place: str) -> None:
    answer = local.get(place)
    assert answer.status_code == 404
    assert b"root:" not in answer.content


@pytest.mark.parametrize("path", ["/etc/hostname", "../secret.png", "photos/p001"])
def test_a_query_cannot_name_a_file_that_is_not_indexed(local: TestClient, path: str, tmp_path: Path) -> None:
    answer = local.get("/api/search", params={"q": f'like:"{path}"'})
    assert answer.status_code == 400
    assert answer.json()["error"]["what"] == "the index has no such photo"  # the same whether the file exists or not


@pytest.mark.parametrize("place", ["/", "/static/app.js", "/api/search", "/thumbnail/p001", "/picture/p1", "/nowhere"])
def test_every_answer_is_hardened(local: TestClient, place: str) -> None:
    headers = local.get(place).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_the_page_asks_nobody_else_and_has_nothing_inline(local: TestClient) -> None:
    page = local.get("/").text
    script, style = (
        "".join(local.get(f"/static/{name}.js").text for name in ("address", "app", "draw", "photo", "server")),
        local.get("/static/page.css").text,
    )
    for text in (page, script, style, local.get("/static/icon.svg").text):
        assert "//" not in text.replace("http://www.w3.org/2000/svg", "").replace("// ", "")
    assert " style=" not in page and "<style" not in page and " on" + "click=" not in page
    assert page.count("<script") == 1 and 'src="/static/app.js"' in page
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert sink not in script


def test_hostile_names_arrive_as_data(local: TestClient) -> None:
    answer = local.get("/api/search", params={"top": 200})
    assert answer.headers["content-type"] == "application/json"
    assert {hit["path"] for hit in answer.json()["hits"]} >= set(HOSTILE)


def test_a_picture_that_says_it_is_too_large_is_refused_unread(local: TestClient) -> None:
    headers = {"Origin": HOME, "Content-Length": str(pictures.MOST_BYTES + 1)}
    assert local.post("/api/pictures", content=b"", headers=headers).status_code == 413


def test_a_picture_that_never_ends_is_refused_while_it_arrives(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 1000)
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 600
            yield b"x" * 600

    client = TestClient(Guard(create_app(session)), base_url=HOME)
    assert client.post("/api/pictures", content=endless(), headers={"Origin": HOME}).status_code == 413


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xff\xd8\xff" * 50],
)
def test_what_is_no_picture_is_refused(local: TestClient, data: bytes) -> None:
    answer = local.post("/api/pictures", content=data, headers={"Origin": HOME})
    assert answer.status_code == 400 and answer.json()["error"]["fix"]


@pytest.mark.parametrize(
    ("size", "told"), [((30_000, 30_000), "no picture"), ((9_000, 9_000), "9,000 x 9,000 pixels is too large")]
)  # Pillow itself refuses the first
def test_a_bomb_is_refused_before_it_is_unpacked(local: TestClient, size: tuple[int, int], told: str) -> None:
    answer = local.post("/api/pictures", content=_png_header(*size), headers={"Origin": HOME})
    assert answer.status_code == 400
    assert told in answer.json()["error"]["what"]


def test_only_the_last_pictures_are_kept() -> None:
    uploads = pictures.Uploads(most=2)
    names = [uploads.add(_png((n, 0, 0))) for n in range(3)]
    assert uploads.get(names[0]) is None
    assert uploads.get(names[1]) is not None and uploads.get(names[2]) is not None
    assert uploads.add(_png((2, 0, 0))) == names[2]


def _png(colour: tuple[int, int, int] = (1, 2, 3)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, "PNG")
    return file.getvalue()


def _png_header(width: int, height: int) -> bytes:
    """A small file that would unfold to width x height pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.anyio
async def test_an_upload_broken_off_is_no_error(session: Session) -> None:
    scope = {
        "type": "http", "method": "POST", "path": "/api/pictures", "raw_path": b"/api/pictures", "query_string": b"",
        "headers": [(b"content-length", b"9")], "root_path": "", "scheme": "http", "http_version": "1.1",
    }  # fmt: skip

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    sent: list[MutableMapping[str, Any]] = []
    await create_app(session)(scope, receive, send)
    assert sent[0]["status"] == 400


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
