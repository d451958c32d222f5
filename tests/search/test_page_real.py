"""The page over a real index, the real query language and the real rankers, as `semclip serve` puts them together."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from semclip.search.index import Index
from semclip.search.page.app import create_app
from semclip.search.page.session import Session
from tests.search.photos import fill, model, new_index, picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path / "photos", 12)
    picture(3).save(tmp_path / "photos" / "twin.png")
    new_index(tmp_path).add(tmp_path / "photos")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> TestClient:
    session = Session(lambda: Index.open(folder / ".semclip", model()), "here")
    session.start().join()
    assert session.state == "ready", session.error
    return TestClient(create_app(session))


def ask(client: TestClient, path: str = "/api/search", **given: Any) -> dict[str, Any]:
    response = client.get(path, params=given)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def test_every_photo_once_and_with_reasons(client: TestClient) -> None:
    assert ask(client, "/api/status")["photos"] == 13
    listed = ask(client)["hits"]
    assert len(listed) == 12 and sum(bool(hit["duplicates"]) for hit in listed) == 1
    told = ask(client, q="circle -blue", top=5)
    assert (told["matching"], told["ranked"], len(told["hits"])) == (12, True, 5)
    told = ask(client, q="circle -blue")
    assert told["understood"] == "circle, minus blue" and told["sentence"] == "circle without blue"
    assert {hit["id"] for hit in told["hits"]} == {hit["id"] for hit in listed}
    scores = [hit["score"] for hit in told["hits"]]
    assert scores == sorted(scores, reverse=True)
    for hit in told["hits"]:
        assert [(part["label"], part["wanted"]) for part in hit["parts"]] == [("circle", True), ("blue", False)]
        assert all(0 <= part["presence"] <= 1 and -1 <= part["similarity"] <= 1 for part in hit["parts"])
        assert hit["shows"] == (["blue"] if hit["parts"][1]["shown"] else [])
    conditions = ask(client, q="folder:a", top=2)  # the folder of three of them has the twin's content, too
    assert (conditions["matching"], conditions["ranked"], len(conditions["hits"])) == (6, False, 2)
    alone = ask(client, q="-blue")["hits"]
    cosines = [hit["parts"][0]["similarity"] for hit in alone]
    assert cosines[0] < cosines[-1], "what looks least like it comes first"


def test_the_literal_ranking_is_that_of_the_sentence(client: TestClient) -> None:
    literal = ask(client, q="circle -blue", literal="1")["hits"]
    sentence = ask(client, q="circle without blue", plain="1")["hits"]
    assert [hit["id"] for hit in literal] == [hit["id"] for hit in sentence]
    assert [hit["score"] for hit in literal] == pytest.approx([hit["score"] for hit in sentence], abs=1e-5)
    assert {part["label"] for hit in literal for part in hit["parts"]} == {"circle", "blue"}, "with our bars beside it"


def test_pictures_as_queries(client: TestClient, folder: Path) -> None:
    first = ask(client)["hits"][0]
    like = ask(client, "/api/edit", q="", like=first["id"])["q"]
    found = ask(client, q=like)
    assert found["hits"][0]["id"] == first["id"] and found["chips"][0]["thumbnail"] == first["id"]
    unlike = ask(client, "/api/edit", q=like, part=0)["q"]
    assert ask(client, q=unlike)["hits"][-1]["id"] == first["id"]
    data = (folder / "photos" / first["path"].removeprefix("photos/")).read_bytes()
    name = client.post("/api/pictures", content=data).json()["id"]
    assert ask(client, q=f"like:{name}")["hits"][0]["id"] == first["id"]


def test_thumbnails_photos_and_lists(client: TestClient, folder: Path) -> None:
    told = ask(client, q="circle -blue")["hits"]
    for place in ("thumbnail", "picture"):
        answer = client.get(f"/{place}/{told[0]['id']}")
        assert answer.headers["content-type"] == "image/jpeg" and Image.open(io.BytesIO(answer.content)).size == (
            24,
            24,
        )
    rows = list(csv.DictReader(io.StringIO(client.get("/api/export", params={"q": "circle -blue"}).text)))
    assert [row["path"] for row in rows] == [hit["file"] for hit in told]
    Path(told[0]["file"]).unlink()
    assert client.get(f"/picture/{told[0]['id']}").status_code == 400
    assert ask(client, q="circle -blue")["hits"][0]["missing"]


def test_what_is_indexed_meanwhile_is_found(client: TestClient, folder: Path) -> None:
    picture(50).save(folder / "photos" / "aaa.png")
    Index.open(folder / ".semclip", model()).add(folder / "photos")
    assert ask(client)["hits"][-1]["path"].startswith("photos/") and len(ask(client)["hits"]) == 13
