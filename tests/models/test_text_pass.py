"""The shortened text pass equals open_clip's own over all 77 tokens, gradients included, in any company of texts."""

from typing import Any

import pytest
import torch

from semclip.models import text_pass
from semclip.models.packing import pack_rows, pack_tiles
from semclip.models.text_pass import can_pack, can_trim
from tests.models.tiny import CONFIGS, TEXTS, UNTRIMMABLE, tiny


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_shortened_equals_whole(kind: str, count: int) -> None:
    encoder = tiny(kind)
    tokens = encoder.tokenize(TEXTS[:count])
    with torch.no_grad():
        ours, theirs = encoder.encode_text(tokens), encoder.network.encode_text(tokens)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    assert theirs.abs().max() > 1e-2  # embeddings near zero would pass any absolute tolerance


@pytest.mark.parametrize("kind", ["plain", "quickgelu", "custom_text", "eos_pool", "custom_blocks"])
def test_gradients_equal(kind: str) -> None:
    encoder = tiny(kind).double().train()
    tokens = encoder.tokenize(TEXTS[:2])
    weights = torch.randn(2, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    gradients = []
    for encode in (encoder.encode_text, encoder.network.encode_text):
        encoder.zero_grad()
        (encode(tokens) * weights).sum().backward()
        gradients.append({n: p.grad.clone() for n, p in encoder.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys() and gradients[0]
    for name, gradient in gradients[1].items():
        torch.testing.assert_close(gradients[0][name], gradient, atol=1e-9, rtol=1e-9, msg=name)


def test_blocks_of_another_kind_run_up_to_the_longest_text() -> None:
    encoder = tiny("custom_blocks")
    seen: list[int] = []
    encoder.network.transformer.register_forward_hook(lambda m, args, out: seen.append(args[0].shape[1]))
    encoder.encode_text(encoder.tokenize(["a dog", "a cat on a mat"]))
    assert seen == [7]  # start, five words, end


@pytest.mark.parametrize("kind", UNTRIMMABLE)
def test_image_towers_that_look_ahead_are_not_trimmed(kind: str) -> None:
    encoder = tiny(kind)
    tokens = encoder.tokenize(TEXTS[:2])
    assert not can_trim(encoder.network.text)
    with torch.no_grad():
        assert torch.equal(encoder.encode_text(tokens), encoder.network.encode_text(tokens))


def test_no_texts() -> None:
    encoder = tiny()
    assert encoder.encode_text(encoder.tokenize([])).shape == (0, 16)


def test_under_autocast_the_result_stays_close() -> None:
    encoder = tiny()
    tokens = encoder.tokenize(TEXTS[:2])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        ours, theirs = encoder.encode_text(tokens).float(), encoder.network.encode_text(tokens).float()
    assert torch.nn.functional.cosine_similarity(ours, theirs).min() > 0.999


MANY = ["a dog", *TEXTS, "two cats", "a photo of a red circle", "a dog on a mat under a table in a room"]


@pytest.fixture(params=[pack_rows, pack_tiles], ids=lambda f: f.__name__)
def layout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The layout of GPUs on a CPU, too."""
    monkeypatch.setattr(text_pass, "pack_rows", request.param)
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
