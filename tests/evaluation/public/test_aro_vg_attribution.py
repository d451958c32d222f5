"""ARO VG-Attribution: the macro mean over frequent pairs of attributes only."""

from pathlib import Path

import pytest

from tests.evaluation.public.aro import crop, key
from tests.evaluation.public.fakes import noise, run, table, write_images, write_json

NAME, FILE = "aro_vg_attribution", "visual_genome_attribution.json"
TRUE = {key(n): (f"white door and old man {n}",) for n in range(4)}


def write_sample(root: Path) -> None:
    rows = [
        crop(n, f"white door and old man {n}", f"old door and white man {n}", attributes=["white", "old"])
        for n in range(4)
    ]
    write_json(root / NAME / FILE, rows)
    write_images(root / "visual_genome", [f"{n}.jpg" for n in range(4)])


def test_rare_pairs_are_not_in_the_macro_mean(tmp_path: Path) -> None:
    pairs = [["white", "old"]] * 3 + [["old", "white"]] * 2 + [["red", "wet"]]
    margins = [1.0, 1.0, -1.0, 0.0, 1.0, 1.0]
    rows = [crop(n, f"true {n}", f"false {n}", attributes=pair) for n, pair in enumerate(pairs)]
    write_json(tmp_path / NAME / FILE, rows)
    write_images(tmp_path / "visual_genome", [f"{n}.jpg" for n in range(6)])
    texts = {f"true {n}": [1.0, m] for n, m in enumerate(margins)} | {f"false {n}": [1.0, 0.0] for n in range(6)}
    result = run(table({key(n): [0.0, 1.0] for n in range(6)}, texts), NAME, tmp_path, least=2)
    assert result.metric("official_accuracy_macro").value == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert result.metric("official_accuracy").value == pytest.approx(4 / 6)
    assert set(result.metric("accuracy").per_slice) == {"white / old", "old / white", "(rare pairs)"}


def test_without_frequent_pairs_there_is_no_macro_mean(tmp_path: Path) -> None:
    write_sample(tmp_path)
    result = run(noise(), NAME, tmp_path)
    assert "accuracy_macro" not in {m.name for m in result.metrics}
    assert any("fewer than 25 items" in note for note in result.notes)
