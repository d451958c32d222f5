"""`semclip doctor` and `semclip --version`: what is said of this machine is true of it."""

from importlib import metadata
from pathlib import Path

import pytest
import torch

import semclip
from semclip.cli import doctor
from semclip.cli.doctor import command
from semclip.core.errors import UserError
from tests.cli.test_commands import semclip as run_semclip


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str]]:
    command(arguments[0] if arguments else "", list(arguments[1:]))
    lines = capsys.readouterr().out.splitlines()
    return [(line[:18].strip(), line[18:]) for line in lines]


def test_versions_devices_and_extras(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    there = doctor._is_there
    monkeypatch.setattr(doctor, "_is_there", lambda package: package != "lancedb" and there(package))
    lines = said(capsys)
    found = dict(lines)
    assert found["semclip"].startswith(semclip.__version__) and found["torch"] == metadata.version("torch")
    chosen = "cuda" if torch.cuda.is_available() else "cpu"
    assert found["chosen"].startswith(chosen) and "precision" in found["chosen"] and "attention" in found["chosen"]
    extras = [name for name, _ in lines if name.startswith("extra ")]
    assert extras == [f"extra {name}" for name in sorted(metadata.metadata("semclip").get_all("Provides-Extra") or [])]
    assert found["extra search"] == "missing lancedb: pip install 'semclip[search]'"
    assert found["extra tensorboard"] == "installed"
    assert found["cached"].startswith("no weights in")
    (tmp_path / ".cache" / "clip").mkdir(parents=True)
    (tmp_path / ".cache" / "clip" / "RN50.pt").write_bytes(b"0" * 3_000_000)
    assert dict(said(capsys))["cached"] == "RN50.pt, 3 MB"


def test_a_config_against_disk_and_memory(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    config = ("scenes/base", "data.root=photos", "guards.free_disk_mb=0")
    found = dict(said(capsys, *config))
    assert "7,813,121 weights, 7,813,121 train" in found["config"]
    # 31.25 MB of weights: best/ and model/, and two checkpoints of weights and two moments each.
    assert found["disk"].startswith("enough: a run writes up to 250 MB")
    assert found["memory"].startswith("enough: weights, gradients and AdamW's moments take 125 MB")
    frozen = dict(said(capsys, *config, "model.freeze=[image]"))
    assert "6,945,537 train" in frozen["config"]
    monkeypatch.setattr("shutil.disk_usage", lambda place: type("Usage", (), {"free": 100_000_000}))
    assert dict(said(capsys, *config))["disk"].startswith("NOT ENOUGH")
    for there, verdict in ((None, "not compared"), (124.0, "NOT ENOUGH"), (126.0, "enough")):
        monkeypatch.setattr("semclip.training.needs.free_memory", lambda device, there=there: there)
        assert dict(said(capsys, *config))["memory"].startswith(f"{verdict}: weights")
    with pytest.raises(UserError, match="trian"):
        command("scenes/base", ["trian.steps=1"])


def test_version_as_typed(tmp_path: Path) -> None:
    code, output, _ = run_semclip(tmp_path, "--version")
    assert (code, output.strip()) == (0, f"semclip {semclip.__version__}")
