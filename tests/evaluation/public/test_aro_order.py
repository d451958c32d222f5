"""ARO COCO-Order and Flickr30k-Order: shuffles of our own, frozen shuffles, and ties."""

from pathlib import Path
from typing import ClassVar

import pytest

from semclip.core.files import read_json
from semclip.evaluation.public._aro_order import plain, shuffles_of
from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import Sample, constant, noise, run, write_images, write_json

CAPTION = "A brown dog, number {}, chases a small cat across the wide green field."
ORDERS = {
    "aro_coco_order": ("coco_karpathy_test.json", "coco/val2014"),
    "aro_flickr_order": ("flickr30k_test.json", "flickr30k/flickr30k-images"),
}


class Order(Sample):
    TRUE: ClassVar = {f"{n}.jpg": (plain(CAPTION.format(n)),) for n in range(4)}

    def write_sample(self, root: Path) -> None:
        file, images = ORDERS[self.name]
        write_json(root / self.name / file, [{"image": f"x/{n}.jpg", "caption": [CAPTION.format(n)]} for n in range(4)])
        write_images(root / images, self.TRUE)


SAMPLES = {name: Order(name) for name in ORDERS}


def test_shuffles_keep_the_words_and_are_always_the_same() -> None:
    caption = plain(CAPTION.format(1))
    assert caption == "a brown dog, number 1, chases a small cat across the wide green field"
    found = shuffles_of(caption)
    assert found == shuffles_of(caption) and len(found) == 4
    for shuffle in found:
        assert sorted(shuffle.split()) == sorted(caption.split()) and shuffle != caption
    assert shuffles_of("dog") == ("dog",) * 4
    assert len(plain("word " * 40).split()) == 30


@pytest.mark.parametrize("name", ORDERS)
def test_frozen_shuffles_are_read_instead_and_ours_can_be_frozen(name: str, tmp_path: Path) -> None:
    SAMPLES[name].write_sample(tmp_path)
    folder, frozen = tmp_path / name, tmp_path / name / "shuffles.json"
    ours = create(name, {"freeze": str(frozen)}).read(folder, tmp_path)
    assert any("the shuffles are ours" in note for note in ours.defects)
    again = create(name).read(folder, tmp_path)
    assert [q.options for q in again.items] == [q.options for q in ours.items]
    assert any("those of shuffles.json" in note for note in again.defects)
    assert read_json(frozen)[0]["image_path"] == "x/0.jpg"


@pytest.mark.parametrize("name", ORDERS)
def test_a_tie_is_right_officially_and_one_in_five_here(name: str, tmp_path: Path) -> None:
    SAMPLES[name].write_sample(tmp_path)
    result = run(constant(), name, tmp_path)
    assert (result.metric("official_accuracy").value, result.metric("accuracy").value) == (1.0, 0.2)
    assert run(noise(), name, tmp_path).metric("accuracy").n == 4
