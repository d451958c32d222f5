"""Options that were renamed: the old name answers with the new one, whether given with a space or with `=`."""

import pytest
import typer
from typer.testing import CliRunner

from semclip.cli._renamed import renamed_options
from semclip.core.errors import UserError

app = typer.Typer()


@app.command(cls=renamed_options(top="max_texts"))
def command(max_texts: int = 1, name: str = "") -> None:
    print(f"{max_texts} {name}")


@pytest.mark.parametrize("arguments", [["--top", "3"], ["--top=3"], ["--name", "x", "--top", "3"]])
def test_an_old_name_answers_with_the_new_one(arguments: list[str]) -> None:
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, UserError)
    assert error.what == "the option --top was renamed to --max-texts"
    assert error.fix == "write --max-texts"


def test_new_names_and_unknown_ones_are_as_ever() -> None:
    assert CliRunner().invoke(app, ["--max-texts", "3", "--name", "top"]).output == "3 top\n"
    assert CliRunner().invoke(app, ["--topp", "3"]).exit_code == 2
