"""The attention kernel: chosen by device, and the same mathematics whichever is chosen."""

import contextlib

import pytest
import torch
import torch.nn.functional as F

from semclip.models.attention import fast_attention
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


def test_chosen_by_device() -> None:
    default = enabled()
    assert default == {"math", "flash"}
    with fast_attention("cpu"):
        assert enabled() == {"math"}
    assert enabled() == default
    for device in ("cuda", torch.device("meta")):
        with fast_attention(device):
            assert enabled() == default


def test_restored_after_an_error() -> None:
    with pytest.raises(RuntimeError, match="stop"), fast_attention("cpu"):
        raise RuntimeError("stop")
    assert enabled() == {"math", "flash"}


def test_same_result_and_gradients() -> None:
    encoder = tiny().double().train()
    tokens = encoder.tokenize(TEXTS[:2])
    results = []
    for kernel in (fast_attention("cpu"), contextlib.nullcontext()):
        encoder.zero_grad()
        with kernel:
            embedding = encoder.encode_text(tokens)
            F.normalize(embedding, dim=-1)[:, 0].sum().backward()
        results.append((embedding.detach(), encoder.network.transformer.resblocks[0].attn.in_proj_weight.grad.clone()))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-9, rtol=1e-9)
