"""NegBench MCQ on videos: the score is the mean over frames."""

from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import noise, run, write_images
from tests.evaluation.public.negbench import rows, write_csv

NAME, FILE, IMAGES = "negbench_mcq_msrvtt", "msr_vtt_mcq_rephrased_llama.csv", "msrvtt/frames"
TRUE = {f"video{n}_{f}.jpg": (f"right {n}",) for n in range(3) for f in range(4)}


def write_sample(root: Path) -> None:
    write_csv(root / NAME / FILE, rows([f"video{n}.mp4" for n in range(3)]))
    write_images(root / IMAGES, TRUE)


def test_the_score_is_that_of_the_average_of_unit_frames(tmp_path: Path) -> None:
    write_sample(tmp_path)
    encoder = noise(5)
    result = run(encoder, NAME, tmp_path, frames=3)

    def unit(x: np.ndarray) -> np.ndarray:
        return x / np.linalg.norm(x)

    right = []
    for n in range(3):
        video = unit(np.mean([unit(encoder._image(f"video{n}_{f}.jpg")) for f in range(3)], axis=0))
        texts = [f"right {n}", f"no {n}a", f"wrong {n}b", f"without {n}c, really"]
        right.append(int(np.argmax([unit(encoder._text(t)) @ video for t in texts])) == 0)
    assert result.items["accuracy"]["outcome"] == [float(r) for r in right]


def test_no_frames_are_refused() -> None:
    with pytest.raises(UserError, match="0 frames"):
        create(NAME, {"frames": 0})
