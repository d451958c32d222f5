"""What trains: LoRA begins at the base and merges exactly, last blocks train alone, checkpointing changes no number."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils import parametrize

from semclip.core.errors import UserError
from semclip.models.backends.base import Encoder
from semclip.models.load import create, load
from semclip.models.tuning import trainable
from tests.models.tiny import CONFIGS, TEXTS


def make(kind: str = "plain", **adapt: Any) -> Encoder:
    section = {"backend": "open_clip", "config": CONFIGS[kind], "seed": 0, **adapt}
    return create(section, where="test").train()


def embeddings(encoder: Encoder) -> tuple[Tensor, Tensor]:
    pixels = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0)).to(encoder.log_logit_scale.dtype)
    return encoder.encode_image(pixels), encoder.encode_text(encoder.tokenize(TEXTS))


def step(encoder: Encoder) -> None:
    """One large step of plain gradient descent on everything that trains."""
    image, text = embeddings(encoder)
    (image.square().sum() + text.square().sum()).backward()
    with torch.no_grad():
        for parameter in encoder.parameters():
            if parameter.grad is not None:
                parameter -= 0.05 * parameter.grad


BOTH = {"rank": 2, "alpha": 4.0, "parts": ["image", "text"]}


@pytest.mark.parametrize("kind", ["plain", "custom_text", "custom_blocks"])
def test_lora_begins_at_the_base(kind: str) -> None:
    base, tuned = make(kind), make(kind, lora=BOTH)
    for plain, low_rank in zip(embeddings(base), embeddings(tuned), strict=True):
        assert torch.equal(plain, low_rank)


def test_only_a_and_b_train() -> None:
    encoder = make(lora={**BOTH, "parts": ["text"]}, freeze=["image", "logit_scale"])
    names = {name.rpartition(".")[2] for name, p in encoder.named_parameters() if p.requires_grad}
    assert names == {"a", "b"}
    before = {name: p.detach().clone() for name, p in encoder.named_parameters()}
    step(encoder)
    changed = {name for name, p in encoder.named_parameters() if not torch.equal(p, before[name])}
    # A has no gradient yet, as B is 0.
    assert changed == {name for name in before if name.endswith(".b")} and len(changed) == 2 * 4


@pytest.mark.parametrize(("targets", "matrices"), [(["attention"], 2), (["mlp"], 2), (["attention", "mlp"], 4)])
def test_targets_choose_the_matrices(targets: list[str], matrices: int) -> None:
    encoder = make(lora={**BOTH, "parts": ["text"], "targets": targets})
    adapted = [m for m in encoder.modules() if parametrize.is_parametrized(m)]
    assert sum(len(m.parametrizations) for m in adapted) == matrices * 2  # two blocks


def test_a_merged_model_is_the_trained_one_and_an_ordinary_folder(tmp_path: Path) -> None:
    encoder = make(lora=BOTH)
    step(encoder)
    step(encoder)
    start = make()
    encoder.save(tmp_path / "model")
    loaded = load(str(tmp_path / "model"))
    assert set(loaded.state_dict()) == set(start.state_dict())
    with torch.no_grad():
        for merged, own, base in zip(embeddings(loaded), embeddings(encoder.eval()), embeddings(start), strict=True):
            torch.testing.assert_close(merged, own, atol=1e-6, rtol=0)
            assert (own - base).abs().max() > 1e-3


def test_the_change_is_alpha_over_rank_of_b_a() -> None:
    encoder = make(lora=BOTH).double()
    step(encoder)
    step(encoder)
    attention = encoder.get_submodule("network.transformer.resblocks.1.attn")
    (change,) = attention.parametrizations["in_proj_weight"]
    expected = attention.parametrizations["in_proj_weight"].original + 4.0 / 2 * change.b @ change.a
    torch.testing.assert_close(attention.in_proj_weight, expected, atol=1e-12, rtol=0)
    assert torch.linalg.matrix_rank(change.b @ change.a) == 2


@pytest.mark.parametrize("count", [1, 2])
def test_last_blocks_train_with_what_follows_them(count: int) -> None:
    encoder = make(last_blocks={"text": count, "image": 1}, freeze=["logit_scale"])
    names = {name for name, p in encoder.named_parameters() if p.requires_grad}
    text = {name for name in names if "visual" not in name}
    assert {name.split("resblocks.")[1][0] for name in text if "resblocks" in name} == {"1", "0"} - (
        {"0"} if count == 1 else set()
    )
    assert {name for name in text if "resblocks" not in name} == {
        "network.ln_final.weight",
        "network.ln_final.bias",
        "network.text_projection",
    }
    assert {n for n in names - text if "resblocks" not in n} == {
        "network.visual.ln_post.weight",
        "network.visual.ln_post.bias",
        "network.visual.proj",
    }


def test_checkpointed_blocks_keep_less_and_give_the_same_gradients() -> None:
    gradients, kept = [], []
    for on in (False, True):
        encoder = make(gradient_checkpointing=on).double()
        held: dict[int, int] = {}

        def keep(x: Tensor, held: dict[int, int] = held) -> Tensor:
            held[x.data_ptr()] = x.nbytes
            return x

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
            image, text = embeddings(encoder)
        (image.square().sum() + text.square().sum()).backward()
        gradients.append({name: p.grad for name, p in encoder.named_parameters()})
        kept.append(sum(held.values()))
    for name, gradient in gradients[0].items():
        if gradient is not None:
            torch.testing.assert_close(gradients[1][name], gradient, atol=1e-12, rtol=1e-12)
    assert kept[1] < kept[0] / 2


def test_what_trains_is_told_by_part_and_place() -> None:
    whole = trainable(make())
    assert [line.split()[0] for line in whole] == ["image", "text", "logit_scale"]
    assert "input" in whole[1] and "blocks" in whole[1] and "read-out" in whole[1]
    low_rank = trainable(make(lora={"rank": 2, "parts": ["text"]}, freeze=["image"]))
    assert low_rank[0].startswith("image       0 of ")
    # Two blocks of width 32: A (2, 32), B (96, 2); A (2, 32), B (32, 2); A (2, 32), B (128, 2); A (2, 128), B (32, 2).
    assert f"text        {2 * 2 * (32 + 96 + 32 + 32 + 32 + 128 + 128 + 32):,} of" in low_rank[1]


@pytest.mark.parametrize(
    ("adapt", "said"),
    [
        ({"lora": {"rank": 0}}, "rank 0"),
        ({"lora": {"rank": 33}}, "rank 33"),
        ({"lora": {"targets": ["atention"]}}, "no target"),
        ({"lora": {"parts": ["txt"]}}, "no tower"),
        ({"lora": {"parts": []}}, "trains nothing"),
        ({"lora": {"ranks": 4}}, "ranks"),
        ({"last_blocks": {"text": 3}}, "has 2"),
        ({"last_blocks": {"text": 0}}, "0 blocks"),
        ({"last_blocks": {"logit_scale": 1}}, "no tower"),
        ({"last_blocks": {"text": 1}, "lora": {"rank": 2}}, "both"),
    ],
)
def test_what_cannot_be_is_refused(adapt: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        make(**adapt)
    assert said in str(error.value) and error.value.fix


def test_a_tower_without_blocks_is_refused() -> None:
    with pytest.raises(UserError, match="no transformer blocks"):
        make("resnet", last_blocks={"image": 1})


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_models_of_transformers_are_tuned_alike(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from tests.models.test_transformers import save_tiny

    save_tiny(tmp_path / kind, kind)
    section = {"from": str(tmp_path / kind), "gradient_checkpointing": True}
    encoder = create({**section, "lora": {"rank": 2}, "freeze": ["image", "logit_scale"]}, where="test")
    encoder.encode_text(encoder.tokenize(["a dog"])).square().sum().backward()
    trained = {name for name, p in encoder.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert len(trained) == 2 * 6 and all(name.endswith(".b") for name in trained)  # q, k, v, out, fc1, fc2
    encoder.save(tmp_path / "merged")
    assert set(load(str(tmp_path / "merged")).state_dict()) == set(load(str(tmp_path / kind)).state_dict())
    last = create({**section, "last_blocks": {"text": 1}}, where="test")
    assert any("layers.1." in n and p.requires_grad for n, p in last.named_parameters() if "text" in n)
    assert not any("layers.0." in n and p.requires_grad for n, p in last.named_parameters() if "text" in n)
