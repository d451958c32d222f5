"""Hostile data files: each is read or refused with a sentence, and the check and the trainer say the same of it."""

import io
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from semclip.cli.data_check import _show
from semclip.core.console import make_console
from semclip.data.check import Report, check
from semclip.data.load import DataConfig, load_examples
from tests.hostile.changed import ends_well, report
from tests.hostile.data_files import FORMATS

#: What the trainer refuses as it reads the rows. The other problems are about pictures and what texts say.
READING = {
    "row not understood",
    "empty text",
    "text far too long",
    "id that occurs before",
    "group that crosses splits",
    "row without a split, where others have one",
}


def truncated(texts: Sequence[str]) -> list[bool]:
    """As a model with a token for each word reads them."""
    return [len(text.split()) > 75 for text in texts]


def checked(config: DataConfig) -> Report:
    return check(config, truncated)


def shown(found: Report) -> str:
    """What the terminal shows of a report."""
    console = make_console(soft_wrap=True)
    console.file = io.StringIO()
    _show(found, console)
    return console.file.getvalue()


def look(config: DataConfig, what: str, problems: list[str]) -> None:
    """Read one file as the trainer and as the check do."""
    reports: list[Any] = []
    refused = ends_well(lambda: load_examples(config), f"{what}, read", problems)
    raised = ends_well(lambda: reports.append(checked(config)), f"{what}, checked", problems)
    ends_well(lambda: [shown(one) for one in reports], f"{what}, shown", problems)
    said = [f.problem for one in reports for f in one.findings if f.error and f.problem in READING]
    if bool(refused) != bool(raised or said):
        problems.append(f"{what}: check and trainer differ: {refused and refused.what!r:.150} against {raised or said}")
    for error in (refused, raised):
        if error is not None:
            text = str(error)
            if len(text) > 20_000 or "Traceback" in text:
                problems.append(f"{what}: no sentence: {text[:100]}")


def hold_to_it(kind: str, count: int, folder: Path, first_seed: int = 0) -> None:
    problems: list[str] = []
    for seed in range(first_seed, first_seed + count):
        own = folder / "own"
        own.mkdir()
        path = FORMATS[kind](own, random.Random(f"{kind} {seed}"))
        look(DataConfig(path=str(path)), f"{kind} {seed}", problems)
        shutil.rmtree(own)
    assert not problems, report(problems)


@pytest.mark.parametrize("kind", FORMATS)
def test_fifty_hostile_files_of_a_format(kind: str, tmp_path: Path) -> None:
    hold_to_it(kind, 50, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FORMATS)
def test_many_hostile_files_of_a_format(kind: str, tmp_path: Path) -> None:
    hold_to_it(kind, 2000, tmp_path, first_seed=1000)
