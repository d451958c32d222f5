"""An indexer killed with SIGKILL at any moment and run again: nothing twice, nothing lost."""

import signal
from pathlib import Path

import numpy as np
import pytest

from semclip.search.index import Index
from tests import forkserver
from tests.search import victim
from tests.search.photos import Sum as Plain
from tests.search.photos import asked, contents, fill, model, picture

MANY = (
    "look:0", "look:0.05", "write:0", "write:0.002", "write:0.004", "write:0.01", "write:0.02", "delete:0",
    "delete:0.002", "tidy:0", "tidy:0.005", "tidy:0.02", "rows:0", "rows:0.002", "rows:0.005", "write:0.006",
    "write:0.008", "look:0.1", "delete:0.001", "rows:0.01",
)  # fmt: skip


def index_with(moment: str, folder: Path) -> int:
    words = [
        moment,
        "index",
        str(folder / "photos"),
        "--index",
        str(folder / ".semclip"),
        "--model",
        str(folder / "tiny"),
    ]
    process = forkserver.start(victim.main, words, folder / "said")
    code, _, errors = process.ended()
    assert code in (0, -signal.SIGKILL), errors
    return code


def change(folder: Path, step: int) -> None:
    """Between two runs people go on: photos come, go, move and change."""
    fill(folder / "photos", 6, first=100 + 10 * step)
    mine = sorted((folder / "photos").rglob("*.png"))
    mine[0].unlink()
    mine[1].rename(mine[1].with_name(f"moved{step}.png"))
    picture(500 + step).save(mine[2])


def as_if_undisturbed(folder: Path) -> None:
    """Killed as it was: the index is that of one run over the same folder."""
    killed = Index.open(folder / ".semclip")
    killed.add(folder / "photos")
    fresh = Index.create(folder / "fresh", killed.model)
    fresh.add(folder / "photos")
    found, wanted = contents(killed), contents(fresh)
    assert found.keys() == wanted.keys() and len(found) > 30
    for path, embedding in wanted.items():
        np.testing.assert_allclose(found[path], embedding, atol=2e-3)
    query = asked("a dog", "-a cat")
    first, second = (i.search(query, top=500, ranker=Plain()) for i in (killed, fresh))
    assert {hit.path for hit in first} == {hit.path for hit in second}
    assert killed.add(folder / "photos").unchanged == len(found)


@pytest.mark.slow
def test_twenty_kills(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 30)
    model().encoder.save(tmp_path / "tiny")  # type: ignore[attr-defined]
    codes = []
    for step, moment in enumerate(MANY):
        codes.append(index_with(moment, tmp_path))
        change(tmp_path, step)
    assert codes.count(-signal.SIGKILL) >= 18, codes
    as_if_undisturbed(tmp_path)


@pytest.mark.parametrize("moment", ["write:0.003", "rows:0"])
def test_a_kill(moment: str, tmp_path: Path) -> None:
    fill(tmp_path / "photos", 32)
    model().encoder.save(tmp_path / "tiny")  # type: ignore[attr-defined]
    assert index_with(moment, tmp_path) == -signal.SIGKILL
    as_if_undisturbed(tmp_path)
