"""Between two models: the ends are the models themselves, the way is straight, and strangers are refused."""

import copy

import pytest
import torch

from semclip.core.errors import UserError
from semclip.models.adapt.lora import LoraConfig, add_lora, plain_state
from semclip.models.interpolate import interpolate
from semclip.models.load import create
from tests.models.tiny import CONFIGS, TEXTS, tiny


def pair() -> tuple[torch.nn.Module, torch.nn.Module]:
    return tiny(seed=0), tiny(seed=1)


@pytest.mark.parametrize(("alpha", "end"), [(0.0, 0), (1.0, 1)])
def test_the_ends_are_the_models_bit_for_bit(alpha: float, end: int) -> None:
    models = pair()
    state, expected = interpolate(*models, alpha).state_dict(), models[end].state_dict()
    assert all(torch.equal(state[name], expected[name]) for name in expected)


@pytest.mark.parametrize("alpha", [0.25, 0.5, 0.9])
def test_every_weight_lies_on_the_straight_line(alpha: float) -> None:
    base, tuned = (model.double() for model in pair())
    state = interpolate(base, tuned, alpha).state_dict()
    for name, start in base.state_dict().items():
        if start.is_floating_point():
            expected = (1 - alpha) * start + alpha * tuned.state_dict()[name]
            torch.testing.assert_close(state[name], expected, atol=1e-12, rtol=0)


def test_the_models_themselves_stay_as_they_are() -> None:
    base, tuned = pair()
    before = [{name: x.clone() for name, x in model.state_dict().items()} for model in (base, tuned)]
    middle = interpolate(base, tuned, 0.5)
    tokens = middle.encode_text(middle.tokenize(TEXTS[:2]))
    assert tokens.isfinite().all()
    for model, state in zip((base, tuned), before, strict=True):
        assert all(torch.equal(x, state[name]) for name, x in model.state_dict().items())


def test_models_of_other_shapes_are_refused_by_name() -> None:
    wide = {**CONFIGS["plain"], "embed_dim": 32}
    other = create({"backend": "open_clip", "config": wide}, where="test")
    with pytest.raises(UserError) as error:
        interpolate(tiny(), other, 0.5)
    assert "(32, 16)" in error.value.what and "(32, 32)" in error.value.what
    with pytest.raises(UserError, match="in one only"):
        interpolate(tiny(), tiny("resnet"), 0.5)


def test_what_has_no_weights_is_compared_too() -> None:
    quick = {**CONFIGS["plain"], "quick_gelu": True}
    with pytest.raises(UserError, match="'quick_gelu' is None and True"):
        interpolate(tiny(), create({"backend": "open_clip", "config": quick}, where="test"), 0.5)
    text = {**CONFIGS["plain"]["text_cfg"], "heads": 2 * CONFIGS["plain"]["text_cfg"]["heads"]}
    heads = {**CONFIGS["plain"], "text_cfg": text}
    with pytest.raises(UserError, match=r"'text_cfg\.heads'"):
        interpolate(tiny(), create({"backend": "open_clip", "config": heads}, where="test"), 0.5)


@pytest.mark.parametrize(("alpha", "end"), [(0.0, 0), (1.0, 1)])
def test_whole_numbers_are_the_nearer_model_s(alpha: float, end: int) -> None:
    models = [tiny("resnet", seed=seed) for seed in (0, 1)]
    for count, model in enumerate(models):
        for name, buffer in model.named_buffers():
            if name.endswith("num_batches_tracked"):
                buffer.fill_(7 + count)
    state, expected = interpolate(*models, alpha).state_dict(), models[end].state_dict()
    assert any(name.endswith("num_batches_tracked") for name in expected)
    assert all(torch.equal(state[name], expected[name]) for name in expected)


def test_lora_is_merged() -> None:
    base, tuned = pair()
    adapted = copy.deepcopy(base)
    add_lora(adapted, adapted.towers()["text"], LoraConfig(rank=2), 0, "test")
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if name.endswith(".B"):
                parameter.normal_()
    middle = interpolate(base, adapted, 0.5).state_dict()
    assert middle.keys() == base.state_dict().keys()
    for name, weight in plain_state(adapted).items():
        torch.testing.assert_close(middle[name], (base.state_dict()[name] + weight) / 2)
    assert any(not torch.equal(middle[name], x) for name, x in base.state_dict().items())
    with pytest.raises(UserError, match="LoRA that is not merged"):
        interpolate(adapted, copy.deepcopy(adapted), 0.5)
    back = interpolate(adapted, tuned, 0.0).state_dict()
    assert all(torch.equal(back[name], x) for name, x in plain_state(adapted).items())


def test_models_that_see_images_differently_are_refused() -> None:
    with pytest.raises(UserError, match="preprocess"):
        interpolate(tiny(), tiny(preprocess={"mean": [0.5, 0.5, 0.5]}), 0.5)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_alphas_elsewhere_are_refused(alpha: float) -> None:
    with pytest.raises(UserError, match="alpha"):
        interpolate(*pair(), alpha)
