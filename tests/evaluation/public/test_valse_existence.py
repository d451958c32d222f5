"""VALSE existence: valid rows and all rows, provenance slices, ties.

The row OFFICIAL is from github.com/Heidelberg-NLP/VALSE (MIT licence; captions from Visual7W).
"""

from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import constant, noise, run, table, write_images, write_json

NAME = "valse_existence"
OFFICIAL = {
    "existence_visual7w_2371044": {
        "dataset": "visual7w",
        "image_file": "v7w_2371044.jpg",
        "linguistic_phenomena": "existence",
        "caption": "There are no people in the image.",
        "provenance_of_foils": "zero_to_something",
        "mturk": {"foil": 0, "caption": 3, "other": 0},
        "foil": "There are people in the image.",
    }
}
TRUE = {f"{n}.jpg": (f"there are {'no ' * (n % 2)}things {n}",) for n in range(4)}


def item(n: int, votes: int = 3) -> dict[str, object]:
    denies = n % 2
    return {
        "image_file": f"{n}.jpg",
        "caption": f"there are {'no ' * denies}things {n}",
        "foil": f"there are {'no ' * (1 - denies)}things {n}",
        "mturk": {"caption": votes, "foil": 0, "other": 0},
        "provenance_of_foils": "zero_to_something" if denies else "something_to_zero",
    }


def write_sample(root: Path) -> None:
    write_json(root / NAME / "existence.json", {f"e{n}": item(n) for n in range(4)})
    write_images(root / "visual7w", TRUE)


def test_an_official_row_is_read_as_it_is(tmp_path: Path) -> None:
    write_json(tmp_path / "existence.json", OFFICIAL)
    (found,) = create(NAME).read(tmp_path, tmp_path).items
    assert found.valid and found.question.id == "existence_visual7w_2371044"
    assert found.question.options == ("There are no people in the image.", "There are people in the image.")
    assert (found.question.kind, found.question.cluster) == ("zero_to_something", "v7w_2371044.jpg")


def test_invalid_rows_count_only_in_the_metrics_over_all_rows(tmp_path: Path) -> None:
    # Valid: a win, a loss, a tie, a loss. Invalid (one vote): two wins.
    margins = [1.0, -1.0, 0.0, -1.0, 1.0, 1.0]
    rows = {f"e{n}": item(n, votes=3 if n < 4 else 1) for n in range(6)}
    write_json(tmp_path / NAME / "existence.json", rows)
    write_images(tmp_path / "visual7w", [f"{n}.jpg" for n in range(6)])
    texts = {}
    for n, margin in enumerate(margins):
        texts |= {rows[f"e{n}"]["caption"]: [1.0, 0.5 * margin], rows[f"e{n}"]["foil"]: [1.0, 0.0]}
    result = run(table({f"{n}.jpg": [0.0, 1.0] for n in range(6)}, texts), NAME, tmp_path)
    assert result.metric("official_accuracy").value == pytest.approx(1 / 4)
    assert result.metric("official_accuracy_all").value == pytest.approx(3 / 6)
    assert result.metric("accuracy").value == pytest.approx(1.5 / 4)
    assert (result.metric("accuracy").n, result.metric("accuracy_all").n) == (4, 6)
    assert any(note.startswith("2 of 6 rows are invalid") for note in result.notes)


def test_a_detector_of_negation_words_is_at_chance(tmp_path: Path) -> None:
    write_sample(tmp_path)
    result = run(constant(), NAME, tmp_path)
    assert result.metric("blind_negation_word").value == 0.5
    slices = result.metric("blind_negation_word").per_slice
    assert (slices["something_to_zero"].value, slices["zero_to_something"].value) == (1.0, 0.0)
    assert result.metric("official_accuracy").value == 0.0


def test_other_pieces_are_read_by_option(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"plurals\.json"):
        run(noise(), NAME, tmp_path, piece="plurals")
    with pytest.raises(UserError, match="no piece 'plural'"):
        create(NAME, {"piece": "plural"})
    write_json(tmp_path / NAME / "plurals.json", {"p": item(0)})
    write_images(tmp_path / "visual7w", ["0.jpg"])
    assert run(noise(), NAME, tmp_path, piece="plurals").metric("accuracy").n == 1


@pytest.mark.parametrize("mturk", [None, {}, {"caption": "many"}])
def test_rows_without_votes_are_named(tmp_path: Path, mturk: object) -> None:
    write_json(tmp_path / "existence.json", {"e0": item(0), "e1": {**item(1), "mturk": mturk}})
    with pytest.raises(UserError) as caught:
        create(NAME).read(tmp_path, tmp_path)
    assert caught.value.where.endswith("existence.json:e1")
