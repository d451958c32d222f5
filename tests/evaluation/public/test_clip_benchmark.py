"""CLIP_benchmark evaluates a saved model as it is, and its numbers are the `official_` ones of ours."""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semclip.evaluation import evaluate
from tests.models.tiny import tiny

pytestmark = pytest.mark.slow
pytest.importorskip("clip_benchmark", reason="pip install clip-benchmark")

#: Version 1.6.2 makes a number of an array of one element, which numpy 2.4 refuses: the same line without the array.
_ACCURACY = """
from clip_benchmark.metrics import zeroshot_classification

def accuracy(output, target, topk=(1,)):
    pred = output.topk(max(topk), 1, True, True)[1].t()
    correct = pred.eq(target.view(1, -1).expand_as(pred))
    return [correct[:k].reshape(-1).float().sum().item() / len(target) for k in topk]

zeroshot_classification.accuracy = accuracy
"""

WORDS = ["dog", "cat", "red", "blue", "beach", "street", "no", "without", "car", "hat"]
IMAGES, CAPTIONS, CLASSES = 24, 3, 6


def noise(random: np.random.Generator) -> bytes:
    """A JPEG of any size and some colour: a random network tells colours apart."""
    size = (int(random.integers(20, 60)), int(random.integers(20, 60)), 3)
    pixels = random.integers(0, 256, size) * 0.3 + random.integers(0, 180, (1, 1, 3))
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG")
    return file.getvalue()


def write_retrieval(root: Path, random: np.random.Generator) -> None:
    """The same pictures and captions as Karpathy's JSON, for us, and as the table that CLIP_benchmark reads."""
    pictures = root / "flickr30k" / "flickr30k-images"
    pictures.mkdir(parents=True)
    entries, table = [], ["image,caption"]
    for number in range(IMAGES):
        name = f"{number}.jpg"
        (pictures / name).write_bytes(noise(random))
        captions = [" ".join(random.choice(WORDS, 5)) for _ in range(CAPTIONS)]
        entries.append({"filename": name, "split": "test", "sentences": [{"raw": text} for text in captions]})
        table += [f"{name},{text}" for text in captions]
    (root / "flickr30k_retrieval").mkdir()
    (root / "flickr30k_retrieval" / "dataset_flickr30k.json").write_text(json.dumps({"images": entries}))
    (pictures / "flickr30k_test_karpathy.txt").write_text("\n".join(table) + "\n")


def write_classes(folder: Path, random: np.random.Generator) -> None:
    """A labelled set in CLIP_benchmark's webdataset layout, which both read."""
    (folder / "test").mkdir(parents=True)
    (folder / "classnames.txt").write_text("\n".join(WORDS[:CLASSES]) + "\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\nthere is a {c}\n")
    (folder / "test" / "nshards.txt").write_text("1")
    with tarfile.open(folder / "test" / "0.tar", "w") as tar:
        for number in range(IMAGES):
            for suffix, data in (("jpg", noise(random)), ("cls", str(random.integers(CLASSES)).encode())):
                info = tarfile.TarInfo(f"{number:03}.{suffix}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


def judged(folder: Path, dataset: str, root: Path, *more: str) -> dict[str, float]:
    """What CLIP_benchmark says of the saved model in `folder`."""
    out = root / "judged.json"
    typed = ["eval", "--dataset", dataset, "--dataset_root", str(root), "--model", f"local-dir:{folder}"]
    typed += ["--pretrained", "", "--no_amp", "--num_workers", "0", "--batch_size", "8", "--output", str(out), *more]
    start = f"import sys\nsys.argv = ['clip_benchmark', *{typed!r}]\nfrom clip_benchmark.cli import main\n"
    program = f"{start}{_ACCURACY}\nmain()\n"
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=500, cwd=root
    )
    assert done.returncode == 0, done.stderr
    metrics: dict[str, float] = json.loads(out.read_text())["metrics"]
    return metrics


def test_retrieval(tmp_path: Path) -> None:
    encoder = tiny("plain")
    encoder.save(tmp_path / "model")
    write_retrieval(tmp_path, np.random.default_rng(0))
    theirs = judged(
        tmp_path / "model", "flickr30k", tmp_path / "flickr30k" / "flickr30k-images",
        "--task", "zeroshot_retrieval", "--recall_k", "1", "5", "10",
    )  # fmt: skip
    ours = evaluate(encoder, ["flickr30k_retrieval"], root=tmp_path)["flickr30k_retrieval"]
    for k in (1, 5, 10):
        for side in ("image", "text"):
            mine = ours.metric(f"official_{side}_retrieval_r{k}").value
            assert mine == pytest.approx(theirs[f"{side}_retrieval_recall@{k}"], abs=1e-6)
    assert 0 < theirs["image_retrieval_recall@5"] < 1  # something is compared


def test_classification(tmp_path: Path) -> None:
    encoder = tiny("plain")
    encoder.save(tmp_path / "model")
    folder = tmp_path / "zeroshot_classification" / "shapes"
    write_classes(folder, np.random.default_rng(1))
    theirs = judged(tmp_path / "model", "wds/shapes", folder, "--task", "zeroshot_classification")
    ours = evaluate(encoder, ["zeroshot_classification"], root=tmp_path)["zeroshot_classification"]
    for name in ("acc1", "acc5", "mean_per_class_recall"):
        assert ours.metric(f"official_{name}").value == pytest.approx(theirs[name], abs=1e-6)
    assert 0 < theirs["acc5"] < 1
