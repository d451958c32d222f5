"""Data sets read with the library `datasets`, from local folders: no test needs the network."""

import json
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.core.rows import reader_for
from semclip.data.load import DataConfig, load_examples
from semclip.data.readers import hub
from tests.data.layouts import CAPTIONS, COLOURS, LAYOUTS, jpeg


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return folder


def captions(path: str) -> dict[str, tuple[str, ...]]:
    return {e.image.name.rpartition("/")[2]: e.captions for e in load_examples(DataConfig(path=path))}


def test_what_the_library_saves_is_read_without_it(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = {"image": [{"bytes": jpeg(name), "path": name} for name in CAPTIONS], "caption": list(CAPTIONS.values())}
    features = datasets.Features({"image": datasets.Image(), "caption": datasets.List(datasets.Value("string"))})
    table = datasets.Dataset.from_dict(rows, features=features)
    table.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"train": table, "test": table.select([0])}).save_to_disk(tmp_path / "parts")
    assert reader_for(tmp_path / "one").name == "arrow"
    assert captions(str(tmp_path / "one")) == {name: tuple(texts) for name, texts in CAPTIONS.items()}
    with pytest.raises(UserError, match="in 'train' and in 'test'"):  # the same photo in both
        load_examples(DataConfig(path=str(tmp_path / "parts")))


@pytest.mark.parametrize("name", ["hub_parquet", "imagefolder"])
def test_a_folder_is_streamed_once_and_then_needs_no_library(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("datasets")
    path = f"hf:{LAYOUTS[name](tmp_path)}"
    assert reader_for(Path(path)).name == "hub"
    examples = load_examples(DataConfig(path=path))
    assert {e.captions: e.split for e in examples} == {
        tuple(texts): split for texts, split in zip(CAPTIONS.values(), ("train", "val", "test"), strict=True)
    }
    assert all(e.image.open().read(3) == b"\xff\xd8\xff" for e in examples) and len(examples) == len(COLOURS)
    assert "is fetched once" in capsys.readouterr().err
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    assert list(load_examples(DataConfig(path=path))) == list(examples)


def test_without_the_library_the_message_says_what_else_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    folder = LAYOUTS["hub_parquet"](tmp_path)
    with pytest.raises(UserError, match="not installed") as caught:
        load_examples(DataConfig(path=f"hf:{folder}"))
    assert "semclip[hf]" in caught.value.fix
    assert len(load_examples(DataConfig(path=str(folder)))) == 3  # the folder without `hf:`, as it says


def test_what_the_library_cannot_read_is_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.jsonl").write_text(json.dumps({"image": 1})[:-3])
    with pytest.raises(UserError, match="`datasets` cannot read it") as caught:
        load_examples(DataConfig(path=f"hf:{tmp_path / 'x'}"))
    assert str(tmp_path) in caught.value.where
