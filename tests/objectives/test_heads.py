"""Heads of objectives: a network written out, and the spread of its first weights."""

import pytest
import torch
import torch.nn.functional as F

from semclip.objectives._heads import Linear, mlp


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_an_mlp_is_a_layer_norm_and_linear_layers_with_gelu_between_them(layers: int) -> None:
    head = mlp(5, 7, 3, layers, source()).double()
    x = 4 * torch.randn(6, 5, dtype=torch.float64, generator=source(1)) + 2
    linear = [module for module in head if isinstance(module, Linear)]
    widths = {1: [(3, 5)], 2: [(7, 5), (3, 7)], 3: [(7, 5), (7, 7), (3, 7)]}[layers]
    assert [tuple(layer.weight.shape) for layer in linear] == widths
    with torch.no_grad():
        for layer in linear:
            layer.bias.normal_(generator=source(2))
    expected = (x - x.mean(1, keepdim=True)) / (x.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
    for i, layer in enumerate(linear):
        expected = (F.gelu(expected) if i else expected) @ layer.weight.T + layer.bias
    torch.testing.assert_close(head(x), expected, rtol=0, atol=1e-12)


def test_each_layer_keeps_the_variance_of_its_input() -> None:
    for inputs, hidden in ((400, 100), (100, 400)):
        for layer in [module for module in mlp(inputs, hidden, 200, 2, source()) if isinstance(module, Linear)]:
            assert not layer.bias.any()
            x = torch.randn(300, layer.weight.shape[1], generator=source(1))
            assert layer(x).std().item() == pytest.approx(1.0, rel=0.1)
