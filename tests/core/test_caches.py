"""The cache is where the user says, or the message says how to name another place."""

from pathlib import Path

import pytest

from semclip.core.caches import cache_folder
from semclip.core.errors import UserError


def test_it_is_made_where_the_user_says_or_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder("rows") == tmp_path / "x" / "semclip" / "rows" and cache_folder("rows").is_dir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("rows") == tmp_path / ".cache" / "semclip" / "rows"


def test_no_home_and_a_place_that_cannot_be_written_are_said_and_the_fix_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    with pytest.raises(UserError, match="no folder for the cache") as caught:
        cache_folder("rows")
    assert "XDG_CACHE_HOME" in caught.value.fix
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError, match="cannot write the cache") as caught:
        cache_folder("rows")
    assert "XDG_CACHE_HOME" in caught.value.fix
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert cache_folder("rows").is_dir()
