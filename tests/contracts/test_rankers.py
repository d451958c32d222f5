"""What every ranker promises. A new file in the folder of rankers is tested here without a change."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.query import And, Node, Not, Or, Picture, Query, Ranking, Text, default_ranker, leaves
from semclip.core.registry import FAMILIES
from semclip.search.gallery import ArrayGallery
from semclip.search.rankers import create
from tests.search.galleries import concept_gallery, random_gallery, words_as_vectors

NAMES = FAMILIES["rankers"].names()
every = pytest.mark.parametrize("name", NAMES)

DOG, CAR, CAT, LIKE = Text("dog"), Text("cars"), Text("cat", 2.0), Picture("a.jpg")
TREES: dict[str, Node | None] = {
    "filters alone": None,
    "one thing": DOG,
    "a denial alone": Not(CAR),
    "two denials alone": And((Not(CAR), Not(CAT))),
    "one without another": And((DOG, Not(CAR))),
    "several excluded": And((DOG, Not(CAR), Not(CAT))),
    "one of two": Or((DOG, And((CAT, Not(CAR))))),
    "one, or not another": Or((DOG, Not(CAR))),
    "a denied choice": And((DOG, Not(Or((CAR, CAT))))),
    "a denied conjunction": Not(And((CAR, Not(DOG)))),
    "denied twice": Not(Not(DOG)),
    "the same thing twice": And((DOG, Not(DOG))),
    "an image": LIKE,
    "an image without a thing": And((LIKE, Not(CAR))),
    "a thing without an image": And((DOG, CAT, Not(LIKE))),
    "no weight": And((DOG, Text("cat", 0.0), Not(Text("cars", 0.0)))),
}
#: "dropped" reads what is excluded and forgets it.
READING_PARTS = [n for n in NAMES if FAMILIES["rankers"].get(n).reads_parts and n != "dropped"]
trees = pytest.mark.parametrize("tree", TREES.values(), ids=TREES)


def run(name: str, tree: Node | None, gallery: ArrayGallery) -> Ranking:
    return create(name).rank(Query("a dog without cars" if tree else "", tree), gallery)


def test_the_rankers_are_found() -> None:
    assert {"sentence", "dropped", "subtract", "veto", "product", "deo", "feedback", "verbalised"} <= set(NAMES)
    assert [default_ranker(trained) for trained in (False, True)] == ["feedback", "verbalised"]


@every
@trees
@pytest.mark.parametrize("count", [1, 2, 30])
def test_every_query_gives_finite_scores_and_its_parts(name: str, tree: Node | None, count: int) -> None:
    found = run(name, tree, random_gallery(count))
    expected = list(leaves(tree))
    assert found.score.shape == (count,) and found.score.dtype == np.float64 and np.isfinite(found.score).all()
    assert [(p.leaf, p.wanted) for p in found.parts] == expected
    for part in found.parts:
        assert part.similarity.shape == part.presence.shape == (count,)
        assert np.isfinite(part.similarity).all() and (part.presence >= 0).all() and (part.presence <= 1).all()
    assert found.held_back.shape == (count,) and found.held_back.dtype.kind == "i"
    assert all(i == -1 or not expected[i][1] for i in found.held_back)


@every
@trees
def test_photos_that_are_all_alike_score_alike(name: str, tree: Node | None) -> None:
    rows = np.tile(np.float32([[0.6, 0.8, 0, 0, 0, 0, 0, 0]]), (40, 1))
    score = run(name, tree, ArrayGallery(rows, words_as_vectors)).score
    assert np.isfinite(score).all() and np.ptp(score) < 1e-5


@every
@trees
def test_the_same_query_gives_the_same_scores(name: str, tree: Node | None) -> None:
    first, second = (run(name, tree, random_gallery(30)) for _ in range(2))
    assert np.array_equal(first.score, second.score) and np.array_equal(first.held_back, second.held_back)


@every
def test_filters_alone_put_no_photo_first(name: str) -> None:
    assert not run(name, None, random_gallery(5)).score.any()


@every
@trees
def test_equal_photos_score_equal_wherever_they_stand(name: str, tree: Node | None) -> None:
    rows = np.random.default_rng(1).normal(size=(30, 8))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    rows[29] = rows[4]
    score = run(name, tree, ArrayGallery(rows, words_as_vectors)).score
    assert score[29] == pytest.approx(score[4], abs=1e-5)


@every
def test_what_is_wanted_comes_before_what_is_not(name: str) -> None:
    gallery, shows = concept_gallery()
    score = create(name).rank(Query("a dog", Text("a dog")), gallery).score
    assert score[shows[:, 0] == 1].mean() > score[shows[:, 0] == 0].mean() + 0.1


@pytest.mark.parametrize("name", READING_PARTS)
@pytest.mark.parametrize("tree", [And((Text("a dog"), Not(Text("cars")))), Not(Text("cars"))], ids=["beside", "alone"])
def test_what_is_excluded_stands_lower_than_the_sentence_puts_it(name: str, tree: Node) -> None:
    gallery, shows = concept_gallery()

    def lead_of_those_without(ranker: str) -> float:
        score = create(ranker).rank(Query("a dog without cars", tree), gallery).score
        dogs = shows[:, 0] == 1
        return float((score[dogs & (shows[:, 1] == 0)].mean() - score[dogs & (shows[:, 1] == 1)].mean()) / score.std())

    assert lead_of_those_without(name) > lead_of_those_without("sentence") + 1e-3
    if name != "deo":  # which moves the sentence's vector a little way only
        assert lead_of_those_without(name) > 0


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("sentence", "dropped")])
def test_held_back_names_the_part_that_did_it(name: str) -> None:
    gallery, shows = concept_gallery()
    found = create(name).rank(Query("", And((Text("a dog"), Not(Text("cars")), Not(Text("cat"))))), gallery)
    cars = shows[:, 1] == 1
    assert (found.held_back[cars] == 1).mean() > (found.held_back[~cars] == 1).mean()


@every
def test_an_unknown_option_is_an_error(name: str) -> None:
    with pytest.raises(UserError, match="unknown key 'nonsense'"):
        create(name, {"nonsense": 1})
    assert dataclasses.is_dataclass(FAMILIES["rankers"].get(name).Config)


def test_listing_and_ranking_need_no_torch() -> None:
    code = (
        "import sys; from semclip.core.registry import FAMILIES; r = FAMILIES['rankers']; "
        "assert all(r.summaries().values()); [r.get(n) for n in r.names()]; import semclip.search.gallery; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
