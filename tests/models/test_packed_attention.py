"""Packed attention by hand: the same as torch's kernel text by text, forward and backward, in any grouping."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from semclip.models.packed_attention import by_library, packed_attention
from semclip.models.packed_text import pack

HEADS, WIDTH = 2, 8
LENGTHS = [3, 9, 1, 8, 9, 17, 2]


def random_qkv(dtype: torch.dtype = torch.float64) -> Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.randn(sum(LENGTHS), 3 * WIDTH, dtype=torch.float64, generator=draw).to(dtype).requires_grad_()


def text_by_text(qkv: Tensor) -> Tensor:
    """Each text by itself, shorter ones first, as they lie in the row."""
    out = []
    for part in torch.split(qkv, sorted(LENGTHS)):
        q, k, v = part.view(1, len(part), 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        out.append(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(len(part), WIDTH))
    return torch.cat(out)


def library(qkv: Tensor) -> Tensor:
    """The path of other devices than the CPU."""
    groups = pack(torch.tensor(LENGTHS)).groups
    parts = zip(torch.split(qkv, [g.size for g in groups]), groups, strict=True)
    return torch.cat([by_library(part, group, HEADS) for part, group in parts])


def by_hand(qkv: Tensor) -> Tensor:
    return packed_attention(qkv, pack(torch.tensor(LENGTHS)).groups, HEADS)


@pytest.mark.parametrize("attend", [by_hand, library])
def test_equals_text_by_text(attend) -> None:  # type: ignore[no-untyped-def]
    outputs, gradients = [], []
    weights = torch.randn(sum(LENGTHS), WIDTH, dtype=torch.float64)
    for f in (attend, text_by_text):
        qkv = random_qkv()
        out = f(qkv)
        (out * weights).sum().backward()
        outputs.append(out.detach())
        gradients.append(qkv.grad)
    torch.testing.assert_close(outputs[0], outputs[1], atol=1e-12, rtol=0)
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-12, rtol=0)


def test_gradient_is_that_of_finite_differences() -> None:
    assert torch.autograd.gradcheck(by_hand, (random_qkv(),))


def test_half_precision_is_nearer_to_the_truth_than_half_precision_products() -> None:
    exact = by_hand(random_qkv()).detach()
    half = random_qkv(torch.bfloat16)
    ours = (by_hand(half).double() - exact).abs().mean()
    theirs = (text_by_text(half).double() - exact).abs().mean()
    assert by_hand(half).dtype == torch.bfloat16 and 0 < ours <= theirs


def test_large_scores_do_not_overflow() -> None:
    qkv = (random_qkv().detach() * 1e3).requires_grad_()
    out = by_hand(qkv)
    out.sum().backward()
    assert out.isfinite().all() and qkv.grad is not None and qkv.grad.isfinite().all()


def test_backward_within_autocast_is_the_same() -> None:
    gradients = []
    for inside in (False, True):
        qkv = random_qkv(torch.bfloat16)
        out = by_hand(qkv)
        with torch.autocast("cpu", torch.bfloat16, enabled=inside):
            out.float().sum().backward()
        gradients.append(qkv.grad)
    assert torch.equal(gradients[0], gradients[1])
