"""NegBench MCQ on COCO: the published script's numbers before and after its fix, ties, malformed rows and faults."""

import json
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.evaluation.metrics.result import Result
from semclip.evaluation.public._choice import Tie, official
from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import VECTORS, constant, run, table, write_images
from tests.evaluation.public.negbench import row, rows, write_csv

VECTOR = json.loads((VECTORS / "bench-negbench-mcq.json").read_text())

NAME, FILE, IMAGES = "negbench_mcq_coco", "COCO_val_mcq_llama3.1_rephrased.csv", "coco/val2017"
TRUE = {f"{n}.jpg": (f"right {n}",) for n in range(6)}


def write_sample(root: Path) -> None:
    write_csv(root / NAME / FILE, rows([f"/elsewhere/{name}" for name in TRUE]))
    write_images(root / IMAGES, TRUE)


def vector(root: Path, case: str) -> Result:
    found = next(c for c in VECTOR["cases"] if c["name"] == case)
    write_csv(root / NAME / FILE, found["rows"])
    write_images(root / IMAGES, VECTOR["images"])
    return run(table(VECTOR["images"], found["texts"]), NAME, root)


def test_the_published_script_gives_these_numbers(tmp_path: Path) -> None:
    result = vector(tmp_path, "coco_voc_style")
    expected = next(c for c in VECTOR["cases"] if c["name"] == "coco_voc_style")
    official = result.metric("official_accuracy")
    assert official.value == pytest.approx(expected["expected"]["total_accuracy"], abs=1e-12)
    for kind in ("positive", "negative", "hybrid"):
        assert official.per_slice[kind].value == pytest.approx(expected["expected"][f"{kind}_accuracy"], abs=1e-12)
    earlier = result.metric("official_unnormalised")
    assert earlier.value == pytest.approx(expected["unnormalised_total_accuracy_pre_fix"], abs=1e-12)
    for key, value in result.extra["official"].items():
        assert value == expected["expected"][key], key
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
    write_sample(tmp_path)
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
    write_sample(root)
    (file,) = create("negbench_mcq_coco").files
    data, notes = create("negbench_mcq_coco").described(root)
    assert data["files"][file.path]["official"] is None
    assert notes == [f"{file.path} is not the copy in sepehrkr/SpaceVLM; the sha256 of the original is not known"]
