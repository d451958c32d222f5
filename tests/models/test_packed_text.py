"""Packed texts: every token once, no padding in the linear layers, the same embeddings in any company."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semclip.models.packed_text import GROUP, can_pack, pack
from tests.models.tiny import CONFIGS, TEXTS, tiny

MANY = ["a dog", *TEXTS, "two cats", "a photo of a red circle", "a dog on a mat under a table in a room"]


@given(st.lists(st.integers(1, 77), min_size=1, max_size=40))
def test_every_token_has_one_place(lengths: list[int]) -> None:
    packing = pack(torch.tensor(lengths))
    places = list(zip(packing.texts.tolist(), packing.positions.tolist(), strict=True))
    assert sorted(places) == [(text, position) for text, n in enumerate(lengths) for position in range(n)]
    assert [places[i] for i in packing.last.tolist()] == [(text, n - 1) for text, n in enumerate(lengths)]


@given(st.lists(st.integers(1, 77), min_size=1, max_size=40))
def test_groups_hold_whole_texts_of_like_length(lengths: list[int]) -> None:
    packing = pack(torch.tensor(lengths))
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


def test_linear_layers_see_real_tokens_only() -> None:
    encoder = tiny()
    seen: list[torch.Size] = []
    encoder.network.transformer.resblocks[0].mlp.register_forward_hook(lambda m, args, out: seen.append(out.shape))
    encoder.encode_text(encoder.tokenize(["a dog", "a cat on a mat"]))
    assert seen == [(4 + 7, 32)]  # start, words, end of both


def test_company_and_order_do_not_matter() -> None:
    encoder = tiny().double()
    tokens = encoder.tokenize(MANY)
    with torch.no_grad():
        together = encoder.encode_text(tokens)
        alone = torch.cat([encoder.encode_text(row[None]) for row in tokens])
        backwards = encoder.encode_text(tokens.flip(0)).flip(0)
    torch.testing.assert_close(together, alone, atol=1e-12, rtol=0)
    torch.testing.assert_close(together, backwards, atol=1e-12, rtol=0)


def test_no_text_reads_another() -> None:
    encoder = tiny()
    tokens = encoder.tokenize(MANY)
    rows: list[torch.Tensor] = []
    encoder.network.token_embedding.register_forward_hook(lambda m, args, out: rows.append(out))
    out = encoder.encode_text(tokens)
    gradient = torch.autograd.grad(out[3].sum(), rows[0])[0]  # (N, W)
    read = gradient.abs().sum(1) > 0
    packing = pack(tokens.argmax(-1) + 1)
    assert torch.equal(read, packing.texts == 3)


@pytest.mark.parametrize("kind", ["plain", "custom_text"])
def test_checkpointed_blocks_give_the_same_gradients(kind: str) -> None:
    encoder = tiny(kind).double().train()
    tokens = encoder.tokenize(MANY)
    gradients = []
    for on in (False, True):
        encoder.zero_grad()
        tower = encoder.network if kind == "plain" else encoder.network.text
        tower.transformer.grad_checkpointing = on
        encoder.encode_text(tokens).square().sum().backward()
        gradients.append([p.grad.clone() for p in encoder.parameters() if p.grad is not None])
    for once, again in zip(*gradients, strict=True):
        torch.testing.assert_close(once, again, atol=1e-12, rtol=1e-12)


def test_which_towers_are_packed() -> None:
    packed = {
        kind: can_pack(e.network if kind not in ("custom_text", "eos_pool") else e.network.text)
        for kind in CONFIGS
        if (e := tiny(kind))
    }
    assert packed == {**dict.fromkeys(CONFIGS, True), "custom_blocks": False}
