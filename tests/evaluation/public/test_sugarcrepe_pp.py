"""SugarCrepe++: the published scripts' numbers, official rows, known faults of the data, and texts alone.

The rows in OFFICIAL are from github.com/Sri-Harsha/scpp (CC BY 4.0, Dumpala et al. 2024; captions: COCO, CC BY 4.0).
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.public.fakes import VECTORS, constant, noise, run, table, write_images, write_json

VECTOR = json.loads((VECTORS / "bench-sugarcrepepp.json").read_text())
SUBSETS = ("replace_obj", "replace_att", "replace_rel", "swap_obj", "swap_att")

OFFICIAL = [
    {
        "id": 0,
        "filename": "000000222235.jpg",
        "caption": "A cat sits on its hind legs, and swats at the plant.",
        "caption2": "The cat swats at the plant while sitting on its hind legs.",
        "negative_caption": "A cat sits on the plant, and swats at its hind legs.",
    },
    {
        "id": 1,
        "filename": "000000480021.jpg",
        "caption": "A person on a motorcycle is waving at two people.",
        "caption2": "A person is waving at two other people while being on a motorcycle.",
        "negative_caption": "Two people on a motorcycle are waving at a person.",
    },
]
TRUE = {f"{n}.jpg": (f"a {s} thing {n}", f"thing {n}, a {s}") for n, s in enumerate(SUBSETS)}


def row(id_: int, filename: str, first: str, second: str, false: str) -> dict[str, Any]:
    return {"id": id_, "filename": filename, "caption": first, "caption2": second, "negative_caption": false}


def write_sample(root: Path) -> None:
    for n, subset in enumerate(SUBSETS):
        write_json(
            root / f"sugarcrepe_pp/{subset}.json", [row(0, f"{n}.jpg", *TRUE[f"{n}.jpg"], f"a {subset} other {n}")]
        )
    write_images(root / "coco/val2017", TRUE)


def write(root: Path, subset: str, rows: list[dict[str, Any]]) -> None:
    """One subset with rows, the others empty."""
    for other in SUBSETS:
        write_json(root / f"sugarcrepe_pp/{other}.json", rows if other == subset else [])
    write_images(root / "coco/val2017", (r["filename"] for r in rows))


def test_the_published_scripts_give_these_numbers(tmp_path: Path) -> None:
    write(tmp_path, "swap_obj", VECTOR["items"])
    result = run(table(VECTOR["images"], VECTOR["texts"]), "sugarcrepe_pp", tmp_path)
    for name, key in (("itt", "ITT"), ("tot", "TOT"), ("i_p1_neg", "I_P1_Neg"), ("i_p2_neg", "I_P2_Neg")):
        assert result.metric(f"official_{name}").value == pytest.approx(VECTOR["expected"][key], abs=1e-12), name
        strict = result.metric(name).strict
        assert strict == pytest.approx(VECTOR["expected"][key], abs=1e-12), name


def test_texts_alone_need_no_image(tmp_path: Path) -> None:
    write(tmp_path, "swap_obj", VECTOR["items"])
    for file in (tmp_path / "coco/val2017").iterdir():
        file.unlink()
    encoder = table({}, VECTOR["texts"])
    result = run(encoder, "sugarcrepe_pp", tmp_path, text_only=True)
    assert not encoder.image_calls
    assert result.primary == "tot" and {m.name.removeprefix("official_") for m in result.metrics} == {
        "tot",
        "tot_macro5",
    }
    assert result.metric("official_tot").value == pytest.approx(VECTOR["expected"]["TOT_ulm_path"], abs=1e-12)


def test_macro5_is_the_mean_over_subsets(tmp_path: Path) -> None:
    right, wrong = ("r1", "r2", "r3"), ("w1", "w2", "w3")
    for subset, rows in {
        "replace_obj": [right] * 3 + [wrong],
        "replace_att": [wrong],
        "replace_rel": [],
        "swap_obj": [],
        "swap_att": [],
    }.items():
        write_json(tmp_path / f"sugarcrepe_pp/{subset}.json", [row(i, f"{i}.jpg", *t) for i, t in enumerate(rows)])
    write_images(tmp_path / "coco/val2017", [f"{i}.jpg" for i in range(4)])
    near, far = [1.0, 0.1], [0.1, 1.0]
    texts = {"r1": near, "r2": near, "r3": far, "w1": far, "w2": far, "w3": near}
    result = run(table({f"{i}.jpg": [1.0, 0.0] for i in range(4)}, texts), "sugarcrepe_pp", tmp_path)
    assert result.metric("official_itt").value == pytest.approx(3 / 5)
    assert result.metric("official_itt_macro5").value == pytest.approx((3 / 4 + 0) / 2)


def test_official_rows_are_read_and_faults_are_told(tmp_path: Path) -> None:
    rows = [
        *OFFICIAL,
        row(2, "1.jpg", "a dog", "one dog", "a dog"),
        row(14, "1.jpg", "a cat", "a cat", "a cow"),
        row(228, "2.jpg", "x", "y", "z"),
        row(230, "2.jpg", "x", "y", "z"),
    ]
    write(tmp_path, "swap_obj", rows)
    result = run(noise(), "sugarcrepe_pp", tmp_path)
    assert "swap_obj/2: caption and negative are the same text: nobody can win" in result.notes
    assert "swap_obj/14: both wordings are the same text: TOT is easy" in result.notes
    assert "swap_obj/228 and swap_obj/230 are the same row" in result.notes
    assert result.items["itt"]["id"][0] == "swap_obj/0"
    assert result.data["images"] == 4


def test_a_constant_encoder_scores_nothing_by_the_scripts_and_chance_here(tmp_path: Path) -> None:
    write_sample(tmp_path)
    result = run(constant(), "sugarcrepe_pp", tmp_path)
    assert result.metric("official_itt").value == result.metric("official_tot").value == 0.0
    assert result.metric("itt").value == result.metric("tot").value == pytest.approx(1 / 3)
