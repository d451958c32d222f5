"""Layouts of packed texts: a place for every token, attention as torch's kernel has it text by text."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from semclip.models.packing import GROUP, Packing, pack_rows, pack_tiles

HEADS, WIDTH = 2, 8
LENGTHS = [3, 9, 1, 8, 9, 17, 2]
Pack = Callable[[Tensor, torch.dtype], Packing]


def small_tiles(lengths: Tensor, dtype: torch.dtype) -> Packing:
    """Of 24 places, so that several are needed."""
    return pack_tiles(lengths, dtype, tile=24)


layouts = pytest.mark.parametrize("pack", [pack_rows, pack_tiles, small_tiles])


@layouts
@given(lengths=st.lists(st.integers(1, 77), min_size=1, max_size=40))
def test_every_token_has_one_place(pack: Pack, lengths: list[int]) -> None:
    packing = pack(torch.tensor(lengths), torch.float32)
    places = list(zip(packing.texts.tolist(), packing.positions.tolist(), strict=True))
    wanted = {(text, position) for text, n in enumerate(lengths) for position in range(n)}
    assert set(places) == wanted
    assert [places[i] for i in packing.last.tolist()] == [(text, n - 1) for text, n in enumerate(lengths)]
    empty = len(places) - len(wanted)
    assert places.count((0, 0)) == 1 + empty and all(places.count(place) == 1 for place in wanted - {(0, 0)})


@given(st.lists(st.integers(1, 77), min_size=1, max_size=40))
def test_groups_hold_whole_texts_of_like_length(lengths: list[int]) -> None:
    packing = pack_rows(torch.tensor(lengths), torch.float32)
    start = 0
    for group in packing.groups:
        positions = packing.positions[start : start + group.size]
        assert group.padded % GROUP == 0 and group.padded - GROUP <= int(positions.max()) < group.padded
        assert int((positions == 0).sum()) == group.texts
        # A token stands in its text's stretch of the padded group, at its own position.
        assert torch.equal(group.places % group.padded, positions)
        assert torch.equal(group.places // group.padded, (positions == 0).cumsum(0) - 1)
        start += group.size
    assert start == sum(lengths)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=200))
def test_no_text_is_cut_by_the_edge_of_a_tile(lengths: list[int]) -> None:
    packing = pack_tiles(torch.tensor(lengths), torch.float32)
    tiles, _, tile, _ = packing.mask.shape
    assert tile == (128 if max(lengths) <= 128 else -(-max(lengths) // 8) * 8) and tiles <= len(lengths)
    for n, last in zip(lengths, packing.last.tolist(), strict=True):
        row, end = divmod(last, tile)
        seen = packing.mask[row, 0, end] == 0  # by the last token: its text and nothing else
        assert end - n + 1 >= 0 and seen.nonzero()[:, 0].tolist() == list(range(end - n + 1, end + 1))


def test_tiles_of_captions_are_nearly_full() -> None:
    draw = torch.Generator().manual_seed(0)
    lengths = (torch.randn(768, generator=draw) * 3.2 + 14.7).round().clamp(7, 52).long()
    packing = pack_tiles(lengths, torch.float32)
    assert len(packing.texts) < 1.02 * int(lengths.sum()) + 128


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


def attend(pack: Pack, qkv: Tensor) -> Tensor:
    """Packed attention, given and returned text by text, shorter ones first."""
    lengths = torch.tensor(sorted(LENGTHS))
    packing = pack(lengths, qkv.dtype)
    starts = lengths.cumsum(0) - lengths
    out = packing.attend(qkv[starts[packing.texts] + packing.positions], HEADS)  # (N, W)
    own = torch.cat([torch.arange(last - n + 1, last + 1) for last, n in zip(packing.last, lengths, strict=True)])
    return out[own]


def by_hand(qkv: Tensor) -> Tensor:
    return attend(pack_rows, qkv)


@layouts
def test_equals_text_by_text(pack: Pack) -> None:
    outputs, gradients = [], []
    weights = torch.randn(sum(LENGTHS), WIDTH, dtype=torch.float64)
    for f in (lambda x: attend(pack, x), text_by_text):
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


@layouts
def test_large_scores_do_not_overflow(pack: Pack) -> None:
    qkv = (random_qkv().detach() * 1e3).requires_grad_()
    out = attend(pack, qkv)
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
