"""Winoground: text, image and group by hand and against counting all orders; all rows are invented."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.public.base import create
from semclip.evaluation.public.winoground import clip_benchmark, harness, official
from tests.evaluation.public.fakes import constant, run, write_images

NAME = "winoground"
TRUE = {f"ex_{n}_img_{k}.png": (f"caption {n} {k}",) for n in range(3) for k in (0, 1)}


def write_sample(root: Path) -> None:
    rows = [
        {
            "id": n,
            **{f"image_{k}": f"ex_{n}_img_{k}" for k in (0, 1)},
            **{f"caption_{k}": f"caption {n} {k}" for k in (0, 1)},
            "collapsed_tag": "Object",
        }
        for n in range(3)
    ]
    (root / NAME).mkdir()
    (root / NAME / "examples.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    write_images(root / NAME / "images", TRUE)


def test_a_constant_encoder(tmp_path: Path) -> None:
    write_sample(tmp_path)
    result = run(constant(), NAME, tmp_path)
    assert [result.metric(m).value for m in ("text", "image", "group")] == pytest.approx([1 / 4, 1 / 4, 1 / 6])
    assert [result.metric(f"official_{m}").value for m in ("text", "image", "group")] == [0.0] * 3


def test_the_two_published_rules_differ_on_ties_alone() -> None:
    tie_in_row_0 = [[[1.0, 0.0], [1.0, 2.0]]]  # s00 == s10
    tie_in_row_1 = [[[2.0, 1.0], [0.0, 1.0]]]  # s01 == s11
    s = np.array(tie_in_row_0 + tie_in_row_1)
    assert official(s)["text"].tolist() == [False, False]
    assert clip_benchmark(s)["text"].tolist() == [True, False]
    drawn = np.random.default_rng(0).normal(size=(200, 2, 2))
    for name, right in official(drawn).items():
        ours = harness(drawn)[name].expected.astype(bool)
        assert right.tolist() == clip_benchmark(drawn)[name].tolist() == ours.tolist()


def test_ties_count_as_in_random_order() -> None:
    s = np.random.default_rng(1).integers(0, 3, size=(60, 2, 2)).astype(float)
    found = harness(s)
    for i, own in enumerate(s):
        tilted = np.array([own + 0.1 * np.reshape(order, (2, 2)) for order in permutations(range(4))])
        for name, right in official(tilted).items():
            assert found[name].expected[i] == pytest.approx(right.mean()), (own, name)


def test_malformed_lines_are_named(tmp_path: Path) -> None:
    (tmp_path / "examples.jsonl").write_text('{"id": 0}\n', "utf-8")
    with pytest.raises(UserError, match="no 'image_0'") as caught:
        create(NAME).read(tmp_path, tmp_path)
    assert caught.value.where.endswith("examples.jsonl:1")
