"""ARO VG-Relation: macro means by hand, ties, and the list of symmetric relations."""

from pathlib import Path

import pytest

from semclip.core.errors import UserError
from tests.evaluation.public.aro import crop, key
from tests.evaluation.public.fakes import constant, noise, run, table, write_images, write_json

NAME, FILE = "aro_vg_relation", "visual_genome_relation.json"
TRUE = {key(n): (f"dog {n} behind car",) for n in range(4)}


def write_sample(root: Path) -> None:
    rows = [crop(n, f"dog {n} behind car", f"car behind dog {n}", relation_name=f"r{n % 2}") for n in range(4)]
    write_json(root / NAME / FILE, rows)
    write_images(root / "visual_genome", [f"{n}.jpg" for n in range(4)])


def test_the_macro_means_by_hand(tmp_path: Path) -> None:
    # behind: win, win, tie; near: loss; on: win.
    relations, margins = ["behind", "behind", "behind", "near", "on"], [1.0, 1.0, 0.0, -1.0, 1.0]
    rows = [crop(n, f"true {n}", f"false {n}", relation_name=r) for n, r in enumerate(relations)]
    write_json(tmp_path / NAME / FILE, rows)
    write_images(tmp_path / "visual_genome", [f"{n}.jpg" for n in range(5)])
    texts = {f"true {n}": [1.0, m] for n, m in enumerate(margins)} | {f"false {n}": [1.0, 0.0] for n in range(5)}
    encoder = table({key(n): [0.0, 1.0] for n in range(5)}, texts)
    result = run(encoder, NAME, tmp_path)
    assert result.metric("official_accuracy").value == pytest.approx(3 / 5)
    assert result.metric("official_accuracy_macro").value == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert result.metric("accuracy_macro").value == pytest.approx((2.5 / 3 + 0 + 1) / 3)
    assert "official_accuracy_macro_asymmetric" not in {m.name for m in result.metrics}
    assert any("cannot be given" in note for note in result.notes)

    (tmp_path / NAME / "symmetric_relations.txt").write_text("near\n", "utf-8")
    result = run(encoder, NAME, tmp_path)
    assert result.metric("official_accuracy_macro_asymmetric").value == pytest.approx((2 / 3 + 1) / 2)
    assert result.metric("official_accuracy_macro_asymmetric").n == 4

    # The notebook's list is of names; one that the data do not have drops nothing, and is told.
    (tmp_path / NAME / "symmetric_relations.txt").write_text("near\nnaer\n", "utf-8")
    result = run(encoder, NAME, tmp_path)
    assert result.metric("official_accuracy_macro_asymmetric").value == pytest.approx((2 / 3 + 1) / 2)
    assert any("are not in visual_genome_relation.json: misspelt? (naer)" in note for note in result.notes)


def test_a_constant_encoder_is_wrong_officially(tmp_path: Path) -> None:
    write_sample(tmp_path)
    assert run(constant(), NAME, tmp_path).metric("official_accuracy").value == 0.0


@pytest.mark.parametrize("change", [{"bbox_w": 0}, {"bbox_x": "left"}, {"relation_name": None}])
def test_malformed_rows_are_named(tmp_path: Path, change: dict[str, object]) -> None:
    rows = [crop(0, "a", "b", relation_name="r"), {**crop(1, "c", "d", relation_name="r"), **change}]
    write_json(tmp_path / NAME / FILE, rows)
    with pytest.raises(UserError) as caught:
        run(noise(), NAME, tmp_path)
    assert caught.value.where.endswith(f"{FILE}:1")
