"""Public benchmarks in a report: two models, both protocols, and the items that flipped with their images."""

import html
import re
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from semclip.cli.report import command
from semclip.core.errors import UserError
from semclip.evaluation.metrics.choice import choice
from semclip.evaluation.metrics.result import Metric, Result
from semclip.reports.comparison import load_tracks
from semclip.reports.flips import SHOWN, flips
from semclip.reports.page import write_report
from semclip.reports.significance import Contrasts

N = 30


def write(folder: Path, images: Path, scores: np.ndarray, **data: object) -> Path:
    """A folder with one result, as `semclip evaluate --out FOLDER/results` leaves it."""
    images.mkdir(exist_ok=True)
    for i in range(0, N, 2):  # of every other image the file is gone
        Image.new("RGB", (20, 12), (8 * i, 0, 0)).save(images / f"{i}.jpg")
    o = choice(np.stack([scores, np.zeros(N)], axis=1), 0)
    items = {
        "id": [f"item {i}" for i in range(N)],
        "outcome": o.expected.tolist(),
        "slice": ["add_obj"] * N,
        "cluster": [f"{i}.jpg" for i in range(N)],
        "right": [f"a <dog> {i}" for i in range(N)],
        "wrong": [[f"a cat {i}"] for i in range(N)],
    }
    half = (0.1, 0.9)
    metrics = [
        Metric(name="accuracy", value=o.value, n=N, description="d", ties=o.ties, interval=half, chance=0.5),
        Metric(
            name="official_accuracy", value=float(o.strict.mean()), n=N, description="d", interval=half, kind="official"
        ),
        Metric(name="official_other", value=0.123, n=N, description="Another rule", interval=half, kind="official"),
    ]
    said = {"files": {"add_obj.json": {"sha256": "0" * 64}}, "pictures": str(images), "options": {}, **data}
    result = Result(
        benchmark="sugarcrepe", version=1, model=folder.name, data=said, metrics=metrics, primary="accuracy",
        items={"accuracy": items}, encoder={"activation": "GELU", "image_dtype": "float32", "text_dtype": "float32"},
    )  # fmt: skip
    result.save(folder / "results" / "sugarcrepe.json")
    return folder


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """The first is right on the first ten, with a tie; the second on all but the first two."""
    first, second = -np.ones(N), np.ones(N)
    first[:10], first[10], second[:2] = 1, 0, -1
    return [write(tmp_path / name, tmp_path / "pictures", s) for name, s in (("A", first), ("B", second))]


def text(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_the_first_of_two_models_is_what_the_second_is_measured_against(two: list[Path]) -> None:
    (comparison,) = load_tracks(two)
    assert [c.name for c in comparison.controls] == ["A"] and comparison.focus.name == "B"
    contrasts = Contrasts(comparison)
    (found,) = flips(comparison.focus, comparison.control_of(comparison.focus), contrasts)
    assert found.contrast is not None and found.contrast.state == "better"
    assert (found.better, found.worse, found.n) == (20, 2, 30)  # the tie counts half: won
    assert found.contrast.difference == pytest.approx((28 - 10.5) / 30) == found.won - found.lost
    assert len(found.gained) == SHOWN and len(found.missed) == 2
    assert {card.item["id"] for card in found.missed} == {"item 0", "item 1"}
    assert all(
        bool(card.image) == (int(card.item["id"].split()[1]) % 2 == 0) for card in [*found.gained, *found.missed]
    )
    assert found.missed[1].why_no_image == "image file not found: 1.jpg"
    assert flips(comparison.focus, None, contrasts) == []


def test_the_page_shows_both_protocols_and_the_items(two: list[Path], tmp_path: Path) -> None:
    page = write_report(two, tmp_path / "page.html").read_text("utf-8")
    said = text(page)
    assert "What B changes, measured against A" in said
    assert "SugarCrepe: Accuracy 20 +65.0 2 −6.7 +58.3 points" in said
    assert "35.0 %" in said and "official 33.3 %" in said  # 10.5 of 30 here, 10 of 30 there
    assert "Another rule." in said and "12.3 %" in said  # an official number that we have no twin of
    assert "a &lt;dog&gt; 0" in page and "<dog>" not in page
    assert "data:image/png;base64" in page and "image file not found: 1.jpg" in said
    assert "whether a model was trained on them was not checked" in said
    assert "no run has the metric" not in said and "Objective" not in said


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({"source": "x", "images": [], "texts": 0}, ", which no model was trained on"),
        ({"source": "x", "images": ["1.jpg"], "texts": 0}, ", some of which A and B saw in training"),
    ],
)
def test_what_a_model_was_trained_on_is_not_called_unseen(
    seen: dict[str, object], expected: str, tmp_path: Path
) -> None:
    folders = [write(tmp_path / n, tmp_path / "pictures", np.ones(N), seen=[seen]) for n in "AB"]
    assert f"on 1 public benchmark{expected}" in text(write_report(folders, tmp_path / "page.html").read_text("utf-8"))


def test_other_files_and_other_options_do_not_stand_in_one_row(tmp_path: Path) -> None:
    for number, other in enumerate(({"files": {"add_obj.json": {"sha256": "1"}}}, {"options": {"subsets": ["x"]}})):
        folders = [
            write(tmp_path / f"{name}{number}", tmp_path / "pictures", np.ones(N), **data)
            for name, data in (("A", {}), ("B", other))
        ]
        with pytest.raises(UserError, match="measured on different data"):
            load_tracks(folders)


def test_the_terminal_has_a_row_per_public_benchmark(two: list[Path], tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(command)
    run = CliRunner().invoke(app, [*map(str, two), "--out", str(tmp_path / "page.html")])
    assert run.exit_code == 0, run.output
    assert "SugarCrepe: Accuracy" in run.output and "35.0 %" in run.output and "93.3 %" in run.output
