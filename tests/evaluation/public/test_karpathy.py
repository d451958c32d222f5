"""Karpathy's files: the test split alone, all captions, raw texts."""

import json
from pathlib import Path
from typing import ClassVar

import pytest

from semclip.core.errors import UserError
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public.base import create
from tests.evaluation.own.fakes import noise
from tests.evaluation.public.fakes import Sample, write_images, write_json

SPLITS = {
    "coco_retrieval": ("dataset_coco.json", "coco/val2014"),
    "flickr30k_retrieval": ("dataset_flickr30k.json", "flickr30k/flickr30k-images"),
}


class Karpathy(Sample):
    TRUE: ClassVar = {f"{i}.jpg": [f"caption {i} {j}" for j in range(2)] for i in range(12)}

    def write_sample(self, root: Path) -> None:
        file, images = SPLITS[self.name]
        entries = [
            {"filename": name, "split": "test", "sentences": [{"raw": caption} for caption in captions]}
            for name, captions in self.TRUE.items()
        ]
        write_json(root / self.name / file, {"images": entries})
        write_images(root / images, self.TRUE)


SAMPLES = {name: Karpathy(name) for name in SPLITS}


def write(path: Path, splits: list[str]) -> None:
    images = [
        {
            "filename": f"{i}.jpg",
            "split": s,
            "sentences": [{"raw": f" Raw {i}.{j} ", "tokens": []} for j in range(5 + i % 2)],
        }
        for i, s in enumerate(splits)
    ]
    path.write_text(json.dumps({"images": images, "dataset": "x"}))


@pytest.mark.parametrize("name", SPLITS)
def test_test_split_is_read_and_scored(name: str, tmp_path: Path) -> None:
    write(tmp_path / SPLITS[name][0], ["train", *["test"] * 12, "val", "restval"])
    benchmark = create(name)
    read = benchmark.read(tmp_path, tmp_path / "pictures")
    assert [row.image.name for row in read.items] == [f"{i}.jpg" for i in range(1, 13)]
    assert read.items[0].captions[0] == " Raw 1.0 " and len(read.texts) == 6 * 5 + 6 * 6
    found = {
        m.name: m for m in benchmark.score(read.items, Encodings.compute(noise(), read.images, read.texts)).metrics
    }
    assert found["image_retrieval_r5"].n == len(read.texts) and found["text_retrieval_r5"].n == 12
    assert found["official_image_retrieval_r10"].value == found["image_retrieval_r10"].value
    assert benchmark.primary in found


@pytest.mark.parametrize("content", ["[]", '{"images": [{"filename": "a.jpg"}]}', '{"images": []}'])
def test_other_files_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "dataset_coco.json").write_text(content)
    with pytest.raises(UserError) as caught:
        create("coco_retrieval").read(tmp_path, tmp_path)
    assert caught.value.where and caught.value.fix
