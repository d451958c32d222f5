"""Numbers of the published scripts, from our functions: the strict value is the official rule."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semclip.evaluation.metrics.choice import choice
from semclip.evaluation.metrics.retrieval import rank, recall_at
from semclip.evaluation.metrics.summary import alike, macro

VECTORS = Path(__file__).parents[2] / "vectors"


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("utf-8"))


def unit(rows: Any) -> np.ndarray:
    x = np.asarray(rows, dtype=np.float64)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def cosine(a: Any, b: Any) -> np.ndarray:
    return (unit(a) * unit(b)).sum(-1)


def pair(right: np.ndarray, wrong: np.ndarray) -> Any:
    """Whether right[i] > wrong[i]."""
    return choice(np.stack([right, wrong], axis=1), 0)


def check_semclip(image: Any, original: Any, paraphrase: Any, negation: Any, expected: dict[str, Any]) -> None:
    over = pair(cosine(image, original), cosine(image, negation)).strict.mean()
    own = [[i] for i in range(len(image))]
    first = []
    for view, texts in (("original", original), ("paraphrase", paraphrase)):
        ranks = rank(unit(texts), unit(image), own)
        for k, value in expected[f"topk_{view}"].items():
            assert recall_at(ranks, int(k)).value == pytest.approx(value, abs=1e-9)
        first.append(recall_at(ranks, 1).value)
    scaled = max(0.0, 2 * (over - 0.5))
    value = expected.get("original_over_negation", expected.get("original_vs_negation"))
    assert over == pytest.approx(value, abs=1e-9)
    assert scaled == pytest.approx(expected.get("scaled_original_over_negation", expected.get("scaled")), abs=1e-9)
    combined = expected.get("combined_score", expected.get("combined"))
    assert (sum(first) + scaled) / 3 == pytest.approx(combined, abs=1e-9)


def test_semclip_protocol() -> None:
    v = read("metrics_semclip.json")
    rows = v["rows"]
    images = [v["images"][r["image"]] for r in rows]
    check_semclip(images, *([r[view] for r in rows] for view in ("original", "paraphrase", "negation")), v["expected"])


def test_semclip_released_metrics() -> None:
    case = read("metrics_n8_bs3.json")
    x = case["inputs"]
    check_semclip(x["image"], x["text"], x["paraphrase"], x["negation"], case["expected"])


def test_semclip_zero_shot() -> None:
    v = read("metrics_semclip.json")
    z = v["zeroshot"]
    images = unit([v["images"][name] for name in z["images_order"]])
    values = []
    for template in z["templates"]:
        texts = unit([z["texts"][template.format(name)] for name in z["classes"]])
        values.append(100 * choice(images @ texts.T, z["labels"]).value)
    expected = z["expected_percent"]
    assert values == pytest.approx([expected["original_accuracy"], expected["negated_accuracy"]], abs=1e-9)
    assert values[0] - values[1] == pytest.approx(expected["delta"], abs=1e-9)


def test_an_image_that_stands_twice_caps_recall() -> None:
    v = read("metrics_semclip.json")
    case = v["duplicate_image_case"]
    images = unit([v["images"][name] for name in case["image_rows"]])
    first = recall_at(rank(unit(case["texts"]), images, [[i] for i in range(4)]), 1)
    assert first.value == pytest.approx(case["allowed_top1"][0])
    assert first.ties == 2
    # Counting every row of the image as right lifts the cap: that is what the retrieval benchmark does.
    assert recall_at(rank(unit(case["texts"]), images, [[0], [1], [2, 3], [2, 3]]), 1).value == 1.0


def test_half_precision_makes_ties_that_full_precision_does_not_have() -> None:
    case = read("metrics_semclip.json")["low_precision_case"]
    image, original, negation = (np.array(case[k]) for k in ("image", "original", "negation"))
    o = pair(cosine(image, original), cosine(image, negation))
    assert o.strict.mean() == case["expected"]["float64"]["original_over_negation"]
    assert o.ties == case["expected"]["float64"]["exact_ties"]


def test_triplet_choice() -> None:
    v = read("metrics_triplet_choice.json")
    images = np.array([v["images"][i["filename"]] for i in v["items"]])
    p1, p2, n = ([v["texts"][i[key]] for i in v["items"]] for key in ("caption", "caption2", "negative_caption"))
    i1, i2, i_n = cosine(images, p1), cosine(images, p2), cosine(images, n)
    itt = choice(-np.stack([i1, i2, i_n], axis=1), 2)
    tot = choice(np.stack([cosine(p1, p2), cosine(p1, n), cosine(p2, n)], axis=1), 0)
    got = np.stack([itt.strict, tot.strict, pair(i1, i_n).strict, pair(i2, i_n).strict], axis=1)
    assert got.tolist() == v["per_item_[ITT,TOT,P1,P2]"]
    assert got.mean(0).tolist() == [v["expected"][k] for k in ("ITT", "TOT", "I_P1_Neg", "I_P2_Neg")]


def test_template_ensemble() -> None:
    v = read("metrics_zeroshot.json")
    names = sorted(v["images"])
    classes = unit([sum(unit(v["texts"][t.format(c=c)]) for t in v["templates"]) / 2 for c in v["classes"]])
    o = choice(unit([v["images"][n] for n in names]) @ classes.T, v["labels"])
    assert o.value == pytest.approx(v["expected"]["acc1"])
    recall = macro("recall", "", o, names, 0.0, alike([str(label) for label in v["labels"]]))
    assert recall.value == pytest.approx(v["expected"]["mean_per_class_recall"])
