"""NegBench MCQ on MSR-VTT videos: which of four captions, some with a denial, is true of the video?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.own.base import Scores
from semclip.evaluation.public import _negbench as negbench
from semclip.evaluation.public._choice import Question, images_of, scores_of, texts_of
from semclip.evaluation.public._faults import answer_places, faults
from semclip.evaluation.public.base import AnnotationFile, Items, Pictures, Published

_FILE = "msr_vtt_mcq_rephrased_llama.csv"


@dataclass(frozen=True, slots=True)
class _Video:
    """One question, asked of each frame."""

    frames: tuple[Question, ...]


class NegbenchMcqMsrvtt(Published):
    """1,000 questions on MSR-VTT test videos (arXiv 2501.09425), each given as frames VIDEO_0.jpg, VIDEO_1.jpg, ...

    s(video, caption) = mean over F frames of cos(frame, caption): orders captions as the average of unit rows does.
    accuracy = mean 1[the right caption has the highest s], chance 1/4, sliced by the type of the right caption.
    The paper takes 4 frames at even distances; whether its frame features are normalised before the average is not
    documented (here they are). Products of raw embeddings, as before March 2025, are not scored here.
    """

    files: ClassVar[Sequence[AnnotationFile]] = (
        AnnotationFile(
            path=_FILE,
            sha256="026bb5df20ca4761796babe2b5bdf36d235e4eca7c82704fbb63055d6a495ae4",
            size=193_222,
            copy_in=negbench.COPY,
        ),
    )
    pictures: ClassVar[Pictures] = Pictures(
        name="MSR-VTT test videos, four frames each",
        folder="msrvtt/frames",
        obtain="MSR-VTT is for research use; cut each video into frames named like video9838_0.jpg to video9838_3.jpg",
    )
    licence: ClassVar[str] = "unclear: repository MIT, MSR-VTT for research use only"
    source: ClassVar[str] = negbench.SOURCE
    obtain: ClassVar[str] = negbench.OBTAIN
    primary: ClassVar[str] = "accuracy"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """frames: per video, at even distances. suffix: of the frames' files."""

        frames: int = 4
        suffix: str = ".jpg"

        def __post_init__(self) -> None:
            if self.frames < 1:
                raise UserError(f"{self.frames} frames", where="benchmark 'negbench_mcq_msrvtt'", fix="give 1 or more")

    def read(self, folder: Path, images: Path) -> Items:
        def frame(official: str, number: int) -> ImageRef:
            name = f"{PurePosixPath(official).stem}_{number}{self.config.suffix}"
            return ImageRef(name, images / name)

        per_frame = [
            negbench.read_questions(folder / _FILE, lambda path, f=f: frame(path, f))  # type: ignore[misc]
            for f in range(self.config.frames)
        ]
        first = per_frame[0]
        return Items(
            items=[_Video(frames) for frames in zip(*per_frame, strict=True)],
            images=[ref for questions in per_frame for ref in images_of(questions)],
            texts=texts_of(first),
            defects=[*answer_places(first), *faults(first)],
        )

    def score(self, items: Sequence[_Video], encodings: Encodings) -> Scores:
        per_frame = [scores_of(questions, encodings) for questions in zip(*(v.frames for v in items), strict=True)]
        scores = [np.mean(frames, axis=0) for frames in zip(*per_frame, strict=True)]
        return negbench.report([v.frames[0] for v in items], scores, negbench.SLOTS)
