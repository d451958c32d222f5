"""The distractors step: the nearest image of another group, or what a mapping says; lists stay parallel."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.draw import draw_views
from semclip.training.steps import distractors
from semclip.training.steps.base import create
from tests.training.steps.worlds import Given, Hashed, scenes


def example(name: str, *negations: str, group: str = "", **fields: Any) -> Example:
    return Example(
        id=name, image=ImageRef(f"{name}.jpg"), caption=f"a {name}", negations=negations, group=group or name,
        where=f"data.csv:{name}", **fields,
    )  # fmt: skip


THREE = [example("a", "not a", "never a"), example("b", "not b"), example("c", "not c")]


def prepared(examples: Sequence[Example], embeddings: Hashed | None = None, **options: Any) -> list[Example]:
    return create({"name": "distractors", **options}, 0).prepare(examples, embeddings or Hashed()).examples


def names(examples: Sequence[Example]) -> list[list[str]]:
    return [[ref.name for ref in e.negative_images] for e in examples]


def mapping(tmp_path: Path, entries: dict[str, Any], suffix: str = ".json") -> str:
    path = tmp_path / f"mapping{suffix}"
    lines = "".join(json.dumps({"id": id_, "images": value}) + "\n" for id_, value in entries.items())
    path.write_text(lines if suffix == ".jsonl" else json.dumps(entries))
    return str(path)


# -- the nearest -------------------------------------------------------------------------------------------------------


def test_the_nearest_image_equals_the_naive_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distractors, "_BLOCK", 7)  # several blocks, the last not full
    examples, _ = scenes(30)
    found = prepared(examples, top=3)
    known = Hashed()
    for subject, after in zip(examples, found, strict=True):
        for j, text in enumerate(subject.negations):
            question = known.texts([text])[0].astype(np.float64)
            others = [e.image for e in examples if e.group != subject.group]
            scores = {ref.name: float(known.images([ref])[0].astype(np.float64) @ question) for ref in others}
            best = sorted(scores, key=scores.__getitem__, reverse=True)[:3]
            assert [ref.name for ref in after.negative_images[3 * j : 3 * j + 3]] == best
            assert after.negations[3 * j : 3 * j + 3] == (text,) * 3


def test_never_an_image_of_the_own_group() -> None:
    # Both images of group g lie exactly where the negation does, and the one of another group opposite.
    rows = {"a.jpg": (1, 0), "b.jpg": (1, 0), "c.jpg": (-1, 0), "not a": (1, 0), "not b": (1, 0), "not c": (1, 0)}
    trio = [example("a", "not a", group="g"), example("b", "not b", group="g"), example("c", "not c")]
    assert names(prepared(trio, Given(rows))) == [["c.jpg"], ["c.jpg"], ["a.jpg"]]


def test_one_group_alone_has_no_distractor() -> None:
    with pytest.raises(UserError, match="0 images to choose from"):
        prepared([example("a", "not a", group="g"), example("b", "not b", group="g")])
    with pytest.raises(UserError, match=r"2 images to choose from .* 'top' is 3") as caught:
        prepared(THREE, top=3)
    assert caught.value.where == "data.csv:a"


def test_negation_and_image_are_drawn_together_from_the_top_ones() -> None:
    meta = {"negation_kinds": ["k0", "k1"], "negation_of": [0, 0], "photographer": "Ann"}
    four = [example("a", "not a", "never a", meta=meta), *THREE[1:], example("d", "not d")]
    done = prepared(four, top=2)[0]
    assert done.negations == ("not a", "not a", "never a", "never a")
    assert done.meta == {"negation_kinds": ["k0", "k0", "k1", "k1"], "negation_of": [0] * 4, "photographer": "Ann"}
    allowed = set(zip(done.negations, (ref.name for ref in done.negative_images), strict=True))
    seen = set()
    for epoch in range(200):
        drawn = draw_views(done, ("negation", "negative_image"), 0, epoch)
        seen.add((drawn.texts["negation"], drawn.images["negative_image"].name))
    assert seen == allowed and len(seen) == 4


def test_images_of_the_data_are_replaced_and_counted() -> None:
    own = example("a", "not a", negative_images=(ImageRef("old.jpg"),))
    done = create({"name": "distractors"}, 0).prepare([own, *THREE[1:]], Hashed())
    assert done.examples[0].negative_images[0].name in ("b.jpg", "c.jpg")
    assert "3 negations" in done.note and "1 examples had some of their own" in done.note


# -- a mapping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_the_first_of_the_ranked_images(tmp_path: Path, suffix: str) -> None:
    entries = {"c": "a.jpg", "a": ["b.jpg", "c.jpg"], "b": [["c.jpg", "a.jpg"]]}
    done = prepared(THREE, mapping=mapping(tmp_path, entries, suffix))
    assert names(done) == [["b.jpg", "b.jpg"], ["c.jpg"], ["a.jpg"]]
    assert done[0].negations == THREE[0].negations


def test_a_list_for_each_negation(tmp_path: Path) -> None:
    entries = {"a": [["b.jpg", "c.jpg"], ["c.jpg", "b.jpg"]], "b": ["a.jpg", "c.jpg"], "c": ["a.jpg", "b.jpg"]}
    file = mapping(tmp_path, entries)
    assert names(prepared(THREE, mapping=file))[0] == ["b.jpg", "c.jpg"]
    assert names(prepared(THREE, mapping=file, top=2))[0] == ["b.jpg", "c.jpg", "c.jpg", "b.jpg"]


def test_images_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"pixels")
    file = mapping(tmp_path, {id_: ["x.jpg", "not looked at.jpg"] for id_ in "abc"})
    done = prepared(THREE, mapping=file, images=str(tmp_path))
    assert done[1].negative_images == (ImageRef("x.jpg", tmp_path / "x.jpg"),)
    with pytest.raises(UserError, match=r"3 names are of no image, first 'y.jpg'") as caught:
        prepared(THREE, mapping=mapping(tmp_path, dict.fromkeys("abc", "y.jpg"), ".jsonl"), images=str(tmp_path))
    assert caught.value.where.endswith("mapping.jsonl:1") and str(tmp_path) in caught.value.fix


@pytest.mark.parametrize(
    ("entries", "message", "line"),
    [
        ({"a": "b.jpg", "b": "z.jpg", "c": "z.jpg"}, r"2 names are of no image, first 'z.jpg'", 2),
        ({"a": "b.jpg", "b": "b.jpg", "c": "a.jpg"}, r"1 images belong to the group .*, first 'b.jpg'", 2),
        ({"a": [["b.jpg"]], "b": "a.jpg", "c": "a.jpg"}, "1 lists of images for 2 negations of 'a'", 1),
        ({"a": 4, "b": "a.jpg", "c": "a.jpg"}, "must be a list of texts", 1),
    ],
)
def test_a_mapping_that_does_not_fit(tmp_path: Path, entries: dict[str, Any], message: str, line: int) -> None:
    with pytest.raises(UserError, match=message) as caught:
        prepared(THREE, mapping=mapping(tmp_path, entries, ".jsonl"))
    assert caught.value.where.endswith(f"mapping.jsonl:{line}")


def test_too_few_ranked_images(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="1 images to choose from"):
        prepared(THREE, mapping=mapping(tmp_path, {"a": "b.jpg", "b": "a.jpg", "c": "a.jpg"}), top=2)


@pytest.mark.parametrize("options", [{"top": 0}, {"images": "folder"}])
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=next(iter(options))):
        create({"name": "distractors", **options}, 0)
