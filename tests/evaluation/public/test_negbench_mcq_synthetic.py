"""NegBench MCQ on made images: the published numbers, and images of one base name in two folders."""

import json
from pathlib import Path

import pytest

from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import VECTORS, run, table, write_images
from tests.evaluation.public.negbench import row, rows, write_csv

VECTOR = json.loads((VECTORS / "bench-negbench-mcq.json").read_text())
NAME, FILE, IMAGES = "negbench_mcq_synthetic", "synthetic_mcq_llama3.1_rephrased.csv", "negbench_synthetic"
PATHS = [f"{side}/{n}_img.png" for n in range(2) for side in ("positive", "negative")]
TRUE = {path: (f"right {i}",) for i, path in enumerate(PATHS)}


def write_sample(root: Path) -> None:
    write_csv(root / NAME / FILE, rows([f"data/made/data/{name}" for name in TRUE], ("positive", "hybrid")))
    for side in ("positive", "negative"):
        write_images(root / IMAGES / side, [f"{n}_img.png" for n in range(2)])


def test_the_published_script_gives_these_numbers(tmp_path: Path) -> None:
    case = next(c for c in VECTOR["cases"] if c["name"] == "synthetic_style")
    write_csv(tmp_path / NAME / FILE, case["rows"])
    write_images(tmp_path / IMAGES, VECTOR["images"])
    result = run(table(VECTOR["images"], case["texts"]), NAME, tmp_path)
    official = result.metric("official_accuracy")
    assert official.value == pytest.approx(case["expected"]["total_accuracy"], abs=1e-12)
    assert "negative" not in official.per_slice and case["expected"]["negative_accuracy"] is None
    for kind in ("positive", "hybrid"):
        assert official.per_slice[kind].value == pytest.approx(case["expected"][f"{kind}_accuracy"], abs=1e-12)
    for key, value in result.extra["official"].items():
        assert value == case["expected"][key], key


def test_the_folder_tells_images_of_one_name_apart(tmp_path: Path) -> None:
    captions = ["both", "one", "other", "none"]
    pair = [row(f"x/{side}/7_img.png", 0, "positive", captions) for side in ("positive", "negative")]
    write_csv(tmp_path / FILE, pair)
    read = create(NAME).read(tmp_path, tmp_path)
    assert [ref.name for ref in read.images] == ["positive/7_img.png", "negative/7_img.png"]
