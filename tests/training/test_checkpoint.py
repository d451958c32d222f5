"""Checkpoints survive what happens to files."""

from pathlib import Path

import pytest
import torch

from semclip.core.errors import UserError
from semclip.training.checkpoint import list_checkpoints, load_checkpoint, save_checkpoint


def test_round_trip_and_only_the_newest_are_kept(tmp_path: Path) -> None:
    for step in (9, 10, 11):
        save_checkpoint(tmp_path, step, {"step": step, "weights": torch.full((3,), float(step))}, keep=2)
    paths = list_checkpoints(tmp_path)
    assert [p.name for p in paths] == ["step_00000010.pt", "step_00000011.pt"]
    assert torch.equal(load_checkpoint(paths[-1])["weights"], torch.full((3,), 11.0))


def test_a_failed_write_keeps_the_old_file_and_leaves_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_checkpoint(tmp_path, 5, {"step": 5})
    before = path.read_bytes()

    def disk_full(state: object, file: Path) -> None:
        Path(file).write_bytes(b"half")
        raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos")  # what torch raises

    monkeypatch.setattr(torch, "save", disk_full)
    with pytest.raises(UserError, match="is the disk full"):
        save_checkpoint(tmp_path, 5, {"step": 5})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_checkpoint_is_a_user_error(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, 1, {"weights": torch.zeros(100)})
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UserError, match="cannot be read"):
        load_checkpoint(path)


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("code ran",)


def test_pickled_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "step_00000001.pt"
    torch.save({"weights": _Evil()}, path)
    with pytest.raises(UserError):
        load_checkpoint(path)
    assert "code ran" not in capsys.readouterr().out
