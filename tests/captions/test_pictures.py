"""What is written finds the pictures of its input, wherever they lie: beside it, in folders, in tars and in tables."""

import re
from pathlib import Path

import pytest

from semclip.core.decoding import read_rgb
from semclip.data.load import DataConfig, load_examples
from tests.captions.test_job import run_fake
from tests.data.layouts import LAYOUTS


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_pictures_of_a_layout_are_found_from_its_output(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    data, out = LAYOUTS[name](tmp_path / "data"), tmp_path / "out.jsonl"
    result = run_fake(data, out, "--views", "paraphrase")
    assert result.exit_code == 0, result.output
    told = re.search(r"stay relative to (.*): give it as `data.images`", result.output)
    assert told is not None, result.output
    before = load_examples(DataConfig(path=str(data)))
    after = load_examples(DataConfig(path=str(out), images=told[1]))
    assert [e.image.name for e in after] == [e.image.name for e in before] and all(e.paraphrases for e in after)
    for one, other in zip(before, after, strict=True):
        assert read_rgb(one.image).tobytes() == read_rgb(other.image).tobytes()
