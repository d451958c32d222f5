"""Mean average precision of images with several labels, against loops and CLIP_benchmark's own code."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semclip.core.errors import UserError
from semclip.evaluation.metrics.ranking import average_precision
from semclip.evaluation.public.base import create
from semclip.evaluation.public.multilabel_classification import official_precisions
from tests.evaluation.public.fakes import noise, run, write_images

CLASSES = ("dog", "cat", "traffic light", "boat")
SHOWN = {0: [0], 1: [0, 1], 2: [1, 2], 3: [], 4: [2], 5: [0, 2]}  # no boat
TRUE = {f"things/{i}.png": [f"a photo of a {CLASSES[c]}" for c in labels] for i, labels in SHOWN.items()}


def write_sample(root: Path) -> None:
    folder = root / "multilabel_classification" / "things"
    write_images(folder, [f"{i}.png" for i in SHOWN])
    (folder / "classnames.txt").write_text("\n".join(CLASSES))
    (folder / "zeroshot_classification_templates.txt").write_text("a photo of a {c}\n")
    rows = [{"image": f"{i}.png", "labels": [CLASSES[c] for c in labels]} for i, labels in SHOWN.items()]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def published(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """CLIP_benchmark metrics/zeroshot_classification.py, `average_precision_per_class`, written out."""
    ap = torch.zeros(scores.size(1))
    rg = torch.arange(1, scores.size(0) + 1).float()
    for k in range(scores.size(1)):
        truth = targets[:, k][torch.sort(scores[:, k], 0, True)[1]]
        precision = truth.float().cumsum(0).div(rg)
        ap[k] = precision[truth.bool()].sum() / max(float(truth.sum()), 1)
    return ap


def test_the_official_value_is_that_of_the_published_code() -> None:
    random = np.random.default_rng(0)
    images, rows = random.normal(size=(40, 6)), random.normal(size=(7, 6))
    shown = random.random((40, 7)) < 0.3
    shown[:, 3] = False
    ours = official_precisions(torch.from_numpy(images), torch.from_numpy(rows), shown)
    theirs = published(torch.from_numpy(images @ rows.T), torch.from_numpy(shown))
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6)
    assert ours[3] == 0


def test_the_value_is_the_mean_of_average_precisions(tmp_path: Path) -> None:
    write_sample(tmp_path)
    result = run(noise(3), "multilabel_classification", tmp_path)
    encoder = noise(3)

    def unit(vector: np.ndarray) -> np.ndarray:
        return vector / np.linalg.norm(vector)

    found = []
    for c, name in enumerate(CLASSES[:3]):
        scores = [unit(encoder._image(f"things/{i}.png")) @ unit(encoder._text(f"a photo of a {name}")) for i in SHOWN]
        order = sorted(SHOWN, key=lambda i: -scores[i])
        hits = [place for place, i in enumerate(order, 1) if c in SHOWN[i]]
        found.append(sum((n + 1) / place for n, place in enumerate(hits)) / len(hits))
    metric = result.metric("mean_average_precision")
    assert metric.value == pytest.approx(np.mean(found)) and metric.n == 3
    assert result.metric("official_mean_average_precision").value == pytest.approx(np.sum(found) / 4, abs=1e-6)
    guess = [average_precision(np.zeros(6), np.array([c in SHOWN[i] for i in SHOWN])) for c in range(3)]
    assert metric.chance == pytest.approx(np.mean(guess))
    assert "no image of 1 of them" in result.notes[0]


def test_a_webdataset_of_clip_benchmark_is_read(tmp_path: Path) -> None:
    write_sample(tmp_path)
    rows = run(noise(), "multilabel_classification", tmp_path).metric("mean_average_precision")
    folder = tmp_path / "multilabel_classification" / "things"
    (folder / "test.jsonl").unlink()
    (folder / "test").mkdir()
    with tarfile.open(folder / "test" / "0.tar", "w") as tar:
        for i, labels in SHOWN.items():
            marks, picture = io.BytesIO(), io.BytesIO()
            np.save(marks, np.isin(np.arange(4), labels).astype(np.int64))
            Image.new("RGB", (8, 8)).save(picture, "PNG")
            for kind, content in (("png", picture), ("npy", marks)):
                member = tarfile.TarInfo(f"s{i}.{kind}")
                member.size = len(content.getvalue())
                tar.addfile(member, io.BytesIO(content.getvalue()))
    read = create("multilabel_classification").prepare(tmp_path)
    assert [sorted(item.labels) for item in read.items] == list(SHOWN.values())
    again = run(noise(), "multilabel_classification", tmp_path).metric("mean_average_precision")
    assert again.n == rows.n and again.chance == pytest.approx(rows.chance)
    (folder / "classnames.txt").write_text("dog\ncat\n")
    with pytest.raises(UserError, match=r"shape \(4,\), for 2 classes"):
        create("multilabel_classification").prepare(tmp_path)


def test_several_sets_count_alike(tmp_path: Path) -> None:
    write_sample(tmp_path)
    folder = tmp_path / "multilabel_classification"
    (folder / "other").mkdir()
    for path in (folder / "things").iterdir():
        (folder / "other" / path.name).write_bytes(path.read_bytes())
    (folder / "other" / "test.jsonl").write_text(
        '{"image": "1.png", "labels": ["cat"]}\n{"image": "2.png", "labels": []}\n'
    )
    metric = run(noise(), "multilabel_classification", tmp_path).metric("mean_average_precision")
    slices = {name: m.value for name, m in metric.per_slice.items()}
    assert set(slices) == {"things", "other"} and metric.value == pytest.approx(np.mean(list(slices.values())))


@pytest.mark.parametrize(
    ("row", "said"),
    [('{"image": "1.png", "labels": ["dgo"]}', "no class 'dgo'"), ('{"image": "1.png"}', "a list `labels`")],
)
def test_bad_rows_are_named(row: str, said: str, tmp_path: Path) -> None:
    write_sample(tmp_path)
    (tmp_path / "multilabel_classification/things/test.jsonl").write_text(f"{row}\n")
    with pytest.raises(UserError, match=said) as caught:
        create("multilabel_classification").prepare(tmp_path)
    assert caught.value.where.endswith(":1")


def test_pictures_are_read_as_clip_benchmark_reads_them(tmp_path: Path) -> None:
    """Neither turned as EXIF data say nor laid on a ground, in files and in tars."""
    write_sample(tmp_path)
    things = tmp_path / "multilabel_classification" / "things"
    found = create("multilabel_classification").read(tmp_path, things.parent).images
    with tarfile.open(things / "0.tar", "w") as tar:
        tar.add(things / "0.png", "a.png")
        np.save(tmp_path / "a.npy", np.array([1, 0, 0, 0]))
        tar.add(tmp_path / "a.npy", "a.npy")
    (things / "test").mkdir()
    (things / "0.tar").rename(things / "test" / "0.tar")
    (things / "test.jsonl").unlink()
    found = [*found, *create("multilabel_classification").read(tmp_path, things.parent).images]
    assert len(found) == len(SHOWN) + 1 and all(ref.as_stored for ref in found)
