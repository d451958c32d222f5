"""A folder of results belongs to what they were made from; one without results belongs to nobody."""

from pathlib import Path

import pytest

from semclip.cli._made_from import claim
from semclip.core.errors import UserError


def test_a_note_without_results_is_written_anew_and_one_with_results_is_kept(tmp_path: Path) -> None:
    claim(tmp_path, {"metric": "mistyped"}, ("model", "results"))
    claim(tmp_path, {"metric": "right"}, ("model", "results"))
    (tmp_path / "model").mkdir()
    claim(tmp_path, {"metric": "right"}, ("model", "results"))
    with pytest.raises(UserError, match="metric was 'right', is 'other'"):
        claim(tmp_path, {"metric": "other"}, ("model", "results"))


def test_results_of_which_nothing_is_known_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    with pytest.raises(UserError, match="'results' is there already"):
        claim(tmp_path, {"metric": "right"}, ("model", "results"))
