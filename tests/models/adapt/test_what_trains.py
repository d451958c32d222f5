"""The last blocks of a tower train, exactly; and every parameter is counted in the group it belongs to."""

from pathlib import Path
from typing import Any

import pytest
import torch

from semclip.core.errors import UserError
from semclip.models.adapt.what_trains import Group, parameter_groups, table
from semclip.models.backends.base import Encoder
from semclip.models.load import create
from tests.models.tiny import CONFIGS, TEXT, TEXTS, VISION, tiny

CONFIG = {"embed_dim": 16, "vision_cfg": {**VISION, "layers": 3}, "text_cfg": {**TEXT, "layers": 4}}


def encoder(config: dict[str, Any] = CONFIG, **keys: Any) -> Encoder:
    return create({"backend": "open_clip", "config": config, "seed": 0, **keys}, "test")


def trained(model: Encoder, part: str) -> set[str]:
    return {name.removeprefix("network.") for name, p in model.parts()[part] if p.requires_grad}


def test_the_last_blocks_with_norm_and_projection_and_nothing_else() -> None:
    model = encoder(last_blocks={"text": 2, "image": 1})
    block = {"ln_1.weight", "ln_1.bias", "attn.in_proj_weight", "attn.in_proj_bias", "attn.out_proj.weight",
             "attn.out_proj.bias", "ln_2.weight", "ln_2.bias", "mlp.c_fc.weight", "mlp.c_fc.bias",
             "mlp.c_proj.weight", "mlp.c_proj.bias"}  # fmt: skip
    text = {f"transformer.resblocks.{i}.{name}" for i in (2, 3) for name in block}
    assert trained(model, "text") == text | {"ln_final.weight", "ln_final.bias", "text_projection"}
    image = {f"visual.transformer.resblocks.2.{name}" for name in block}
    assert trained(model, "image") == image | {"visual.ln_post.weight", "visual.ln_post.bias", "visual.proj"}
    assert not model.frozen("logit_scale")


def test_training_moves_exactly_these() -> None:
    model = encoder(last_blocks={"text": 1}, freeze=["image", "logit_scale"]).train()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model.encode_text(model.tokenize(TEXTS)).square().sum().backward()
    optimizer.step()
    moved = {name.removeprefix("network.") for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == trained(model, "text")


def test_frozen_blocks_stand_still_and_none_are_kept_for_backward() -> None:
    model = encoder(last_blocks={"text": 1}).train()
    blocks = list(model.network.transformer.resblocks)
    assert [block.training for block in blocks] == [False, False, False, True]
    model.eval().train()
    assert [block.training for block in blocks] == [False, False, False, True]
    has_graph = []
    for block in blocks:
        block.mlp.register_forward_hook(lambda module, args, out: has_graph.append(out.requires_grad))
    model.encode_text(model.tokenize(TEXTS))
    assert has_graph == [False, False, False, True]


def test_norm_and_projection_alone() -> None:
    assert trained(encoder(last_blocks={"image": 0}), "image") == {
        "visual.ln_post.weight",
        "visual.ln_post.bias",
        "visual.proj",
    }
    without_norm = encoder(last_blocks={"text": 0}, freeze=["text_norm"])
    assert trained(without_norm, "text") == {"text_projection"}


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_models_of_transformers(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from tests.models.test_transformers import save_tiny

    save_tiny(tmp_path / kind, kind)
    model = create(
        {"backend": "transformers", "name": str(tmp_path / kind), "last_blocks": {"text": 1, "image": 1}}, "test"
    )
    kinds = {"clip": ("visual_projection", "text_projection"), "siglip": ("vision_model.head", "text_model.head")}
    for part, projection in zip(("image", "text"), kinds[kind], strict=True):
        names = trained(model, part)
        assert any(name.startswith(f"{projection}.") for name in names)
        assert any("layernorm" in name.lower() or "layer_norm" in name for name in names)
        assert any(".layers.1." in name for name in names) and not any(".layers.0." in name for name in names)
        assert not any("embedding" in name for name in names)


@pytest.mark.parametrize(
    ("keys", "message", "fix"),
    [
        ({"last_blocks": {"text": 5}}, "the text tower has 4 blocks, 5 of them", "0 to 4"),
        ({"last_blocks": {"text": -1}}, "-1 of them", "0 to 4"),
        ({"last_blocks": {"txt": 1}}, "unknown tower 'txt'", "text"),
        (
            {"last_blocks": {"text": 1}, "freeze": ["text"]},
            "freeze and last_blocks say different things",
            "one of them",
        ),
        ({"last_blocks": 2}, "last_blocks", "write a mapping"),
        ({"last_block": {"text": 2}}, "unknown key 'last_block'", ""),
    ],
)
def test_impossible_settings(keys: dict[str, Any], message: str, fix: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        encoder(**keys)
    assert fix in caught.value.fix


def test_a_tower_without_blocks() -> None:
    with pytest.raises(UserError, match="image side of own configuration has no transformer blocks"):
        encoder(CONFIGS["resnet"], last_blocks={"image": 1})


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_parameter_is_in_one_group(kind: str) -> None:
    model = tiny(kind)
    groups = parameter_groups(model)
    assert sum(group.trained for group in groups) == sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert sum(group.trained + group.frozen for group in groups) == sum(p.numel() for p in model.parameters())


def test_groups_of_a_model_that_trains_in_part() -> None:
    model = encoder(last_blocks={"text": 2}, freeze=["image"])
    block = 12 * 32 * 32 + 13 * 32  # attention 4 W^2 + 4 W, mlp 8 W^2 + 5 W, two norms of 2 W
    vision = 3 * 8 * 8 * 32 + 32 + 5 * 32 + 2 * 32  # patches, class token, positions, norm before the blocks
    assert parameter_groups(model) == [
        Group("image, embeddings", 0, vision),
        Group("image, blocks 0-2", 0, 3 * block),
        Group("image, norm", 0, 64),
        Group("image, projection", 0, 512),
        Group("text, embeddings", 0, 49408 * 32 + 77 * 32),
        Group("text, blocks 0-1", 0, 2 * block),
        Group("text, blocks 2-3", 2 * block, 0),
        Group("text, norm", 64, 0),
        Group("text, projection", 512, 0),
        Group("logit_scale", 1, 0),
    ]
    lora = {group.name: group for group in parameter_groups(encoder(lora={"rank": 2, "parts": ["text"]}))}
    thin = 2 * (3 * (32 + 32) + (32 + 32) + 2 * (32 + 128))  # queries, keys, values; output; both layers of the mlp
    assert lora["text, blocks 0-3"] == Group("text, blocks 0-3", 4 * thin, 4 * block)
    assert "image" in [group.name for group in parameter_groups(tiny("resnet"))]


def test_the_table_lines_up() -> None:
    lines = table([Group("text, blocks 0-7", 0, 1234567), Group("text, norm", 1, 999999), Group("objective", 12, 0)])
    assert lines == [
        "                  trained   share     frozen",
        "text, blocks 0-7        0     0 %  1,234,567",
        "text, norm              1  0.00 %    999,999",
        "objective              12   100 %          0",
        "all                    13  0.00 %  2,234,566",
    ]
