"""The end of the demo: its test pictures can be searched."""

import shutil
import sys
from importlib import resources
from pathlib import Path

import pytest

from semclip.cli.demo import index_pictures
from semclip.core.query import Query
from semclip.search.index import Index
from tests.models.tiny import tiny


def test_the_index_has_the_test_pictures_and_the_line_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with resources.as_file(resources.files("semclip") / "sample") as sample:
        shutil.copytree(sample, tmp_path / "scenes")
    tests = sorted(path.name for path in (tmp_path / "scenes" / "images").glob("test-*"))
    monkeypatch.setattr(sys, "argv", [".venv/bin/semclip", "demo"])
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for seed in (0, 1):  # made anew by another model
        tiny(seed=seed).save(tmp_path / f"model{seed}")
        line = index_pictures(tmp_path, tmp_path / f"model{seed}")
        place = tmp_path / "pictures.index"
        assert line == f"search its {len(tests)} test pictures: .venv/bin/semclip serve --index {place}"
        index = Index.open(place)
        assert index.about["model"]["spec"] == f"./model{seed}"
        assert [hit.path for hit in index.search(Query("", None))] == [f"pictures/{name}" for name in tests]
