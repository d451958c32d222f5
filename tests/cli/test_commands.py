"""The command as a user meets it: help, listings, errors in three parts, exit codes, and no heavy imports."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from semclip.cli import main
from semclip.core.config import find_config, load_config, parse
from semclip.core.errors import UserError
from semclip.core.registry import FAMILIES
from semclip.objectives import create
from semclip.training.compare import CompareConfig, plan
from semclip.training.config import TrainConfig
from tests import forkserver

CONFIGS = Path(str(find_config("scenes/base"))).parents[1]
TRAIN_CONFIGS = sorted(str(p.relative_to(CONFIGS).with_suffix("")) for p in CONFIGS.rglob("*.yaml"))


def semclip(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of the command as it runs in a folder."""
    with tempfile.TemporaryDirectory() as said:
        return forkserver.start(main.run, arguments, Path(said), cwd=folder).ended()


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["report", "--help"]])
def test_light_commands_import_neither_torch_nor_open_clip(arguments: list[str]) -> None:
    program = (
        "import sys\n"
        f"sys.argv = ['semclip', *{arguments!r}]\n"
        "from semclip.cli.main import run\n"
        "try:\n    run()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "heavy = {'torch', 'open_clip', 'lightning'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that can be typed."""
    inside = vars(command).get("commands", {})  # a group has some
    if inside:
        for name, inner in inside.items():
            yield from commands(inner, (*words, name))
    else:
        yield words


def test_every_command_has_help() -> None:
    main._mount()
    found = list(commands(typer.main.get_command(main.app)))
    assert {("demo",), ("compare",), ("segment",), ("captions", "write"), ("benchmarks", "fetch")} <= set(found)
    for words in found:
        result = CliRunner().invoke(main.app, [*words, "--help"])
        assert result.exit_code == 0 and "Usage" in result.output, words
    typed = subprocess.run([sys.executable, "-m", "semclip", "train", "--help"], capture_output=True, text=True)
    assert typed.returncode == 0 and "Usage" in typed.stdout  # as typed, too


def test_a_users_mistake_says_what_where_and_how_and_exits_2(tmp_path: Path) -> None:
    for arguments, word in (
        (["train", "scenes/semclp"], "scenes/semclip"),
        (["train", "scenes/base", "trian.steps=3"], "train"),
        (["train", "scenes/base", "data.root=nowhere"], "nowhere"),
        (["list", "objectivs"], "objectives"),
        (["list", "published"], "`semclip list benchmarks`"),
        (["benchmarks", "fetch", "retrieval", "--root", "x"], "is no public benchmark"),
        (["report", str(tmp_path)], str(tmp_path)),
        (["evaluate", "no/such/model", "--data", "x.jsonl"], "x.jsonl"),
        (["data", "check", str(tmp_path / "missing.csv")], "missing.csv"),
        (["compare", "scens"], "scenes"),
        (["data", "check", "a sentence in place of a file " * 10], "check what was typed where a path belongs"),
    ):
        code, _, errors = semclip(tmp_path, *arguments)
        assert code == 2, (arguments, errors)
        assert word in errors and "fix:" in errors and "Traceback" not in errors, errors


def test_benchmarks_are_listed_with_their_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    main._mount()
    said = CliRunner().invoke(main.app, ["list", "benchmarks"]).output
    kinds = {line.split()[0]: line.split()[1] for line in said.splitlines()[1:]}
    assert kinds["absence"] == "own" and kinds["sugarcrepe"] == "public"
    assert list(kinds) == FAMILIES["benchmarks"].names()
    readers = CliRunner().invoke(main.app, ["list", "readers"]).output.splitlines()[1]
    assert readers.split(maxsplit=1)[1].strip() == next(iter(FAMILIES["readers"].summaries().values()))


@pytest.mark.parametrize("name", TRAIN_CONFIGS)
def test_every_shipped_config_parses_and_names_a_real_objective(name: str) -> None:
    path = find_config(name)
    values = load_config(path, ["data.path=x.jsonl", "data.root=somewhere"])
    config = parse(TrainConfig, values, where=str(path))
    options = dict(config.objective)
    create(options.pop("name"), **options)
    assert path.read_text().startswith(f"# semclip train {name} "), "the first line is the command that runs it"


@pytest.mark.parametrize("path", sorted(CONFIGS.parent.joinpath("compare").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_comparison_is_on_equal_terms(path: Path, tmp_path: Path) -> None:
    config = parse(CompareConfig, yaml.safe_load(path.read_text()), where=str(path))
    assert plan(config, ["data.root=somewhere"], tmp_path)


def test_a_misspelt_key_deep_in_a_config_has_a_hint() -> None:
    with pytest.raises(UserError) as error:
        parse(TrainConfig, load_config(find_config("scenes/base"), ["train.learnin_rate=1"]), where="here")
    assert "train.learnin_rate" in error.value.what and "learning_rate" in error.value.fix


def test_sample_check_train_evaluate_and_report_work_on_ten_images(tmp_path: Path) -> None:
    """The README's first steps, as typed, in an empty folder."""
    steps = [
        ["data", "sample", "photos"],
        ["data", "check", "photos/scenes.jsonl"],
        ["train", "scenes/base", "data.root=photos", "train.steps=3", "train.batch_size=4", "--out", "runs/base",
         "guards.free_disk_mb=0"],
        ["evaluate", "runs/base", "--data", "photos/scenes.jsonl", "--benchmarks", "all"],
        ["report", "runs/base"],
        ["index", "photos", "--model", "runs/base"],
        ["search", "circle -blue"],
    ]  # fmt: skip
    for arguments in steps:
        code, said, errors = semclip(tmp_path, *arguments)
        assert code == 0, (arguments, said, errors)
    assert (tmp_path / "runs/base/report.html").is_file()
    assert json.loads((tmp_path / "runs/base/run.json").read_text())["finished"]
