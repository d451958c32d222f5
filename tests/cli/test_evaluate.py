"""`semclip evaluate`: which data, which benchmarks, what is written and what is said."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from semclip.cli.evaluate import command
from semclip.core.errors import UserError
from semclip.metrics.result import Result
from tests.benchmarks.fakes import FakeEncoder, examples, noise

app = typer.Typer()
app.command()(command)


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    encoder = noise()
    monkeypatch.setattr("semclip.models.load.load", lambda spec: encoder)
    monkeypatch.setenv("COLUMNS", "160")
    return encoder


def write(path: Path, labels: bool = True) -> Path:
    with path.open("w") as file:
        for e in examples():
            row = {
                "id": e.id,
                "image": e.image.name,
                "caption": e.caption,
                "paraphrases": e.paraphrases,
                "negations": e.negations,
                "negation_kinds": e.meta["negation_kinds"],
                "absences": e.absences,
                "split": "test",
            }
            file.write(json.dumps(row | ({"label": e.meta["label"]} if labels else {})) + "\n")
    return path


def call(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_all_benchmarks_are_run_shown_and_saved(tmp_path: Path) -> None:
    data = write(tmp_path / "data.jsonl")
    out = tmp_path / "out"
    said = call("any", "--data", data, "--out", out)
    names = {"retrieval", "original_over_negation", "triplet_choice", "absence", "zeroshot", "margins"}
    assert {p.stem for p in out.glob("*.json")} == names
    for name in names:
        result = Result.load(out / f"{name}.json")
        assert name in said and result.primary in said
        assert result.model == "any"
        assert result.data["path"] == str(data) and len(result.data["sha256"]) == 64
    assert "object denied" in said  # slices stand above their average
    assert "75.0, " in said  # the blind baselines stand beside the model


def test_what_the_data_cannot_serve_is_left_out_and_said(tmp_path: Path) -> None:
    said = call("any", "--data", write(tmp_path / "data.jsonl", labels=False))
    assert "not run: zeroshot: benchmark 'zeroshot' cannot run: 12 of 12 examples lack 'label'" in said
    assert "not saved: give --out FOLDER" in said


def test_a_benchmark_asked_for_by_name_must_run(tmp_path: Path) -> None:
    data = write(tmp_path / "data.jsonl", labels=False)
    with pytest.raises(UserError, match="lack 'label'"):
        call("any", "--data", data, "--benchmarks", "retrieval,zeroshot")
    said = call("any", "--data", data, "--benchmarks", "retrieval, margins")
    assert "caption_r1" in said and "caption_minus_negation" in said and "itt" not in said


def test_a_run_knows_its_data_and_keeps_its_results(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "model").mkdir(parents=True)
    write(tmp_path / "data.jsonl")
    (run / "config.yaml").write_text(f"name: x\ndata: {{path: data.jsonl, root: '{tmp_path}'}}\n")
    call(run, "--benchmarks", "absence")
    assert Result.load(run / "results" / "absence.json").benchmark == "absence"


def test_mistakes_are_told(tmp_path: Path) -> None:
    data = write(tmp_path / "data.jsonl")
    with pytest.raises(UserError, match="which data"):
        call("ViT-B-32/openai")
    with pytest.raises(UserError, match="no example in split 'val'"):
        call("any", "--data", data, "--split", "val")
    with pytest.raises(UserError, match="unknown benchmark 'retrival'"):
        call("any", "--data", data, "--benchmarks", "retrival")
    with pytest.raises(UserError, match="no device is called 'gpuu'"):
        call("any", "--data", data, "--device", "gpuu")


def test_results_on_other_data_are_not_replaced(tmp_path: Path) -> None:
    from semclip.cli.evaluate import _refuse_replacing
    from semclip.metrics.result import Metric, Result

    metric = Metric(name="m", value=0.5, n=2, description="")
    data = {"path": "a.jsonl", "split": "test", "sha256": "1"}
    Result(benchmark="retrieval", version=1, model="x", data=data, metrics=[metric], primary="m").save(
        tmp_path / "retrieval.json"
    )
    _refuse_replacing(tmp_path, ["retrieval", "absence"], data)
    for other in ({**data, "split": "val"}, {**data, "sha256": "2"}):
        with pytest.raises(UserError, match="would replace"):
            _refuse_replacing(tmp_path, ["retrieval"], other)
