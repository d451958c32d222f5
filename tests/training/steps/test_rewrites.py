"""The rewrites step: the published choice of captions, even draws, and files that fit or are refused."""

import dataclasses
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.draw import draw_views
from semclip.training.steps.base import create
from tests.training.steps.worlds import Hashed, scenes, visits

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "laclip.json").read_text())


def example(id_: str, caption: str, rewrites: Sequence[str] = ()) -> Example:
    return Example(id=id_, image=ImageRef(id_), caption=caption, rewrites=tuple(rewrites), where=f"data.csv:{id_}")


PAIR = [example("1", "a red car on a road"), example("2", "dog")]


def prepared(examples: Sequence[Example], **options: Any) -> list[Example]:
    return create({"name": "rewrites", **options}, 0).prepare(examples, Hashed()).examples


def written(tmp_path: Path, text: str, name: str = "rewrites.jsonl") -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


@pytest.mark.parametrize("case", VECTORS["caption_selection"]["cases"])
@pytest.mark.parametrize("source", ["column", "json", "jsonl"])
def test_the_published_choice_of_captions(case: dict[str, Any], source: str, tmp_path: Path) -> None:
    caption, *rewrites = case["slots"]
    subject, options = example("7", caption), {}
    if source == "column":
        subject = dataclasses.replace(subject, rewrites=tuple(rewrites))
    elif source == "json":
        options["file"] = written(tmp_path, json.dumps({"7": rewrites}), "rewrites.json")
    else:
        options["file"] = written(tmp_path, json.dumps({"id": 7, "rewrites": rewrites}) + "\n")
    slots = prepared([subject], **options)[0].rewrites
    assert slots[case["picked_slot"]] == case["returned"]
    assert len(slots) == len(case["slots"])


def test_caption_and_rewrites_are_drawn_evenly() -> None:
    subject = prepared([example("1", "c c", ["r 0", "r 1", "short"])])[0]
    drawn = Counter(draw_views(subject, ("rewrite",), 0, epoch).texts["rewrite"] for epoch in range(8000))
    # 2000 each, and the caption twice that: it stands in the place of the short one. Five standard deviations: 200.
    assert drawn.keys() == {"c c", "r 0", "r 1"}
    assert abs(drawn["c c"] - 4000) < 230 and abs(drawn["r 0"] - 2000) < 200


def test_minimum_words_is_an_option() -> None:
    subject = example("1", "c c", ["one", "two words", "now three words"])
    assert prepared([subject], minimum_words=3)[0].rewrites == ("c c", "c c", "c c", "now three words")
    assert prepared([subject], minimum_words=0)[0].rewrites[1] == "one"
    with pytest.raises(UserError, match="minimum_words"):
        create({"name": "rewrites", "minimum_words": -1}, 0)


def test_the_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    lines = [json.dumps({"id": id_, "rewrites": [f"rewrite {id_}"], "model": "x"}) for id_ in ("2", "1")]
    done = prepared(PAIR, file=written(tmp_path, "\n".join(lines)))
    assert [e.rewrites for e in done] == [("a red car on a road", "rewrite 1"), ("dog", "rewrite 2")]


def test_the_note_counts(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps({"1": ["a a", "b"], "2": []}), "rewrites.json")
    note = create({"name": "rewrites", "file": file}, 0).prepare(PAIR, Hashed()).note
    assert "2 rewrites for 2 captions" in note and "1 of fewer than 2 words" in note


LINE_1, LINE_2, LINE_9 = (f'{{"id": "{id_}", "rewrites": ["x y"]}}\n' for id_ in (1, 2, 9))


@pytest.mark.parametrize(
    ("text", "message", "where"),
    [
        (LINE_1, "1 of 2 training examples are not in the file, first '2'", "data.csv:2"),
        (LINE_1 + LINE_1, "the id '1' occurs twice", "rewrites.jsonl:2"),
        (LINE_1 + "{\n", "not valid JSON", "rewrites.jsonl:2"),
        (LINE_1 + '{"id": "2"}\n', "needs 'id' and 'rewrites', found id", "rewrites.jsonl:2"),
        (LINE_1 + '{"id": true, "rewrites": []}\n', "needs 'id'", "rewrites.jsonl:2"),
        (LINE_1 + '{"id": "2", "rewrites": [3]}\n', "list of texts", "rewrites.jsonl:2"),
        (LINE_1 + '{"id": "2", "rewrites": {"a": "b"}}\n', "list of texts", "rewrites.jsonl:2"),
    ],
)
def test_lines_that_do_not_fit(tmp_path: Path, text: str, message: str, where: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        prepared(PAIR, file=written(tmp_path, text))
    assert where in caught.value.where
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "message"),
    [("[1]", "no object of ids"), ('{"1": ["x y"], "2": 5}', "list of texts"), ("{", "not valid JSON")],
)
def test_json_files_that_do_not_fit(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        prepared(PAIR, file=written(tmp_path, text, "rewrites.json"))
    assert "rewrites.json" in caught.value.where


@pytest.mark.parametrize("name", ["nowhere.json", "nowhere.jsonl"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="not found"):
        prepared(PAIR, file=str(tmp_path / name))


def test_ids_of_other_splits_are_counted(tmp_path: Path) -> None:
    step = create({"name": "rewrites", "file": written(tmp_path, LINE_1 + LINE_2 + LINE_9)}, 0)
    assert "1 of its ids belong to no training example, first '9'" in step.prepare(PAIR, Hashed()).note


def test_all_at_once_gives_every_rewrite_and_not_the_caption() -> None:
    step = create({"name": "rewrites", "all_at_once": True}, 0)
    examples = step.prepare(scenes(4)[0], Hashed()).examples
    for sample in step.batch(visits(examples, ["image", "caption"], range(4), 0), examples):
        assert sample.texts["rewrite"] == examples[sample.index].rewrites
        assert len(sample.texts["rewrite"]) == 3
        assert sample.texts["caption"] not in sample.texts["rewrite"]
