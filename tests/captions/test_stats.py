"""Statistics of views: counts by hand, and a classifier that finds a giveaway and finds nothing where there is none."""

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from semclip.captions.stats import PAIRS, measure_separability, view_stats, written
from semclip.cli.captions_stats import command
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.seeds import generator
from semclip.data.load import DataConfig, load_examples

NOUNS = [f"thing{i}" for i in range(40)]


def example(number: int, **fields: Any) -> Example:
    values = {
        "id": str(number),
        "image": ImageRef(f"{number}.jpg"),
        "group": f"{number}.jpg",
        "caption": "a dog runs .",
    }
    return Example(**(values | fields))


def test_counts_by_hand() -> None:
    rows = [
        example(
            1, paraphrases=("a dog naps .", "there runs a dog ."), negations=("no dog runs .", "a cat runs ."),
            meta={
                "captions_equal": True, "paraphrase_of": [0], "negation_of": [0, 0], "negation_kinds": ["no", "swap"],
            },
        ),
        example(2, caption="A dog runs", paraphrases=(), negations=("A dog runs!",)),
    ]  # fmt: skip
    found = view_stats(written(rows))
    assert found.keys() == {"paraphrase", "negation"}
    assert found["paraphrase"].texts == 1, "captions of equal standing are not written paraphrases"
    negation = found["negation"]
    assert (negation.texts, negation.equal, negation.doubles, negation.with_negation) == (3, 1, 0, 1)
    assert negation.kinds == {"no": 1, "swap": 1, "": 1} and negation.negation_words == {"no": 1}
    assert negation.changed == pytest.approx((1 / 3 + 1 / 3 + 0) / 3)
    assert (negation.words, negation.caption_words) == (3, 3)


def many(seed: int, giveaway: bool, count: int = 200) -> list[Example]:
    """Negations and absences that deny things drawn alike; with a giveaway, only absences say "visible"."""
    random = generator("stats test", seed)
    rows = []
    for number in range(count):
        caption, denied, absent = (NOUNS[i] for i in random.integers(0, len(NOUNS), 3))
        rows.append(
            example(
                number, caption=f"a {caption} here", negations=(f"a {caption} here but no {denied}",),
                absences=(f"a {caption} here but no {absent}{' visible' if giveaway else ''}",),
                meta={"negation_kinds": ["object_denied"]},
            )
        )  # fmt: skip
    return rows


def test_a_giveaway_is_found() -> None:
    separability = measure_separability(written(many(0, giveaway=True)), "negation", "absence", 1000)
    assert separability is not None and separability.right.mean() == 1.0 and separability.telling[0] == "+visible"
    assert len(separability.right) == 400 and separability.longer == 1.0, "one word more, always"


def test_the_length_rule_counts_equal_lengths_half() -> None:
    rows = many(0, giveaway=False, count=20)
    told = [f"{text} visible" if i < 5 else text for i, row in enumerate(rows) for text in row.absences]
    rows = [replace(row, absences=(text,)) for row, text in zip(rows, told, strict=True)]
    measured = measure_separability(written(rows), "negation", "absence", 1000)
    assert measured is not None and measured.longer == (5 + 15 / 2) / 20


def test_every_two_views_are_told_apart() -> None:
    views = ("caption", "paraphrase", "negation", "absence", "rewrite")
    assert {frozenset(pair) for pair in PAIRS} >= set(map(frozenset, combinations(views, 2)))


def test_texts_that_are_alike_are_told_by_chance() -> None:
    shares = []
    for seed in range(8):
        separability = measure_separability(written(many(seed, giveaway=False)), "object_denied", "absence", 1000)
        assert separability is not None
        shares.append(separability.right.mean())
    # 3,200 texts: four standard deviations of a fair coin are 0.035.
    assert abs(np.mean(shares) - 0.5) < 0.035


def test_words_of_one_group_are_never_learned_from_it() -> None:
    rows = [
        example(
            number, group=f"g{number // 50}", caption=f"a {number} b", negations=(f"{number} word{number // 50} no",),
            absences=(f"{number} term{number // 50} no",), meta={},
        )
        for number in range(200)
    ]  # fmt: skip
    separability = measure_separability(written(rows), "negation", "absence", 1000)
    assert separability is not None and separability.right.mean() == pytest.approx(0.5, abs=0.05)


def test_too_few_are_not_told() -> None:
    assert measure_separability(written(many(0, True, count=9)), "negation", "absence", 1000) is None
    same = [example(i, group="one", caption=f"a {i} b", negations=("no",), absences=("not",)) for i in range(30)]
    assert measure_separability(written(same), "negation", "absence", 1000) is None


def test_a_file_whose_captions_were_all_refused_is_not_taken_for_another(tmp_path: Path) -> None:
    row = {"image": "1.jpg", "caption": "dog", "negations": [], "negation_refused": [{"of": 0, "reason": "a word"}]}
    (tmp_path / "out.jsonl").write_text(json.dumps(row))
    app = typer.Typer()
    app.command()(command)
    refused = CliRunner().invoke(app, [str(tmp_path / "out.jsonl")]).exception
    assert isinstance(refused, UserError) and "VIEW_refused" in refused.fix


def test_the_command(tmp_path: Path) -> None:
    rows = [
        {"image": f"{e.id}.jpg", "caption": e.caption, "negations": list(e.negations), "absences": list(e.absences)}
        for e in many(0, giveaway=True)
    ]
    (tmp_path / "out.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert load_examples(DataConfig(path=str(tmp_path / "out.jsonl")))
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, [str(tmp_path / "out.jsonl"), "--json", str(tmp_path / "stats.json")])
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "stats.json").read_text())
    assert found["views"]["absence"]["negation_words"] == {"no": 200}
    (pair,) = [separability for separability in found["told"] if separability["first"] == "negation"]
    assert pair["second_is_longer"] == 1.0 and "length rule" in " ".join(result.output.split())
    assert pair["accuracy"] == 1.0 and pair["interval"][0] > 0.95 and "100.0%" in result.output
