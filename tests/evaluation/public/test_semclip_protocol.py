"""SemCLIP's protocol against its published code's numbers; every row below is invented."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public.base import create
from semclip.evaluation.public.semclip_protocol import SemclipProtocol, Triple, official_topk, split
from tests.evaluation.own.fakes import FakeEncoder, constant
from tests.evaluation.public.fakes import noise, run, write_images

VECTORS = Path(__file__).parents[2] / "vectors"
VECTOR = json.loads((VECTORS / "bench-semclip.json").read_text())
SPLIT = json.loads((VECTORS / "bench-semclip-split.json").read_text())

TRUE = {f"{i}.jpg": [f"thing {i}", f"one thing {i}"] for i in range(60)}


def write_sample(root: Path) -> None:
    (root / "semclip_protocol").mkdir(parents=True, exist_ok=True)
    with (root / "semclip_protocol" / "sugarcrepe_pp_paraphrased.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "caption", "paraphrased", "negation"])
        writer.writerows([name, *texts, f"no {texts[0]}"] for name, texts in TRUE.items())
    write_images(root / "coco" / "val2017", TRUE)


def triples(images: list[str]) -> list[Triple]:
    return [
        Triple(str(i), ImageRef(n), f"original {i}", f"paraphrase {i}", f"negation {i}") for i, n in enumerate(images)
    ]


def scored(rows: list[Triple], encoder: FakeEncoder) -> Scores:
    texts = [t for r in rows for t in (r.caption, r.paraphrase, r.negation)]
    return SemclipProtocol().score(rows, Encodings.compute(encoder, [r.image for r in rows], texts))


def test_published_vector() -> None:
    rows = triples([row["image"] for row in VECTOR["rows"]])

    def text(string: str) -> np.ndarray:
        kind, _, number = string.partition(" ")
        return np.array(VECTOR["rows"][int(number)][kind])

    scores = scored(
        rows,
        FakeEncoder(
            lambda name: np.array(VECTOR["images"][name]), lambda t: text(t) if t[-1].isdigit() else np.ones(4)
        ),
    )
    value = {m.name: m.value for m in scores.metrics}
    expected = VECTOR["expected"]
    assert value["official_original_over_negation"] == expected["original_over_negation"]
    for name in ("original", "paraphrase"):
        for k, proportion in expected[f"topk_{name}"].items():
            assert value[f"official_{name}_top{k}"] == proportion
    assert value["official_scaled"] == expected["scaled_original_over_negation"]
    assert value["official_combined"] == expected["combined_score"]
    tied = next(m for m in scores.metrics if m.name == "original_over_negation")
    assert tied.ties > 0 and tied.strict == value["official_original_over_negation"] < tied.value


def test_half_precision_makes_ties_that_count_as_wrong() -> None:
    case = VECTOR["low_precision_case"]
    rows = triples([str(i) for i in range(len(case["image"]))])

    def text(string: str) -> np.ndarray:
        kind, _, number = string.partition(" ")
        return (
            np.array(case["negation" if kind == "negation" else "original"][int(number)])
            if number.isdigit()
            else np.ones(8)
        )

    scores = scored(rows, FakeEncoder(lambda name: np.array(case["image"][int(name)]), text))
    found = {m.name: m for m in scores.metrics}
    assert found["official_original_over_negation"].value == case["expected"]["float64"]["original_over_negation"]
    for precision in ("bfloat16", "float16"):
        metric = found[f"official_original_over_negation_{precision}"]
        assert metric.value == case["expected"][precision]["original_over_negation"]
        assert f"{case['expected'][precision]['exact_ties']} exact ties" in metric.description


def test_an_image_that_stands_twice_is_found_once_officially() -> None:
    case = VECTOR["duplicate_image_case"]
    images = torch.nn.functional.normalize(torch.tensor([VECTOR["images"][n] for n in case["image_rows"]]), dim=1)
    texts = torch.nn.functional.normalize(torch.tensor(case["texts"]), dim=1)
    assert official_topk(images, texts)[1] in case["allowed_top1"]
    rows = triples(case["image_rows"])
    scores = scored(
        rows,
        FakeEncoder(
            lambda name: np.array(VECTOR["images"][name]),
            lambda t: np.array(case["texts"][int(t[-1])]) if t[-1].isdigit() else np.ones(4),
        ),
    )
    assert next(m.value for m in scores.metrics if m.name == "original_top1") == 1.0


def test_more_asked_for_than_there_is() -> None:
    quirk = VECTOR["k_gt_n_quirk"]
    eye = torch.eye(2)
    assert official_topk(eye, eye) == {int(k): v for k, v in quirk["n2_all_correct"].items()}
    assert official_topk(eye, eye[[0, 0]]) == {int(k): v for k, v in quirk["n2_half_correct"].items()}


def test_constant_encoder_is_chance_by_ours_and_nothing_by_theirs() -> None:
    found = {m.name: m for m in scored(triples([f"{i}.jpg" for i in range(6)]), constant()).metrics}
    assert found["official_original_over_negation"].value == 0
    assert found["original_over_negation"].value == 0.5
    for k in (1, 3, 5):
        assert found[f"original_top{k}"].value == pytest.approx(k / 6) == found[f"original_top{k}"].chance
    assert {"blind_constant", "blind_negation_word", "blind_text_only"} <= found.keys()


def test_split_sizes_and_order() -> None:
    assert SemclipProtocol.files[0].sha256 == SPLIT["csv_sha256"]
    parts = split(4757)
    assert [len(p) for p in parts] == list(SPLIT["expected"]["sizes"].values())
    assert sorted(np.concatenate(parts).tolist()) == list(range(4757))
    # What pandas' sample(frac=1, random_state=42) gives of ten rows.
    assert np.concatenate(split(10)).tolist() == [8, 1, 5, 0, 7, 2, 9, 4, 3, 6]


def test_reading_the_file_names_what_the_split_leaks(tmp_path: Path) -> None:
    with (tmp_path / "sugarcrepe_pp_paraphrased.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["filename", "caption", "paraphrased", "negation"])
        for i in range(40):
            writer.writerow([f"{i % 5}.jpg", f"thing, {i % 5}", f"one thing {i}", f'no "thing" {i}'])
    read = create("semclip_protocol").read(tmp_path, tmp_path)
    assert [int(t.id) - 1 for t in read.items] == split(40)[2].tolist()
    assert read.items[0].image.path == tmp_path / read.items[0].image.name
    assert any(
        "4 of 4 test rows show an image of the training split, 4 with the same caption" in d for d in read.defects
    )


def test_the_published_preprocessing_squashes_and_the_result_says_which_is_shown(tmp_path: Path) -> None:
    from semclip.evaluation import evaluate
    from semclip.evaluation.metrics.identity import differences
    from tests.models.tiny import tiny

    write_sample(tmp_path)
    for path in (tmp_path / "coco").rglob("*.jpg"):
        wide = Image.new("RGB", (64, 16), (250, 0, 0))
        wide.paste((0, 0, 250), (0, 0, 20, 16))  # a centre crop does not see it
        wide.save(path)
    encoder = tiny()
    own = encoder.preprocess.settings
    plain, published = (
        evaluate(encoder, {"semclip_protocol": options}, root=tmp_path)["semclip_protocol"]
        for options in ({}, {"preprocessing": "published"})
    )
    assert encoder.preprocess.settings == own and plain.encoder["preprocessing"] == own
    shown = published.encoder["preprocessing"]
    assert shown["resize_mode"] == "squash" and shown["mean"] == [0.485, 0.456, 0.406]
    assert any("read as the model reads them" in note for note in plain.notes)
    assert any("squashed and normalised as in the published script" in note for note in published.notes)
    assert "settings" in differences(plain, published)
    ref = next(iter((tmp_path / "coco").rglob("*.jpg")))
    squashed = encoder.with_preprocessing({"resize_mode": "squash"}).load_image(ImageRef(ref.name, ref))
    assert (squashed[2, 0] > 0).any() and (squashed[0, 0] > 0).any()  # blue at the left edge, red elsewhere
    assert squashed[2, 0, 0] > squashed[2, 0, -1] and encoder.load_image(ImageRef(ref.name, ref))[2].max() < 0


def test_a_model_that_reads_in_its_own_way_only_is_told(tmp_path: Path) -> None:
    write_sample(tmp_path)
    with pytest.raises(UserError, match="reads images in its own way only"):
        run(noise(), "semclip_protocol", tmp_path, preprocessing="published")
