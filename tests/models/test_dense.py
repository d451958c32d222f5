"""Dense features and their refinements against published vectors, the ordinary pass, and naive loops."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from open_clip.modified_resnet import AttentionPool2d
from open_clip.transformer import LayerNorm, QuickGELU, VisionTransformer
from PIL import Image
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.protocols import DenseReading
from semclip.models.dense import RESNET_VARIANTS, VARIANTS, DenseMap, dense_map, why_not_dense
from semclip.models.refine import classifier, cosines, denoise, probabilities, smooth, upsample, with_background
from tests.models.tiny import CONFIGS, tiny

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "maskclip.json").read_text("utf-8"))


def tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def close(found: Tensor, expected: Any) -> None:
    torch.testing.assert_close(found.double(), tensor(expected), atol=1e-9, rtol=0)


def reference_tower(activation: type[nn.Module] = nn.GELU) -> VisionTransformer:
    vectors, config = VECTORS["vit"], VECTORS["vit"]["config"]
    tower = VisionTransformer(
        image_size=config["native_image"],
        patch_size=config["patch"],
        width=config["embed"],
        layers=config["layers"],
        heads=config["heads"],
        mlp_ratio=config["ffn"] / config["embed"],
        output_dim=3,
        act_layer=activation,
    ).double()
    for module in tower.modules():
        if isinstance(module, LayerNorm):
            module.eps = config["ln_eps"]
    renamed = {
        "class_embedding": tensor(vectors["weights"]["cls_token"])[0, 0],
        "positional_embedding": tensor(vectors["weights"]["pos_embed"])[0],
        "proj": tensor(vectors["proj_out_in"]).T,
    }
    words = {
        "patch_embed.projection": "conv1",
        "ln0": "ln_pre",
        ".ln1": ".ln_1",
        ".ln2": ".ln_2",
        "ln1.": "ln_post.",
        "layers.": "transformer.resblocks.",
        "attn.attn": "attn",
        "ffn.transformer.resblocks.0.0": "mlp.c_fc",
        "ffn.transformer.resblocks.1": "mlp.c_proj",
    }
    for name, value in vectors["weights"].items():
        if name in ("cls_token", "pos_embed"):
            continue
        for theirs, ours in words.items():
            name = name.replace(theirs, ours)
        renamed[name] = tensor(value)
    tower.load_state_dict(renamed)
    return tower.eval()


def reference_pool() -> AttentionPool2d:
    inputs = VECTORS["resnet"]["inputs"]
    pool = AttentionPool2d(2, 4, 1, 3).double()
    for letter in "qkvc":
        layer = getattr(pool, f"{letter}_proj")
        layer.weight.data, layer.bias.data = tensor(inputs[f"{letter}_w"]), tensor(inputs[f"{letter}_b"])
    return pool


class Given(nn.Module):
    """A stage of a ResNet that has been run already."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def reference_resnet(variant: str = "official") -> DenseMap:
    tower = tiny("resnet").double().network.visual
    tower.stem = lambda inputs: tensor(VECTORS["resnet"]["inputs"]["x_NCHW"])  # stands in for the whole tower
    tower.layer1 = tower.layer2 = tower.layer3 = tower.layer4 = Given()
    tower.attnpool = reference_pool()
    return dense_map(tower, torch.zeros(1, 3, 64, 96, dtype=torch.float64), variant)


@pytest.mark.parametrize("case", VECTORS["resnet"]["cases"], ids=lambda case: case["name"])
def test_resnet_head_equals_the_reference(case: dict[str, Any]) -> None:
    classes = tensor(VECTORS["resnet"]["inputs"]["text_embeddings"])
    scores = cosines(reference_resnet().features, classes)
    if "pd" in case.get("options", {}):
        scores = denoise(scores, case["options"]["pd"])
    close(scores, case["expected"]["output"])
    assert scores.argmax(dim=1).tolist() == case["expected"]["argmax"]


@pytest.mark.parametrize("case", VECTORS["vit"]["cases"], ids=lambda case: case["name"])
def test_vision_transformer_equals_the_reference(case: dict[str, Any]) -> None:
    tower, expected = reference_tower(), case["expected"]
    image, classes = tensor(case["inputs"]["image"]), tensor(VECTORS["vit"]["text_embeddings"])
    official = dense_map(tower, image, "official")
    scores = cosines(official.features, classes)
    close(scores, expected["logits"])
    assert scores.argmax(dim=1).tolist() == expected["argmax"]
    close(official.released_keys.flatten(1, 2), expected["k_out_projected_NLC"])
    close(denoise(scores, 0.5), expected["logits_pd_0.5"])
    close(smooth(scores, official.released_keys, "positions"), expected["logits_ks_1.0"])
    channels = expected["ks_1.0_if_keys_normalised_over_channels"]
    close(smooth(scores, official.released_keys, "channels"), channels)
    for variant, name in {
        "paper": "no_residual_no_ffn",
        "paper+residual": "residual_no_ffn",
        "paper+mlp": "no_residual_ffn",
    }.items():
        close(cosines(dense_map(tower, image, variant).features, classes), expected[f"VARIANT_logits_{name}"])
    quick = dense_map(reference_tower(QuickGELU), image, "official").features
    close(cosines(quick, classes), expected["VARIANT_logits_quickgelu"])
    close(tower(image), expected["clip_global_feature_unnormalised"])  # the weights are where they belong


def test_plain_clip_is_the_ordinary_pass() -> None:
    encoder = tiny().double()
    inputs = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    embedding, tokens = encoder.encode_image_with_tokens(inputs)
    found = dense_map(encoder.network.visual, inputs, "clip").features
    assert found.shape == (2, 2, 2, encoder.embed_dim)
    torch.testing.assert_close(found.flatten(1, 2), tokens @ encoder.network.visual.proj, atol=1e-12, rtol=0)
    assert not torch.allclose(found[:, 0, 0], embedding)


def test_query_attention_equals_a_loop() -> None:
    tower = reference_tower()
    image = tensor(VECTORS["vit"]["cases"][0]["inputs"]["image"])
    z = tower.transformer.resblocks[0](tower._embeds(image))
    block, width, heads = tower.transformer.resblocks[1], 4, 2
    q, _, v = (block.ln_1(z)[0] @ block.attn.in_proj_weight.T + block.attn.in_proj_bias).split(width, dim=-1)
    rows = []
    for i in range(5):
        parts = []
        for head in range(heads):
            own = slice(head * width // heads, (head + 1) * width // heads)
            weights = torch.stack([q[i, own] @ q[j, own] / (width / heads) ** 0.5 for j in range(5)]).softmax(0)
            parts.append(sum(w * v[j, own] for j, w in enumerate(weights)))
        rows.append(tower.ln_post(block.attn.out_proj(torch.cat(parts))) @ tower.proj)
    close(dense_map(tower, image, "clearclip").features[0].flatten(0, 1), torch.stack(rows)[1:].tolist())


def test_resnet_baseline_equals_a_loop() -> None:
    pool = reference_pool()
    x = tensor(VECTORS["resnet"]["inputs"]["x_NCHW"])[0].flatten(1).T  # (6, 4)
    x = torch.cat([x.mean(0, keepdim=True), x])
    q, k, v = pool.q_proj(x), pool.k_proj(x), pool.v_proj(x)
    rows = [pool.c_proj((q[i] @ k.T / 2).softmax(0) @ v) for i in range(7)]
    close(reference_resnet("clip").features[0].flatten(0, 1), torch.stack(rows)[1:].tolist())


@pytest.mark.parametrize("axis", ["channels", "positions"])
def test_key_smoothing_equals_a_loop(axis: str) -> None:
    torch.manual_seed(0)
    scores, keys = 0.02 * torch.randn(2, 3, 2, 2).double(), torch.randn(2, 2, 2, 5).double()
    found = smooth(scores, keys, axis, threshold=0.8)  # type: ignore[arg-type]
    unsure = 0
    for b in range(2):
        p = (100 * scores[b]).softmax(0).flatten(1)
        k = keys[b].flatten(0, 1)
        k = k / (k.norm(dim=1, keepdim=True) if axis == "channels" else k.norm(dim=0, keepdim=True))
        for i in range(4):
            expected = p[:, i]
            if p[:, i].max() < 0.8:
                unsure += 1
                expected = sum((k[i] @ k[j]) * p[:, j] for j in range(4))
            close(found[b].flatten(1)[:, i], expected.tolist())
    assert 0 < unsure < 8


@pytest.mark.parametrize("variant", VARIANTS)
def test_other_grids(variant: str) -> None:
    """The native grid is left alone; another of equally many positions is not, which the released code takes for it."""
    tower = tiny().double().network.visual
    image = torch.randn(1, 3, 16, 16, dtype=torch.float64)
    assert dense_map(tower, torch.randn(1, 3, 8, 32).double(), variant).features.shape == (1, 1, 4, 16)
    grid = tower.positional_embedding[1:].T.reshape(1, -1, 2, 2)
    resized = F.interpolate(grid, size=(1, 4), mode="bicubic", align_corners=False)
    assert not torch.allclose(resized.flatten(2), grid.flatten(2))
    whole = dense_map(tower, image, variant).features
    torch.testing.assert_close(
        dense_map(tower, image.repeat(3, 1, 1, 1), variant).features[1:2], whole, atol=1e-12, rtol=0
    )


def test_sides_that_are_no_multiple_are_padded_with_zeros() -> None:
    tower = tiny().double().network.visual
    image = torch.randn(1, 3, 20, 9, dtype=torch.float64)
    found = dense_map(tower, image, "paper").features
    assert found.shape == (1, 3, 2, 16)
    assert torch.equal(found, dense_map(tower, F.pad(image, (0, 7, 0, 4)), "paper").features)
    resnet = tiny("resnet").network.visual
    assert dense_map(resnet, torch.randn(1, 3, 40, 64), "paper").features.shape == (1, 2, 2, 16)


def test_cutting_the_padding_moves_no_label() -> None:
    scores = torch.zeros(1, 2, 2, 33)
    scores[:, 0, :, :16] = scores[:, 1, :, 16:] = 1  # the boundary lies 256 pixels from the left
    labels = upsample(scores, (20, 520), padded=(32, 528)).argmax(1)
    assert labels.shape == (1, 20, 520)
    assert labels[0, 0].tolist().index(1) in (256, 257)
    drifted = F.interpolate(upsample(scores, (32, 528)), size=(20, 520), mode="bilinear").argmax(1)
    assert drifted[0, 0].tolist().index(1) < 254


def test_image_towers_that_cannot_be_read_exactly_are_refused() -> None:
    from semclip.models.backends.open_clip import OpenClip

    def reason(**vision: Any) -> str:
        config = {**CONFIGS["plain"], "vision_cfg": {**CONFIGS["plain"]["vision_cfg"], **vision}}
        encoder = OpenClip.create(OpenClip.Config(config=config, seed=0), where="test")
        if encoder.why_not_dense():
            with pytest.raises(UserError, match="no dense features"):
                encoder.encode_dense(torch.zeros(1, 3, 16, 16), "paper")
        return encoder.why_not_dense()

    assert reason() == reason(ls_init_value=0.1) == reason(final_ln_after_pool=True) == ""
    assert "mean" in reason(pool_type="avg")
    assert "pooler" in reason(attentional_pool=True, attn_pooler_heads=2)
    assert "custom" in reason(qk_norm=True)
    assert "Linear" in why_not_dense(nn.Linear(2, 2))


def test_unknown_variants_name_the_known_ones() -> None:
    with pytest.raises(UserError, match="no variant 'clipp'") as caught:
        dense_map(tiny().network.visual, torch.zeros(1, 3, 16, 16), "clipp")
    assert "clip" in caught.value.fix
    with pytest.raises(UserError, match=r"clearclip.* ModifiedResNet"):
        dense_map(tiny("resnet").network.visual, torch.zeros(1, 3, 32, 32), "clearclip")
    for variant in RESNET_VARIANTS:
        dense_map(tiny("resnet").network.visual, torch.zeros(1, 3, 32, 32), variant)


def test_the_classifier_is_the_normalised_mean_of_unit_prompts() -> None:
    rows = classifier(tensor([[[3, 0], [0, 5]], [[2, 0], [7, 0]]]))
    close(rows, [[0.5**0.5, 0.5**0.5], [1, 0]])


def test_denoising_drops_a_class_of_one_image_only() -> None:
    scores = torch.zeros(2, 2, 1, 2)
    scores[0, 0], scores[1, 1] = 1, 1
    found = denoise(scores, 0.5)
    assert (found[0, 1] == -100).all() and (found[1, 0] == -100).all()
    assert torch.equal(found[0, 0], scores[0, 0]) and torch.equal(found[1, 1], scores[1, 1])


def test_probabilities_sum_to_one() -> None:
    scores = tensor([0.1, 0.11, -0.2]).view(1, 3, 1, 1)
    close(probabilities(scores, smoothed=False).flatten(), (100 * scores).flatten().softmax(0).tolist())
    close(probabilities(scores, smoothed=True).flatten(), [0.1 / 0.21, 0.11 / 0.21, 0])


def test_background_is_the_best_of_its_prompts_or_what_no_class_is_sure_of() -> None:
    scores = tensor([[0.1, 0.3, 0.2, 0.0], [0.2, 0.1, 0.0, 0.0], [0.0, 0.2, 0.25, 0.0], [0.1, 0.0, 0.0, 0.4]])
    scores = scores.view(1, 4, 1, 4)  # two classes, then two prompts of the background, at four positions
    assert with_background(scores, 2, threshold=0, smoothed=False).argmax(1).flatten().tolist() == [2, 1, 0, 0]
    plain = scores[:, :2]
    assert with_background(plain, 2, threshold=0, smoothed=False) is plain
    unsure = with_background(plain, 2, threshold=0.6, smoothed=False)
    assert unsure.argmax(1).flatten().tolist() == [2, 1, 1, 0] and torch.isfinite(unsure).all()
    close(probabilities(unsure, smoothed=False).sum(1), torch.ones(1, 1, 4).tolist())


def test_class_scores_are_the_steps_in_order() -> None:
    encoder = tiny().double()
    torch.manual_seed(0)
    inputs, rows = torch.randn(2, 3, 16, 24).double(), F.normalize(torch.randn(5, 16).double(), dim=1)
    reading = DenseReading(variant="official", denoise=0.3, smooth="positions", threshold=0.25)
    found = encoder.class_scores(inputs, rows[:3], rows[3:], reading, (10, 15))
    dense = dense_map(encoder.network.visual, inputs, "official")
    steps = smooth(denoise(cosines(dense.features, rows), 0.3), dense.released_keys, "positions")
    close(found, with_background(upsample(steps, (10, 15)), 3, 0.25, smoothed=True).tolist())
    assert found.shape == (2, 4, 10, 15)
    for i in range(2):
        alone = encoder.class_scores(inputs[i : i + 1], rows[:3], rows[3:], reading, (10, 15))
        torch.testing.assert_close(alone[0], found[i], atol=1e-12, rtol=0)
    assert torch.equal(
        encoder.encode_dense(inputs, "paper"), dense_map(encoder.network.visual, inputs, "paper").features
    )


def test_whole_images_keep_their_aspect_and_fill_the_grid(tmp_path: Path) -> None:
    pixels = torch.randint(0, 256, (50, 99, 3), dtype=torch.uint8).numpy()
    Image.fromarray(pixels).save(tmp_path / "a.png")
    ref, encoder = ImageRef("a.png", tmp_path / "a.png"), tiny()
    assert encoder.load_whole_image(ref).shape == (3, 16, 32)
    assert encoder.load_whole_image(ref, 50).shape == (3, 48, 96)
    assert tiny("resnet").load_whole_image(ref, 64).shape == (3, 64, 128)
    Image.fromarray(pixels[:16, :16]).save(tmp_path / "a.png")
    assert torch.equal(encoder.load_whole_image(ref), encoder.load_image(ref))
