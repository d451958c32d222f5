"""LoRA is the base at the start, trains A and B alone, equals its formula, and is saved as an ordinary model."""

import copy
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.models.adapt.lora import Lora, plain_state, weights_once
from semclip.models.backends.base import Encoder
from semclip.models.load import create, load
from tests.models.tiny import CONFIGS, TEXTS

SIZE = 16


def encoder(kind: str = "plain", rank: int = 2, **keys: Any) -> Encoder:
    """Tiny, adapted in both towers unless `keys` say otherwise; `lora=None`: the base."""
    adapted = {"lora": {"rank": rank, "alpha": 6.0}, **keys}
    adapted = {key: value for key, value in adapted.items() if value is not None}
    return create({"backend": "open_clip", "config": CONFIGS[kind], "seed": 0, **adapted}, "test")


def loras(module: nn.Module) -> dict[str, Lora]:
    return {name: inner for name, inner in module.named_modules() if isinstance(inner, Lora)}


def stirred(model: Encoder, seed: int = 0) -> Encoder:
    """With B as it might be after training."""
    source = torch.Generator().manual_seed(seed)
    for lora in loras(model).values():
        lora.B.data.copy_(torch.randn(lora.B.shape, generator=source, dtype=torch.float64) / 10)
    return model


def embeddings(model: Encoder) -> list[Tensor]:
    inputs = torch.randn(3, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    return [model.encode_image(inputs.to(model.logit_scale)), model.encode_text(model.tokenize(TEXTS))]


@pytest.mark.parametrize("kind", ["plain", "custom_text", "eos_pool", "custom_blocks"])
@pytest.mark.parametrize("bf16", [False, True])
def test_it_starts_as_the_base_bit_for_bit(kind: str, bf16: bool) -> None:
    base, adapted = encoder(kind, lora=None), encoder(kind)
    assert len(loras(adapted)) == 2 * 2 * 4
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        pairs = list(zip(embeddings(base.train()), embeddings(adapted.train()), strict=True))
    assert all(torch.equal(*pair) for pair in pairs)
    with torch.no_grad():
        pairs = list(zip(embeddings(base.eval()), embeddings(adapted.eval()), strict=True))
    assert all(torch.equal(*pair) for pair in pairs)
    # And not because B is never read.
    assert not torch.equal(embeddings(stirred(adapted))[1], pairs[1][0])


def test_only_a_and_b_have_gradients() -> None:
    model = stirred(encoder(freeze=["logit_scale"]))
    (model.logit_scale * sum(e.square().sum() for e in embeddings(model))).backward()
    with_gradient = {name for name, p in model.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    assert with_gradient == {f"{name}.{half}" for name in loras(model) for half in "AB"}
    assert with_gradient == {name for name, p in model.named_parameters() if p.requires_grad}


def test_one_tower_alone() -> None:
    model = encoder(lora={"rank": 1, "parts": ["text"], "targets": ["mlp"]}, freeze=["image"])
    assert model.frozen("image")
    trained = [name for name, p in model.parts()["text"] if p.requires_grad]
    assert len(trained) == 2 * 2 * 2 and all(".mlp." in name for name in trained)


def test_the_weight_is_the_formula_and_keys_do_not_share_with_queries() -> None:
    """Against x W^T + (alpha / rank) x A^T B^T in float64, query, key and value each by itself."""
    model = stirred(encoder().double())
    attention: Any = model.network.transformer.resblocks[1].attn
    stored = attention.parametrizations.in_proj_weight
    source = torch.Generator().manual_seed(2)
    x = torch.randn(5, 32, generator=source, dtype=torch.float64)
    for i in range(3):
        rows, own = slice(32 * i, 32 * (i + 1)), slice(2 * i, 2 * (i + 1))
        naive = x @ stored.original[rows].T + 6.0 / 2 * (x @ stored[0].A[own].T) @ stored[0].B[rows].T
        torch.testing.assert_close(x @ attention.in_proj_weight[rows].T, naive, rtol=0, atol=1e-12)
    assert (attention.in_proj_weight - stored.original).abs().max() > 1e-3


def merged(model: Encoder) -> Encoder:
    plain = encoder(lora=None).to(model.logit_scale.dtype)
    plain.network.load_state_dict(plain_state(model.network))
    return plain


@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_merged_equals_unmerged(dtype: torch.dtype, most: float) -> None:
    model = stirred(encoder().to(dtype))
    for mine, theirs in zip(embeddings(merged(model)), embeddings(model), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=most)


def test_under_autocast_the_weight_is_summed_in_its_own_type() -> None:
    """In bf16, small steps of A and B would be lost beside W; a merged model would not be what was trained."""
    model = stirred(encoder())
    with torch.autocast("cpu", torch.bfloat16):
        assert all(torch.equal(*pair) for pair in zip(embeddings(merged(model)), embeddings(model), strict=True))
        attention: Any = model.network.transformer.resblocks[0].attn
        inside = attention.in_proj_weight
    assert inside.dtype == torch.float32 and torch.equal(inside, attention.in_proj_weight)


def test_the_saved_folder_is_an_ordinary_one(tmp_path: Path) -> None:
    model = stirred(encoder()).eval()
    model.save(tmp_path / "model")
    again = load(str(tmp_path / "model"))
    theirs, _, _ = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'model'}")
    assert set(theirs.state_dict()) == set(encoder(lora=None).network.state_dict())
    with torch.no_grad():
        assert all(torch.equal(*pair) for pair in zip(embeddings(again), embeddings(model), strict=True))
        torch.testing.assert_close(
            theirs.eval().encode_text(model.tokenize(TEXTS)), embeddings(model)[1], atol=1e-5, rtol=0
        )
    # Equal weights have equal fingerprints, however they are held.
    assert again.image_fingerprint() == model.image_fingerprint() != encoder(lora=None).image_fingerprint()
    assert again.text_fingerprint() == model.text_fingerprint() != encoder(lora=None).text_fingerprint()
    # A model that was adapted once can be adapted anew.
    anew = create({"from": str(tmp_path / "model"), "lora": {"rank": 1}}, "test").eval()
    with torch.no_grad():
        assert all(torch.equal(*pair) for pair in zip(embeddings(anew), embeddings(model), strict=True))


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_models_of_transformers(kind: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    from tests.models.test_transformers import save_tiny

    save_tiny(tmp_path / kind, kind)
    section = {"backend": "transformers", "name": str(tmp_path / kind)}
    # Frozen: without gradients torch multiplies in another order by weights that could have one.
    base = create({**section, "freeze": ["image", "text"]}, "test")
    model = create({**section, "lora": {"rank": 2}, "freeze": ["logit_scale"]}, "test").eval()
    assert len(loras(model)) == 2 * 2 * 6
    with torch.no_grad():
        assert all(torch.equal(*pair) for pair in zip(embeddings(base), embeddings(model), strict=True))
    sum(e.square().sum() for e in embeddings(stirred(model).train())).backward()
    with_gradient = {name for name, p in model.named_parameters() if p.grad is not None}
    assert with_gradient == {f"{name}.{half}" for name in loras(model) for half in "AB"}
    model.eval().save(tmp_path / "saved")
    theirs = transformers.AutoModel.from_pretrained(tmp_path / "saved").eval()
    assert set(theirs.state_dict()) == set(base.network.state_dict())
    with torch.no_grad():
        ours = load(str(tmp_path / "saved"))
        for mine, adapted in zip(embeddings(ours), embeddings(model), strict=True):
            torch.testing.assert_close(mine, adapted, rtol=0, atol=1e-6)
    assert ours.image_fingerprint() == model.image_fingerprint() != base.image_fingerprint()


def test_precomputed_features(tmp_path: Path) -> None:
    import numpy as np

    from semclip.models.features_file import write_features

    rows = np.random.default_rng(0).normal(size=(4, 10)).astype(np.float32)
    write_features(tmp_path / "x.npy", rows, [f"{i}.png" for i in range(4)], {"network": "test"})
    section = {"backend": "features", "features": str(tmp_path / "x.npy"), "text": {"width": 32, "heads": 2}}
    model = stirred(create({**section, "lora": {"rank": 2, "parts": ["text"]}}, "test")).eval()
    assert len(loras(model)) == 3 * 4 and not model.frozen("image")
    model.save(tmp_path / "model")
    again, tokens = load(str(tmp_path / "model")), model.tokenize(TEXTS)
    with torch.no_grad():
        assert torch.equal(again.encode_text(tokens), model.encode_text(tokens))
    assert again.text_fingerprint() == model.text_fingerprint()  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="the image side of text tower"):
        create({**section, "lora": {"rank": 2}}, "test")


def test_a_weight_is_made_once_however_often_it_is_read() -> None:
    model, made = stirred(encoder()), []
    for lora in loras(model).values():
        lora.register_forward_hook(lambda module, *_: made.append(module))
    embeddings(model)
    assert len(made) > len(loras(model))  # attention reads its weight more than once
    made.clear()
    with weights_once(blocks_are_replayed=False):
        once = embeddings(model)
    assert len(made) == len(set(made)) == len(loras(model))
    assert all(torch.equal(*pair) for pair in zip(once, embeddings(model), strict=True))


def test_a_copy_has_weights_of_its_own() -> None:
    model = stirred(encoder())
    before = embeddings(model)
    other = copy.deepcopy(model)
    assert all(torch.equal(*pair) for pair in zip(embeddings(other), before, strict=True))
    stirred(other, seed=1)
    assert not torch.equal(embeddings(other)[1], before[1]) and torch.equal(embeddings(model)[1], before[1])


def test_the_seed_decides_a_and_earlier_draws_do_not() -> None:
    def drawn(seed: int) -> Tensor:
        section = {"backend": "open_clip", "config": CONFIGS["plain"], "seed": seed, "lora": {"rank": 2}}
        return next(iter(loras(create(section, "test")).values())).A.detach()

    first = drawn(0)
    torch.rand(3)
    assert torch.equal(drawn(0), first) and not torch.equal(drawn(1), first)
    every = [lora.A for lora in loras(encoder()).values()]
    assert len({float(a.detach()[0, 0]) for a in every}) == len(every)
    assert torch.cat([a.detach().flatten() * a.shape[1] ** 0.5 for a in every]).std() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize(
    ("keys", "message", "fix"),
    [
        ({"lora": {"rank": 0}}, "rank 0", "model.lora.rank"),
        ({"lora": {"alpha": 0}}, "alpha 0", "model.lora.alpha"),
        ({"lora": {"rank": 33}}, "has rank 32 itself", "model.lora.rank=8"),
        ({"lora": {"targets": ["atention"]}}, "no target 'atention'", "attention"),
        ({"lora": {"parts": ["txt"]}}, "unknown tower 'txt'", "text"),
        ({"lora": {"parts": ["logit_scale"]}}, "unknown tower", "image, text"),
        ({"lora": {"rnak": 4}}, "unknown key 'lora.rnak'", "rank"),
        ({"freeze": ["text"]}, "freeze and lora say different things of the part 'text'", "one of them"),
        ({"last_blocks": {"image": 1}}, "last_blocks and lora say different things of the part 'image'", "one of them"),
    ],
)
def test_impossible_settings(keys: dict[str, Any], message: str, fix: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        encoder(**keys)
    assert fix in caught.value.fix and caught.value.where


def test_a_tower_without_such_blocks() -> None:
    with pytest.raises(UserError, match="image side of own configuration has no transformer blocks") as caught:
        encoder("resnet")
    assert "freeze: [image]" in caught.value.fix
    assert len(loras(encoder("resnet", lora={"rank": 2, "parts": ["text"]}))) == 8
