"""What the page is told: results with reasons, chips, lists to take away, and what to do when something is missing."""

import csv
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from semclip.core.errors import UserError
from semclip.core.query import Not, Picture, Query, Text
from semclip.search.page import wire
from semclip.search.page.app import create_app
from semclip.search.page.session import LITERAL, MOST_CHARACTERS, Session
from tests.search.fakes import FakeHit, FakeIndex, FakePart, draw_photos

QUERY = '"red circle" -"blue square"'


@pytest.fixture
def index(tmp_path: Path) -> FakeIndex:
    return FakeIndex(draw_photos(tmp_path / "photos", 60))


@pytest.fixture
def client(index: FakeIndex) -> TestClient:
    session = Session(lambda: index, "photos/.semclip")
    session.start().join()
    return TestClient(create_app(session))


def search(client: TestClient, **parameters: Any) -> dict[str, Any]:
    response = client.get("/api/search", params=parameters)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def test_a_row_says_how_much_of_every_part_it_has_and_what_lowered_it(client: TestClient) -> None:
    told = search(client, q=QUERY, top=60)
    first, last = told["hits"][0], told["hits"][-1]
    wanted, excluded = first["parts"]
    assert (wanted["label"], wanted["wanted"]) == ("red circle", True)
    assert (excluded["label"], excluded["wanted"]) == ("blue square", False)
    assert wanted["presence"] > 0.8 > 0.2 > excluded["presence"]
    assert first["held_back"] is None and first["shows"] == []
    assert last["held_back"] == "blue square" and last["shows"] == ["blue square"]


def test_chips_are_the_parts_in_their_order(client: TestClient) -> None:
    chips = search(client, q=QUERY, off="1")["chips"]
    assert [(c["label"], c["wanted"], c["weight"], c["off"]) for c in chips] == [
        ("red circle", True, 1.0, False),
        ("blue square", False, 1.0, True),
    ]


def test_choices_are_said_beside_the_chips(client: TestClient) -> None:
    assert search(client, q=QUERY)["joined"] == ""
    assert search(client, q="cats OR dogs -birds")["joined"] == "cats or (dogs, minus birds)"
    assert search(client, q="cats OR dogs -birds", off="0")["joined"] == ""


def test_a_part_that_is_off_is_not_asked(client: TestClient, index: FakeIndex) -> None:
    told = search(client, q=QUERY, off="1")
    assert index.asked[-1][0].tree == Text("red circle")
    assert told["hits"] == search(client, q='"red circle"')["hits"]
    assert search(client, q=QUERY, off="0,1")["hits"] == search(client, q="")["hits"]


def test_a_dash_before_two_words_is_asked_about(client: TestClient) -> None:
    assert search(client, q="red circle -blue square")["instead"] == QUERY.replace('"red circle"', "red circle")
    assert search(client, q=QUERY)["instead"] is search(client, q="")["instead"] is None
    assert search(client, q="-blue square", plain="1")["instead"] is None


def test_a_denial_that_is_not_read_is_named(client: TestClient) -> None:
    assert search(client, q="a man who never smiles")["unread"] == "never"
    assert search(client, q=QUERY)["unread"] is search(client, q="")["unread"] is None
    assert search(client, q="a man who never smiles", plain="1")["unread"] is None


def test_the_whole_sentence_is_one_part(client: TestClient, index: FakeIndex) -> None:
    told = search(client, q="a street with no cars", plain="1")
    assert [chip["label"] for chip in told["chips"]] == ["a street with no cars"]
    assert index.asked[-1][0].tree == Text("a street with no cars")


def test_the_literal_ranking_is_another_ranker_over_the_same_parts(client: TestClient, index: FakeIndex) -> None:
    ours, literal = search(client, q=QUERY, top=10), search(client, q=QUERY, top=10, literal="1")
    assert [asked[1] for asked in index.asked] == [None, LITERAL]
    assert index.asked[0][0].tree == index.asked[1][0].tree
    assert literal["sentence"] == index.asked[1][0].text == "red circle without blue square"
    assert not any(hit["shows"] for hit in ours["hits"])
    assert any(hit["shows"] for hit in literal["hits"])


def test_pages_join_without_a_gap_and_end(client: TestClient) -> None:
    whole = search(client, q=QUERY, top=60)
    pages = [search(client, q=QUERY, top=25, skip=skip) for skip in (0, 25, 50)]
    assert [hit for page in pages for hit in page["hits"]] == whole["hits"]
    assert [page["more"] for page in pages] == [True, True, False]


def edited(client: TestClient, **parameters: Any) -> str:
    response = client.get("/api/edit", params=parameters)
    assert response.status_code == 200, response.text
    text: str = response.json()["q"]
    return text


def test_a_click_on_a_chip_gives_a_text_that_says_it(client: TestClient) -> None:
    flipped = edited(client, q=QUERY, part=1)
    assert [chip["wanted"] for chip in search(client, q=flipped)["chips"]] == [True, True]
    weighed = edited(client, q=QUERY, part=1, weight="2.5")
    assert [(c["wanted"], c["weight"]) for c in search(client, q=weighed)["chips"]] == [(True, 1.0), (False, 2.5)]


@pytest.mark.parametrize("bad", [{"part": 7}, {"part": 0, "weight": "0"}, {"part": 0, "weight": "nan"}])
def test_a_click_that_makes_no_sense_is_refused(client: TestClient, bad: dict[str, Any]) -> None:
    response = client.get("/api/edit", params={"q": QUERY, **bad})
    assert response.status_code == 400
    assert response.json()["error"]["fix"]


def test_more_and_less_like_a_photo(client: TestClient, index: FakeIndex) -> None:
    path = index.photo("p003").path
    more = edited(client, q='"red circle"', like="p003")
    assert search(client, q=more)["chips"][-1]["thumbnail"] == "p003"
    less = edited(client, q=more, unlike="p003")
    search(client, q=less)
    tree = index.asked[-1][0].tree
    assert tree is not None and tree.children == (Text("red circle"), Not(Picture(path)))  # type: ignore[union-attr]
    assert search(client, q=edited(client, q="", like="p003"))["hits"][0]["id"] == "p003"


def test_a_dropped_picture_is_a_part_and_stays_in_memory(client: TestClient, index: FakeIndex) -> None:
    file = io.BytesIO()
    Image.new("RGBA", (900, 30), (255, 0, 0, 128)).save(file, "PNG")
    answer = client.post("/api/pictures", content=file.getvalue(), headers={"Origin": "http://testserver"})
    name = answer.json()["id"]
    text = edited(client, q='"red circle"', like=name)
    told = search(client, q=text)
    assert [chip["label"] for chip in told["chips"]] == ["red circle", "like your picture"]
    assert told["chips"][1]["thumbnail"] == name
    assert told["hits"][0]["parts"][1]["label"] == "like your picture"
    assert client.get(f"/thumbnail/{name}").headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(client.get(f"/picture/{name}").content)) as shown:
        assert shown.size == (768, 26)
        red, green, _ = shown.getpixel((5, 5))  # type: ignore[misc]
        assert red > 240 and 110 < green < 145  # half see-through on white
    gone = client.get("/api/search", params={"q": f'like:"upload-{"0" * 16}"'})
    assert gone.status_code == 400 and "drop it" in gone.json()["error"]["fix"]


def test_a_photo_is_shown_upright_and_a_deleted_one_says_so(client: TestClient, index: FakeIndex) -> None:
    photo = index.photo("p001")
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010E] = "a note that nobody needs"
    Image.new("RGB", (4000, 1000), "red").save(photo.file, "JPEG", exif=exif)
    data = client.get("/picture/p001").content
    with Image.open(io.BytesIO(data)) as shown:
        assert shown.size == (400, 1600)
        assert not shown.getexif()
    photo.file.unlink()
    gone = client.get("/picture/p001")
    assert gone.status_code == 400 and "no longer there" in gone.json()["error"]["what"]
    assert [hit["missing"] for hit in search(client)["hits"]] == [id == "p001" for id in sorted(p.id for p in index)]


@pytest.mark.parametrize("place", ["/thumbnail/nobody", "/picture/nobody", "/api/photo/nobody"])
def test_an_unknown_photo_is_not_found(client: TestClient, place: str) -> None:
    assert client.get(place).status_code == 404


def test_an_error_of_the_query_points_at_the_place(client: TestClient) -> None:
    answer = client.get("/api/search", params={"q": "beach (people"})
    assert answer.status_code == 400
    told = answer.json()["error"]
    assert "^" in told["where"] and told["what"] and told["fix"]


def test_a_query_without_end_is_refused_before_it_is_read(client: TestClient, index: FakeIndex) -> None:
    answer = client.get("/api/search", params={"q": "a " * MOST_CHARACTERS})
    assert answer.status_code == 400 and f"{MOST_CHARACTERS:,}" in answer.json()["error"]["fix"]
    assert index.asked == []


def test_photos_can_be_looked_at_while_the_model_loads(index: FakeIndex) -> None:
    loaded = threading.Event()

    class Slow(FakeIndex):
        def load_model(self) -> None:
            loaded.wait(30)

    opened = threading.Event()

    def open_index() -> FakeIndex:
        opened.wait(30)
        return Slow(list(index))

    session = Session(open_index, "here")
    client = TestClient(create_app(session))
    loading = session.start()
    assert client.get("/api/status").json()["state"] == "opening"
    assert client.get("/").status_code == 200
    assert client.get("/api/search").status_code == client.get("/thumbnail/p001").status_code == 503
    opened.set()
    while client.get("/api/status").json()["state"] == "opening":
        pass
    assert client.get("/api/status").json() | {"state": "loading", "photos": 60} == client.get("/api/status").json()
    assert len(search(client)["hits"]) == 60
    assert client.get("/thumbnail/p001").status_code == 200
    assert client.get("/api/search", params={"q": QUERY}).status_code == 503
    loaded.set()
    loading.join()
    assert client.get("/api/status").json()["state"] == "ready"
    assert search(client, q=QUERY)["hits"]


def test_photos_are_listed_before_the_index_is_open(index: FakeIndex) -> None:
    """What is known of them is shown at once; their pictures come when the index is there."""
    opened = threading.Event()

    def open_index() -> FakeIndex:
        opened.wait(30)
        return index

    session = Session(open_index, "here", lambda: FakeIndex(list(index)[:50]))
    client = TestClient(create_app(session))
    loading = session.start()
    while not session.photos:
        pass
    told = client.get("/api/status").json()
    assert (told["state"], told["photos"]) == ("opening", 50)
    assert [hit["id"] for hit in search(client)["hits"]] == [hit.id for hit in index.listed(Query("", None), 50, 0)]
    assert client.get("/api/photo/p001").status_code == 200
    assert client.get("/api/search", params={"q": QUERY}).status_code == 503
    with ThreadPoolExecutor() as pool:
        picture = pool.submit(client.get, "/thumbnail/p001")
        assert not picture.done()
        opened.set()
        assert picture.result().status_code == 200
    loading.join()
    assert client.get("/api/status").json()["photos"] == 60


def test_a_glance_at_an_index_that_is_gone_shows_nothing(index: FakeIndex) -> None:
    def gone() -> FakeIndex:
        raise UserError("no index here", "photos/.semclip", "make one")

    session = Session(gone, "photos/.semclip", lambda: index)
    client = TestClient(create_app(session))
    session.start().join()
    assert client.get("/api/status").json()["state"] == "failed"
    assert client.get("/api/search").status_code == client.get("/thumbnail/p001").status_code == 400


def test_an_index_that_cannot_be_opened_says_why() -> None:
    def gone() -> FakeIndex:
        raise UserError("there is no index", "photos/.semclip", "semclip index photos")

    session = Session(gone, "photos/.semclip")
    session.start().join()
    client = TestClient(create_app(session))
    wanted = {"what": "there is no index", "where": "photos/.semclip", "fix": "semclip index photos"}
    assert client.get("/api/status").json()["error"] == wanted
    assert client.get("/api/search", params={"q": QUERY}).json()["error"] == wanted
    assert client.get("/").status_code == 200


def test_lists_to_take_away(client: TestClient) -> None:
    shown = search(client, q=QUERY, top=7)["hits"]
    paths = client.get("/api/export", params={"q": QUERY, "top": 7, "format": "txt"})
    assert paths.text.splitlines() == [hit["file"] for hit in shown]
    assert all(Path(hit["file"]).is_file() and hit["file"].endswith(hit["path"].split("/")[-1]) for hit in shown)
    assert "attachment" in paths.headers["content-disposition"]
    table = client.get("/api/export", params={"q": QUERY, "top": 7, "format": "csv"})
    head, *rows = csv.reader(io.StringIO(table.text))
    assert head == ["path", "score", "red circle", "not: blue square", "lowered by"]
    assert [row[0] for row in rows] == [hit["file"] for hit in shown]
    assert [float(row[2]) for row in rows] == pytest.approx([h["parts"][0]["presence"] for h in shown], abs=5e-4)
    assert client.get("/api/export", params={"format": "exe"}).status_code == 404


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_list_is_a_formula(start: str) -> None:
    name = f'{start}HYPERLINK("http://x","y").jpg'
    part = FakePart(f"{start}cmd", wanted=True, similarity=0.1, presence=0.2)
    hit = FakeHit("a", name, Path(name), 1.0, (part,), held_back=f"{start}held")
    head, row = csv.reader(io.StringIO(wire.as_csv([hit]).decode(), newline=""))
    for cell in (head[2], row[0], row[3]):
        assert cell.startswith("'" + start)


def test_a_name_with_a_line_break_stays_one_line() -> None:
    hit = FakeHit("a", "a", Path("two\nlines.jpg"), 1.0, ())
    assert wire.as_text([hit, replace(hit, file=Path("ä b.jpg"))]) == '"two\\nlines.jpg"\nä b.jpg\n'.encode()


def test_a_name_that_is_no_text_is_listed_as_it_is_and_shown_as_it_can_be() -> None:
    hit = FakeHit("a", "a", Path(os.fsdecode(b"caf\xe9.jpg")), 1.0, ())
    assert wire.as_text([hit]) == b"caf\xe9.jpg\n"
    assert "caf\ufffd.jpg" in wire.as_csv([hit]).decode()
    assert wire.hit(hit, Query("", None))["file"] == "caf\ufffd.jpg"


def test_a_score_that_is_no_number_is_still_json() -> None:
    part = FakePart("a", wanted=True, similarity=float("nan"), presence=float("inf"))
    told = wire.hit(FakeHit("a", "a.jpg", Path("a.jpg"), float("nan"), (part,)), Query("a", Text("a")))
    assert told["score"] == 0 and told["parts"][0]["similarity"] == 0
