"""MaskCLIP+: a segmentation network trained on the pixel labels of a frozen CLIP, without any mask."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.example import NO_LABEL, ImageRef
from semclip.core.protocols import DenseReading
from semclip.core.seeds import derive_seed
from semclip.models.backends.base import Encoder
from semclip.models.backends.open_clip import OpenClip
from semclip.models.folder import fingerprint
from semclip.models.initialisation import seeded_weights
from semclip.models.refine import probabilities
from semclip.models.student import Student, StudentConfig
from semclip.training.checkpoint import newest_valid, save_checkpoint
from semclip.training.processes import StopRequest

#: Steps between checkpoints: a few seconds' work.
CHECKPOINT_EVERY = 50


@dataclass(frozen=True, kw_only=True)
class DistillConfig:
    """How the student is trained.

    reading:    how the teacher is read; a threshold gives the student a background class.
    width:      channels of the student's first layer.
    steps, batch_size, learning_rate: AdamW, weight decay 5e-4, rate * (1 - step / steps)^0.9.
    scale:      each crop is cut from the image enlarged by a factor drawn from 1 to this.
    confidence: pixels of which the teacher is less sure (highest probability over classes) are left out; 0: none is.
    mean_over:  `valid` pixels, or `all` pixels of the crop as released, where loss and gradient shrink with every pixel
                left out.
    """

    reading: DenseReading = field(default_factory=DenseReading)
    width: int = 24
    steps: int = 300
    batch_size: int = 16
    learning_rate: float = 3e-3
    scale: float = 1.25
    confidence: float = 0.0
    mean_over: Literal["valid", "all"] = "valid"
    seed: int = 0


def pseudo_labels(scores: Tensor, sure: Tensor, least: float) -> Tensor:
    """(B, H, W) int64: the best class of every pixel of scores (B, C, H, W); 255 where the teacher is not sure.

    sure: (B, H, W) how sure it is; below `least` a pixel is left out.
    Deviation from the released code: there is no ground truth to start from, so none can be written over, and no mask
    says which pixels hold a class.
    """
    return scores.argmax(dim=1).masked_fill(sure < least, NO_LABEL)


def pixel_loss(logits: Tensor, labels: Tensor, mean_over: Literal["valid", "all"] = "valid") -> Tensor:
    """Cross-entropy of logits (B, C, H, W) with labels (B, H, W), pixels labelled 255 left out of the sum.

    sum over valid pixels of -log softmax(logits)[label] / number of valid pixels, or of all pixels (as released).
    No valid pixel: 0, with a gradient of 0.
    """
    total = F.cross_entropy(logits, labels, ignore_index=NO_LABEL, reduction="sum")
    count = labels.numel() if mean_over == "all" else int((labels != NO_LABEL).sum())
    return total / max(count, 1)


def distill(
    teacher: Encoder,
    student: Student,
    images: Sequence[ImageRef],
    config: DistillConfig,
    checkpoints: Path,
    progress: Callable[[int, float], None] = lambda step, loss: None,
    notify: Callable[[str], None] = lambda message: None,
) -> Student:
    """Train the student on the images alone: the teacher labels the very crop that the student sees.

    Each step: crops drawn from the images (scale, place, mirror image, brightness, contrast), labels from the frozen
    teacher read as `config.reading`, one step of `pixel_loss`. The weights are a function of the seed alone.
    checkpoints: a folder; what is there is continued, exactly, and Ctrl-C or SIGTERM saves first. progress: called with
    steps done and loss. notify: called with a message for each damaged checkpoint, and where the run stops.
    Raises UserError where the teacher has no dense features, for no images, and for checkpoints of other settings,
    images or another teacher.

    Paper: arXiv 2112.01071, section 3.3, annotation-free. Deviations: the released code takes from the masks which
    pixels hold a class at all, and draws crops by them; here no mask is read. AdamW, where the paper's SGD starts from
    ImageNet's weights. No self-training stage.
    """
    if not images:
        raise UserError("no images to learn from", where="distill", fix="check the data file and its split")
    teacher.eval().requires_grad_(False)
    device = student.rows.device
    generator = torch.Generator().manual_seed(derive_seed("maskclip+", config.seed))
    optimizer = torch.optim.AdamW(student.parameters(), lr=config.learning_rate, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (1 - step / config.steps) ** 0.9)
    parts: dict[str, Any] = {"student": student, "optimizer": optimizer, "schedule": schedule}
    about = {
        **asdict(config),
        "teacher": teacher.image_fingerprint(),
        "classes": student.config.classes,
        "texts": fingerprint([("rows", student.rows)], {}),
        "pictures": derive_seed(*(ref.key for ref in images)),
    }
    whole: Callable[[ImageRef], Tensor] = cache(lambda ref: teacher.load_whole_image(ref, config.reading.size))
    student.train()
    start = _continue(checkpoints, parts, generator, about, notify)
    with StopRequest() as stop:
        for step in range(start + 1, config.steps + 1):
            drawn = torch.randint(len(images), (config.batch_size,), generator=generator).tolist()
            crops = torch.stack([crop(whole(images[i]), config, generator) for i in drawn])
            crops = crops.to(device)  # (B, 3, S, S)
            labels = teacher_labels(teacher, student.rows, crops, config)
            loss = pixel_loss(student(crops), labels, config.mean_over)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            progress(step, float(loss.detach()))
            if step % CHECKPOINT_EVERY == 0 or step == config.steps or stop.asked:
                states: dict[str, Any] = {name: part.state_dict() for name, part in parts.items()}
                states |= {"step": step, "generator": generator.get_state(), "about": about}
                save_checkpoint(checkpoints, step, states)
            if stop.asked:
                notify(f"stopped after step {step}; the same command continues from here")
                stop.stop()
    return student.eval()


@torch.no_grad()
def teacher_labels(teacher: Encoder, rows: Tensor, crops: Tensor, config: DistillConfig) -> Tensor:
    """(B, H, W) the teacher's labels of crops (B, 3, H, W). rows: (K, D), the classes' unit text rows."""
    size = (crops.shape[2], crops.shape[3])
    scores = teacher.class_scores(crops, rows, rows[:0], config.reading, size)  # (B, C, H, W)
    sure = probabilities(scores, bool(config.reading.smooth)).amax(dim=1)  # (B, H, W)
    return pseudo_labels(scores, sure, config.confidence)


def crop(image: Tensor, config: DistillConfig, generator: torch.Generator) -> Tensor:
    """(3, S, S) cut from the image (3, H, W) enlarged a little: place, mirror image, brightness, contrast drawn.

    S is the image's shorter side.
    """
    side = min(image.shape[1:])
    scale, mirror, gain, shift, down, across = torch.rand(6, generator=generator).tolist()
    size = [round(s * (1 + scale * (config.scale - 1))) for s in image.shape[1:]]
    large = F.interpolate(image[None], size=size, mode="bilinear", align_corners=False)[0]
    top, left = round(down * (size[0] - side)), round(across * (size[1] - side))
    cut = large[:, top : top + side, left : left + side]
    cut = cut.flip(2) if mirror < 0.5 else cut
    return cut * (0.9 + 0.2 * gain) + 0.2 * (shift - 0.5)


def new_student(teacher: Encoder, classes: Sequence[str], rows: Tensor, config: DistillConfig) -> Student:
    """A student of the teacher with random weights, which depend on the seed alone.

    classes: K names; rows: (K, D) their unit text rows. Raises UserError for a teacher that does not read pixels.
    """
    if not isinstance(teacher, OpenClip):
        raise UserError("the teacher reads no pixels", where=teacher.label, fix="use an open_clip model")
    background = bool(config.reading.threshold)
    description = StudentConfig(
        classes=[*(["background"] if background else []), *classes],
        background=background,
        size=config.reading.size or min(teacher.preprocess.settings["size"]),
        width=config.width,
        embed_dim=teacher.embed_dim,
        preprocess=teacher.preprocess.settings,
        teacher=teacher.label,
    )
    with seeded_weights(config.seed):
        return Student(description, rows)


def _continue(
    checkpoints: Path,
    parts: dict[str, Any],
    generator: torch.Generator,
    about: dict[str, Any],
    notify: Callable[[str], None],
) -> int:
    """Put everything to where the newest valid checkpoint left it; the steps it had done, 0 where there is none."""
    found = newest_valid(checkpoints, notify)
    if found is None:
        return 0
    before = found["about"]
    differing = [
        f"{key} was {before.get(key)!r:.60}, is {now!r:.60}" for key, now in about.items() if before.get(key) != now
    ]
    if differing:
        raise UserError(
            f"a student with other settings was begun here: {'; '.join(differing)}",
            where=str(checkpoints),
            fix="choose another --out, or delete this folder to start anew",
        )
    for name, part in parts.items():
        part.load_state_dict(found[name])
    generator.set_state(found["generator"])
    return int(found["step"])
