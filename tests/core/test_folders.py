"""Folders are whole or not there."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from semclip.core.errors import UserError
from semclip.core.folders import new_folder

There = Literal["refused", "replaced", "kept"]
ALL: tuple[There, ...] = ("refused", "replaced", "kept")


def fill(place: Path, text: str, there: There = "refused") -> None:
    with new_folder(place, "cannot write it", there=there) as folder:
        (folder / "inside").mkdir()
        (folder / "inside" / "a.txt").write_text(text)


def read(place: Path) -> str:
    return (place / "inside" / "a.txt").read_text()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("there", ALL)
def test_it_appears_at_the_end_with_its_parents_and_ordinary_permissions(there: There, tmp_path: Path) -> None:
    place = tmp_path / "x" / "y"
    before = os.umask(0o027)
    try:
        with new_folder(place, "cannot write it", there=there) as folder:
            assert folder.parent == place.parent and not place.exists()
    finally:
        os.umask(before)
    assert names(tmp_path / "x") == ["y"]
    assert place.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("there", ALL)
def test_an_empty_folder_is_filled(there: There, tmp_path: Path) -> None:
    (tmp_path / "y").mkdir()
    fill(tmp_path / "y", "new", there)
    assert read(tmp_path / "y") == "new" and names(tmp_path) == ["y"]


def test_what_stands_there_is_refused_before_the_work_replaced_or_kept(tmp_path: Path) -> None:
    fill(tmp_path / "y", "old")
    refused = pytest.raises(UserError, match="something is there already")
    with refused, new_folder(tmp_path / "y", "cannot write it"):
        pytest.fail("the work was done in vain")
    fill(tmp_path / "y", "new", "kept")
    assert read(tmp_path / "y") == "old"
    fill(tmp_path / "y", "new", "replaced")
    assert read(tmp_path / "y") == "new" and names(tmp_path) == ["y"]


def test_what_another_process_wrote_meanwhile_is_refused_or_kept(tmp_path: Path) -> None:
    with new_folder(tmp_path / "kept", "cannot write it", there="kept"):
        fill(tmp_path / "kept", "theirs", "kept")
    refused = pytest.raises(UserError, match="something is there already")
    with refused, new_folder(tmp_path / "refused", "cannot write it"):
        (tmp_path / "refused").mkdir()
        (tmp_path / "refused" / "theirs").touch()
    assert names(tmp_path) == ["kept", "refused"]
    assert names(tmp_path / "refused") == ["theirs"]


@pytest.mark.parametrize("there", ALL)
@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_of_a_failure(problem: type[BaseException], there: There, tmp_path: Path) -> None:
    with pytest.raises(problem), new_folder(tmp_path / "y", "cannot write it", there=there) as folder:
        (folder / "half").touch()
        raise problem
    assert names(tmp_path) == []


def test_a_full_disk_is_the_users_to_mend_and_the_old_stands(tmp_path: Path) -> None:
    fill(tmp_path / "y", "old")
    full = pytest.raises(UserError, match="cannot write the shards: No space left")
    with full as caught, new_folder(tmp_path / "y", "cannot write the shards", there="replaced", fix="free some"):
        raise OSError(28, "No space left on device")
    assert (caught.value.where, caught.value.fix) == (str(tmp_path / "y"), "free some")
    assert read(tmp_path / "y") == "old" and names(tmp_path) == ["y"]


def test_the_old_comes_back_where_the_new_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "y", "old")
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if self.suffix == ".tmp":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path / "y", "new", "replaced")
    assert read(tmp_path / "y") == "old" and names(tmp_path) == ["y"]


@pytest.mark.parametrize("place", [True, False])
def test_what_a_killed_process_with_our_number_left_is_no_obstacle(place: bool, tmp_path: Path) -> None:
    """Between the two renames the old one is aside alone: it is put back before anything else."""
    if place:
        fill(tmp_path / "y", "newer")
    (tmp_path / f".y.{os.getpid()}.tmp").mkdir()
    (tmp_path / f".y.{os.getpid()}.tmp" / "half").touch()
    fill(tmp_path / f".y.{os.getpid()}.old", "old")
    with pytest.raises(ValueError), new_folder(tmp_path / "y", "cannot write it", there="replaced") as folder:
        assert names(folder) == []
        raise ValueError
    assert read(tmp_path / "y") == ("newer" if place else "old") and names(tmp_path) == ["y"]


def test_killed_midway_there_is_no_half_folder(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from semclip.core.folders import new_folder
with new_folder(sys.argv[1], "cannot write it", there="replaced") as folder:
    (folder / "half").touch()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    fill(tmp_path / "y", "old")
    for name in ("y", "z"):
        done = subprocess.run([sys.executable, "-c", code, tmp_path / name], check=False)
        assert done.returncode == -signal.SIGKILL
    assert read(tmp_path / "y") == "old" and not (tmp_path / "z").exists()


def test_a_link_stays_one(tmp_path: Path) -> None:
    fill(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to("real")
    fill(tmp_path / "link", "new", "replaced")
    assert (tmp_path / "link").is_symlink() and read(tmp_path / "real") == "new"
    assert names(tmp_path) == ["link", "real"]


@pytest.mark.parametrize("there", ALL)
def test_a_place_that_cannot_be_renamed_is_refused_before_the_work(
    there: There, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    monkeypatch.setattr("os.path.ismount", lambda path: path.name == "mount")
    for place, said in ((".", "the folder you are in"), ("mount", "a mount point"), ("file", "a file")):
        with pytest.raises(UserError, match=said) as caught:
            fill(Path(place), "new", there)
        assert caught.value.where == place
    assert names(tmp_path) == ["file"]
    fill(Path("mount/new"), "new", there)  # what the message advises
