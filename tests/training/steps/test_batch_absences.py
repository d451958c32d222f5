"""The batch absences: never false on scenes, the nearest neighbour first, nothing of the own group, faults avoided."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.seeds import generator
from semclip.data.dataset import Sample
from semclip.data.scenes.phrasing import SHAPE_SYNONYMS
from semclip.data.scenes.truth import holds
from semclip.training.steps.base import Step, create
from semclip.training.steps.batch_absences import NO_DENIAL, NO_OBJECT
from tests.training.steps.worlds import Given, Hashed, scenes, visits

SHAPE_OF = {noun: shape for shape, others in SHAPE_SYNONYMS.items() for noun in (shape, *others)}
NOUN = re.compile(rf"\b({'|'.join(SHAPE_OF)})(?:e?s)?\b")


def example(caption: str, *others: str, name: str, group: str = "", **meta: Any) -> Example:
    return Example(
        id=name, image=ImageRef(name), caption=caption, paraphrases=others, group=group or name, meta=meta,
        where=f"x.jsonl:{name}",
    )  # fmt: skip


def prepared(examples: Sequence[Example], embeddings: Hashed | None = None, seed: int = 0) -> Step:
    step = create({"name": "batch_absences"}, seed)
    step.prepare(examples, embeddings or Hashed())
    return step


def made(step: Step, examples: Sequence[Example], epoch: int = 0, indices: Sequence[int] = ()) -> list[Sample]:
    return step.batch(visits(examples, ("caption",), indices or range(len(examples)), epoch), examples)


def absences(samples: Sequence[Sample]) -> list[tuple[str, str]]:
    pairs = [s.texts["absence"] for s in samples]
    assert all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs)
    return [(pair[0], pair[1]) for pair in pairs]


# -- truth -------------------------------------------------------------------------------------------------------------


def rest_of(text: str, caption: str) -> str:
    assert caption in text, (text, caption)
    return text.replace(caption, "", 1)


def batches(examples: Sequence[Example], epochs: int) -> Iterator[tuple[list[int], list[Sample]]]:
    """Batches of 16 as training has them: places of their examples, and what the step made."""
    step = prepared(examples)
    for epoch in range(epochs):
        order = generator("order", epoch).permutation(len(examples)).tolist()
        for start in range(0, len(order), 16):
            indices = order[start : start + 16]
            yield indices, made(step, examples, epoch, indices)


def texts_of(row: dict[str, Any]) -> list[str]:
    return [row["caption"], *row["paraphrases"], *row["rewrites"]]


def shapes_of(row: dict[str, Any]) -> set[str]:
    return {thing["shape"] for thing in row["scene"]["objects"]}


def test_no_statement_about_a_scene_is_false() -> None:
    examples, rows = scenes(240)
    nouns: Counter[str] = Counter()
    for indices, samples in batches(examples, 3):
        for index, (absent, denied) in zip(indices, absences(samples), strict=True):
            [noun] = NOUN.findall(rest_of(absent, rows[index]["caption"]))
            assert SHAPE_OF[noun] not in shapes_of(rows[index]), absent
            nouns[noun] += 1
            inside = [rows[k] for k in indices if rows[k]["caption"] in denied]
            stranger = max(inside, key=lambda row: len(row["caption"]))
            assert rest_of(denied, stranger["caption"]).strip()
            assert not holds(stranger["claims"]["caption"], rows[index]["scene"]), denied
        assert not any(sample.missing_texts for sample in samples)
    assert len(nouns) >= 6 and max(nouns.values()) < 0.4 * nouns.total()


def test_what_another_image_of_the_group_shows_is_not_called_missing() -> None:
    examples, rows = scenes(240)
    triples = [dataclasses.replace(example, group=str(i // 3)) for i, example in enumerate(examples)]
    missing_texts = 0
    for indices, samples in batches(triples, 2):
        for index, sample, (absent, _) in zip(indices, samples, absences(samples), strict=True):
            group = [rows[k] for k in range(len(rows)) if k // 3 == index // 3]
            here = set().union(*map(shapes_of, group))
            if NO_OBJECT in sample.missing_texts:
                missing_texts += 1
                assert absent == rows[index]["caption"]
                others = [rows[k] for k in indices if k // 3 != index // 3]
                named = {SHAPE_OF[n] for row in others for n in NOUN.findall(row["caption"]) if n in row["objects"]}
                texts = " ".join(text for row in group for text in texts_of(row))
                assert named <= here | {SHAPE_OF[noun] for noun in NOUN.findall(texts)}  # or said to be missing already
            else:
                [noun] = NOUN.findall(rest_of(absent, rows[index]["caption"]))
                assert SHAPE_OF[noun] not in here, absent
    assert missing_texts  # three images at times show all six shapes


def test_without_lists_of_objects_captions_alone_decide() -> None:
    examples = [
        example("A man walks a dog .", "A man and an animal .", name="0"),
        example("A red bus waits .", "A bus and a car .", name="1"),
        example("Two puppies chase a ball .", name="2"),
        example("A kitten naps on a couch .", name="3"),
    ]
    step = prepared(examples)
    allowed = [
        r"bus|ball|couch",  # no cat: the animal may be one
        r"man|dog|ball|cat|couch",
        r"man|bus|cat|couch",
        r"man|dog|bus|ball",
    ]
    for epoch in range(60):
        for (absent, denied), subject, words in zip(
            absences(made(step, examples, epoch)), examples, allowed, strict=True
        ):
            rest = absent.lower().replace(subject.caption.lower().rstrip(" ."), "")
            plurals = rest.replace("men", "man").replace("buses", "bus").replace("couches", "couch")
            assert re.search(rf"\b({words})s?\b", plurals), absent
            assert subject.caption.lower().rstrip(" .") not in denied.lower()


# -- neighbours --------------------------------------------------------------------------------------------------------

FOUR = [
    example("A man reads .", name="0"),
    example("A dog barks .", name="1"),
    example("A bus waits .", name="2"),
    example("A kite flies .", name="3"),
]


def angles(*degrees: float) -> Given:
    rows = {str(i): (np.cos(np.radians(d)), np.sin(np.radians(d))) for i, d in enumerate(degrees)}
    return Given(rows)  # type: ignore[arg-type]


def test_the_object_is_the_nearest_neighbours_and_the_denied_caption_a_far_one() -> None:
    step = prepared(FOUR, angles(0, 10, 60, 90))
    nearest = {"dog": 0, "man": 1, "kite": 2, "bus": 3}
    for epoch in range(30):
        pairs = absences(made(step, FOUR, epoch))
        for noun, index in nearest.items():
            assert re.search(rf"\b({noun}|men|buse)", pairs[index][0]), (noun, pairs[index])
        assert "bus waits" in pairs[0][1] or "kite flies" in pairs[0][1]
    assert len({absences(made(step, FOUR, epoch))[0][1][-8:] for epoch in range(30)}) > 2


def test_the_next_nearest_is_asked_where_the_nearest_names_nothing_missing() -> None:
    examples = [FOUR[0], example("A person naps .", name="1"), example("Something red .", name="2"), FOUR[3]]
    step = prepared(examples, angles(0, 10, 20, 90))
    for epoch in range(20):
        assert "kite" in absences(made(step, examples, epoch))[0][0]


def test_nothing_is_taken_from_the_own_group() -> None:
    examples = [
        example("A man reads .", name="0", group="g"),
        example("A dog barks .", name="1", group="g"),
        example("A bus waits .", name="2"),
    ]
    step = prepared(examples, angles(0, 1, 90))
    for epoch in range(20):
        samples = made(step, examples, epoch)
        for pair in absences(samples)[:2]:
            assert "bus" in pair[0] and "bus waits" in pair[1]
    alone = made(step, examples, 0, [0, 1])
    assert absences(alone) == [("A man reads .",) * 2, ("A dog barks .",) * 2]
    assert all(s.missing_texts == (NO_OBJECT, NO_DENIAL) for s in alone)


def test_a_batch_of_one_keeps_its_caption_and_is_counted() -> None:
    step = prepared(FOUR)
    [sample] = made(step, FOUR, 0, [2])
    assert sample.texts["absence"] == ("A bus waits .", "A bus waits .")
    assert sample.missing_texts == (NO_OBJECT, NO_DENIAL)


def test_a_caption_that_denies_something_is_not_denied() -> None:
    # "no star but a ring" names what image 0 lacks, but a text that denies may be true of more than it names.
    examples = [
        example("a disc", name="0", objects=["disc", "circle"]),
        example("no star but a ring", name="1", objects=["ring", "hoop"]),
    ]
    samples = made(prepared(examples), examples)
    assert samples[0].missing_texts == (NO_DENIAL,) and "ring" in absences(samples)[0][0]
    assert samples[1].missing_texts == () and "a disc" in absences(samples)[1][1]


def test_the_drawn_caption_is_the_one_that_is_used() -> None:
    examples = [
        Example(id=str(i), image=ImageRef(str(i)), caption=f"{a} .", paraphrases=(f"{b} .",), group=str(i),
                meta={"captions_equal": True})
        for i, (a, b) in enumerate([("A man reads", "A gentleman with a paper"), ("A dog barks", "A loud puppy")])
    ]  # fmt: skip
    step = prepared(examples)
    for epoch in range(10):
        samples = made(step, examples, epoch)
        for own, other in ((0, 1), (1, 0)):
            absent, denied = absences(samples)[own]
            assert str(samples[own].texts["caption"])[1:-2] in absent
            assert str(samples[other].texts["caption"])[1:-2] in denied


def test_another_seed_gives_other_texts() -> None:
    assert absences(made(prepared(FOUR, seed=1), FOUR)) != absences(made(prepared(FOUR, seed=2), FOUR))


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("objects", ["dog", [1], {"bbox": []}, ["dog", " "]])
def test_a_list_of_objects_that_is_none(objects: Any) -> None:
    with pytest.raises(UserError, match="list of nouns") as caught:
        prepared([*FOUR, example("A car .", name="4", objects=objects)])
    assert caught.value.where == "x.jsonl:4"


def test_captions_that_name_nothing_are_refused() -> None:
    with pytest.raises(UserError, match="no caption names anything") as caught:
        prepared([example("blurred texture", name=str(i)) for i in range(3)])
    assert "objects" in caught.value.fix


def test_several_captions_per_sample_are_refused() -> None:
    step = prepared(FOUR)
    sample = Sample(0, {}, {"caption": ("a", "b")}, 0, 0)
    with pytest.raises(UserError, match="several captions"):
        step.batch([sample], FOUR)
