"""Between two models: the ends are the models themselves, the way is straight, and strangers are refused."""

import pytest
import torch

from semclip.core.errors import UserError
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


def test_models_that_see_images_differently_are_refused() -> None:
    with pytest.raises(UserError, match="preprocess"):
        interpolate(tiny(), tiny(preprocess={"mean": [0.5, 0.5, 0.5]}), 0.5)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_alphas_elsewhere_are_refused(alpha: float) -> None:
    with pytest.raises(UserError, match="alpha"):
        interpolate(*pair(), alpha)
