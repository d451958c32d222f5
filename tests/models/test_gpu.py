"""On a GPU: packed texts give what the CPU gives."""

import pytest
import torch
from torch import Tensor, nn

from semclip.models.text_pass import can_pack
from tests.gpu import gpu
from tests.models.tiny import CONFIGS, TEXTS, tiny

pytestmark = gpu
MANY = ["a dog", *TEXTS, "two cats", "a photo of a red circle", "a dog on a mat under a table in a room"]


def gradients(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.grad.cpu() for name, p in module.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("kind", list(CONFIGS))
@pytest.mark.parametrize(("dtype", "most"), [(torch.float64, 1e-9), (torch.float32, 1e-3)], ids=str)
def test_texts_on_the_gpu_are_those_on_the_cpu(kind: str, dtype: torch.dtype, most: float) -> None:
    found = []
    for device in ("cpu", "cuda"):
        encoder = tiny(kind).to(dtype).to(device)
        out = encoder.encode_text(encoder.tokenize(MANY).to(device))  # (B, D)
        (out * torch.linspace(-1, 1, out.shape[1], dtype=dtype, device=device)).sum().backward()
        found.append((out.detach().cpu(), gradients(encoder)))
    (expected, expected_gradients), (out, own) = found
    torch.testing.assert_close(out, expected, atol=most, rtol=most)
    assert own.keys() == expected_gradients.keys() and len(own) > 10
    for name, gradient in expected_gradients.items():
        torch.testing.assert_close(own[name], gradient, atol=most, rtol=most, msg=name)


@pytest.mark.parametrize("kind", ["plain", "custom_text"])
def test_texts_in_half_precision_are_as_near_to_the_truth_as_the_padded_pass(kind: str) -> None:
    encoder = tiny(kind).cuda()
    tower = encoder.network if kind == "plain" else encoder.network.text
    tokens = encoder.tokenize(MANY * 40).cuda()
    with torch.no_grad():
        exact = encoder.encode_text(tokens)
        with torch.autocast("cuda", torch.bfloat16):
            packed, padded = encoder.encode_text(tokens), encoder.network.encode_text(tokens)
    assert can_pack(tower)
    errors = [float((x.float() - exact).norm() / exact.norm()) for x in (packed, padded)]
    assert 0 < errors[0] < max(1.5 * errors[1], 0.01)
