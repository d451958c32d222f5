"""NegBench MCQ, voc2007: the smallest folder that the contract needs."""

from pathlib import Path

from tests.evaluation.public.fakes import write_images
from tests.evaluation.public.negbench import rows, write_csv

NAME, FILE, IMAGES = "negbench_mcq_voc2007", "VOC2007_mcq_llama3.1_rephrased.csv", "voc2007/JPEGImages"
TRUE = {f"{n}.jpg": (f"right {n}",) for n in range(6)}


def write_sample(root: Path) -> None:
    write_csv(root / NAME / FILE, rows([f"/elsewhere/{name}" for name in TRUE]))
    write_images(root / IMAGES, TRUE)
