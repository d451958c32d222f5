"""The shortened text pass equals open_clip's own pass over all 77 tokens, gradients included."""

import pytest
import torch

from semclip.models.text_pass import can_trim
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
def test_towers_that_look_ahead_are_not_trimmed(kind: str) -> None:
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
