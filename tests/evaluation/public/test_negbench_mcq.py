"""NegBench MCQ on single images: the published script's numbers before and after its fix, ties, and faults."""

import json
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.choices import Tie, official
from semclip.evaluation.public._negbench import TYPES
from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import VECTORS, Sample, constant, run, table, write_images
from tests.evaluation.public.negbench import row, rows, write_csv

VECTOR = json.loads((VECTORS / "bench-negbench-mcq.json").read_text())

NAME, FILE = "negbench_mcq_coco", "COCO_val_mcq_llama3.1_rephrased.csv"
PAIRS = [f"{side}/{n}_img.png" for n in range(2) for side in ("positive", "negative")]
#: Name -> file, folder of images, their names, the types of its questions, and the case of the vector in its style.
SETS = {
    NAME: (FILE, "coco/val2017", [f"{n}.jpg" for n in range(6)], TYPES, "coco_voc_style"),
    "negbench_mcq_voc2007": (
        "VOC2007_mcq_llama3.1_rephrased.csv", "voc2007/JPEGImages", [f"{n}.jpg" for n in range(6)], TYPES,
        "coco_voc_style",
    ),
    "negbench_mcq_synthetic": (
        "synthetic_mcq_llama3.1_rephrased.csv", "negbench_synthetic", PAIRS, ("positive", "hybrid"), "synthetic_style",
    ),
}  # fmt: skip


class FourCaptions(Sample):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.TRUE = {image: (f"right {n}",) for n, image in enumerate(SETS[name][2])}

    def write_sample(self, root: Path) -> None:
        file, folder, images, types, _ = SETS[self.name]
        write_csv(root / self.name / file, rows([f"/elsewhere/{image}" for image in images], types))
        for image in images:
            write_images((root / folder / image).parent, [Path(image).name])


SAMPLES = {name: FourCaptions(name) for name in SETS}


@pytest.mark.parametrize("name", SETS)
def test_the_published_script_gives_these_numbers(name: str, tmp_path: Path) -> None:
    file, folder, _, types, style = SETS[name]
    case = next(c for c in VECTOR["cases"] if c["name"] == style)
    write_csv(tmp_path / name / file, case["rows"])
    write_images(tmp_path / folder, VECTOR["images"])
    result = run(table(VECTOR["images"], case["texts"]), name, tmp_path)
    official, expected = result.metric("official_accuracy"), case["expected"]
    assert official.value == pytest.approx(expected["total_accuracy"], abs=1e-12)
    assert {kind for kind in TYPES if expected[f"{kind}_accuracy"] is not None} == set(types) == set(official.per_slice)
    for kind in types:
        assert official.per_slice[kind].value == pytest.approx(expected[f"{kind}_accuracy"], abs=1e-12)
    for key, value in result.extra["official"].items():
        assert value == expected[key], key
    if style == "coco_voc_style":
        earlier = result.metric("official_unnormalised")
        assert earlier.value == pytest.approx(case["unnormalised_total_accuracy_pre_fix"], abs=1e-12)
        # Question 3 ties with one other option: right officially, half right here.
        assert result.metric("accuracy").value == pytest.approx(3.5 / 8)
        assert result.metric("accuracy").strict == pytest.approx(3 / 8)


def test_the_two_way_case_of_the_vector_is_the_same_rule() -> None:
    case = next(c for c in VECTOR["cases"] if c["name"] == "binary")
    texts = next(c for c in VECTOR["cases"] if c["name"] == case["texts_from"])["texts"]
    right = []
    for found in case["rows"]:
        image = np.array(VECTOR["images"][found["image_path"]])
        options = np.array([texts[found[f"caption_{i}"]] for i in (0, 1)])
        cosines = options @ image / np.linalg.norm(options, axis=1) / np.linalg.norm(image)
        right.append(official(cosines[None], np.array([found["correct_answer"]]), Tie.FIRST).item())
    assert np.mean(right) == case["expected"]["total_accuracy"]


def test_a_constant_encoder_is_right_officially_and_at_chance_here(tmp_path: Path) -> None:
    SAMPLES[NAME].write_sample(tmp_path)
    result = run(constant(), NAME, tmp_path)
    assert result.metric("official_accuracy").value == 1.0 == result.metric("official_blind_constant").value
    assert result.metric("blind_constant").value == pytest.approx(0.25)
    assert result.metric("accuracy").value == pytest.approx(0.25)
    assert any("always stands at place 0" in note for note in result.notes)
    assert result.metric("blind_longest_option").value == 0.0  # the longest of each is wrong
    assert set(result.metric("blind_negation_word").per_slice) == {"positive", "negative", "hybrid"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"correct_answer": "4"}, "'correct_answer' is 4"),
        ({"correct_answer": "one"}, "not a number"),
        ({"correct_answer_template": "hybird"}, "'correct_answer_template' is 'hybird'"),
        ({"image_path": ""}, "names no image"),
    ],
)
def test_malformed_rows_are_named(tmp_path: Path, change: dict[str, str], message: str) -> None:
    found = rows(["a.jpg", "b.jpg"])
    write_csv(tmp_path / FILE, [found[0], {**found[1], **change}])
    with pytest.raises(UserError, match=message) as caught:
        create(NAME).read(tmp_path, tmp_path)
    assert "names no image" in message or caught.value.where.endswith(f"{FILE}:3")


def test_faults_are_found_in_the_data(tmp_path: Path) -> None:
    twice = row("a.jpg", 0, "hybrid", ["same", "same", "", "other"])
    write_csv(tmp_path / FILE, [twice, twice])
    defects = create(NAME).read(tmp_path, tmp_path).defects
    assert "1 of 2 items repeat another item exactly (2)" in defects
    assert "2 of 2 items have the right option twice: ties by construction (1, 2)" in defects
    assert "2 of 2 items have an empty text (1, 2)" in defects


def test_the_original_is_not_called_another_version_than_official(tmp_path: Path) -> None:
    root = tmp_path / "root"
    SAMPLES[NAME].write_sample(root)
    (file,) = create(NAME).files
    data, notes = create(NAME).described(root)
    assert data["files"][file.path]["official"] is None
    assert notes == [f"{file.path} is not the copy in sepehrkr/SpaceVLM; the sha256 of the original is not known"]


def test_the_folder_tells_images_of_one_name_apart(tmp_path: Path) -> None:
    name, captions = "negbench_mcq_synthetic", ["both", "one", "other", "none"]
    pair = [row(f"x/{side}/7_img.png", 0, "positive", captions) for side in ("positive", "negative")]
    write_csv(tmp_path / SETS[name][0], pair)
    read = create(name).read(tmp_path, tmp_path)
    assert [ref.name for ref in read.images] == ["positive/7_img.png", "negative/7_img.png"]
