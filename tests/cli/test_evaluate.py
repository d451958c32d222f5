"""`semclip evaluate`: which data, which benchmarks, what is written and what is said."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from semclip.cli.evaluate import command
from semclip.core.errors import UserError
from semclip.evaluation.metrics.result import Result
from tests.evaluation.own.fakes import FakeEncoder, examples, noise

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
    names |= {"explicit_negation"}
    assert {p.stem for p in out.glob("*.json")} == names
    for name in names:
        result = Result.load(out / f"{name}.json")
        assert name in said and result.primary in said
        assert result.model == "any"
        assert result.data["path"] == str(data) and len(result.data["sha256"]) == 64
    assert "object denied" in said  # slices stand above their average
    # The best blind method stands beside the model, at the end of the row.
    over = Result.load(out / "original_over_negation.json")
    best = max(m.value for m in over.metrics if m.kind == "baseline")
    row = next(line for line in said.splitlines() if line.split()[:1] == ["caption_over_negation"])
    assert row.split()[-1] == f"{100 * best:.1f}"


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


def test_public_benchmarks_are_run_beside_those_of_the_data(tmp_path: Path, fake_model: FakeEncoder) -> None:
    from tests.evaluation.public.test_sugarcrepe import write_sample

    write_sample(tmp_path / "root")
    data = write(tmp_path / "data.jsonl")
    out = tmp_path / "out"
    arguments = ("any", "--data", data, "--root", tmp_path / "root", "--out", out)
    said = call(*arguments, "--benchmarks", "absence,sugarcrepe")
    assert {p.stem for p in out.glob("*.json")} == {"absence", "sugarcrepe"}
    assert "another version than the official one" in said
    # The published script's value stands beside ours; what it has and we have not has a row of its own.
    public = Result.load(out / "sugarcrepe.json")
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.split()}
    ours, theirs = (f"{100 * public.metric(name).value:.1f}" for name in ("accuracy", "official_accuracy"))
    assert rows["accuracy"][:2] == [ours, theirs]
    assert rows["blind_constant"][0] == "0.0" and "official_accuracy" not in rows
    encoded = [t for batch in fake_model.batches for t in batch]
    assert len(encoded) == len(set(encoded))
    with pytest.raises(UserError, match="would replace"):
        call(*arguments, "--benchmarks", "sugarcrepe", "--option", "sugarcrepe.subsets=[swap_obj]")
    said = call("any", "--root", tmp_path / "root", "--benchmarks", "paraphrase")
    assert "not run: sugarcrepe_pp: no annotation file" in said
    assert "not run: absence: no data file" in call("any", "--root", tmp_path / "root")


def test_mistakes_about_public_benchmarks_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="public benchmark, read from a folder"):
        call("any", "--benchmarks", "sugarcrepe")
    with pytest.raises(UserError, match="no annotation file"):
        call("any", "--benchmarks", "sugarcrepe", "--root", tmp_path)
    with pytest.raises(UserError, match="none of the benchmarks can run"):
        call("any", "--benchmarks", "paraphrase", "--root", tmp_path)
    with pytest.raises(UserError, match="an option of 'valse'"):
        call("any", "--benchmarks", "sugarcrepe", "--root", tmp_path, "--option", "valse.piece=plurals")


def test_results_say_what_the_model_was_trained_on(tmp_path: Path) -> None:
    from tests.evaluation.public.test_sugarcrepe import TRUE, write_sample

    root, data, out = tmp_path / "root", write(tmp_path / "data.jsonl"), tmp_path / "out"
    write_sample(root)
    image, text = min(TRUE), next(iter(TRUE[min(TRUE)]))
    (tmp_path / "seen.txt").write_text(f"{image}\n{text}\n{examples()[0].caption}\n")
    (tmp_path / "other.txt").write_text("other.png\n")
    arguments = ("any", "--data", data, "--root", root, "--benchmarks", "absence,original_over_negation,sugarcrepe")
    said = call(*arguments, "--out", out, "--trained-on", tmp_path / "seen.txt", "--trained-on", tmp_path / "other.txt")
    public = Result.load(out / "sugarcrepe.json")
    first, second = public.data["seen"]
    assert first["source"] == str(tmp_path / "seen.txt") and second["source"] == str(tmp_path / "other.txt")
    assert first["images"] == [image] and first["texts"] == 1 and not second["images"] and second["texts"] == 0
    assert sum("trained on" in note for note in public.notes) == 2
    assert sum("no test of unseen data" in note for note in public.notes) == 1
    assert "sugarcrepe: trained on" in said
    own = Result.load(out / "original_over_negation.json")
    assert own.data["seen"][0]["texts"] == 1 and not own.data["seen"][0]["images"]
    assert "trained on" not in call(*arguments)
    call(*arguments, "--out", out)  # the same data: what was seen is a fact of the model
    assert "seen" not in Result.load(out / "sugarcrepe.json").data


def test_a_wrong_list_of_what_was_seen_is_told_before_the_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semclip.models.load.load", lambda spec: pytest.fail("loaded"))
    with pytest.raises(UserError, match="neither a run folder nor a list"):
        call("any", "--data", write(tmp_path / "data.jsonl"), "--trained-on", tmp_path / "nothing")
