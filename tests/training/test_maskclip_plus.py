"""MaskCLIP+: pseudo labels and loss against published vectors; a student learns without masks, and beats chance."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.example import NO_LABEL, ImageRef
from semclip.core.protocols import DenseReading
from semclip.models.backends.open_clip import OpenClip
from semclip.models.refine import cosines, upsample, with_background
from semclip.models.student import Student, StudentReader, is_student
from semclip.training import maskclip_plus
from semclip.training.maskclip_plus import DistillConfig, distill, new_student, pixel_loss, pseudo_labels
from tests.models.tiny import CONFIGS, tiny

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "maskclip.json").read_text("utf-8"))
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 60, 230)}
SIZE = 24


@pytest.mark.parametrize("case", VECTORS["pseudo_labels"], ids=lambda case: case["name"])
def test_pseudo_labels_equal_the_reference_where_it_labels(case: dict[str, Any]) -> None:
    """Pixels that the ground truth fixed beforehand are none of ours; dropped pixels are -1 there and 255 here."""
    inputs = case["inputs"]
    features = torch.tensor(inputs["features_NDHW_before_normalise"], dtype=torch.float64).permute(0, 2, 3, 1)
    truth, expected = torch.tensor(inputs["gt"])[0], torch.tensor(case["expected"]["label"])[0]
    scores = upsample(cosines(features, torch.tensor(inputs["text_embeddings"], dtype=torch.float64)), truth.shape[1:])
    least = case["options"]["conf_thresh"] or -1.0  # the released code compares cosines, and 0 turns it off
    found = pseudo_labels(scores, scores.amax(1), least)
    asked = truth == -1
    assert torch.equal(found[asked], expected.where(expected != -1, torch.tensor(NO_LABEL))[asked])
    assert asked.sum() > 15


def test_pixel_loss_equals_the_reference() -> None:
    inputs, expected = VECTORS["seg_loss"]["inputs"], VECTORS["seg_loss"]["expected"]
    logits = torch.tensor(inputs["logits"], dtype=torch.float64)
    labels = torch.tensor(inputs["label"])
    assert float(pixel_loss(logits, labels)) == pytest.approx(expected["mean_over_valid_pixels"], abs=1e-9)
    assert float(pixel_loss(logits, labels, "all")) == pytest.approx(
        expected["reference_mean_over_all_pixels"], abs=1e-9
    )
    logits.requires_grad_(True)
    nothing = pixel_loss(logits, torch.full_like(labels, NO_LABEL))
    nothing.backward()
    assert float(nothing.detach()) == 0 and logits.grad is not None and not logits.grad.any()


class ColourTeacher(OpenClip):
    """Sees colours on a grid of 4 x 4, and knows red, green and blue by three given rows."""

    def class_scores(
        self, inputs: Tensor, classes: Tensor, background: Tensor, reading: DenseReading, size: tuple[int, int]
    ) -> Tensor:
        coarse = F.adaptive_avg_pool2d(inputs, 4)  # (B, 3, 4, 4)
        features = coarse.permute(0, 2, 3, 1) @ classes  # the rows are orthonormal, so cosines are those of colours
        return with_background(upsample(cosines(features, classes), size), len(classes), reading.threshold, False)


def teacher() -> ColourTeacher:
    config = {**CONFIGS["plain"], "vision_cfg": {**CONFIGS["plain"]["vision_cfg"], "image_size": SIZE}}
    return ColourTeacher.create(OpenClip.Config(config=config, seed=0), "test")


ROWS = torch.linalg.qr(torch.randn(16, 3, generator=torch.Generator().manual_seed(0)))[0].T  # (3, D)


def scenes(folder: Path, count: int, seed: int) -> tuple[list[ImageRef], list[np.ndarray]]:
    """Images of one coloured square on grey noise, and the truth, which is never written to the disk."""
    random = np.random.default_rng(seed)
    refs, truths = [], []
    for i in range(count):
        pixels = random.integers(100, 140, (SIZE, SIZE, 3)).astype(np.uint8)
        k, top, left = int(random.integers(3)), *random.integers(0, SIZE - 12, 2)
        pixels[top : top + 12, left : left + 12] = list(COLOURS.values())[k]
        truth = np.full((SIZE, SIZE), NO_LABEL)
        truth[top : top + 12, left : left + 12] = k
        Image.fromarray(pixels).save(folder / f"{seed}-{i}.png")
        refs.append(ImageRef(f"{seed}-{i}.png", folder / f"{seed}-{i}.png"))
        truths.append(truth)
    return refs, truths


def accuracy(student: Student, refs: list[ImageRef], truths: list[np.ndarray]) -> float:
    with torch.no_grad():
        found = [student(student.load_whole_image(ref)[None])[0].argmax(0).numpy() for ref in refs]
    return float(np.mean([(f == t)[t != NO_LABEL].mean() for f, t in zip(found, truths, strict=True)]))


def test_a_student_learns_from_images_alone_and_beats_chance(tmp_path: Path) -> None:
    refs, _ = scenes(tmp_path, 40, seed=1)
    held_out, truths = scenes(tmp_path, 20, seed=2)
    config = DistillConfig(steps=40, batch_size=8, width=8)
    student = new_student(teacher(), list(COLOURS), ROWS, config)
    before, rows = accuracy(student.eval(), held_out, truths), student.rows.clone()
    losses: list[float] = []
    distill(teacher(), student, refs, config, tmp_path / "first", lambda _, loss: losses.append(loss))
    after = accuracy(student, held_out, truths)
    assert len(losses) == 40 and np.mean(losses[-5:]) < 0.7 * losses[0]
    assert after > 0.8 and before < 0.7  # chance is 1 in 3
    assert torch.equal(student.rows, rows)  # the classifier is the texts' and never trains
    again = new_student(teacher(), list(COLOURS), ROWS, config)
    distill(teacher(), again, refs, config, tmp_path / "second")
    assert all(
        torch.equal(a, b) for a, b in zip(student.state_dict().values(), again.state_dict().values(), strict=True)
    )

    student.save(tmp_path / "student")
    assert is_student(tmp_path / "student") and not is_student(tmp_path)
    loaded = Student.load(tmp_path / "student")
    inputs = loaded.load_whole_image(held_out[0])[None]
    with torch.no_grad():
        assert torch.equal(loaded(inputs), student(inputs))
        reader = StudentReader(teacher(), loaded)
        none = ROWS[:0]
        assert reader.class_scores(inputs, ROWS, none, DenseReading(), (7, 9)).shape == (1, 3, 7, 9)


def test_a_threshold_gives_a_background_class_and_confidence_drops_pixels(tmp_path: Path) -> None:
    refs, _ = scenes(tmp_path, 4, seed=3)
    config = DistillConfig(steps=2, batch_size=2, width=8, reading=DenseReading(threshold=0.9))
    student = new_student(teacher(), list(COLOURS), ROWS, config)
    assert student.config.classes == ["background", *COLOURS]
    before = student.background.detach().clone()
    distill(teacher(), student, refs, config, tmp_path / "checkpoints")
    assert not torch.equal(before, student.background)
    assert student(torch.zeros(1, 3, SIZE, SIZE)).shape == (1, 4, SIZE, SIZE)
    picky = DistillConfig(steps=1, batch_size=2, width=8, confidence=1.1)
    losses: list[float] = []
    fresh = new_student(teacher(), list(COLOURS), ROWS, picky)
    distill(teacher(), fresh, refs, picky, tmp_path / "picky", lambda _, loss: losses.append(loss))
    assert losses == [0.0]


def test_no_images_and_no_dense_features(tmp_path: Path) -> None:
    config = DistillConfig(steps=1)
    with pytest.raises(UserError, match="no images"):
        distill(teacher(), new_student(teacher(), list(COLOURS), ROWS, config), [], config, tmp_path)
    blind = OpenClip.create(
        OpenClip.Config(
            config={**CONFIGS["plain"], "vision_cfg": {**CONFIGS["plain"]["vision_cfg"], "pool_type": "avg"}}
        ),
        "test",
    )
    with pytest.raises(UserError, match="no dense features"):
        student = new_student(tiny(), list(COLOURS), ROWS, config)
        distill(blind, student, [ImageRef("x.png", Path("x.png"))], config, tmp_path)


def test_stopped_and_continued_equals_never_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maskclip_plus, "CHECKPOINT_EVERY", 3)
    refs, _ = scenes(tmp_path, 6, seed=4)
    config = DistillConfig(steps=8, batch_size=2, width=8)
    whole = distill(teacher(), new_student(teacher(), list(COLOURS), ROWS, config), refs, config, tmp_path / "whole")

    def killed(step: int, loss: float) -> None:
        if step == 5:
            raise SystemExit  # no chance to save: the checkpoint of step 3 must do

    cut, done = tmp_path / "cut", list[int]()
    with pytest.raises(SystemExit):
        distill(teacher(), new_student(teacher(), list(COLOURS), ROWS, config), refs, config, cut, killed)
    again = new_student(teacher(), list(COLOURS), ROWS, config)
    distill(teacher(), again, refs, config, cut, lambda step, loss: done.append(step))
    assert done == [4, 5, 6, 7, 8]
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in whole.state_dict().items())

    other = DistillConfig(steps=8, batch_size=2, width=8, learning_rate=1.0)
    with pytest.raises(UserError, match=r"learning_rate was 0\.003, is 1\.0; texts was"):
        student = new_student(teacher(), list(COLOURS), ROWS.flip(0), other)
        distill(teacher(), student, refs, other, cut)
