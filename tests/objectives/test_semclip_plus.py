"""SemCLIP+: the loss against its formula in loops, and what each weight needs."""

import math
from itertools import product

import pytest
import torch
from torch import Tensor

from semclip.objectives import Features, create
from tests.objectives.features import make_views

GROUPS = [0, 1, 0, 2, 1]
ROWS, SCALE = len(GROUPS), 3.0
ONE = make_views(frozenset({"image", "caption", "paraphrase", "negation", "absence"}), rows=ROWS)
OTHER = make_views(frozenset(ONE), rows=ROWS, seed=1)
VIEWS = ONE | {view: torch.stack([ONE[view], OTHER[view]], dim=1) for view in ("paraphrase", "negation")}


def features(**views: Tensor) -> Features:
    return Features(logit_scale=SCALE, groups=torch.tensor(GROUPS), **{**VIEWS, **views})


def texts(f: Features, view: str) -> list[Tensor]:
    x = f.unit(view)
    return [x] if x.dim() == 2 else [x[:, k] for k in range(x.shape[1])]


def is_other(i: int, j: int, mask: bool) -> bool:
    return i != j and not (mask and GROUPS[i] == GROUPS[j])


def hard_negative(f: Features, query: Tensor, text: Tensor, true_views: list[str], mask: bool) -> float:
    """HN of the formula: a true text against the row's own negations and the true texts of other groups."""
    losses = []
    for i in range(ROWS):
        false = [negation[i] for negation in texts(f, "negation")]
        for view, j in product(true_views, range(ROWS)):
            false += [x[j] for x in texts(f, view) if is_other(i, j, mask)]
        own, *wrong = (math.exp(SCALE * float(query[i] @ x)) for x in (text[i], *false))
        losses.append(-math.log(own / (own + sum(wrong))))
    return sum(losses) / ROWS


def to_image(f: Features, text: Tensor, mask: bool) -> float:
    losses = []
    for i in range(ROWS):
        weights = {j: math.exp(SCALE * float(text[i] @ f.image[j])) for j in range(ROWS)}
        losses.append(-math.log(weights[i] / sum(w for j, w in weights.items() if j == i or is_other(i, j, mask))))
    return sum(losses) / ROWS


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize(
    "weights",
    [{}, {"paraphrase": 0.5, "absence": 2.0, "text": 1.5}, {"absence": 0.0}, {"paraphrase": 0.0, "text": 0.0}],
)
def test_the_loss_is_that_of_its_formula(weights: dict[str, float], mask: bool) -> None:
    f = features()
    full = {"paraphrase": 1.0, "absence": 1.0, "text": 0.5, **weights}
    of_view = {v: w for v, w in {"caption": 1.0, **full}.items() if v != "text" and w}
    true = list(of_view)
    forward = {v: mean([hard_negative(f, f.image, x, true, mask) for x in texts(f, v)]) for v in true}
    backward = {v: mean([to_image(f, x, mask) for x in texts(f, v)]) for v in true}
    expected = sum(w * (forward[v] + backward[v]) for v, w in of_view.items()) / (2 * sum(of_view.values()))
    parts = {**forward, "text_to_image": sum(w * backward[v] for v, w in of_view.items()) / sum(of_view.values())}
    if full["text"]:
        pairs = [pair for p in texts(f, "paraphrase") for pair in ((f.caption, p), (p, f.caption))]
        parts["text_to_text"] = mean([hard_negative(f, query, text, true, mask) for query, text in pairs])
        expected += full["text"] * parts["text_to_text"]
    terms = create("semclip_plus", mask_same_group=mask, **{f"{k}_weight": w for k, w in weights.items()})(f)
    assert {part: value.item() for part, value in terms.parts.items()} == pytest.approx(parts, abs=1e-12)
    assert terms.total.item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("off", "unneeded"),
    [(["paraphrase"], set()), (["absence"], {"absence"}), (["paraphrase", "text"], {"paraphrase"}), (["text"], set())],
)
def test_what_has_no_weight_is_not_needed(off: list[str], unneeded: set[str]) -> None:
    assert create("semclip_plus", **{f"{name}_weight": 0.0 for name in off}).needs == set(VIEWS) - unneeded


def test_queries_are_added_with_their_weight() -> None:
    queries = {
        "query": torch.randn(ROWS, 1, VIEWS["caption"].shape[-1]).double(),
        "query_things": torch.tensor([[[1, -2, 0]], [[2, 0, 0]], [[-1, 0, 0]], [[1, 2, 0]], [[2, -1, 0]]]),
        "things": torch.tensor([[1, 0], [0, 1], [0, 1], [1, 1], [0, 1]]),
    }
    f = features(**queries)
    plain, asked = create("semclip_plus"), create("semclip_plus", query_weight=0.7)
    assert asked.needs == plain.needs | set(queries)
    q = create("logical_queries")(f).total
    assert q > 0 and asked(f).parts["queries"] == q
    torch.testing.assert_close(asked(f).total, plain(f).total + 0.7 * q, rtol=1e-12, atol=0)
