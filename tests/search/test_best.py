"""What a coarse product rules out is never in the result: searches against every score in float64, ties included."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from semclip.core.highest import highest
from semclip.core.query import And, Filter, Node, Not, Or, Query, Text
from semclip.core.seeds import generator
from semclip.search import candidates, coarse
from semclip.search.coarse import Codes, Halves, coarse_of
from semclip.search.index import Index
from semclip.search.indexing import photo_id
from semclip.search.product import small
from semclip.search.rankers import create
from semclip.search.rankers._linear import Direction, Highest, LinearRanker, Sum, parts_of, put_together, total
from tests.search.photos import model

A, B, C, X, Y = Text("a dog"), Text("a cat"), Text("the sea"), Text("a car"), Text("a man", 2.0)
MODEL = model()
QUERIES: list[Node] = [
    A,
    Not(X),
    And((A, Not(X))),
    Or((A, And((B, Not(Y))))),
    And((Or((A, B)), Or((C, Not(X))), Not(Y))),
]


@pytest.fixture(params=["codes", "rough codes", "halves"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to multiply all rows, whatever this machine's processor has; of codes also their rough half alone."""
    monkeypatch.setattr(coarse, "CODED", 100)
    monkeypatch.setattr(coarse, "_BLOCK", 300)
    monkeypatch.setattr(candidates, "_FEW", 0)
    monkeypatch.setattr(candidates, "_LEFT", 10_000 if request.param == "rough codes" else 0)
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: request.param != "halves")
    return str(request.param)


def rows(count: int, dimension: int = 16) -> np.ndarray:
    """Rows near few centres, every seventh one as the one before: photos of other contents that look the same."""
    draw = generator("best", count, dimension)
    made = draw.standard_normal((8, dimension))[draw.integers(8, size=count)] + draw.standard_normal((count, dimension))
    made[7::7] = made[6:-1:7]
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float16)


@pytest.mark.parametrize("dimension", [16, 100])
def test_products_are_wrong_by_no_more_than_they_say(way: str, dimension: int, tmp_path: Path) -> None:
    table = rows(1_000, dimension)
    vectors = 30 * generator("asked").standard_normal((3, dimension))
    vectors[2] = 0
    made = coarse_of(table, tmp_path / "rows-1.npy")
    assert isinstance(made, Halves if way == "halves" else Codes)
    for rough, most in ((False, 0.01), (True, 0.02)):
        products, errors = made.products(vectors, 3, rough)
        wrong = np.abs(products - vectors @ table.astype(np.float64).T).max(axis=1)
        assert (wrong <= errors).all()
        assert (errors[:2] < most * np.linalg.norm(vectors[:2], axis=1)).all(), "a bound that rules out something"


def test_codes_are_made_once(way: str, tmp_path: Path) -> None:
    table = rows(200)
    coarse_of(table, tmp_path / "rows-1.npy")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(times) == (0 if way == "halves" else 2)
    whole, _ = coarse_of(table, tmp_path / "rows-1.npy").products(np.ones((1, 16)), threads=1)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times
    for damaged in times:
        os.truncate(damaged, 100)
        again, _ = coarse_of(table, tmp_path / "rows-1.npy").products(np.ones((1, 16)), threads=1)
        assert np.array_equal(again, whole), "damaged: made anew"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 rows without files; every eleventh has the content of the one before."""
    made = tmp_path_factory.mktemp("best")
    index = Index.create(made / ".semclip", MODEL)
    base = {"taken": "", "camera": "", "height": 1, "type": "png", "size": 1, "mtime": 1}
    written: list[dict[str, Any]] = []
    vectors = rows(2_000)
    for number, vector in enumerate(vectors):
        path = f"photos/{number:05}.png".encode()
        content = number - (number % 11 == 10)
        if content != number:
            vector = vectors[content]
        row = {"id": photo_id(path), "path": path, "content": content.to_bytes(16, "big"), "width": number % 5}
        written.append({**base, **row, "embedding": vector})
    index._table.write(written, replacing=False)
    return made


@pytest.mark.parametrize("tree", QUERIES)
def test_results_are_those_of_every_score_in_float64(way: str, folder: Path, tree: Node) -> None:
    """The same photos with the same scores in the same order as when all are scored and sorted, naively."""
    for old in folder.glob(".semclip/rows-*.codes.npy"):
        old.unlink()
    for old in folder.glob(".semclip/rows-*.scales.npz"):
        old.unlink()
    index = Index.open(folder / ".semclip", MODEL)
    table = index.rows.embeddings.astype(np.float64)
    query = Query("a dog that is not in a car", tree, (Filter("width", ">=", 1.0),))
    for ranker in ("feedback", "subtract", "sentence", "dropped", "deo"):
        found = index.search(query, top=40, ranker=ranker)
        expected, score = naive(ranker, query, index, table)
        assert [hit.path for hit in found] == expected[:40]
        np.testing.assert_allclose([hit.score for hit in found], score[:40], rtol=1e-6, atol=1e-4)
        pages = [hit.path for skip in range(0, 40, 9) for hit in index.search(query, 9, ranker, skip)]
        assert pages[:40] == expected[:40], "pages fit together"


def naive(ranker: str, query: Query, index: Index, table: np.ndarray) -> tuple[list[str], list[float]]:
    """Paths and scores of all photos that are kept, the best first, once each; all in float64."""
    known = index.rows

    class Plain:
        centre = known.sample.astype(np.float64).mean(axis=0)

        def __len__(self) -> int:
            return len(table)

        def embed(self, leaf: Any) -> np.ndarray:
            return index.model.texts([str(leaf)])[0]

        def similarity(self, vectors: np.ndarray) -> np.ndarray:
            return np.stack([(table * vector).sum(axis=1) for vector in np.asarray(vectors, np.float64)])

        def sampled(self, vectors: np.ndarray) -> np.ndarray:
            return self.similarity(vectors)

        def nearest(self, vectors: np.ndarray, count: int) -> np.ndarray:
            order = np.argsort(-self.similarity(vectors), axis=1, kind="stable")
            return np.sort(order[:, :count], axis=1)

        def rows(self, places: np.ndarray) -> np.ndarray:
            return table[places]

    score = create(ranker, {}).rank(query, Plain()).score
    seen: set[int] = set()
    order = []
    for row in np.argsort(-score.round(9), kind="stable"):
        if known.value("width", int(row)) >= 1 and int(known.same[row]) not in seen:
            seen.add(int(known.same[row]))
            order.append(int(row))
    return [known.value("path", row).decode() for row in order], [float(score[row]) for row in order]


def test_few_are_looked_at_closely(way: str, folder: Path) -> None:
    index = Index.open(folder / ".semclip", MODEL)
    found = candidates.Candidates(index.rows, index._table, threads=2)
    score = Direction(np.eye(16)[0])
    every = np.ones(len(index.rows), bool)
    chosen = found.of(score, Query("", A), every, 10)
    assert 10 <= len(chosen) < 200
    assert len(found.of(score, Query("", A), every, 5_000)) == 2_000, "more than there are"
    products = index.rows.embeddings.astype(np.float64)[:, 0]
    assert set(found.nearest(np.eye(16)[:1], 20)[0]) == set(np.argsort(-products, kind="stable")[:20])


def test_none_are_asked_for(way: str, folder: Path) -> None:
    assert Index.open(folder / ".semclip", MODEL).search(Query("a dog", A), top=0) == []


def test_a_small_product_takes_one_thread_and_gives_the_others_back() -> None:
    threads = torch.get_num_threads()
    table, vectors = rows(300).astype(np.float32), rows(3)
    np.testing.assert_allclose(small(vectors, table), vectors.astype(np.float64) @ table.T, atol=1e-6)
    assert torch.get_num_threads() == threads


def test_a_conjunction_is_one_direction() -> None:
    def gain(leaf: Any, wanted: bool) -> Direction:
        return Direction(np.full(2, float(len(leaf.text))), 1.0 if wanted else -1.0)

    one = total(And((A, B, Not(X))), gain)
    assert isinstance(one, Direction) and one.constant == 1.0 and one.vector.tolist() == [15.0, 15.0]
    some = total(And((Or((A, B)), Not(X), C)), gain)
    assert isinstance(some, Sum) and len(parts_of(some)) == 3
    assert isinstance(total(Or((A, B)), gain), Highest)
    values = [np.array([1.0, 2.0]), np.array([5.0, 0.0]), np.array([0.0, 4.0])]
    assert put_together(some, values).tolist() == [1.0 + 5.0, 2.0 + 4.0]


def test_the_default_is_linear() -> None:
    assert isinstance(create("feedback", {}), LinearRanker)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 9])
def test_the_highest_with_the_first_of_equals(count: int) -> None:
    values = np.array([1.0, 3.0, 2.0, 3.0, 2.0, 2.0])
    expected = sorted(np.argsort(-values, kind="stable")[:count])
    assert highest(values, count).tolist() == expected
