"""A small segmentation network that classifies by the texts of another model: the student of MaskCLIP+."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from semclip.core.config import parse
from semclip.core.decoding import read_rgb
from semclip.core.example import ImageRef
from semclip.core.files import read_json, write_json
from semclip.core.protocols import DenseReading
from semclip.models.backends.base import Encoder
from semclip.models.folder import read_weights, replace_folder, save_weights, unreadable_weights
from semclip.models.images import Preprocessing
from semclip.models.refine import upsample

CONFIG_FILE, WEIGHTS_FILE = "student.json", "student.safetensors"
#: Pixels between two positions of the student's map.
STRIDE = 4
#: Dilations of the last layer's branches, in positions.
_RATES = (1, 2, 4, 8)


@dataclass(frozen=True, kw_only=True)
class StudentConfig:
    """What a saved student is besides its weights.

    classes: names, in the order of its scores; with `background` that is the first. width: channels.
    size: pixels of the shorter side of its input. embed_dim: of the texts. preprocess: open_clip's settings.
    teacher: what it learned from, for people.
    """

    classes: list[str]
    background: bool
    size: int
    width: int
    embed_dim: int
    preprocess: dict[str, Any]
    teacher: str


class Student(nn.Module):
    """A network of pixels with a frozen classifier: logits = conv(x) . t_k, no bias, no norm, no temperature.

    Shapes: B images (B, 3, H, W); features (B, D, H/4, W/4), the sum of four 3x3 convolutions of dilation 1, 2, 4, 8;
    rows (K, D), unit text rows of the K classes, that never train. With `background`, C = K + 1 and the first class has
    a trained unit vector for a row; else C = K.
    Paper: arXiv 2112.01071, section 3.3. Deviation: a few layers trained from scratch, where the paper's DeepLab starts
    from ImageNet's weights; the form of the head is the same.
    """

    def __init__(self, config: StudentConfig, rows: Tensor) -> None:
        super().__init__()
        self.config = config
        self.preprocess = Preprocessing(config.preprocess, where=config.teacher)
        w = config.width
        self.body = nn.Sequential(
            *_layer(3, w, stride=2), *_layer(w, 2 * w, stride=STRIDE // 2), *_layer(2 * w, 2 * w), *_layer(2 * w, 2 * w)
        )
        self.branches = nn.ModuleList(nn.Sequential(*_layer(2 * w, config.embed_dim, dilation=r)) for r in _RATES)
        self.rows: Tensor
        self.register_buffer("rows", rows.detach().float().clone())
        self.background = nn.Parameter(torch.randn(int(config.background), config.embed_dim))  # (0 or 1, D)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, C, H, W) logits."""
        rows = torch.cat([F.normalize(self.background, dim=-1), self.rows])  # (C, D)
        logits = torch.einsum("bdhw,cd->bchw", self.features(inputs), rows)
        return upsample(logits, (inputs.shape[2], inputs.shape[3]))

    def features(self, inputs: Tensor) -> Tensor:
        """(B, D, H/4, W/4)."""
        x = self.body(inputs)
        return torch.stack([branch(x) for branch in self.branches]).sum(dim=0)

    def load_whole_image(self, ref: ImageRef) -> Tensor:
        """(3, H, W): the whole image as the teacher saw it, its shorter side `size` pixels."""
        return self.preprocess.whole(read_rgb(ref), self.config.size, (STRIDE, STRIDE))

    def save(self, folder: Path) -> None:
        """Write `student.json` and `student.safetensors`; atomic as a whole."""

        def fill(temporary: Path) -> None:
            save_weights(temporary / WEIGHTS_FILE, self.state_dict())
            write_json(temporary / CONFIG_FILE, asdict(self.config))

        replace_folder(folder, fill)

    @classmethod
    def load(cls, folder: Path) -> "Student":
        """Read what `save` wrote, in evaluation mode. Raises UserError."""
        config = parse(StudentConfig, read_json(folder / CONFIG_FILE), where=str(folder / CONFIG_FILE))
        student = cls(config, torch.zeros(len(config.classes) - config.background, config.embed_dim))
        try:
            student.load_state_dict(read_weights(folder / WEIGHTS_FILE))
        except RuntimeError as error:  # names or shapes do not fit
            raise unreadable_weights(folder / WEIGHTS_FILE, error) from error
        return student.eval()


class StudentReader(nn.Module):
    """A student as a DenseEncoder: benchmarks measure it as they measure its teacher, whose texts these are."""

    name = "student"

    def __init__(self, teacher: Encoder, student: Student) -> None:
        super().__init__()
        self.teacher, self.student = teacher, student
        self.label = f"student of {teacher.label}"
        self.embed_dim, self.context_length = teacher.embed_dim, teacher.context_length

    @property
    def logit_scale(self) -> Tensor:
        return self.teacher.logit_scale

    def load_image(self, ref: ImageRef) -> Tensor:
        return self.teacher.load_image(ref)

    def encode_image(self, inputs: Tensor) -> Tensor:
        return self.teacher.encode_image(inputs)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        return self.teacher.tokenize(texts)

    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.teacher.encode_text(tokens)

    def why_not_dense(self) -> str:
        return ""

    def load_whole_image(self, ref: ImageRef, size: int = 0) -> Tensor:
        return self.student.load_whole_image(ref)

    def encode_dense(self, inputs: Tensor, variant: str) -> Tensor:
        return self.student.features(inputs).permute(0, 2, 3, 1)

    def class_scores(
        self, inputs: Tensor, classes: Tensor, background: Tensor, reading: DenseReading, size: tuple[int, int]
    ) -> Tensor:
        """The student's own logits: it has rows of its own, and is read in one way."""
        return upsample(self.student(inputs), size)


def is_student(folder: str | Path) -> bool:
    """Whether a folder holds a saved student."""
    return (Path(folder) / CONFIG_FILE).is_file()


def _layer(channels: int, out: int, stride: int = 1, dilation: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, out, 3, stride=stride, padding=dilation, dilation=dilation, bias=False)
    return [convolution, nn.BatchNorm2d(out), nn.ReLU()]
