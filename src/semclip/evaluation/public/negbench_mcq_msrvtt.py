"""NegBench MCQ on MSR-VTT videos: which of four captions, some with a denial, is true of the video?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.evaluation.base import Items, Scores
from semclip.evaluation.choices import Question, items_of, scores_of
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public._negbench import COPY, FourCaptions
from semclip.evaluation.public.base import AnnotationFile, ImageFolder


@dataclass(frozen=True, slots=True)
class _Video:
    """One question, asked of each frame."""

    frames: tuple[Question, ...]


class NegbenchMcqMsrvtt(FourCaptions):
    """1,000 questions on MSR-VTT test videos, each given as frames VIDEO_0.jpg, VIDEO_1.jpg, ...; see `FourCaptions`.

    s(video, caption) = mean over F frames of cos(frame, caption): orders captions as the average of unit rows does.
    The paper takes 4 frames at even distances; whether its frame features are normalised before the average is not
    documented (here they are). Products of raw embeddings, as before March 2025, are not scored here.
    """

    files = (
        AnnotationFile(
            path="msr_vtt_mcq_rephrased_llama.csv",
            size=193_222,
            sha256="026bb5df20ca4761796babe2b5bdf36d235e4eca7c82704fbb63055d6a495ae4",
            copy_in=COPY,
        ),
    )
    image_folder = ImageFolder(
        name="MSR-VTT test videos, four frames each",
        folder="msrvtt/frames",
        obtain="MSR-VTT is for research use; cut each video into frames named like video9838_0.jpg to video9838_3.jpg",
    )
    licence = "unclear: repository MIT, MSR-VTT for research use only"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """frames: per video, at even distances. suffix: of the frames' files."""

        frames: int = 4
        suffix: str = ".jpg"

        def __post_init__(self) -> None:
            if self.frames < 1:
                raise UserError(f"{self.frames} frames", where="benchmark 'negbench_mcq_msrvtt'", fix="give 1 or more")

    def read(self, folder: Path, images: Path) -> Items:
        def frame(question: Question, number: int) -> Question:
            name = f"{question.cluster}_{number}{self.config.suffix}"
            return replace(question, query=ImageRef(name, images / name, as_stored=True), cluster=name)

        videos = self.questions(folder, lambda path: ImageRef(PurePosixPath(path).stem))
        per_frame = [[frame(q, number) for q in videos] for number in range(self.config.frames)]
        read = items_of(per_frame[0], [_Video(frames) for frames in zip(*per_frame, strict=True)])
        refs = [q.query for questions in per_frame for q in questions if isinstance(q.query, ImageRef)]
        return replace(read, images=refs)

    def score(self, items: Sequence[_Video], encodings: Encodings) -> Scores:
        per_frame = [scores_of(questions, encodings) for questions in zip(*(v.frames for v in items), strict=True)]
        scores = [np.mean(frames, axis=0) for frames in zip(*per_frame, strict=True)]
        return self.scored([v.frames[0] for v in items], scores)
