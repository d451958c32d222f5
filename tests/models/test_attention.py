"""The attention kernel: chosen by device and length, and the same mathematics whichever is chosen."""

import pytest
import torch
import torch.nn.functional as F

from semclip.models.attention import MATH_UP_TO, fast_attention
from tests.models.tiny import TEXTS, tiny


def enabled() -> set[str]:
    return {
        name
        for name, on in (
            ("math", torch.backends.cuda.math_sdp_enabled()),
            ("flash", torch.backends.cuda.flash_sdp_enabled()),
        )
        if on
    }


def test_chosen_by_device_and_length() -> None:
    default = enabled()
    assert default == {"math", "flash"}
    with fast_attention("cpu"):
        assert enabled() == {"math"}
    assert enabled() == default
    for device, longest in (("cpu", MATH_UP_TO + 1), ("cuda", 77), (torch.device("meta"), 77)):
        with fast_attention(device, longest):
            assert enabled() == default


def test_restored_after_an_error() -> None:
    with pytest.raises(RuntimeError, match="stop"), fast_attention("cpu"):
        raise RuntimeError("stop")
    assert enabled() == {"math", "flash"}


def test_same_result_and_gradients() -> None:
    encoder = tiny().double().train()
    tokens = encoder.tokenize(TEXTS[:2])
    results = []
    for longest in (77, MATH_UP_TO + 1):
        encoder.zero_grad()
        with fast_attention("cpu", longest):
            embedding = encoder.encode_text(tokens)
            F.normalize(embedding, dim=-1)[:, 0].sum().backward()
        results.append((embedding.detach(), encoder.network.transformer.resblocks[0].attn.in_proj_weight.grad.clone()))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-9, rtol=1e-9)
