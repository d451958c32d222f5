"""That a model was trained on queries is known wherever it goes, and search reads it by another ranker."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

import semclip
from semclip.core.errors import UserError
from semclip.models.interpolate import interpolate
from semclip.models.load import create, load
from semclip.search.index import Index
from semclip.training.config import TrainConfig
from semclip.training.loop import train
from tests.models.tiny import CONFIGS
from tests.search.photos import fill
from tests.training.conftest import TINY, make_config, world  # noqa: F401

SECTION = {"backend": "open_clip", "config": CONFIGS["plain"], "seed": 0}
QUERIES = {"name": "weighted_sum", "members": {"clip": {}, "logical_queries": {}}}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    encoder = create(SECTION, "test")
    encoder.trained_on_queries = True
    encoder.save(folder)
    return folder


def test_training_on_queries_is_what_says_so(
    make_config: Callable[..., TrainConfig],  # noqa: F811
    tmp_path: Path,
) -> None:
    model = {"backend": "open_clip", "config": TINY}
    train(make_config(model=model, train={"steps": 2}), tmp_path / "clip", Console(quiet=True))
    assert not load(str(tmp_path / "clip")).trained_on_queries
    steps = [{"name": "logical_queries"}]
    config = make_config(model=model, objective=QUERIES, steps=steps, train={"steps": 2, "ema": 0.5})
    train(config, tmp_path / "queries", Console(quiet=True))
    assert load(str(tmp_path / "queries")).trained_on_queries


def test_it_is_saved_loaded_interpolated_and_trained_on(saved: Path, tmp_path: Path) -> None:
    tuned, base = load(str(saved)), create(SECTION, "test")
    tuned.save(tmp_path / "again")
    assert load(str(tmp_path / "again")).trained_on_queries
    assert create({"from": str(saved)}, "test").trained_on_queries
    # Half the way nothing was measured.
    assert [interpolate(base, tuned, alpha).trained_on_queries for alpha in (0, 0.5, 1)] == [False, False, True]


def test_an_export_keeps_it(saved: Path, tmp_path: Path) -> None:
    try:
        semclip.export(saved, "transformers", tmp_path / "out")
    except UserError as error:
        pytest.skip(error.what)
    assert load(str(tmp_path / "out")).trained_on_queries
    load(str(tmp_path / "out")).save(tmp_path / "again")
    assert load(str(tmp_path / "again")).trained_on_queries


def test_search_puts_the_query_into_words_for_such_a_model(saved: Path, tmp_path: Path) -> None:
    pytest.importorskip("lancedb")
    fill(tmp_path / "photos", 6)
    create(SECTION, "test").save(tmp_path / "plain")

    def indexed(model: Path) -> Index:
        index = Index.create(str(tmp_path / f"{model.name}.index"), str(model), device="cpu")
        index.add(tmp_path / "photos")
        return index

    def found(index: Index, ranker: str | None) -> list[tuple[str, float]]:
        return [(hit.path, hit.score) for hit in index.search("beach -people", ranker=ranker)]

    plain, reads = indexed(tmp_path / "plain"), indexed(saved)
    assert found(reads, None) == found(reads, "verbalised") != found(reads, "feedback")
    assert found(plain, None) == found(plain, "feedback")
