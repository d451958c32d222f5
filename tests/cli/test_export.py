"""`semclip export` as typed: a trained run becomes folders, and int8 says what it costs on the run's own data."""

from pathlib import Path

import pytest

from tests.cli.test_commands import semclip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    assert semclip(folder, "data", "sample", "photos")[0] == 0
    tiny = ["model.name=semclip-tiny-48", "model.pretrained=", "train.steps=2", "train.batch_size=4"]
    typed = ["clip", "data.path=photos/scenes.jsonl", *tiny, "--out", "runs/base"]
    code, _, errors = semclip(folder, "train", *typed)
    assert code == 0, errors
    return folder


@pytest.mark.slow
def test_a_run_becomes_a_folder_with_a_card(folder: Path) -> None:
    code, said, errors = semclip(folder, "export", "runs/base", "--to", "hub-folder")
    assert code == 0, errors
    card = (folder / "runs/base/exports/hub-folder/README.md").read_text()
    assert "equal in open_clip" in said and "# clip" in card and "## What got worse" in card
    code, _, errors = semclip(folder, "export", "runs/base", "--to", "hub-folder")
    assert code == 2 and "there is something here already" in errors and "--out FOLDER" in errors


@pytest.mark.slow
def test_int8_is_measured_on_the_runs_own_test_split(folder: Path) -> None:
    pytest.importorskip("onnxruntime", reason="pip install 'semclip[export]'")
    code, said, errors = semclip(folder, "export", "runs/base", "--to", "onnx", "--int8", "--out", "small")
    assert code == 0, errors
    (row,) = [line.split() for line in said.splitlines() if line.strip().startswith("retrieval.caption_r1")]
    assert row[1] == row[1] and 0 <= float(row[2]) <= 1 and row[3] == "4"
    assert "int8.onnx" in said and (folder / "small" / "text.int8.onnx").is_file()
