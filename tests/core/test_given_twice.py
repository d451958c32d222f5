"""The last of several never wins without a word: overrides, keys of YAML files, options, column mappings."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from semclip.cli._once import OnceCommand
from semclip.cli._options import parse_columns
from semclip.core.config import load_config
from semclip.core.errors import UserError
from semclip.core.parsing import parse_yaml


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "c.yaml").write_text("data: {path: a.csv}\ntrain: {steps: 3}\n")
    return tmp_path / "c.yaml"


@pytest.mark.parametrize(
    "overrides",
    [
        ["data.path=shards/00000.tar", "data.path=shards/00001.tar"],  # what bash makes of {00000..00001}
        ["train.steps=3", "data.path=x", "train.steps=3"],
        ["train.steps=3", "train={steps: 4}"],
        ["train={steps: 4}", "train.steps=3"],
        ["model={text: {width: 1}}", "model.text.width=2"],
        ["model.text.width=2", "model.text={width: 1}"],
        ["name=x", "name="],
    ],
)
def test_overrides_that_undo_each_other_are_refused(overrides: list[str], config: Path) -> None:
    with pytest.raises(UserError, match="is given twice") as error:
        load_config(config, overrides)
    assert "give it once" in error.value.fix


def test_the_advice_works_and_a_section_can_be_added_to(config: Path) -> None:
    assert load_config(config, ["data.path=s/{00000..00001}.tar"])["data"] == {"path": "s/{00000..00001}.tar"}
    assert load_config(config, ["train={steps: 4}", "train.eps=1"])["train"] == {"steps": 4, "eps": 1}
    assert load_config(config, ["train.steps=4", "train.stepsize=1"])["train"] == {"steps": 4, "stepsize": 1}


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: 2\na: 3\n",
        "x:\n  - {k: 1, k: 1}\n",
        "'a': 1\n\"a\": 2\n",
        "s:\n  t: 1\n  u: 2\n  t: 1\n",
        "1: a\n1: b\n",
    ],
)
def test_a_key_that_a_yaml_mapping_has_twice_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is given twice, first at line"):
        parse_yaml(text, where="c.yaml")


def test_one_key_in_two_mappings_and_a_merge_are_no_repetition() -> None:
    found = parse_yaml("a: &x {k: 1}\nb: {<<: *x, k: 2}\nc: {k: 3}\n1: one\n'1': text\n", where="c.yaml")
    assert found["b"] == {"k": 2} and found["c"] == {"k": 3} and found[1] == "one"


def test_columns_named_twice_are_refused() -> None:
    with pytest.raises(UserError, match="'image' is given twice: photo and picture"):
        parse_columns("image=photo,caption=text, image=picture")


def run(*arguments: str) -> str:
    app = typer.Typer()

    def command(name: str, out: str = "", verbose: bool = False, tag: list[str] = typer.Option([]), c: int = 0) -> None:
        print(name, out, verbose, tag, c)

    app.command(cls=OnceCommand)(command)
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, UserError):
        raise result.exception
    return result.output.strip()


@pytest.mark.parametrize(
    "arguments",
    [
        ("x", "--out", "a", "--out", "b"),
        ("--out=a", "x", "--out=b"),
        ("--out=a", "--out", "b", "x"),
        ("x", "--verbose", "--no-verbose"),
        ("--c", "1", "x", "--c=2"),
    ],
)
def test_an_option_given_twice_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="is given twice"):
        run(*arguments)


def test_lists_values_that_look_like_options_and_the_rest_pass() -> None:
    assert run("x", "--tag", "a", "--tag", "b", "--out", "--c", "--c", "3") == "x --c False ['a', 'b'] 3"
    assert run("--out", "a", "--", "--out") == "--out a False [] 0"
