"""The model card: what it says of a run, what got worse, and that nothing from outside becomes markup."""

import json
from pathlib import Path

import pytest
import yaml

from semclip.core.errors import UserError
from semclip.evaluation.metrics.result import Metric, Result
from semclip.reports.model_card import CardFacts, model_card

FACTS = CardFacts(model="tiny", library="open_clip", code="print(1)\n")


def write_run(folder: Path, before: float, after: float, name: str = "my-run") -> Path:
    (folder / "model").mkdir(parents=True)
    config = {
        "name": name,
        "data": {"path": "captions.jsonl"},
        "model": {"from": "/home/somebody/secret/model"},
        "objective": {"name": "negclip", "weight": 0.5},
        "train": {"steps": 7, "batch_size": 4, "learning_rate": 1e-5},
        "seed": 3,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    info = {"name": name, "best_step": 7, "data_sha256": {"captions.jsonl": "abc"}, "seconds": 65, "cpu": "A_CPU"}
    (folder / "run.json").write_text(json.dumps(info))
    curves = [{"step": 0, "split": "val", "retrieval.caption_r1": before, "zeroshot.negated_accuracy": 0.5},
              {"step": 7, "split": "val", "retrieval.caption_r1": after, "zeroshot.negated_accuracy": 0.4}]  # fmt: skip
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in curves))
    for benchmark, metric, up in (("retrieval", "caption_r1", True), ("zeroshot", "negated_accuracy", False)):
        found = Metric(name=metric, value=0.25, n=40, description="", interval=(0.1, 0.4), chance=0.02,
                       higher_is_better=up)  # fmt: skip
        data = {"path": "/home/somebody/secret/captions.jsonl", "split": "test", "sha256": "abc"}
        Result(benchmark=benchmark, version=1, model="x", data=data, metrics=[found], primary=metric).save(
            folder / "results" / f"{benchmark}.json"
        )
    return folder


def test_the_card_says_what_was_done_and_measured(tmp_path: Path) -> None:
    card = model_card(write_run(tmp_path / "run", 0.5, 0.3), FACTS)
    header = yaml.safe_load(card.split("---")[1])
    assert header == {
        "library_name": "open_clip",
        "pipeline_tag": "zero-shot-image-classification",
        "tags": ["clip", "semclip"],
    }
    assert "license" not in header and "No licence is chosen here" in card
    for said in ("`negclip`", '`{"weight": 0.5}`', "`captions.jsonl`, sha256 `abc`", "7 steps of 4 examples", "seed 3",
                 "65 s on A\\_CPU", "| Caption R@1 | 25.0 % | [10.0, 40.0] | 2.0 % | 40 |", "split test"):  # fmt: skip
        assert said in card, said
    assert "somebody" not in card  # where things lie on this machine is nobody's business
    assert "```python\nprint(1)\n```" in card


def test_what_got_worse_is_said(tmp_path: Path) -> None:
    worse = model_card(write_run(tmp_path / "worse", 0.5, 0.3), FACTS)
    assert "1 of 2 metrics" in worse and "- Caption R@1: 50.0 % before, 30.0 % after" in worse
    assert "negated" not in worse.split("What got worse")[1]  # lower is better there, and it fell
    better = model_card(write_run(tmp_path / "better", 0.5, 0.5), FACTS)
    assert "None of 2 metrics" in better
    unknown = write_run(tmp_path / "unknown", 0.5, 0.5)
    (unknown / "metrics.jsonl").unlink()
    assert "Not known: nothing was measured both before and after" in model_card(unknown, FACTS)


def test_a_model_that_was_not_trained_here_has_a_short_card() -> None:
    card = model_card(None, FACTS)
    assert "Nothing is recorded of its training" in card and "## Training" not in card and "## Licence" in card


def test_text_from_outside_is_no_markup(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", 0.5, 0.5, name="<b>x</b> [a](http://b) | `c`\n# h")
    card = model_card(run, FACTS)
    assert "<b>" not in card and "](http" not in card and "\n# h" not in card
    assert (
        model_card(None, CardFacts(model="a`b\n# c", library="open_clip", code="")).count("\n# ") == 2
    )  # title, comment


def test_broken_results_are_refused_and_missing_ones_are_not(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", 0.5, 0.5)
    (run / "results" / "retrieval.json").write_text("{}")
    with pytest.raises(UserError, match="not a result file"):
        model_card(run, FACTS)
    for path in (run / "results").iterdir():
        path.unlink()
    assert "Nothing is recorded" in model_card(run, FACTS)
