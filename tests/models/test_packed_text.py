"""Packed texts: every token once, no padding in the linear layers, the same embeddings in any company."""

from typing import Any

import pytest
import torch

from semclip.models import packed_text
from semclip.models.packed_rows import pack_rows
from semclip.models.packed_text import can_pack
from semclip.models.packed_tiles import pack_tiles
from tests.models.tiny import CONFIGS, TEXTS, tiny

MANY = ["a dog", *TEXTS, "two cats", "a photo of a red circle", "a dog on a mat under a table in a room"]


@pytest.fixture(params=[pack_rows, pack_tiles], ids=lambda f: f.__name__)
def layout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The layout of GPUs on a CPU, too."""
    monkeypatch.setattr(packed_text, "pack_rows", request.param)
    return request.param


def test_linear_layers_see_real_tokens_only() -> None:
    encoder = tiny()
    seen: list[torch.Size] = []
    encoder.network.transformer.resblocks[0].mlp.register_forward_hook(lambda m, args, out: seen.append(out.shape))
    encoder.encode_text(encoder.tokenize(["a dog", "a cat on a mat"]))
    assert seen == [(4 + 7, 32)]  # start, words, end of both


def test_company_and_order_do_not_matter(layout: Any) -> None:
    encoder = tiny().double()
    tokens = encoder.tokenize(MANY)
    with torch.no_grad():
        together = encoder.encode_text(tokens)
        alone = torch.cat([encoder.encode_text(row[None]) for row in tokens])
        backwards = encoder.encode_text(tokens.flip(0)).flip(0)
    torch.testing.assert_close(together, alone, atol=1e-12, rtol=0)
    torch.testing.assert_close(together, backwards, atol=1e-12, rtol=0)


def test_no_text_reads_another(layout: Any) -> None:
    encoder = tiny()
    tokens = encoder.tokenize(MANY)
    rows: list[torch.Tensor] = []
    encoder.network.token_embedding.register_forward_hook(lambda m, args, out: rows.append(out))
    out = encoder.encode_text(tokens)
    gradient = torch.autograd.grad(out[3].sum(), rows[0])[0]  # (N, W)
    read = gradient.abs().sum(1) > 0
    packing = layout(tokens.argmax(-1) + 1, torch.float32)
    assert torch.equal(read, packing.texts == 3)


@pytest.mark.parametrize("kind", ["plain", "custom_text"])
def test_checkpointed_blocks_give_the_same_gradients(kind: str, layout: Any) -> None:
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
