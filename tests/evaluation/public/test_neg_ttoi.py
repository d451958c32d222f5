"""The judge of generated images: right images win, wrong ones lose, a judge who sees nothing is chance."""

import json
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public.base import create
from tests.evaluation.own.fakes import FakeEncoder, constant
from tests.evaluation.public.fakes import write_images

THINGS = {"dog": 0, "cat": 1, "tree": 2}

TRUE = {"dog.png": ["a photo of a dog"], "cat.png": ["a photo of a cat"]}


def write_sample(root: Path) -> None:
    rows = [{"id": name, "prompt": "p", "wanted": [name[:3]], "unwanted": ["tree"], "image": name} for name in TRUE]
    (root / "neg_ttoi").mkdir(parents=True, exist_ok=True)
    (root / "neg_ttoi" / "prompts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    write_images(root / "neg_ttoi" / "images", TRUE)


def write(folder: Path, **changes: object) -> None:
    rows = [
        {"id": "a", "prompt": "a dog, no cat", "wanted": ["dog"], "unwanted": ["cat", "tree"], "image": "dog.png"},
        {"id": "b", "prompt": "a cat, no dog", "wanted": ["cat"], "unwanted": ["dog"], "image": "dog2.png"},
    ]
    (folder / "prompts.jsonl").write_text("\n".join(json.dumps({**row, **changes}) for row in rows))


def judge() -> FakeEncoder:
    axis = np.eye(4)
    return FakeEncoder(
        lambda name: axis[THINGS[name[:3]]],
        lambda text: axis[THINGS.get(text.rpartition(" ")[2], 3)],
    )


def test_the_thing_asked_for_must_be_seen(tmp_path: Path) -> None:
    write(tmp_path)
    benchmark = create("neg_ttoi")
    read = benchmark.read(tmp_path, tmp_path / "images")
    value = {}
    for name, encoder in (("judge", judge()), ("constant", constant())):
        encodings = Encodings.compute(encoder, read.images, read.texts)
        value[name] = {m.name: m for m in benchmark.score(read.items, encodings).metrics}["wanted_over_unwanted"]
    assert value["judge"].value == pytest.approx(2 / 3) and value["judge"].n == 3
    assert value["constant"].value == value["constant"].chance == 0.5 and value["constant"].ties == 3


def test_bad_rows_name_file_and_row(tmp_path: Path) -> None:
    write(tmp_path, unwanted=[])
    with pytest.raises(UserError, match="nothing unwanted") as caught:
        create("neg_ttoi").read(tmp_path, tmp_path)
    assert caught.value.where.endswith("prompts.jsonl:1")
    (tmp_path / "prompts.jsonl").write_text("{")
    with pytest.raises(UserError, match="not valid JSON"):
        create("neg_ttoi").read(tmp_path, tmp_path)
