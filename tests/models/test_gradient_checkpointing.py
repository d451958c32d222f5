"""Gradient checkpointing: the same gradients, dropout and adapted weights included, in less memory."""

from pathlib import Path
from typing import Any

import pytest
import torch
from perf.peak import peak_bytes
from torch import Tensor

from semclip.core.errors import UserError
from semclip.models.adapt.lora import weights_once
from semclip.models.backends.base import Encoder
from semclip.models.load import create
from tests.models.tiny import CONFIGS, TEXT, TEXTS, VISION

DEEP = {"embed_dim": 16, "vision_cfg": {**VISION, "layers": 8}, "text_cfg": {**TEXT, "layers": 8}}


def section(backend: str, folder: Path) -> dict[str, Any]:
    """A model with dropout inside its blocks, where the backend has any."""
    if backend == "open_clip":
        return {"backend": "open_clip", "config": CONFIGS["plain"], "seed": 0}
    if backend == "features":
        import numpy as np

        from semclip.models.features_file import write_features

        rows = np.random.default_rng(0).normal(size=(4, 10)).astype(np.float32)
        write_features(folder / "x.npy", rows, [f"{i}.png" for i in range(4)], {"network": "test"})
        text = {"width": 32, "heads": 2, "layers": 2}
        return {"backend": "features", "features": str(folder / "x.npy"), "text": text, "seed": 0}
    pytest.importorskip("transformers")
    from tests.models.test_transformers import save_tiny

    save_tiny(folder / backend, backend)
    return {"backend": "transformers", "name": str(folder / backend)}


def step(model: Encoder) -> tuple[Tensor, dict[str, Tensor], int]:
    """A loss over both towers and every gradient, in float64, dropout drawn from one seed; runs of the last block."""
    runs: list[int] = []
    norm = next(m for m in model.towers()["text"].blocks_of(model)[-1].modules() if isinstance(m, torch.nn.LayerNorm))
    norm.register_forward_pre_hook(lambda *_: runs.append(1))  # what a block begins with; a second run stops early
    model.double().train()
    for module in model.modules():
        if isinstance(getattr(module, "dropout", None), float):
            module.dropout = 0.3  # attention of each backend draws it from here
    width = () if not model.reads_pixels else (3, 16, 16)
    inputs = torch.randn(3, *(width or (10,)), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.manual_seed(7)
    with weights_once(model.gradient_checkpointing):
        image, text = model.encode_image(inputs), model.encode_text(model.tokenize(TEXTS))
    loss = (image @ text.T).square().sum()
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}, len(runs)


@pytest.mark.parametrize("keys", [{}, {"lora": {"parts": ["text"], "rank": 2}}, {"last_blocks": {"text": 1}}], ids=str)
@pytest.mark.parametrize("backend", ["open_clip", "clip", "siglip", "features"])
def test_gradients_are_the_same_with_dropout_too(backend: str, keys: dict[str, Any], tmp_path: Path) -> None:
    base = section(backend, tmp_path)
    models = []
    for checkpointing in (False, True):
        torch.manual_seed(0)  # of LoRA's A
        models.append(create({**base, **keys, "gradient_checkpointing": checkpointing}, "test"))
    (plain_loss, plain, once), (loss, gradients, twice) = map(step, models)
    model = models[1]
    assert (once, twice) == (1, 2)
    torch.testing.assert_close(loss, plain_loss, rtol=1e-12, atol=1e-12)
    assert gradients.keys() == plain.keys() and gradients
    for name, gradient in plain.items():
        torch.testing.assert_close(gradients[name], gradient, rtol=1e-12, atol=1e-12, msg=name)
    # Dropout was drawn at all: another seed gives another loss.
    if backend != "features" or "last_blocks" not in keys:
        torch.manual_seed(8)
        other = model.encode_text(model.tokenize(TEXTS))
        torch.manual_seed(7)
        assert not torch.equal(other, model.encode_text(model.tokenize(TEXTS)))


@pytest.mark.parametrize("backend", ["open_clip", "clip"])
def test_frozen_blocks_are_not_computed_again(backend: str, tmp_path: Path) -> None:
    keys = {"last_blocks": {"text": 1}, "gradient_checkpointing": True}
    model, has_graph = create({**section(backend, tmp_path), **keys}, "test").train(), []
    for block in model.towers()["text"].blocks_of(model):
        block.mlp.register_forward_hook(lambda module, args, out: has_graph.append(out.requires_grad))
    model.encode_text(model.tokenize(TEXTS))
    assert has_graph == [False, True]


@pytest.mark.parametrize("tower", ["text", "image", "patches"])
def test_it_takes_less_memory(tower: str) -> None:
    def run(**keys: Any) -> int:
        model = create({"backend": "open_clip", "config": DEEP, "seed": 0, **keys}, "test").train()
        model.requires_grad_(False)  # gradients of weights are no less with it; what is kept for backward is
        tokens = model.tokenize(["a photo of a dog on a beach"] * 64)
        inputs = torch.randn(64, 3, 16, 16, requires_grad=True)
        model.network.positional_embedding.requires_grad_()
        encode = {
            "text": lambda: model.encode_text(tokens),
            "image": lambda: model.encode_image(inputs),
            "patches": lambda: model.encode_image_with_tokens(inputs)[1],
        }[tower]
        return peak_bytes(lambda: encode().sum().backward())

    plain, less = run(), run(gradient_checkpointing=True)
    # Of 8 blocks, the inputs of all and the inside of one are kept, instead of the inside of all.
    assert less < plain / 3


def test_where_it_cannot_be_done() -> None:
    for kind, reason in (("custom_blocks", "custom ones"), ("resnet", "it is a ModifiedResNet")):
        base = {"backend": "open_clip", "config": CONFIGS[kind], "gradient_checkpointing": True}
        with pytest.raises(UserError, match=reason) as caught:
            create(base, "test")
        assert "freeze the part" in caught.value.fix
    # A part that does not train has nothing to keep.
    model = create({"backend": "open_clip", "config": CONFIGS["resnet"], "gradient_checkpointing": True,
                    "freeze": ["image"]}, "test")  # fmt: skip
    assert model.gradient_checkpointing
