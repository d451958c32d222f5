"""NegRefCOCOg: crops, ties, cues and faults; all rows are invented."""

from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import constant, run, table, write_images, write_json

NAME, FILE = "negrefcocog", "NegRefCOCOg.json"
FIRST, SECOND = [0, 0, 3, 5.5], [2, 1, 4, 4]
TRUE = {f"{n}.jpg#0.0,0.0,3.0,5.5": (f"a dog {n} with no collar",) for n in range(3)} | {
    f"{n}.jpg#2.0,1.0,6.0,5.0": () for n in range(3)
}


def row(n: int, phrase: str) -> dict[str, object]:
    return {"image": f"{n}.jpg", "phrase": phrase, "ref_bbox": FIRST, "bbox_list": [FIRST, SECOND]}


def write(root: Path, rows: list[dict[str, object]]) -> None:
    write_json(root / NAME / FILE, rows)
    write_images(root / "coco/train2014", [f"{n}.jpg" for n in range(len(rows))])


def write_sample(root: Path) -> None:
    write(root, [row(n, f"a dog {n} with no collar") for n in range(3)])


def test_ties_go_to_the_first_box_officially(tmp_path: Path) -> None:
    write_sample(tmp_path)
    images = {}
    for n, margin in enumerate([1.0, 0.0, -1.0]):
        images |= {f"{n}.jpg#0.0,0.0,3.0,5.5": [1.0, margin], f"{n}.jpg#2.0,1.0,6.0,5.0": [1.0, 0.0]}
    result = run(table(images, {f"a dog {n} with no collar": [0.0, 1.0] for n in range(3)}), NAME, tmp_path)
    assert result.metric("official_accuracy").value == pytest.approx(2 / 3)
    assert result.metric("accuracy").value == pytest.approx(0.5)
    assert result.metric("blind_larger_box").value == 1.0  # 16.5 against 16
    assert run(constant(), NAME, tmp_path).metric("official_accuracy").value == 1.0


def test_cues_and_faults(tmp_path: Path) -> None:
    phrases = ["a dog not eating", "a man without a hat", "a dog that isn't wet", "not a cat", "a plain dog"]
    write(tmp_path, [row(n, p) for n, p in enumerate(phrases)] + [row(0, phrases[0])])
    read = create(NAME).read(tmp_path / NAME, tmp_path)
    assert [q.kind for q in read.items] == ["not", "without", "not", "not", "other", "not"]
    assert "1 of 6 items repeat another item exactly (5)" in read.defects
    assert "2 of 6 items share their image and the meant box with another item (0, 5)" in read.defects


@pytest.mark.parametrize("change", [{"ref_bbox": [9, 9, 9, 9]}, {"bbox_list": [FIRST]}, {"bbox_list": [FIRST, [1, 2]]}])
def test_malformed_rows_are_named(tmp_path: Path, change: dict[str, object]) -> None:
    write(tmp_path, [row(0, "no dog"), {**row(1, "no cat"), **change}])
    with pytest.raises(UserError) as caught:
        create(NAME).read(tmp_path / NAME, tmp_path)
    assert caught.value.where.endswith(f"{FILE}:1")
