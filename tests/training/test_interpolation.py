"""The chosen point: the best at negation among those that lose nothing, on curves made up and on real models."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from semclip.cli.interpolate import parse_alphas
from semclip.core.errors import UserError
from semclip.evaluation.metrics.result import Metric, Result
from semclip.training import interpolation
from semclip.training.config import TrainConfig
from semclip.training.interpolation import Aim, Point, choose, refuse_unknown_metrics, sweep
from semclip.training.loop import train
from tests.evaluation.own.fakes import examples


def point(alpha: float, ordinary: float, negation: float, scores: dict[str, float]) -> Point:
    return Point(alpha=alpha, ordinary=ordinary, negation=negation, values=scores, scores=scores)


def curve(*points: tuple[float, float, float]) -> list[Point]:
    """(alpha, ordinary, negation)."""
    made = [point(a, o, n, {"search.r1": o}) for a, o, n in points]
    random.Random(0).shuffle(made)
    return made


@pytest.mark.parametrize(
    ("points", "tolerance", "kept"),
    [
        ([(0, 0.80, 0.5), (0.5, 0.80, 0.7), (1, 0.70, 0.9)], 0.01, 0.5),
        ([(0, 0.80, 0.5), (0.5, 0.80, 0.7), (1, 0.70, 0.9)], 0.11, 1),
        ([(0, 0.80, 0.5), (0.5, 0.78, 0.7), (1, 0.70, 0.9)], 0.01, 0),
        ([(0, 0.80, 0.5), (0.5, 0.82, 0.7), (1, 0.81, 0.7)], 0.0, 0.5),  # of equals, the nearer to the base
        ([(0, 0.80, 0.9), (0.5, 0.82, 0.7), (1, 0.81, 0.6)], 0.0, 0),  # a fine-tune that made it worse
    ],
)
def test_the_rule(points: list[tuple[float, float, float]], tolerance: float, kept: float) -> None:
    assert choose(curve(*points), Aim(ordinary=("search.r1",), tolerance=tolerance)).alpha == kept


def test_a_gain_at_one_ordinary_metric_pays_for_no_loss_at_another() -> None:
    base = point(0, 0.5, 0.5, {"search.r1": 0.5, "zeroshot.accuracy": 0.5})
    tuned = point(1, 0.6, 0.9, {"search.r1": 0.8, "zeroshot.accuracy": 0.4})
    aim = Aim(ordinary=("search.r1", "zeroshot.accuracy"), tolerance=0.01)
    assert choose([base, tuned], aim) is base
    assert choose([base, tuned], Aim(ordinary=("search.r1",))) is tuned


def test_a_metric_that_is_better_the_lower_counts_so_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong answers to "no cat", and cats missed: at 1 both are many, at 0.5 the first are few."""
    measured = {0: (0.30, 0.20), 0.5: (0.10, 0.21), 1: (0.40, 0.40)}  # alpha -> violations, misses

    def evaluate(alpha: float, *_: object) -> dict[str, Result]:
        metrics = [
            Metric(name=name, value=value, n=100, description="", higher_is_better=False)
            for name, value in zip(("violations", "misses"), measured[alpha], strict=True)
        ]
        return {"search": Result(benchmark="search", version=1, model="", data={}, metrics=metrics, primary="misses")}

    monkeypatch.setattr(interpolation, "interpolate", lambda base, tuned, alpha: SimpleNamespace(to=lambda _: alpha))
    monkeypatch.setattr(interpolation, "evaluate", evaluate)
    for tolerance, kept in ((0.02, 0.5), (0.005, 0.0)):
        aim = Aim(negation=("search.violations",), ordinary=("search.misses",), tolerance=tolerance)
        points = sweep(None, None, [0.5, 1], aim, [], "cpu")  # type: ignore[arg-type]
        assert choose(points, aim).alpha == kept
    assert [p.values["search.violations"] for p in points] == [0.30, 0.10, 0.40]
    assert [p.negation for p in points] == pytest.approx([0.7, 0.9, 0.6])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0..1", [i / 10 for i in range(11)]),
        ("0.5..0.7", [0.5, 0.6, 0.7]),
        ("0,0.25,1", [0, 0.25, 1]),
        ("0.25..0.5", [0.25, 0.35, 0.45, 0.5]),
        ("0.3..0.3", [0.3]),
    ],
)
def test_alphas_are_read(text: str, numbers: list[float]) -> None:
    assert parse_alphas(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "0..b", "0,2", "-0.1", "2..3", "0.7..0.3"])
def test_other_alphas_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="alphas"):
        parse_alphas(text)


@pytest.mark.parametrize("name", ["retrieval", "a.b.c"])
def test_metrics_need_their_benchmark(name: str) -> None:
    with pytest.raises(UserError, match="no metric"):
        Aim(ordinary=(name,))


def test_the_command_keeps_a_model_an_image_and_the_numbers(
    make_config: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    from semclip.cli.main import _mount, app
    from semclip.models.load import load

    train(make_config(train={"steps": 2}), tmp_path / "base", Console(quiet=True))
    tuned = make_config(model={"from": str(tmp_path / "base" / "model")}, train={"steps": 8})
    train(tuned, tmp_path / "tuned", Console(quiet=True))
    _mount()
    arguments = [str(tmp_path / "base"), str(tmp_path / "tuned"), "--out", str(tmp_path / "out"), "--tolerance", "1"]
    done = CliRunner().invoke(app, ["interpolate", *arguments, "--alphas", "0,0.5,1"], catch_exceptions=False)
    assert done.exit_code == 0 and "kept: alpha" in done.output

    found = json.loads((tmp_path / "out" / "interpolation.json").read_text())
    assert [p["alpha"] for p in found["points"]] == [0, 0.5, 1]
    # With everything allowed, the best at negation is kept, and it is no worse than either end.
    best = max(found["points"], key=lambda p: p["negation"])
    assert best["negation"] == max(p["negation"] for p in found["points"] if p["alpha"] == found["chosen"])
    assert (tmp_path / "out" / "results" / "retrieval.json").is_file()
    assert Image.open(tmp_path / "out" / "interpolation.png").size[0] > 400
    assert load(str(tmp_path / "out")).embed_dim == 32

    # The same again gives the same; anything else in this folder, or in that of a run, is refused and nothing changes.
    numbers = (tmp_path / "out" / "interpolation.json").read_bytes()
    again = CliRunner().invoke(app, ["interpolate", *arguments, "--alphas", "0,0.5,1"], catch_exceptions=False)
    assert again.exit_code == 0 and (tmp_path / "out" / "interpolation.json").read_bytes() == numbers
    files = [path for folder in ("out", "tuned") for path in (tmp_path / folder).rglob("*") if path.is_file()]
    before = [file.read_bytes() for file in files]
    for words, said in (
        ([*arguments, "--alphas", "0,1"], "alphas was [0.0, 0.5, 1.0], is [0.0, 1.0]"),
        ([arguments[1], arguments[0], *arguments[2:], "--alphas", "0,0.5,1"], "base was "),
        ([*arguments[:3], str(tmp_path / "tuned")], "'model' is there already"),
    ):
        with pytest.raises(UserError) as caught:
            CliRunner().invoke(app, ["interpolate", *words], catch_exceptions=False)
        assert said in caught.value.what and "another --out" in caught.value.fix
    assert [file.read_bytes() for file in files] == before


def test_a_mistyped_metric_is_found_before_a_model_is_loaded() -> None:
    refuse_unknown_metrics(Aim(), examples())
    refuse_unknown_metrics(Aim(ordinary=("segmentation.mean_iou", "zeroshot.original_accuracy")), examples())
    with pytest.raises(UserError, match="has no metric 'caption_r2'") as caught:
        refuse_unknown_metrics(Aim(ordinary=("retrieval.caption_r2",)), examples())
    assert caught.value.where == "--negation, --ordinary" and "caption_r1" in caught.value.fix
    with pytest.raises(UserError, match="lack 'negation'"):
        refuse_unknown_metrics(Aim(), [replace(e, negations=()) for e in examples()])
