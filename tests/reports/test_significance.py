import json
import math
from pathlib import Path

import pytest

from semclip.reports.comparison import Comparison
from semclip.reports.significance import Contrast, Contrasts, got_worse
from tests.reports.conftest import edit_json, load_one


def outcomes(run: Path, benchmark: str, metric: str) -> dict[str, float]:
    items = json.loads((run / "results" / f"{benchmark}.json").read_text())["items"][metric]
    return dict(zip(items["id"], items["outcome"], strict=True))


def exact_mcnemar(better: int, worse: int) -> float:
    """Naive reference: twice the smaller tail of a fair coin, at most 1."""
    n, k = better + worse, min(better, worse)
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n)


def of_focus(comparison: Comparison, *what: str) -> Contrast:
    contrasts = Contrasts(comparison)
    found = contrasts.with_control(contrasts.focus, *what)
    assert found is not None
    return found


def test_p_is_mcnemar_over_the_same_items(runs: list[Path]) -> None:
    contrast = of_focus(load_one(runs[1:]), "retrieval", "caption_r1")  # two systems: nothing to correct
    assert contrast.p is not None and contrast.interval is not None and contrast.method == "exact McNemar test"
    treated, control = (outcomes(r, "retrieval", "caption_r1") for r in (runs[2], runs[1]))
    better = sum(treated[i] > control[i] for i in treated)
    worse = sum(treated[i] < control[i] for i in treated)
    assert contrast.p == pytest.approx(exact_mcnemar(better, worse))
    assert contrast.difference == pytest.approx((better - worse) / len(treated))
    assert contrast.interval[0] <= contrast.difference <= contrast.interval[1]


def test_items_are_matched_by_id_and_not_by_place(runs: list[Path]) -> None:
    before = of_focus(load_one(runs), "retrieval", "caption_r1")

    def reverse(result: dict) -> None:
        items = result["items"]["caption_r1"]
        result["items"]["caption_r1"] = {key: values[::-1] for key, values in items.items()}

    edit_json(runs[1] / "results" / "retrieval.json", reverse)
    assert before.p == of_focus(load_one(runs), "retrieval", "caption_r1").p


def test_slices_are_paired_over_their_own_items(runs: list[Path]) -> None:
    comparison = load_one(runs[1:])
    contrast = of_focus(comparison, "original_over_negation", "caption_over_negation", "object_denied")
    ids = [f"scene-{i}" for i in range(0, 240, 4)]
    pairs = [outcomes(r, "original_over_negation", "caption_over_negation") for r in (runs[2], runs[1])]
    better = sum(pairs[0][i] > pairs[1][i] for i in ids)
    worse = sum(pairs[0][i] < pairs[1][i] for i in ids)
    assert contrast.p == pytest.approx(exact_mcnemar(better, worse))


def test_got_worse_finds_the_planted_loss_only_where_it_is(runs: list[Path]) -> None:
    found, looked = got_worse(Contrasts(load_one(runs)))
    assert {(c.name, c.reference.title) for c in found} >= {("caption_r5", "CLIP control"), ("caption_r5", "Base")}
    assert not {"paraphrase_r1", "caption_over_negation", "itt", "tot"} & {c.name for c in found}
    # Nine metrics with items against base and control, and three sliced metrics of four kinds against the control.
    assert looked == 9 * 2 + 3 * 4


def test_lower_is_better_turns_the_verdict(runs: list[Path]) -> None:
    for run in runs:
        edit_json(
            run / "results" / "retrieval.json",
            lambda r: r | {"metrics": [m | {"higher_is_better": m["name"] != "caption_r5"} for m in r["metrics"]]},
        )
    contrast = of_focus(load_one(runs), "retrieval", "caption_r5")
    assert contrast.difference < 0 and contrast.state == "better"


def test_no_items_no_p(runs: list[Path]) -> None:
    contrast = of_focus(load_one(runs), "margins", "caption_minus_negation")
    assert contrast.p is None and contrast.interval is None and contrast.state == ""
