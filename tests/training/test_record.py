"""Which differences between a saved config and a new one count."""

import platform
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from semclip.core.config import dump, save_config
from semclip.core.example import Example, ImageRef
from semclip.core.files import write_json
from semclip.training import record
from semclip.training.config import TrainConfig
from semclip.training.record import another_precision, differences, example_digest, peak_memory_mb, reset_peak_memory

Make = Callable[..., TrainConfig]


def test_a_run_from_before_a_key_was_renamed_is_the_same_run(tmp_path: Path, make_config: Make) -> None:
    path = tmp_path / "config.yaml"
    save_config(path, dump(make_config(objective={"name": "negationclip", "share": 0.5})))
    assert not differences(path, make_config(objective={"name": "negationclip", "absence_weight": 0.5}))
    found = differences(path, make_config(objective={"name": "negationclip", "absence_weight": 0.25}))
    assert found == {"objective.absence_weight": (0.5, 0.25)}


def test_members_of_a_sum_are_read_under_their_old_names_too(tmp_path: Path, make_config: Make) -> None:
    def config(key: str) -> TrainConfig:
        members = {"clip": {"weight": 1.0}, "negationclip": {"weight": 2.0, key: 0.5}}
        return make_config(objective={"name": "weighted_sum", "members": members})

    path = tmp_path / "config.yaml"
    save_config(path, dump(config("share")))
    assert not differences(path, config("absence_weight"))


def test_another_precision_than_the_run_was_begun_in_is_told(
    tmp_path: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `auto` is depends on the machine; a run of an older version did not write it down."""
    monkeypatch.setattr(record, "resolve_precision", lambda precision: "32-true")
    config = make_config(train={"precision": "auto"})
    for known, said in (("bf16-mixed", 1), ("32-true", 0), (None, 0)):
        write_json(tmp_path / "run.json", {"name": "tiny"} | ({"precision": known} if known else {}))
        told = another_precision(tmp_path, config)
        assert len(told) == said and all("begun in bf16-mixed" in line and "32-true" in line for line in told)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries of C give freed memory back themselves")
def test_a_run_is_not_charged_for_what_an_earlier_one_freed() -> None:
    blocks = [b"x" * 100_000 for _ in range(2_000)]
    held = peak_memory_mb()
    kept = blocks[::500]  # free memory below what is in use stays with the process
    del blocks
    reset_peak_memory()
    assert peak_memory_mb() < held - 100
    assert len(kept) == 4


def test_a_picture_in_a_cell_counts_by_its_name_wherever_the_data_lie() -> None:
    def digest(cell: object) -> str:
        return example_digest(Example(id="1", image=ImageRef("1.jpg"), caption="a dog", meta={"other": cell}))

    here, moved = (digest(ImageRef("2.jpg", Path(folder) / "2.jpg")) for folder in ("/here", "/there"))
    assert here == moved != digest(ImageRef("3.jpg"))
    assert digest(date(2023, 5, 17)) != digest(date(2023, 5, 18))
