"""Checkpoints survive what happens to files, and to the process that writes them."""

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from semclip.core.errors import UserError
from semclip.core.files import sha256_file
from semclip.models.load import load
from semclip.training import checkpoint
from semclip.training.checkpoint import (
    list_checkpoints,
    load_checkpoint,
    newest_valid,
    refuse_full_disk,
    remove_incomplete,
    save_checkpoint,
)


def damage(path: Path) -> None:
    """One bit in the middle of the tensors: the file still opens."""
    data = bytearray((path / "state.pt").read_bytes())
    data[len(data) // 2] ^= 1
    (path / "state.pt").write_bytes(data)


def test_round_trip_and_only_the_newest_and_the_best_are_kept(tmp_path: Path) -> None:
    for step in (8, 9, 10, 11):
        state = {"step": step, "weights": torch.full((3,), float(step))}
        save_checkpoint(tmp_path, step, state, keep=2, keep_steps={8}, about={"best_step": 8})
    paths = list_checkpoints(tmp_path)
    assert [p.name for p in paths] == ["step_00000008", "step_00000010", "step_00000011"]
    assert torch.equal(load_checkpoint(paths[-1])["weights"], torch.full((3,), 11.0))
    manifest = json.loads((paths[-1] / "manifest.json").read_text())
    assert (manifest["step"], manifest["best_step"]) == (11, 8)
    assert manifest["sha256"] == sha256_file(paths[-1] / "state.pt")
    assert manifest["bytes"] == (paths[-1] / "state.pt").stat().st_size


def test_a_failed_write_keeps_the_old_one_and_leaves_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_checkpoint(tmp_path, 5, {"step": 5})

    def broken(state: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos")  # what torch raises

    monkeypatch.setattr(torch, "save", broken)
    with pytest.raises(UserError, match="cannot write the checkpoint of step 6"):
        save_checkpoint(tmp_path, 6, {"step": 6})
    assert list(tmp_path.iterdir()) == [path] and load_checkpoint(path) == {"step": 5}


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file may grow beyond 100 KB, in this process: what the system says then is no wish of ours."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("tensors", [1, 400], ids=["one large", "many small"])
def test_what_the_system_refuses_is_told_and_the_old_ones_stand(
    tensors: int, tmp_path: Path, little_room: None
) -> None:
    """torch reports a failed write as a wrong position in a file."""
    path = save_checkpoint(tmp_path, 5, {"step": 5})
    state = {"step": 6, **{str(i): torch.zeros(200_000 // tensors) for i in range(tensors)}}
    with pytest.raises(UserError, match="cannot write the checkpoint of step 6: File too large") as error:
        save_checkpoint(tmp_path, 6, state)
    assert error.value.where == str(tmp_path / "step_00000006") and "--resume" in error.value.fix
    assert list(tmp_path.iterdir()) == [path] and load_checkpoint(path) == {"step": 5}


def test_a_folder_that_cannot_be_written_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot write the checkpoint of step 5"):
        save_checkpoint(tmp_path / "checkpoints", 5, {"step": 5})


@pytest.mark.parametrize("how", ["a bit", "cut short", "no manifest", "no state"])
def test_a_damaged_newest_one_falls_back_to_the_one_before_and_says_so(tmp_path: Path, how: str) -> None:
    for step in (1, 2):
        save_checkpoint(tmp_path, step, {"step": step, "weights": torch.zeros(1000)})
    newest = list_checkpoints(tmp_path)[-1]
    state = newest / "state.pt"
    {
        "a bit": lambda: damage(newest),
        "cut short": lambda: state.write_bytes(state.read_bytes()[:50]),
        "no manifest": (newest / "manifest.json").unlink,
        "no state": state.unlink,
    }[how]()
    said: list[str] = []
    found = newest_valid(tmp_path, said.append)
    assert found is not None and found["step"] == 1
    assert len(said) == 1 and "step_00000002" in said[0]
    # The step comes again, and replaces the damaged one.
    save_checkpoint(tmp_path, 2, {"step": 2})
    found = newest_valid(tmp_path, said.append)
    assert found is not None and found["step"] == 2 and len(said) == 1


def test_all_damaged_is_no_reason_to_start_anew(tmp_path: Path) -> None:
    damage(save_checkpoint(tmp_path, 1, {"weights": torch.zeros(1000)}))
    with pytest.raises(UserError, match="none of the 1 checkpoints"):
        newest_valid(tmp_path, lambda _: None)
    assert newest_valid(tmp_path / "none", lambda _: None) is None


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (
        ".best.77.tmp",
        "..best.77.tmp.77.tmp",
        "..best.77.tmp.77.old",
        ".model.77.old",
        "checkpoints/.step_00000004.77.tmp",
        "checkpoints/step_00000002",
    ):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x").write_text("x")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "model").mkdir()
    remove_incomplete(tmp_path)
    left = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")}
    assert left == {".hidden", "model", "checkpoints", "checkpoints/step_00000002", "checkpoints/step_00000002/x"}


def test_the_best_model_comes_back_where_a_process_died_before_the_new_one_had_its_name(tmp_path: Path) -> None:
    (tmp_path / ".best.77.old").mkdir()
    (tmp_path / ".best.77.old" / "weights").write_text("x")
    remove_incomplete(tmp_path)
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")] == ["best", "best/weights"]


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("code ran",)


def test_pickled_code_is_refused_though_its_hash_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save_checkpoint(tmp_path, 1, {"weights": _Evil()})
    with pytest.raises(UserError, match="perhaps code"):
        load_checkpoint(path)
    assert "code ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("config", "weights"),
    [
        ("open_clip_config.json", "open_clip_pytorch_model.bin"),
        ("open_clip_config.json", "pytorch_model.pt"),
        ("config.json", "pytorch_model.bin"),
    ],
)
def test_a_pickle_in_place_of_weights_runs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str, weights: str
) -> None:
    """Models from elsewhere, in the formats of open_clip and transformers."""
    tiny = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    vision, text = {**tiny, "image_size": 16, "patch_size": 8}, {**tiny, "vocab_size": 49408}
    network = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 16, "layers": 1, "width": 16, "head_width": 16, "patch_size": 8},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 1, "layers": 1},
    }
    written = {
        "open_clip_config.json": {"model_cfg": network, "preprocess_cfg": {}},
        "config.json": {"model_type": "clip", "architectures": ["CLIPModel"], "projection_dim": 16,
                        "vision_config": vision, "text_config": text},
    }  # fmt: skip
    (tmp_path / config).write_text(json.dumps(written[config]))
    torch.save({"logit_scale": _Evil()}, tmp_path / weights)
    with pytest.raises(UserError) as error:
        load(str(tmp_path))
    assert "weights_only" not in str(error.value)  # torch's advice on how to run it all the same
    assert "code ran" not in capsys.readouterr().out


def test_the_attack_of_these_tests_works_where_code_is_trusted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"logit_scale": _Evil()}, tmp_path / "x.pt")
    torch.load(tmp_path / "x.pt", weights_only=False)
    assert "code ran" in capsys.readouterr().out


def test_nothing_is_published_before_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, rename = checkpoint.os.fsync, Path.rename

    def noted_fsync(number: int) -> None:
        order.append("fsync")
        fsync(number)

    def noted_rename(temporary: Path, path: Path) -> Path:
        assert {p.name for p in temporary.iterdir()} == {"state.pt", "manifest.json"}
        order.append("publish")
        return rename(temporary, path)

    monkeypatch.setattr(checkpoint.os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    save_checkpoint(tmp_path, 1, {"step": 1})
    assert order == ["fsync", "fsync", "publish", "fsync"]


def test_a_nearly_full_disk_is_refused_while_there_is_room(tmp_path: Path) -> None:
    refuse_full_disk(tmp_path, needed=1000, spare_mb=0)
    with pytest.raises(UserError, match="the disk is nearly full") as error:
        refuse_full_disk(tmp_path, needed=10**18, spare_mb=0)
    assert "--resume" in error.value.fix
    with pytest.raises(UserError, match="nearly full"):
        refuse_full_disk(tmp_path, needed=1000, spare_mb=10**12)
