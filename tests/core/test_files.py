"""Files are whole or not there."""

import hashlib
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.core.files import read_json, sha256_file, write_atomic, write_json, write_text


def test_text_and_json_come_back_and_folders_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b.txt", "ü\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "ü\n".encode()
    write_json(tmp_path / "x.json", {"a": [1, "ü"]})
    assert read_json(tmp_path / "x.json") == {"a": [1, "ü"]}


@pytest.mark.parametrize("problem", [ValueError, KeyboardInterrupt, SystemExit])
def test_the_old_file_stands_when_writing_fails(problem: type[BaseException], tmp_path: Path) -> None:
    write_text(tmp_path / "x.txt", "old")

    def half(path: Path) -> None:
        path.write_text("ha")
        raise problem("stopped")

    with pytest.raises(problem):
        write_atomic(tmp_path / "x.txt", half)
    assert (tmp_path / "x.txt").read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "x.txt"]


def test_disk_errors_are_the_users_to_mend(tmp_path: Path) -> None:
    write_text(tmp_path / "x.txt", "old")

    def full(path: Path) -> None:
        path.write_text("ha")
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match="No space left") as caught:
        write_atomic(tmp_path / "x.txt", full)
    assert caught.value.where == str(tmp_path / "x.txt")
    assert (tmp_path / "x.txt").read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "x.txt"]


def test_a_file_in_the_folders_place_is_a_user_error(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "file")
    with pytest.raises(UserError):
        write_text(tmp_path / "x" / "y.txt", "text")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_no_json_are_refused(value: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": value})
    assert list(tmp_path.iterdir()) == []


def test_bad_json_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    (tmp_path / "y.json").write_bytes(b'"\xff"')
    for name, message in (("x.json", "not valid JSON"), ("y.json", "not valid JSON"), ("z.json", "file not found")):
        with pytest.raises(UserError, match=message) as caught:
            read_json(tmp_path / name)
        assert caught.value.where == str(tmp_path / name)


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc" * 1000)
    assert sha256_file(tmp_path / "x") == hashlib.sha256(b"abc" * 1000).hexdigest()


def test_a_folder_is_no_file_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"cannot write {tmp_path.name}"):
        write_text("", "x")
