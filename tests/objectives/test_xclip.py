"""nCLIP's terms where they degenerate, and xCLIP's heads."""

import math

import pytest
import torch

from semclip.core.errors import UserError
from semclip.objectives import Features, create
from tests.objectives.features import build, make_views, outcome

VIEWS = make_views(frozenset({"image", "caption"}))


def terms(u: torch.Tensor, v: torch.Tensor) -> tuple[float, float, float, float]:
    t = create("nclip").terms(u, v)
    return (t.total.item(), *(t.parts[p].item() for p in ("agreement", "sharpness", "smoothness")))


def test_collapse_to_one_cluster_costs_nothing_and_gains_nothing() -> None:
    u = torch.tensor([[400.0, 0.0, 0.0]] * 4, requires_grad=True)
    assert terms(u, u) == pytest.approx((0, 0, 0, 0), abs=1e-6)
    create("nclip").terms(u, u).total.backward()
    assert u.grad is not None and u.grad.isfinite().all()


def test_confident_and_diverse_is_the_best() -> None:
    u = 400 * torch.eye(3)
    total, agreement, sharpness, smoothness = terms(u, u)
    assert (agreement, sharpness) == pytest.approx((0, 0), abs=1e-6)
    assert smoothness == pytest.approx(math.log(3), abs=1e-6) and total == pytest.approx(-math.log(3), abs=1e-6)


def test_uniform_is_log_k() -> None:
    assert terms(torch.zeros(3, 5), torch.zeros(3, 5))[1:] == pytest.approx([math.log(5)] * 3, abs=1e-6)


def test_each_head_is_trained() -> None:
    gradients = outcome(build("nclip"), VIEWS).parameters
    assert {name.split(".")[1] for name in gradients} == {"image", "caption"}
    assert all(gradient.abs().sum() > 0 for gradient in gradients.values())


def test_xclip_with_one_weight_is_one_loss() -> None:
    features = Features(logit_scale=2.0, **VIEWS)
    only = build("xclip", contrastive_weight=1.0, noncontrastive_weight=0.0)(features).total
    assert torch.equal(only, create("clip")(features).total)
    other = build("xclip", contrastive_weight=0.0, noncontrastive_weight=1.0)(features).total
    assert torch.equal(other, build("nclip")(features).total)


def test_heads_need_setup_and_a_size() -> None:
    with pytest.raises(UserError, match="heads"):
        create("xclip")(Features(logit_scale=2.0, **VIEWS))
    for too_small in ({"clusters": 1}, {"hidden": 0}, {"layers": 0}):
        with pytest.raises(UserError, match="clusters"):
            create("nclip", **too_small)
    smallest = build("nclip", clusters=2, hidden=1, layers=1)
    assert smallest(Features(logit_scale=2.0, **VIEWS)).total.isfinite()
