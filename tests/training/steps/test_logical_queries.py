"""Queries made in the batch: true of their own image, of wordings and things that tests do not use."""

from typing import Any

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.dataset import Sample
from semclip.english.presence import NOT_THERE, THERE, one, presence, several
from semclip.training.steps import logical_queries
from semclip.training.steps.base import Step, create
from tests.training.steps.worlds import Hashed, visits


def photos(**objects: list[str]) -> list[Example]:
    return [
        Example(id=name, image=ImageRef(name), caption=f"a photo of {', '.join(listed)}", group=name,
                meta={"objects": listed}, where=f"{name}:1")
        for name, listed in objects.items()
    ]  # fmt: skip


WORLD = photos(
    a=["dog", "ball"], b=["dog"], c=["ball", "tree"], d=["dog", "tree"], e=["cat"], f=["cat", "ball"], g=["tree"]
)


def made(examples: list[Example], epochs: int = 6, **options: Any) -> tuple[Step, list[list[Sample]]]:
    step = create({"name": "logical_queries", **options}, 3)
    prepared = step.prepare(examples, Hashed()).examples
    visited = [visits(prepared, ["caption"], range(len(prepared)), epoch) for epoch in range(epochs)]
    return step, [step.batch(samples, prepared) for samples in visited]


def test_every_query_is_true_of_its_own_image_and_says_its_things() -> None:
    step, batches = made(WORLD, per_image=3)
    things = step._things  # type: ignore[attr-defined]
    seen = set()
    for sample in (s for batch in batches for s in batch):
        texts, parts = sample.texts["query"], sample.facts["query_things"]
        assert len(texts) == len(parts) == 3
        for text, query in zip(texts, parts.tolist(), strict=True):
            wanted = [things[t - 1] for t in query if t > 0]
            excluded = [things[-t - 1] for t in query if t < 0]
            assert all(sample.facts["things"][things.index(t)] == THERE for t in wanted)
            assert all(sample.facts["things"][things.index(t)] == NOT_THERE for t in excluded)
            assert all(one(t) in text for t in wanted) and all(several(t) in text for t in excluded)
            seen.add((len(wanted), len(excluded)))
    assert seen == {(1, 0), (2, 0), (1, 1), (1, 2), (0, 1)}


def test_what_is_excluded_stands_beside_the_wanted_thing_where_the_batch_has_it() -> None:
    step, batches = made(WORLD)
    things = step._things  # type: ignore[attr-defined]
    together = {frozenset(e.meta["objects"]) for e in WORLD}
    pairs = [
        {things[abs(t) - 1] for t in query if t}
        for batch in batches
        for sample in batch
        for query in sample.facts["query_things"].tolist()
        if sum(t > 0 for t in query) == sum(t < 0 for t in query) == 1
    ]
    # Beside the cat of f there is only its ball, so that any missing thing has to do; elsewhere there is a choice.
    pairs = [pair for pair in pairs if "cat" not in pair]
    assert pairs and all(any(pair <= image for image in together) for pair in pairs)


def test_facts_are_what_is_known_of_the_images() -> None:
    step, batches = made(WORLD)
    known = presence(WORLD)
    for sample in batches[0]:
        row = known.state[known.images.index(WORLD[sample.index].image)]
        expected = [row[known.things.index(t)] for t in step._things]  # type: ignore[attr-defined]
        assert np.array_equal(sample.facts["things"], expected)


def test_held_out_things_are_in_no_query() -> None:
    step, _ = made(WORLD, held_out=["ball"])
    assert "ball" not in step._things and "dog" in step._things  # type: ignore[attr-defined]


def test_wordings_and_seeds() -> None:
    _, first = made(WORLD)
    assert len({s.texts["query"] for batch in first for s in batch}) > 20
    forms = [w for _, wordings in logical_queries._FORMS.values() for w in wordings]
    assert len(forms) == len(set(forms))


@pytest.mark.parametrize(
    ("examples", "options", "message"),
    [
        (photos(a=["dog"], b=["dog"]), {}, "queries need two"),
        (photos(a=["xyzzy"], b=["xyzzy"]), {}, "queries need two"),
        (WORLD, {"held_out": ["unicorn"]}, "unicorn"),
        (WORLD, {"per_image": 0}, "0 queries"),
    ],
)
def test_refused(examples: list[Example], options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        made(examples, **options)


def test_an_image_of_which_nothing_is_known_is_counted() -> None:
    dull = Example(id="h", image=ImageRef("h"), caption="something somewhere", group="h", where="h:1")
    _, batches = made([*WORLD, dull])
    sample = batches[0][-1]
    assert sample.missing_texts == (logical_queries.NO_THING,) and sample.texts["query"] == ("something somewhere",)
    assert not sample.facts["query_things"].any()


def told(name: str, *captions: str) -> Example:
    return Example(id=name, image=ImageRef(name), caption=captions[0], paraphrases=captions[1:], group=name)


def test_nouns_that_enough_photos_name_are_asked_for() -> None:
    shelf = ("A jar on a shelf", "The jar on its shelf", "A shelf of jars")
    street = ("A kerb beside a hydrant", "A hydrant at the kerb", "The kerb")
    examples = [told("a", *shelf), told("b", *shelf), told("c", *street)]
    assert made(examples, min_photos=1)[0]._things == ["hydrant", "jar", "kerb", "shelf"]  # type: ignore[attr-defined]
    step, batches = made(examples, min_photos=2)
    assert step._things == ["jar", "shelf"]  # type: ignore[attr-defined]
    asked = {text for batch in batches for sample in batch[:2] for text in sample.texts["query"]}
    assert any("jar" in text for text in asked)
    with pytest.raises(UserError, match="set min_photos=1"):
        made(examples, min_photos=0)
