import html.parser
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from semclip.core.errors import UserError
from semclip.reports.comparison import load_tracks
from semclip.reports.page import _tested, render, write_report
from tests.reports.conftest import ROLES, MakeRuns, edit_json, load_one


def page(runs: list[Path], control: str | None = None) -> str:
    return write_report(runs, runs[0].parent / "page.html", control).read_text("utf-8")


def text_of(markup: str) -> str:
    """The words a reader sees, without the style table."""
    body = markup[markup.index("<body>") :]
    return " ".join(html_unescape(re.sub(r"<[^>]+>", " ", body)).split())


def html_unescape(text: str) -> str:
    import html

    return html.unescape(text)


class Checker(html.parser.HTMLParser):
    """Collects ids, images, references to the outside, and tags left open."""

    void = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.bare_pictures = 0
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in self.void:
            self.open.append(tag)
        self.scripts += tag == "script"
        self.bare_pictures += tag == "img" and not values.get("alt")
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values[k] or "" for k in ("href", "src", "xlink:href") if k in values]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


def checked(markup: str) -> Checker:
    checker = Checker()
    checker.feed(markup)
    return checker


def test_page_stands_alone_and_is_well_formed(plain_page: str) -> None:
    markup = plain_page
    found = checked(markup)
    assert found.open == []
    assert found.scripts == 0
    assert found.bare_pictures == 0
    assert len(found.ids) == len(set(found.ids))
    assert all(link.startswith(("#", "data:image/")) for link in found.links)
    targets = {link[1:] for link in found.links if link.startswith("#")}
    assert targets <= set(found.ids)
    assert "url(http" not in markup and "@import" not in markup
    assert len(markup) < 2_000_000


def test_page_is_the_same_twice_and_holds_no_nan(plain_page: str, written: Callable[[int], Path]) -> None:
    again = render(load_tracks([written(0) / name for name in ROLES]))
    assert plain_page == again
    assert not re.search(r"\b(nan|NaN|inf|Infinity|None|Undefined)\b", text_of(again))


def test_every_section_is_there_with_its_content(plain_page: str) -> None:
    markup = plain_page
    text = text_of(markup)
    for title in (
        "What was trained on what", "Who wins where", "What got worse", "By kind of negation",
        "How alike the models find images and texts", "SemCLIP's plane", "Test images, best and worst",
        "Training curves", "What it cost", "Provenance",
    ):  # fmt: skip
        assert f"<h2>{title}</h2>" in markup.replace("&#39;", "'")
    assert markup.count('<article class="item">') == 12
    assert markup.count("data:image/") == 12
    assert "Blind: counts negation words" in text
    assert "1 tie [" in text
    assert "1,204,993" in text and "42 s" in text
    assert "0123abcd" * 5 in text and "5e" * 32 in text
    # The trade-off, three histograms, two planes, the curves of main skills and of training.
    assert markup.count("<svg") == markup.count('<div role="img"') == 1 + 3 + 2 + 10
    # Colours are the page's own, so that they follow light and dark.
    assert not re.findall(r"(?:fill|stroke): #", markup[markup.index("<body>") :])
    assert "prefers-color-scheme: dark" in markup


def test_the_headline_is_what_the_results_say(plain_page: str, runs: list[Path]) -> None:
    text = text_of(plain_page)
    before, value = (
        next(
            m["value"]
            for m in json.loads((run / "results" / "original_over_negation.json").read_text())["metrics"]
            if m["name"] == "caption_over_negation"
        )
        for run in runs[1:3]
    )
    assert f"Original over negation {100 * value:.1f} %" in text
    first, second = re.findall(r"Over its control, SemCLIP clearly gains at (.*?)\. What it does not: (.*?)\.\s", text)[
        0
    ]
    assert f"Original over negation ({100 * before:.1f} % → {100 * value:.1f} %)" in first
    assert "Paraphrase R@1" in first and "Paraphrase R@1" not in second
    assert "there is no clear difference at Caption R@1" in second
    assert "SemCLIP read 115,200 texts, CLIP control 38,400" in text


def test_what_got_worse_names_the_planted_loss_with_interval_and_p(plain_page: str) -> None:
    text = text_of(plain_page)
    worse = text[text.index("On these, a treated model") : text.index("By kind of negation How")]
    # The fixture makes caption R@5 ten points worse than the control, caption R@1 the same.
    assert re.search(r"Caption R@5 retrieval SemCLIP 87\.\d % CLIP control 9\d\.\d % −\d+\.\d points \[−", worse)
    assert "p < 0.001" in worse
    assert "Caption R@1" not in worse


@pytest.mark.parametrize(
    ("split", "unseen"), [("test", True), ("new_wordings", True), ("train", False), ("val", False), ("", False)]
)
def test_only_test_sets_are_called_unseen_unchecked(split: str, unseen: bool, runs: list[Path]) -> None:
    for path in (p for run in runs for p in (run / "results").glob("*.json") if p.name != "plane.json"):
        edit_json(path, lambda result: result | {"data": result["data"] | {"split": split}})
    said = _tested(load_one(runs))
    assert (", which no model was trained on" in said) == unseen and ("was not checked" in said) != unseen


def test_all_is_no_split(runs: list[Path]) -> None:
    for path in (p for run in runs for p in (run / "results").glob("*.json") if p.name != "plane.json"):
        edit_json(path, lambda result: result | {"data": result["data"] | {"split": "all"}})
    assert " split" not in _tested(load_one(runs))


def test_nothing_worse_is_said_with_its_limits(runs: list[Path]) -> None:
    for run in runs:
        for name in ("retrieval", "absence"):
            (run / "results" / f"{name}.json").unlink()
    markup = page(runs)
    assert re.search(r"means</a>\)\. \d+ things are <a", markup)  # two sentences, and a space between them
    text = text_of(markup)
    assert "No metric and no slice of a treated model is clearly below" in text
    assert "That does not prove that nothing was lost" in text


def test_user_text_is_escaped(runs: list[Path]) -> None:
    bad = "<script>alert(1)</script>"

    def spoil(margins: dict) -> None:
        for item in margins["extra"]["items"]:
            item["texts"]["caption"] = bad
            item["negation_kind"] = bad
        margins["notes"] = [bad]

    edit_json(runs[2] / "results" / "margins.json", spoil)
    edit_json(runs[2] / "run.json", lambda info: info | {"command": bad, "model": bad})
    edit_json(runs[0] / "run.json", lambda info: info | {"role": "", "name": f"{bad}$x_2$"})
    config = yaml.safe_load((runs[0] / "config.yaml").read_text())
    (runs[0] / "config.yaml").write_text(yaml.safe_dump(config | {"role": "", "note": bad}))
    markup = page(runs)
    assert "<script" not in markup
    assert "alert(1)" in markup  # shown, as text
    assert "$x_2$" in markup  # in figures, too, and not as a formula
    assert checked(markup).open == []


def test_missing_pieces_are_stated(runs: list[Path]) -> None:
    (runs[2] / "results" / "plane.json").unlink()
    (runs[0] / "results" / "absence.json").unlink()
    (runs[1] / "run.json").unlink()
    for run in runs:
        (run / "metrics.jsonl").unlink()
        (run / "results" / "margins.json").unlink()
    text = text_of(page(runs))
    assert "the benchmark 'absence' was not run on Base" in text
    assert "not measured" in text
    assert "No run recorded its projected plane" in text
    assert "No run recorded similarities per item" in text
    assert "No run has training curves" in text
    assert "run.json is not there" in text
    assert "no run has the metric Zero-shot delta" in text


def test_images_that_cannot_be_shown_are_counted(runs: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image at all")

    def change(margins: dict) -> None:
        ranked = sorted(
            margins["extra"]["items"], key=lambda i: i["similarity"]["negation"] - i["similarity"]["caption"]
        )
        ranked[0]["image"] = "/nowhere/at/all.png"
        ranked[1]["image"] = str(broken)
        ranked[2]["image"], ranked[2]["image_name"] = "", "row 3"

    edit_json(runs[2] / "results" / "margins.json", change)
    markup = page(runs)
    text = text_of(markup)
    assert "3 of the 12 images cannot be shown" in text
    assert "image file not found: /nowhere/at/all.png" in text
    assert f"image file cannot be read: {broken}" in text
    assert "features instead of image files" in text
    assert markup.count("data:image/") == 9


def test_without_a_control_there_is_no_p_and_a_reason(runs: list[Path]) -> None:
    text = text_of(page([runs[0], runs[2]]))
    assert "no p-values: a base model has seen fewer steps" in text
    assert "no control to compare with" in text


def test_control_can_be_named(runs: list[Path]) -> None:
    text = text_of(page([runs[0], runs[2]], control="base"))
    assert "measured against Base" in text
    assert "points against the control, p < 0.001" in text
    with pytest.raises(UserError, match="no run is called 'contrl'") as caught:
        page(runs, control="contrl")
    assert "control" in caught.value.fix


def test_one_run_alone_has_a_page(runs: list[Path]) -> None:
    text = text_of(page(runs[2:]))
    assert "What SemCLIP can do" in text
    assert "This page shows one model" in text


def test_values_that_are_no_numbers_are_left_out_of_curves_and_counted(runs: list[Path]) -> None:
    path = runs[1] / "metrics.jsonl"
    path.write_text(path.read_text() + '{"step": 160, "split": "train", "total": NaN}\n{"step": 170, "spl')
    text = text_of(page(runs))
    assert "2 values of metrics.jsonl that are no finite numbers were left out" in text


def test_default_place_is_the_treated_run(runs: list[Path]) -> None:
    assert write_report(runs) == runs[2] / "report.html"


def test_tables_are_over_all_seeds_and_figures_about_one(make_runs: MakeRuns) -> None:
    markup = page([*make_runs(0, "seed0"), *make_runs(1, "seed1")])
    text = text_of(markup)
    assert "Mean ± standard deviation of the seeds. Under each value: its 95 % interval over seeds and items" in text
    assert text.count(" ± ") > 50
    assert "figures, images and flipped items are about seed 0 alone" in text
    assert markup.count("<article") == 12
    assert checked(markup).open == []


def test_each_track_is_a_part_with_its_own_control(make_tracks: MakeRuns) -> None:
    markup = page(make_tracks((0, 1)))
    text = text_of(markup)
    found = checked(markup)
    assert found.open == [] and len(found.ids) == len(set(found.ids))
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)
    assert "2 parts, one per track: scratch and finetune. Nothing is ranked across tracks" in text
    assert "Track “scratch”: What CyCLIP changes, measured against the CLIP control" in text
    assert "Track “finetune”: 2 systems, measured against the CLIP control" in text
    assert "Does one system lose nowhere?" in text and "Who is above SemCLIP?" in text
    assert text.count("What was trained on what How") == 2


def test_imports_neither_torch_nor_open_clip() -> None:
    code = (
        "import sys, semclip.reports\n"
        "light = set(sys.modules)\n"
        "import semclip.cli.report, semclip.reports.page, semclip.reports.summary, semclip.reports.projection_plot\n"
        "points = {v: [[1, 0], [0, 1]] for v in ('caption', 'paraphrase', 'negation')}\n"
        "semclip.reports.projection_plot.draw('t', points, 1, 0)\n"
        "heavy = {'torch', 'open_clip', 'lightning'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert not {'matplotlib', 'jinja2', 'numpy', 'scipy', 'PIL'} & light\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_command_line_module_imports_nothing_heavy() -> None:
    code = (
        "import sys, semclip.cli.report\n"
        "assert not {'torch', 'open_clip', 'matplotlib', 'jinja2', 'scipy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_command(runs: list[Path], tmp_path: Path) -> None:
    import typer
    from typer.testing import CliRunner

    from semclip.cli.report import command

    app = typer.Typer()
    app.command()(command)
    out = tmp_path / "out" / "page.html"
    result = CliRunner().invoke(
        app, [*map(str, runs), "--out", str(out), "--control", "control", "--markdown", str(out) + ".md"]
    )
    assert result.exit_code == 0, result.output
    assert out.exists() and Path(f"{out}.md").read_text().startswith("### Skills")
    assert "Paraphrase R@1" in result.output
    failed = CliRunner().invoke(app, [str(tmp_path / "nowhere")])
    assert isinstance(failed.exception, UserError)
