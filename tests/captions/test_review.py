"""Review: equal draws, a page that holds all and escapes it, marks saved one by one and summed by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from semclip.captions.review import Mark, agreement, cards, draw, right_by_both
from semclip.cli.captions_review import command
from semclip.core.errors import UserError
from semclip.data.load import DataConfig, load_examples
from semclip.evaluation.metrics.intervals import wilson


def row(number: int) -> dict[str, Any]:
    return {
        "image": f"{number}.png",
        "captions": [f"A dog {number} <b>runs</b> .", f"A cat {number} naps ."],
        "split": "test" if number % 2 else "train",
        "negations": [f"No dog {number} runs .", f"A cow {number} naps ."],
        "negation_kinds": ["denied", "swapped"],
        "negation_of": [0, 1],
        "negation_verdicts": [[{"verifier": "lexical"}, {"verifier": "nli", "score": 0.987}], []],
        "paraphrases": [f"There {number} naps a cat ."],
        "paraphrase_of": [1],
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "out.jsonl"
    path.write_text("".join(json.dumps(row(number)) + "\n" for number in range(40)))
    Image.new("RGB", (20, 10), "red").save(tmp_path / "1.png")
    return path


def run(*arguments: object, typed: str = "") -> Any:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=typed)


def test_a_card_holds_what_was_made_from_its_caption(data: Path) -> None:
    first, second, *_ = cards(load_examples(DataConfig(path=str(data))), ["paraphrase", "negation", "absence"])
    assert (first.id, first.caption, list(first.other_captions)) == (
        "0.png#0",
        "A dog 0 <b>runs</b> .",
        ["A cat 0 naps ."],
    )
    assert [(t.view, t.kind, t.text, t.verdicts) for t in first.texts] == [
        ("negation", "denied", "No dog 0 runs .", "lexical, nli 0.99")
    ]
    assert [t.text for t in second.texts] == ["There 0 naps a cat .", "A cow 0 naps ."]


def test_draws_depend_on_the_seed_and_not_on_the_order(data: Path) -> None:
    every = list(cards(load_examples(DataConfig(path=str(data))), ["negation"]))
    names = [card.id for card in draw(every, 10, "3a28897")]
    assert names == [card.id for card in draw(every[::-1], 10, "3a28897")]
    assert set(names) != {card.id for card in draw(every, 10, "3a28898")}
    assert names == [card.id for card in draw(every, 20, "3a28897")][:10]
    assert len(draw(every, 1000, "")) == 80


def test_the_terminal_shows_texts_and_verdicts(data: Path) -> None:
    result = run(data, "--n", 2, "--split", "test", "--seed", "abc")
    assert result.exit_code == 0, result.output
    assert result.output.count("naps") >= 2 and "split test, seed abc" in result.output
    assert isinstance(run(data, "--views", "absence").exception, UserError)


def test_a_view_that_is_none_is_told_with_those_that_are(data: Path) -> None:
    refused = run(data, "--views", "negations").exception
    assert isinstance(refused, UserError) and "negation?" in refused.fix


def test_the_page_is_whole_and_escaped(data: Path, tmp_path: Path) -> None:
    result = run(data, "--n", 80, "--html", tmp_path / "page.html")
    assert result.exit_code == 0 and "78 without an image" in result.output
    page = (tmp_path / "page.html").read_text()
    assert page.count('class="text"') == 120 and page.count("data:image/png;base64,") == 2
    assert "<b>runs</b>" not in page and "&lt;b&gt;runs&lt;/b&gt;" in page
    assert "http://" not in page and "https://" not in page and "src=" not in page.replace('src="data:', "")
    every = {
        t.key
        for card in cards(load_examples(DataConfig(path=str(data))), ["paraphrase", "negation"])
        for t in card.texts
    }
    assert all(f'data-key="{key}"' in page for key in every)


def test_marks_are_saved_after_each_answer_and_go_on(data: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks.json"
    result = run(data, "--n", 3, "--mark", marks, "--annotator", "Ann", typed="y\nperhaps\n1\nq\n")
    assert result.exit_code == 0, result.output
    saved = json.loads(marks.read_text())
    assert saved["reader"] == "Ann"
    assert [(m["right"], m["reason"]) for m in saved["marks"]] == [(True, ""), (False, "ungrammatical")]
    assert "naps" not in marks.read_text() and "runs" not in marks.read_text(), "marks hold no text"
    run(data, "--n", 3, "--mark", marks, typed="2\n")  # then the input ends, as when the window is closed
    saved = json.loads(marks.read_text())
    assert [m["reason"] for m in saved["marks"]] == ["", "ungrammatical", "not what it claims"]
    assert saved["reader"] == "Ann" and len({m["key"] for m in saved["marks"]}) == 3


def mark_all(data: Path, path: Path, annotator: str, right: Any) -> Path:
    every = cards(load_examples(DataConfig(path=str(data))), ["negation"])
    marks = [
        {"key": t.key, "image": card.image.name, "view": t.view, "kind": t.kind, "right": right(t), "reason": "x"}
        for card in every
        for t in card.texts
    ]
    path.write_text(json.dumps({"reader": annotator, "marks": marks}))
    return path


def test_one_readers_marks_are_summed_with_an_interval(data: Path, tmp_path: Path) -> None:
    marks = mark_all(data, tmp_path / "a.json", "Ann", lambda text: text.kind == "denied")
    result = run(data, "--marks", marks)
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.output.splitlines() if "denied" in line]
    low, high = wilson(1.0, 40)
    assert "100.0%" in line and f"{low:.1%} to {high:.1%}" in line and " 40 " in line
    (line,) = [line for line in result.output.splitlines() if " all " in line]
    assert "50.0%" in line and " 80 " in line


def test_two_readers_agreement(data: Path, tmp_path: Path) -> None:
    first = mark_all(data, tmp_path / "a.json", "Ann", lambda text: text.kind == "denied")
    second = mark_all(data, tmp_path / "b.json", "Ben", lambda text: text.kind == "denied" and "0" not in text.text)
    result = run(data, "--marks", first, "--marks", second, "--export", tmp_path / "both.csv")
    assert result.exit_code == 0, result.output
    # 4 of 80 texts hold a 0 and are denials: 0, 10, 20, 30. p_o = 76/80, p_e = (40*36 + 40*44)/80^2 = 0.5.
    assert "agree on 95.0% of 80 texts; Cohen's kappa 0.900" in " ".join(result.output.split())
    assert "45.0%" in result.output, "right by both: 36 of 80"
    lines = (tmp_path / "both.csv").read_text().splitlines()
    assert lines[0] == "text,image,view,kind,right_a,reason_a,right_b,reason_b" and len(lines) == 81
    assert "naps" not in "".join(lines)


def mark(key: str, right: bool) -> Mark:
    return Mark(key, "i", "negation", "k", right)


def test_kappa_by_hand() -> None:
    # Cohen (1960): p_o - p_e over 1 - p_e. 20 both right, 5 only the first, 10 only the second, 15 both wrong.
    table = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    first = {str(i): mark(str(i), a) for i, (a, _) in enumerate(table)}
    second = {str(i): mark(str(i), b) for i, (_, b) in enumerate(table)}
    found = agreement(first, second)
    assert found.observed == 0.7 and found.kappa == pytest.approx(0.4)
    assert sum(m.right for m in right_by_both(found.both)) == 20
    always = {key: mark(key, True) for key in first}
    assert agreement(always, always).kappa is None
    with pytest.raises(UserError, match="no text in common"):
        agreement(first, {"other": mark("other", True)})


def test_marks_of_other_texts_are_refused(data: Path, tmp_path: Path) -> None:
    marks = mark_all(data, tmp_path / "a.json", "Ann", lambda text: True)
    data.write_text(data.read_text().replace("No dog 7 runs", "No dog 7 walks"))
    refused = run(data, "--marks", marks)
    assert isinstance(refused.exception, UserError) and "1 of 80 marks" in refused.exception.what
    (tmp_path / "other.json").write_text('{"a": 1}')
    assert "no file of marks" in str(run(data, "--marks", tmp_path / "other.json").exception)
