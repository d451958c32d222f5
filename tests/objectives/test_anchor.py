"""The anchor: nothing at the start, more the further captions drift, and no pull on the start itself."""

import pytest
import torch

from semclip.core.errors import UserError
from semclip.objectives import Features, create


def rows(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(5, 8), (5, 3, 8)])
def test_it_is_the_mean_distance(shape: tuple[int, ...]) -> None:
    caption, start = rows(0, *shape), rows(1, *shape)
    expected = (1 - torch.cosine_similarity(caption, start, dim=-1)).mean()
    terms = create("anchor")(Features(logit_scale=1.0, caption=caption, caption_at_start=start))
    torch.testing.assert_close(terms.total, expected, atol=1e-12, rtol=0)
    assert terms.parts == {"drift": terms.total}
    at_start = create("anchor")(Features(logit_scale=1.0, caption=caption, caption_at_start=3 * caption))
    assert abs(float(at_start.total)) < 1e-12


def test_drift_within_the_margin_is_free() -> None:
    caption, start = rows(0, 5, 8), rows(1, 5, 8)
    distance = 1 - torch.cosine_similarity(caption, start, dim=-1)
    for margin in (0.3, 1.0, 1.9):
        terms = create("anchor", margin=margin)(Features(logit_scale=1.0, caption=caption, caption_at_start=start))
        torch.testing.assert_close(terms.total, (distance - margin).clamp(min=0).mean(), atol=1e-12, rtol=0)
    for margin in (-0.1, 2.0, 2.5):
        with pytest.raises(UserError, match="margin"):
            create("anchor", margin=margin)


def test_the_start_gets_no_gradient() -> None:
    caption, start = rows(0, 5, 8).requires_grad_(), rows(1, 5, 8).requires_grad_()
    create("anchor")(Features(logit_scale=1.0, caption=caption, caption_at_start=start)).total.backward()
    assert caption.grad is not None and caption.grad.abs().sum() > 0 and start.grad is None


def test_without_the_start_it_says_what_is_missing() -> None:
    with pytest.raises(UserError, match="caption_at_start"):
        create("anchor")(Features(logit_scale=1.0, caption=rows(0, 5, 8)))
