"""`semclip evaluate` on real small models: what results are of, what is never written over, what fails and goes on."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from semclip.cli.evaluate import command
from semclip.core.errors import UserError
from semclip.evaluation.metrics.result import Result
from semclip.reports.comparison import load_tracks
from tests.evaluation.public import test_sugarcrepe as sugarcrepe
from tests.evaluation.public import test_zeroshot_classification as zeroshot
from tests.models.tiny import tiny

app = typer.Typer()
app.command()(command)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, and a root with two benchmarks."""
    folder = tmp_path_factory.mktemp("written")
    for seed, name in enumerate(("first", "second")):
        tiny(seed=seed).save(folder / name)
    sugarcrepe.write_sample(folder / "root")
    zeroshot.write_sample(folder / "root")
    return folder


@pytest.fixture
def place(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    return Path(shutil.copytree(written, tmp_path / "place"))


BOTH = ("--benchmarks", "sugarcrepe,zeroshot_classification")


def call(place: Path, *arguments: object) -> str:
    """The output; errors are raised."""
    words = [str(a) for a in (*arguments, "--root", place / "root", "--device", "cpu")]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_result_says_what_it_is_of(place: Path) -> None:
    call(place, place / "first", *BOTH, "--out", place / "out")
    found = Result.load(place / "out" / "zeroshot_classification.json")
    assert found.data["templates"] == {"pots": ["a photo of a {c}"]}
    assert found.data["classes"] == {"pots": zeroshot.CLASSES}
    hashes = [found.data[f"{what}_sha256"] for what in ("pictures", "texts", "items")]
    assert all(len(h) == 64 for h in [*hashes, found.encoder["weights_sha256"]])
    assert found.data["settings"] == {"sets": [], "split": "test"}
    assert set(found.made) == {"command", "date", "git"} and found.made["date"][:2] == "20"
    again = place / "elsewhere"
    shutil.move(place / "root", again / "root")
    call(again, place / "first", *BOTH, "--out", place / "moved")
    moved = Result.load(place / "moved" / "zeroshot_classification.json")
    assert [moved.data[f"{what}_sha256"] for what in ("pictures", "texts", "items")] == hashes


def change_template(root: Path) -> None:
    (root / "zeroshot_classification/pots/zeroshot_classification_templates.txt").write_text("a blurry {c}\n")


def change_class(root: Path) -> None:
    path = root / "zeroshot_classification/pots/classnames.txt"
    path.write_text(path.read_text().replace("thing 2", "something else"))


def swap_classes(root: Path) -> None:
    path = root / "zeroshot_classification/pots/classnames.txt"
    path.write_text("\n".join(reversed(zeroshot.CLASSES)))


def change_picture(root: Path) -> None:
    folder = root / "zeroshot_classification/pots/test/3"
    (folder / "0.png").write_bytes((folder.parent / "4" / "1.png").read_bytes())


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (change_template, (), "templates"),
        (change_class, (), "class names"),
        (swap_classes, (), "class names"),
        (change_picture, (), "pictures (sha256)"),
        (lambda root: None, ("--limit", "5"), "limit: 0 and 5"),
        (lambda root: None, ("--precision", "bf16"), "precision: '' and 'bfloat16'"),
    ],
)
def test_what_differs_is_not_written_over_and_does_not_stand_side_by_side(
    place: Path, change: object, options: tuple[str, ...], said: str
) -> None:
    names = ("--benchmarks", "zeroshot_classification")
    call(place, place / "first", *names, "--out", place / "a" / "results")
    before = (place / "a" / "results" / "zeroshot_classification.json").read_text()
    change(place / "root")  # type: ignore[operator]
    for more in ((), ("--skip-existing",)):
        with pytest.raises(UserError, match="would replace results of another") as caught:
            call(place, place / "first", *names, *options, *more, "--out", place / "a" / "results")
        assert said in caught.value.what
    assert (place / "a" / "results" / "zeroshot_classification.json").read_text() == before
    call(place, place / "first", *names, *options, "--out", place / "b" / "results")  # the advice, followed
    with pytest.raises(UserError, match="measured on different data") as refused:
        load_tracks([place / "a", place / "b"])
    assert said.split(":")[0] in refused.value.what


def test_another_model_never_replaces_the_results_of_the_first(place: Path) -> None:
    call(place, place / "first", *BOTH, "--out", place / "out" / "results")
    with pytest.raises(UserError, match="another measurement or model: weights"):
        call(place, place / "second", *BOTH, "--out", place / "out" / "results")
    call(place, place / "second", *BOTH, "--out", place / "other" / "results")
    assert len(load_tracks([place / "out", place / "other"])[0].runs) == 2  # models may differ side by side


def test_what_exists_is_skipped_when_asked(place: Path) -> None:
    call(place, place / "first", "--benchmarks", "sugarcrepe", "--out", place / "out")
    file = place / "out" / "sugarcrepe.json"
    first = file.stat().st_mtime_ns
    said = call(place, place / "first", *BOTH, "--out", place / "out", "--skip-existing")
    assert "not run: sugarcrepe: stands in" in said and file.stat().st_mtime_ns == first
    assert (place / "out" / "zeroshot_classification.json").exists()
    call(place, place / "first", "--benchmarks", "sugarcrepe", "--out", place / "out")
    assert file.stat().st_mtime_ns > first  # the same again may be measured again


def test_a_broken_picture_stops_its_own_benchmark_alone(place: Path) -> None:
    broken = place / "root/zeroshot_classification/pots/test/3/1.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(UserError, match=r"1 of the evaluations failed.*zeroshot_classification") as caught:
        call(place, place / "first", "--benchmarks", "zeroshot_classification,sugarcrepe", "--out", place / "out")
    assert [p.name for p in (place / "out").iterdir()] == ["sugarcrepe.json"]
    assert "--skip-existing" in caught.value.fix
    zeroshot.write_sample(place / "root")
    said = call(place, place / "first", *BOTH, "--out", place / "out", "--skip-existing")
    assert "not run: sugarcrepe" in said and len(list((place / "out").iterdir())) == 2
    broken.write_bytes(b"")
    with pytest.raises(UserError, match="cannot decode"):  # alone, its own words
        call(place, place / "first", "--benchmarks", "zeroshot_classification", "--out", place / "alone")


def test_several_models_get_a_folder_each_and_one_that_fails_does_not_stop_the_others(place: Path) -> None:
    listed = place / "models.txt"
    listed.write_text(f"# ours\n{place / 'second'}\n\nViT-B-32\n")
    with pytest.raises(UserError, match="1 of the evaluations failed: ViT-B-32"):
        call(place, place / "first", "--models", listed, *BOTH, "--out", place / "out")
    folders = sorted((place / "out").iterdir())
    assert [f.name.rpartition("-")[2] for f in folders] == ["first", "second"]
    comparison = load_tracks(folders)[0]
    assert len(comparison.runs) == 2 and all(len(run.results) == 2 for run in comparison.runs)
    with pytest.raises(UserError, match="named twice"):
        call(place, place / "second", "--models", listed)
    with pytest.raises(UserError, match="no model was named"):
        call(place)


def test_a_limit_draws_the_same_items_and_says_so(place: Path) -> None:
    call(place, place / "first", *BOTH, "--out", place / "all")
    said = call(place, place / "first", *BOTH, "--limit", "4", "--out", place / "a")
    call(place, place / "second", *BOTH, "--limit", "4", "--out", place / "b")
    for name in ("sugarcrepe", "zeroshot_classification"):
        every, a, b = (Result.load(place / out / f"{name}.json") for out in ("all", "a", "b"))
        record = a.items[a.primary]
        assert len(record["id"]) == 4 and record["id"] == b.items[b.primary]["id"]
        assert a.metric(a.primary).n == 4
        whole = dict(zip(every.items[every.primary]["id"], every.items[every.primary]["outcome"], strict=True))
        assert [whole[id] for id in record["id"]] == record["outcome"]
        assert f"{name}: limited: 4 of" in said


def test_half_precision_is_said(place: Path) -> None:
    call(place, place / "first", *BOTH, "--precision", "bfloat16", "--cache", place / "cache", "--out", place / "half")
    call(place, place / "first", *BOTH, "--precision", "fp32", "--cache", place / "cache", "--out", place / "full")
    half, full = (Result.load(place / out / "sugarcrepe.json") for out in ("half", "full"))
    assert half.encoder["precision"] == half.encoder["image_dtype"] == half.encoder["text_dtype"] == "bfloat16"
    assert full.encoder["precision"] == "" and full.encoder["image_dtype"] == "float32"
    assert any("bfloat16: near scores may tie" in note for note in half.notes)
    with pytest.raises(UserError, match="no precision 'bf61'") as caught:
        call(place, place / "first", *BOTH, "--precision", "bf61")
    assert "bf16" in caught.value.fix


def test_random_weights_are_said_everywhere(place: Path) -> None:
    with pytest.raises(UserError, match="random"):
        call(place, "semclip-tiny-48", "--benchmarks", "sugarcrepe", "--out", place / "out")
    said = call(place, "semclip-tiny-48/random", "--benchmarks", "sugarcrepe", "--out", place / "out")
    result = Result.load(place / "out" / "sugarcrepe.json")
    assert "the weights are random" in said and "the weights are random" in result.notes[0]
    assert result.encoder["random_weights"] is True and result.model == "semclip-tiny-48/random"


def test_a_run_finds_its_data_from_another_folder(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from semclip.core.files import sha256_file
    from tests.cli.test_evaluate import write

    project = tmp_path / "project"
    run = project / "runs" / "mine"
    shutil.copytree(place / "first", run / "model")
    data = write(project / "pictures" / "rows.jsonl") if (project / "pictures").mkdir() is None else Path()
    from PIL import Image

    for row in map(json.loads, data.read_text().splitlines()):
        Image.new("RGB", (8, 8)).save(data.parent / row["image"])
    (run / "config.yaml").write_text("name: mine\ndata: {path: rows.jsonl, root: pictures}\n")
    (run / "run.json").write_text(json.dumps({"data_sha256": {"rows.jsonl": sha256_file(data)}}))
    monkeypatch.chdir(tmp_path)
    call(place, run, "--benchmarks", "absence")
    assert Result.load(run / "results" / "absence.json").data["sha256"] == sha256_file(data)
    other = tmp_path / "pictures"  # nearer at hand, and not what the run was trained on
    shutil.copytree(data.parent, other)
    (other / "rows.jsonl").write_text("".join(data.read_text().splitlines(keepends=True)[:5]))
    monkeypatch.chdir(place)
    call(place, run, "--benchmarks", "absence", "--out", place / "again")
    assert Result.load(place / "again" / "absence.json").data["sha256"] == sha256_file(data)
    data.write_text(data.read_text() + "\n")
    with pytest.raises(UserError, match="is not here, nor below") as caught:
        call(place, run, "--benchmarks", "absence", "--out", place / "third")
    assert "--data FILE" in caught.value.fix
