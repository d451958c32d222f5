"""SugarCrepe: the published script's numbers, official rows, and known faults of the data.

The rows in OFFICIAL are from github.com/RAIVNLab/sugar-crepe (MIT licence, Copyright (c) 2023 RAIVNLab; captions from
COCO, CC BY 4.0).
"""

import json
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.evaluation.public.base import create
from tests.evaluation.public.fakes import VECTORS, constant, noise, run, table, write_images, write_json

VECTOR = json.loads((VECTORS / "bench-sugarcrepe.json").read_text())
SUBSETS = ("add_obj", "add_att", "replace_obj", "replace_att", "replace_rel", "swap_obj", "swap_att")

OFFICIAL = {
    "add_obj": {
        "0": {
            "filename": "000000219578.jpg",
            "caption": "A cat and dog napping together on the couch.",
            "negative_caption": "A cat and a dog napping together under a blanket on the couch.",
        },
        "2": {
            "filename": "000000104612.jpg",
            "caption": "A plate is filled with broccoli and noodles.",
            "negative_caption": "A plate is filled with broccoli, noodles, and carrots.",
        },
    },
    "add_att": {
        "0": {
            "filename": "000000085329.jpg",
            "caption": "A drawing of a young woman with many facial piercings.",
            "negative_caption": "A drawing of a tattooed young woman with many facial piercings.",
        }
    },
}
TRUE = {f"{n}.jpg": (f"a {s} thing {n}",) for n, s in enumerate(SUBSETS)}


def write_sample(root: Path) -> None:
    for n, subset in enumerate(SUBSETS):
        row = {"filename": f"{n}.jpg", "caption": f"a {subset} thing {n}", "negative_caption": f"a {subset} other {n}"}
        write_json(root / f"sugarcrepe/{subset}.json", {"0": row})
    write_images(root / "coco/val2017", TRUE)


def write(root: Path, subsets: dict[str, object]) -> None:
    for subset, rows in subsets.items():
        write_json(root / f"sugarcrepe/{subset}.json", rows)
        assert isinstance(rows, dict)
        write_images(root / "coco/val2017", (row["filename"] for row in rows.values()))


def test_the_published_script_gives_these_numbers(tmp_path: Path) -> None:
    write(tmp_path, VECTOR["items"])
    encoder = table(VECTOR["images"], VECTOR["texts"])
    result = run(encoder, "sugarcrepe", tmp_path, subsets=["add_obj", "swap_obj"])
    expected = VECTOR["expected"]
    micro = result.metric("official_accuracy")
    assert {k: m.value for k, m in micro.per_slice.items()} == pytest.approx(expected["accuracy"], abs=1e-12)
    assert micro.value == pytest.approx(expected["micro_over_items"], abs=1e-12)
    assert result.metric("official_accuracy_macro7").value == pytest.approx(expected["macro_over_subsets"], abs=1e-12)
    harness = result.metric("accuracy").per_slice["add_obj"]
    assert (harness.ties, harness.value, harness.strict) == (1, pytest.approx(0.5), pytest.approx(1 / 3))
    clip_benchmark = VECTOR["expected_clip_benchmark"]["per_subset"]["add_obj"]["text_acc"]
    assert harness.optimistic == pytest.approx(clip_benchmark, abs=1e-6)


def test_the_macro_means_are_over_subsets_and_over_types(tmp_path: Path) -> None:
    def row(n: int, name: str) -> dict[str, str]:
        return {"filename": f"{n}.jpg", "caption": f"{name} right", "negative_caption": f"{name} wrong"}

    # add: 1 of 1 and 0 of 1; swap: 3 of 4.
    write(
        tmp_path,
        {
            "add_obj": {"0": row(0, "a")},
            "add_att": {"0": row(1, "x")},
            "swap_obj": {str(i): row(i, "x" if i == 0 else "a") for i in range(4)},
        },
    )
    texts = {"a right": [1.0, 0], "a wrong": [0.0, 1], "x right": [0.0, 1], "x wrong": [1.0, 0]}
    encoder = table({f"{i}.jpg": [1.0, 0] for i in range(4)}, texts)
    result = run(encoder, "sugarcrepe", tmp_path, subsets=["add_obj", "add_att", "swap_obj"])
    for prefix in ("", "official_"):
        assert result.metric(f"{prefix}accuracy").value == pytest.approx(4 / 6)
        assert result.metric(f"{prefix}accuracy_macro7").value == pytest.approx((1 + 0 + 0.75) / 3)
        assert result.metric(f"{prefix}accuracy_macro3").value == pytest.approx((0.5 + 0.75) / 2)


def test_official_rows_are_read_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, OFFICIAL)
    folder = tmp_path / "sugarcrepe"
    read = create("sugarcrepe", {"subsets": ["add_obj", "add_att"]}).read(folder, tmp_path / "coco/val2017")
    first = read.items[0]
    assert (first.id, first.kind, first.cluster) == ("add_obj/0", "add_obj", "000000219578.jpg")
    assert first.query.path == tmp_path / "coco/val2017/000000219578.jpg"
    assert first.options == tuple(OFFICIAL["add_obj"]["0"][k] for k in ("caption", "negative_caption"))
    assert [q.id for q in read.items] == ["add_obj/0", "add_obj/2", "add_att/0"]


def test_known_faults_of_the_data_are_told(tmp_path: Path) -> None:
    same = {"filename": "1.jpg", "caption": "a dog", "negative_caption": "a dog"}
    good = {"filename": "1.jpg", "caption": "a dog", "negative_caption": "a cat"}
    write(tmp_path, {"swap_obj": {"0": same, "1": good, "2": good}})
    notes = run(noise(), "sugarcrepe", tmp_path, subsets=["swap_obj"]).notes
    assert any(n.startswith("swap_obj/0: caption and negative are the same text") for n in notes)
    assert "swap_obj: 1 rows are there twice" in notes
    assert any("key 108 is missing" in n for n in notes)
    assert any("swap_obj.json is another version than the official one" in n for n in notes)
    write(tmp_path, {"swap_obj": {"108": good}})
    assert any("key 108 is there" in n for n in run(noise(), "sugarcrepe", tmp_path, subsets=["swap_obj"]).notes)


def test_a_constant_encoder_scores_nothing_by_the_script_and_chance_here(tmp_path: Path) -> None:
    write_sample(tmp_path)
    result = run(constant(), "sugarcrepe", tmp_path)
    assert result.metric("official_accuracy").value == 0.0 == result.metric("official_blind_constant").value
    assert result.metric("accuracy").value == 0.5


def test_an_unknown_subset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no subset 'swap_obi'"):
        run(noise(), "sugarcrepe", tmp_path, subsets=["swap_obi"])


def test_a_caption_in_place_of_a_file_name_is_a_missing_image(tmp_path: Path) -> None:
    write(tmp_path, {"add_obj": {"0": {"filename": "0.jpg", "caption": "a man", "negative_caption": "a dog"}}})
    file = tmp_path / "sugarcrepe/add_obj.json"
    file.write_text(file.read_text().replace("0.jpg", "a man on a bench " * 20))  # more than a file's name may have
    with pytest.raises(UserError, match=r"1 images of COCO .* are missing"):
        run(noise(), "sugarcrepe", tmp_path, subsets=["add_obj"])
