"""Models of the three architectures that exports are tested on, and a process in which only another library runs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from semclip.core.example import ImageRef
from semclip.models.backends.base import Encoder
from semclip.models.load import load
from tests.models.test_transformers import save_tiny
from tests.models.tiny import tiny

TEXTS = ["a dog", "no dog on the beach", "A man who isn’t wearing “a hat”", ""]


def model(kind: str, folder: Path) -> Encoder:
    """`vit` and `resnet` of open_clip, `siglip` of transformers."""
    if kind not in ("clip", "siglip", "pair"):
        return tiny({"vit": "plain"}.get(kind, kind))
    save_tiny(folder / "source", kind)
    return load(str(folder / "source"))


def pictures(kind: str, folder: Path) -> list[Path]:
    """Noise of the size that the model takes, so that no library resizes it in its own way."""
    side = {"resnet": 32}.get(kind, 16)
    random = np.random.default_rng(1)
    paths = [folder / f"{number}.png" for number in range(3)]
    for path in paths:
        Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(path)
    return paths


@torch.inference_mode()
def expected(encoder: Encoder, paths: list[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows of the pictures, and of the texts."""
    inputs = torch.stack([encoder.load_image(ImageRef(path.name, path)) for path in paths])
    rows = encoder.encode_image(inputs), encoder.encode_text(encoder.tokenize(TEXTS))
    images, texts = (torch.nn.functional.normalize(found.float(), dim=1).numpy() for found in rows)
    return images, texts


def alone(code: str, folder: Path, *forbidden: str) -> str:
    """Run Python in a folder; none of `forbidden`, nor this package, may be imported by it. Returns its output."""
    names = {"semclip", *forbidden}
    check = f"\nimport sys\nheavy = {names!r} & {{m.partition('.')[0] for m in sys.modules}}\nassert not heavy, heavy\n"
    done = subprocess.run(
        [sys.executable, "-c", code + check], cwd=folder, capture_output=True, text=True, timeout=600,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
