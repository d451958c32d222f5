"""The step computes what three separate passes would."""

from collections.abc import Callable

import torch

from semclip.data.load import load_examples, select
from semclip.models.load import create as create_encoder
from semclip.objectives import Features, create
from semclip.training.config import TrainConfig
from semclip.training.step import StepModule

VIEWS = ("caption", "paraphrase", "negation")


def test_one_text_pass_equals_three_and_cached_images_equal_fresh_ones(make_config: Callable[..., TrainConfig]) -> None:
    config = make_config()
    encoder = create_encoder(dict(config.model), where="test").eval()
    examples = select(load_examples(config.data), "train")[:8]
    images = torch.stack([encoder.load_image(e.image) for e in examples])
    tokens = {view: encoder.tokenize([e.texts(view)[0] for e in examples]) for view in VIEWS}
    groups = torch.arange(8)
    objective = create("semclip")
    objective.setup(encoder.info)

    together = StepModule(encoder, objective, images_are_features=False)({"image": images}, tokens, groups)
    separate = objective(
        Features(
            image=encoder.encode_image(images),
            **{view: encoder.encode_text(tokens[view]) for view in VIEWS},
            logit_scale=encoder.logit_scale,
            groups=groups,
        )
    )
    cached = StepModule(encoder, objective, images_are_features=True)(
        {"image": encoder.encode_image(images).detach()}, tokens, groups
    )
    assert torch.allclose(together["total"], separate.total, atol=1e-5)
    assert torch.allclose(together["total"], cached["total"], atol=1e-6)


def test_several_texts_of_one_view_keep_their_shape(make_config: Callable[..., TrainConfig]) -> None:
    encoder = create_encoder(dict(make_config().model), where="test").eval()
    tokens = encoder.tokenize(["a red circle", "a blue star", "a green square", "two stars"])  # (4, 77)
    step = StepModule(encoder, create("clip"), images_are_features=False)
    views = step._encode_texts({"caption": tokens[:2], "negation": tokens.reshape(2, 2, -1)})
    assert views["negation"].shape == (2, 2, encoder.embed_dim)
    assert torch.allclose(views["negation"][0], views["caption"], atol=1e-5)


def test_the_objective_runs_in_float32_under_autocast(make_config: Callable[..., TrainConfig]) -> None:
    encoder = create_encoder(dict(make_config().model), where="test").eval()
    tokens = {"caption": encoder.tokenize(["a red circle", "a blue star"])}
    step = StepModule(encoder, create("clip"), images_are_features=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        terms = step({"image": torch.randn(2, encoder.embed_dim)}, tokens, torch.arange(2))
    assert terms["total"].dtype == torch.float32
