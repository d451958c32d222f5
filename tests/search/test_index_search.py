"""What a search of an index returns: the same as brute force over all embeddings, once each, in a fixed order."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.query import And, Filter, Gallery, Not, Picture, Query, Ranking, Text
from semclip.core.seeds import generator
from semclip.search import candidates
from semclip.search.index import Index
from semclip.search.index_gallery import IndexGallery
from semclip.search.indexing import photo_id
from semclip.search.listing import Glance
from semclip.search.product import product
from tests.search.photos import Sum as Plain
from tests.search.photos import asked, contents, fill, model, new_index, picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty photos and their index; no test changes them."""
    made = tmp_path_factory.mktemp("search")
    fill(made / "photos", 40)
    exif = Image.Exif()
    exif[0x0110] = "Pixel 7"
    exif.get_ifd(0x8769)[0x9003] = "2023:05:17 14:03:22"
    (made / "photos" / "Italy" / "Rome").mkdir(parents=True)
    picture(90, 64).save(made / "photos" / "Italy" / "Rome" / "dated.jpg", exif=exif)
    new_index(made).add(made / "photos")
    return made


@pytest.fixture
def index(folder: Path) -> Index:
    return Index.open(folder / ".semclip", model())


def test_it_is_brute_force(index: Index) -> None:
    found, own = contents(index), model()
    texts = own.texts(["a dog", "a cat"]).astype(np.float64)
    paths = sorted(found)
    rows = np.stack([found[path] for path in paths]).astype(np.float64)
    score = rows @ (texts[0] - texts[1])
    order = [paths[i] for i in np.argsort(-score, kind="stable")]
    hits = index.search(asked("a dog", "-a cat"), top=len(paths), ranker=Plain())
    assert [hit.path for hit in hits] == order
    np.testing.assert_allclose([hit.score for hit in hits], np.sort(score)[::-1], atol=1e-6)
    by_path = dict(zip(paths, rows @ texts.T, strict=True))
    for hit in hits:
        np.testing.assert_allclose([part.similarity for part in hit.parts], by_path[hit.path], atol=1e-6)
        assert [(part.label, part.wanted) for part in hit.parts] == [("a dog", True), ("a cat", False)]
    pages = [hit for skip in range(0, 41, 7) for hit in index.search(asked("a dog", "-a cat"), 7, Plain(), skip)]
    assert pages == hits, "pages fit together"


class Constant:
    """Every photo the same, and the first part blamed for those of odd rows."""

    def rank(self, query: Query, gallery: Gallery) -> Ranking:
        count = gallery.similarity(np.zeros((1, 16), np.float32)).shape[1]
        given = Plain().rank(query, gallery)
        return Ranking(np.zeros(count), given.parts, np.where(np.arange(count) % 2, 1, -1))


def test_equal_scores_are_in_the_order_of_paths(index: Index) -> None:
    hits = index.search(asked("a dog", "-a cat"), top=9, ranker=Constant())
    assert [hit.path for hit in hits] == sorted(contents(index))[:9]
    assert [hit.held_back for hit in hits] == [None, "a cat"] * 4 + [None]


def test_filters_alone_need_no_model(folder: Path) -> None:
    index = Index.open(folder / ".semclip")
    hits = index.search(Query("", None, (Filter("folder", "=", "photos/b"),)), top=50)
    assert [hit.path for hit in hits] == sorted(p for p in contents(index) if "/b/" in p) and len(hits) == 20
    assert index._model is None and {hit.parts for hit in hits} == {()}


DATED = "photos/Italy/Rome/dated.jpg"


@pytest.mark.parametrize(
    ("condition", "count", "dated"),
    [
        (Filter("taken", "=", "2023"), 1, True),
        (Filter("taken", "=", "2023-05-17"), 1, True),
        (Filter("taken", ">=", "2023-05-17"), 1, True),
        (Filter("taken", "<", "2023-05-18"), 1, True),
        (Filter("taken", "<", "2023-05-17"), 0, False),
        (Filter("taken", ">", "2022"), 1, True),
        (Filter("taken", "<=", "2023-05"), 1, True),
        (Filter("taken", ">", "2023-05"), 0, False),
        (Filter("taken", "=", "2023", negated=True), 40, False),
        (Filter("folder", "=", "italy"), 1, True),
        (Filter("folder", "=", "Italy/Rome/"), 1, True),
        (Filter("folder", "=", "ital"), 0, False),
        (Filter("folder", "=", "a"), 20, False),
        (Filter("folder", "=", "photos"), 41, True),
        (Filter("type", "=", "jpg"), 1, True),
        (Filter("type", "=", ".PNG"), 40, False),
        (Filter("camera", "=", "pixel"), 1, True),
        (Filter("camera", "=", "("), 0, False),
        (Filter("width", ">", 24.0), 1, True),
        (Filter("height", "<=", "24"), 40, False),
        (Filter("width", "=", 64, negated=True), 40, False),
        (Filter("size", ">", 0), 41, True),
    ],
)
def test_filters(index: Index, condition: Filter, count: int, dated: bool) -> None:
    query = Query("a dog", Text("a dog"), (condition,))
    hits = index.search(query, top=100, ranker=Plain())
    assert len(hits) == count and (DATED in {hit.path for hit in hits}) == dated
    unfiltered = [hit.path for hit in index.search(asked("a dog"), top=100, ranker=Plain())]
    kept = [hit.path for hit in hits]
    assert kept == [path for path in unfiltered if path in kept], "filters change no order"


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        (Filter("widht", ">", 3), "unknown filter 'widht'"),
        (Filter("width", ">", "wide"), "width is a number"),
        (Filter("camera", "<", "a"), "camera has no order"),
    ],
)
def test_filters_that_make_no_sense(index: Index, condition: Filter, what: str) -> None:
    with pytest.raises(UserError, match=what):
        index.search(Query("a", Text("a"), (condition,)), ranker=Plain())


@pytest.mark.parametrize("query", ["red", "type:png"])
@pytest.mark.parametrize("numbers", [{"top": -1}, {"skip": -1}])
def test_numbers_below_zero_are_refused(index: Index, query: str, numbers: dict[str, int]) -> None:
    with pytest.raises(UserError, match="give 0 or more"):
        index.search(query, **numbers)
    assert index.search(query, top=0) == []


def test_the_same_photo_is_shown_once(tmp_path: Path) -> None:
    paths = fill(tmp_path / "photos", 6)
    for name in ("copy.png", "zz.png"):
        shutil.copy(paths[2], tmp_path / "photos" / name)
    index = new_index(tmp_path)
    index.add(tmp_path / "photos")
    hits = index.search(asked("a dog"), top=20, ranker=Plain())
    assert len(hits) == 6 and len(index) == 8
    doubled = [(hit.path, hit.duplicates) for hit in hits if hit.duplicates]
    assert doubled == [("photos/a/002.png", ("photos/copy.png", "photos/zz.png"))]
    only = Query("", None, (Filter("folder", "=", "a", negated=True),))
    assert [h.path for h in index.search(only, top=9)] == [
        "photos/b/001.png", "photos/b/003.png", "photos/b/005.png", "photos/copy.png"
    ]  # fmt: skip


def test_a_picture_as_query(index: Index, folder: Path, tmp_path: Path) -> None:
    wanted = "photos/a/010.png"
    by_path = index.search(Query("", Picture(wanted)), top=3, ranker=Plain())
    picture(10).save(tmp_path / "mine.png")
    by_file = index.search(Query("", Picture(str(tmp_path / "mine.png"))), top=3, ranker=Plain())
    by_hand = index.search(Query("", Picture("dropped")), top=3, ranker=Plain(), pictures={"dropped": picture(10)})
    for hits in (by_path, by_file, by_hand):
        assert hits[0].path == wanted and hits[0].score == pytest.approx(1, abs=1e-3)
    less = index.search(Query("", And((Text("a dog"), Not(Picture(wanted))))), top=41, ranker=Plain())
    assert less[-1].path != less[0].path and less[0].path != wanted
    with pytest.raises(UserError, match="neither the index nor the disk has such a photo"):
        index.search(Query("", Picture("nowhere.png")), ranker=Plain())
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UserError, match="cannot be read"):
        index.search(Query("", Picture(str(tmp_path / "text.png"))), ranker=Plain())


def test_a_photo_by_its_id(index: Index) -> None:
    id = index.find(DATED)
    assert id is not None and index.photo(id).path == DATED and index.photo(id).file.is_file()
    for wrong in ("0" * 24, "", "../../etc/passwd", "' OR 1=1 --"):
        with pytest.raises(KeyError):
            index.photo(wrong)
        with pytest.raises(KeyError):
            index.thumbnail(wrong)


@pytest.mark.parametrize("chosen", [None, np.array([3, 7, 20])])
def test_a_gallery_is_its_rows(index: Index, chosen: np.ndarray | None) -> None:
    rows = index.rows.embeddings.astype(np.float64)
    whole = IndexGallery(index.model, candidates.Candidates(index.rows, index._table, threads=1), {})
    gallery = whole if chosen is None else whole.only(chosen)
    vectors = model().texts(["a dog", "a cat"])
    some = rows if chosen is None else rows[chosen]
    assert len(gallery) == len(some)
    np.testing.assert_allclose(gallery.similarity(vectors), vectors @ some.T, atol=1e-6)
    np.testing.assert_allclose(gallery.sampled(vectors), vectors @ rows.T, atol=1e-6, err_msg="of the whole index")
    np.testing.assert_allclose(gallery.centre, rows.mean(axis=0), atol=1e-6)
    places = np.array([2, 0])
    np.testing.assert_array_equal(gallery.rows(places), rows[places], err_msg="places are those of the whole index")
    assert np.array_equal(gallery.nearest(vectors, 3), np.sort(np.argsort(-vectors @ rows.T, axis=1)[:, :3]))
    np.testing.assert_allclose(gallery.embed(Text("a dog")), vectors[0], atol=1e-6)


def test_an_open_index_sees_what_was_added_when_asked(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 3)
    writer = new_index(tmp_path)
    writer.add(tmp_path / "photos")
    reader = Index.open(tmp_path / ".semclip", model())
    assert len(reader.search(asked("a dog"), ranker=Plain())) == 3
    fill(tmp_path / "photos", 2, first=3)
    writer.add(tmp_path / "photos")
    assert len(reader.search(asked("a dog"), ranker=Plain())) == 3, "mapped files of an old version stay readable"
    reader.refresh()
    assert len(reader.search(asked("a dog"), ranker=Plain())) == 5


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 700, 20_000])
def test_products_are_those_of_float64(count: int, threads: int) -> None:
    draw = generator("product", count)
    rows = draw.standard_normal((count, 24)).astype(np.float16)
    vectors = draw.standard_normal((3, 24)).astype(np.float32)
    found = product(vectors, rows, threads)
    assert found.dtype == np.float32 and found.shape == (3, count)
    np.testing.assert_allclose(found, vectors.astype(np.float64) @ rows.astype(np.float64).T, atol=2e-5)


def test_candidates_of_the_vector_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table above the limit: the first photos are those of the exact ranking, and their scores are exact."""
    monkeypatch.setattr(candidates, "EXACT", 500)
    monkeypatch.setattr(candidates, "CANDIDATES", 200)
    index = Index.create(tmp_path / ".semclip", model())
    draw = generator("candidates")
    base = {"content": b"", "taken": "", "camera": "", "width": 1, "height": 1, "type": "png", "size": 1, "mtime": 1}
    rows: list[dict[str, Any]] = []
    for number in range(1_000):
        vector = draw.standard_normal(16)
        unit = (vector / np.linalg.norm(vector)).astype(np.float16)
        path = f"photos/{number}.png".encode()
        content = number.to_bytes(16, "big")
        rows.append({**base, "id": photo_id(path), "path": path, "embedding": unit, "content": content})
    index._table.write(rows, replacing=False)
    index._table.build_vector_index()
    index.refresh()
    assert index._table.has_vector_index
    looked = candidates.Candidates(index.rows, index._table, threads=1)
    every = np.ones(1_000, bool)
    chosen = looked.of_any(list(model().texts(["a dog"])), every, 10)
    assert chosen is not None and 100 <= len(chosen) <= 250
    some = every & (np.arange(1_000) < 300)
    assert np.array_equal(looked.of_any([], some, 10), np.arange(300)), "filters that leave few are exact"
    found = index.search(asked("a dog"), top=10, ranker=Plain())
    monkeypatch.setattr(candidates, "EXACT", 5_000)
    exact = index.search(asked("a dog"), top=10, ranker=Plain())
    assert len({hit.path for hit in found} & {hit.path for hit in exact}) >= 9
    same = {hit.path: hit.score for hit in exact}
    assert all(hit.score == pytest.approx(same[hit.path], abs=1e-6) for hit in found if hit.path in same)
    monkeypatch.setattr(candidates, "EXACT", 500)
    assert looked.of_any([], every, 10) is None, "of excluded parts alone, all"
    close, far = (index.search(asked(*words), top=10, ranker="subtract") for words in (("a dog",), ("-a dog",)))
    monkeypatch.setattr(candidates, "EXACT", 5_000)
    surely = index.search(asked("a dog"), top=10, ranker="subtract")
    assert len({hit.path for hit in close} & {hit.path for hit in surely}) >= 9
    assert far == index.search(asked("-a dog"), top=10, ranker="subtract")


def test_an_index_is_looked_through_without_a_model(tmp_path: Path) -> None:
    """The page shows photos at once; torch, which takes seconds to import, comes behind it."""
    fill(tmp_path / "photos", 3)
    new_index(tmp_path).add(tmp_path / "photos")
    code = f"""
import sys
from semclip.core.query import Query
from semclip.search.index import Index
index = Index.open({str(tmp_path / ".semclip")!r})
hits = index.search(Query("", None))
assert len(hits) == 3 and index.thumbnail(hits[0].id) and index.photo(hits[0].id).width == 24
assert not {{"torch", "open_clip", "scipy"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_glance_lists_the_photos_without_lancedb(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 3)
    place = tmp_path / ".semclip"
    assert Glance.at(place) is None
    index = new_index(tmp_path)
    index.add(tmp_path / "photos")
    glance = Glance.at(place)
    assert glance is not None and len(glance) == 3
    everything = Query("", None)
    assert glance.listed(everything, 2, 1) == index.search(everything, top=2, skip=1)
    (hit,) = glance.listed(Query("", None, (Filter("folder", "=", "b"),)), 9, 0)
    assert glance.find(hit.path) == hit.id and glance.photo(hit.id) == index.photo(hit.id)
    code = f"""
import sys
from semclip.search.listing import Glance
from semclip.core.query import Query
assert len(Glance.at({str(place)!r}).listed(Query("", None), 60, 0)) == 3
assert not {{"lancedb", "torch", "scipy"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    (file,) = place.glob("rows-*.arrow")
    os.truncate(file, 300)
    assert Glance.at(place) is None, "damaged: the index makes them anew"


def test_an_index_made_anew_in_the_same_place_has_its_own_rows(tmp_path: Path) -> None:
    fill(tmp_path / "one", 3)
    fill(tmp_path / "two", 3, first=10)
    assert new_index(tmp_path).add(tmp_path / "one").new == 3
    shutil.rmtree(tmp_path / ".semclip" / "photos.lance")  # the mapped rows stay, as those of a bucket do
    assert new_index(tmp_path).add(tmp_path / "two").new == 3
    hits = Index.open(tmp_path / ".semclip", model()).search(asked("a dog"), ranker=Plain())
    assert {hit.path.partition("/")[0] for hit in hits} == {"two"}


def test_an_open_index_that_was_made_anew_takes_its_new_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semclip.search.index.load_model", lambda spec, device: model(int(spec[-1])))
    fill(tmp_path / "photos", 3)
    new_index(tmp_path, seed=0).add(tmp_path / "photos")
    opened = Index.open(tmp_path / ".semclip")
    assert len(opened.search(asked("a dog"), ranker=Plain())) == 3
    shutil.rmtree(tmp_path / ".semclip")
    new_index(tmp_path, seed=1).add(tmp_path / "photos")
    opened.refresh()
    fresh = Index.open(tmp_path / ".semclip").search(asked("a dog"), ranker=Plain())
    assert opened.search(asked("a dog"), ranker=Plain()) == fresh


def test_mapped_vectors_that_a_crash_left_as_zeros_are_made_anew(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / ".semclip", tmp_path / ".semclip")
    whole = Index.open(tmp_path / ".semclip", model()).search(asked("a dog"), ranker=Plain())
    (file,) = (tmp_path / ".semclip").glob("rows-*[0-9].npy")
    rows = np.load(file)
    np.save(file, np.zeros_like(rows))
    assert Index.open(tmp_path / ".semclip", model()).search(asked("a dog"), ranker=Plain()) == whole


def test_like_with_a_name_that_no_system_takes(index: Index) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        index.search(Query("", Picture("x" * 300)))


@pytest.mark.parametrize("damaged", ["rows-*.npy", "rows-*.arrow"])
def test_damaged_mapped_files_are_made_anew(folder: Path, tmp_path: Path, damaged: str) -> None:
    shutil.copytree(folder / ".semclip", tmp_path / ".semclip")
    whole = Index.open(tmp_path / ".semclip", model()).search(asked("a dog"), ranker=Plain())
    (file,) = (tmp_path / ".semclip").glob(damaged)
    os.truncate(file, 300)
    assert Index.open(tmp_path / ".semclip", model()).search(asked("a dog"), ranker=Plain()) == whole


def test_a_damaged_table_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / ".semclip", tmp_path / ".semclip")
    for file in (tmp_path / ".semclip" / "photos.lance" / "data").iterdir():
        os.truncate(file, 300)
    index = Index.open(tmp_path / ".semclip", model())
    with pytest.raises(UserError, match="cannot be read") as error:
        index.add(folder / "photos")
    assert ".rs:" not in str(error.value) and "index again" in error.value.fix
