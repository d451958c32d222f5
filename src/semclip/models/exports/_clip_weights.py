"""open_clip's plain ViT and text transformer as a `CLIPModel` of transformers: why not, settings, and weights."""

from collections.abc import Mapping
from typing import Any

from open_clip.transformer import LayerNorm, QuickGELU, ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn

from semclip.models.adapt.lora import plain_state
from semclip.models.backends.open_clip import OpenClip
from semclip.models.text_pass import can_pack, can_trim
from semclip.models.tokens import Tokenizer

#: Of a block: its name in open_clip -> in transformers.
_BLOCK = {
    "ln_1": "layer_norm1", "ln_2": "layer_norm2", "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
}  # fmt: skip


def why_no_clip_model(encoder: OpenClip) -> str:
    """What of this model a `CLIPModel` has no place for, in a few words; "" where it has for all."""
    visual: Any = encoder.network.visual
    text: Any = encoder.text_tower
    if not isinstance(visual, VisionTransformer):
        return f"its image tower is a {type(visual).__name__}, and a CLIPModel of transformers has a vision transformer"
    checks = {
        "its image tower ends in an attention pooler": visual.attn_pool is not None,
        f"its image tower pools by '{visual.pool_type}', not at the class token": visual.pool_type != "tok",
        "its image tower has no norm before the blocks": not isinstance(visual.ln_pre, nn.LayerNorm),
        "its image tower has no projection": visual.proj is None,
        "its patch embedding has a bias": visual.conv1.bias is not None,
        "its image blocks are custom ones": not all(map(_is_plain, visual.transformer.resblocks)),
        "its tokenizer is not CLIP's": not isinstance(encoder.tokenizer, Tokenizer)
        or bool(encoder.model_cfg["text_cfg"].get("tokenizer_kwargs")),
        "its text tower is not CLIP's (causal, read at end-of-text)": not can_trim(text),
    }
    for reason, holds in checks.items():
        if holds:
            return reason
    if not (can_pack(text) and all(map(_is_plain, text.transformer.resblocks))):
        return "its text blocks are custom ones"
    projection = text.text_projection
    if projection is None or (isinstance(projection, nn.Linear) and projection.bias is not None):
        return "its text projection has a bias, or is not there"
    if len({norm.eps for tower in (visual, text) for norm in tower.modules() if isinstance(norm, nn.LayerNorm)}) > 1:
        return "its norms differ in epsilon"
    return ""


def clip_settings(encoder: OpenClip) -> dict[str, Any]:
    """The arguments of a `CLIPConfig`."""
    visual: Any = encoder.network.visual
    text: Any = encoder.text_tower
    ids = {"bos_token_id": 49406, "eos_token_id": 49407, "pad_token_id": 49407}
    height, width = visual.image_size
    vision = {
        **_tower(visual.transformer),
        "image_size": height if height == width else [height, width],
        "patch_size": visual.patch_size[0],
        "projection_dim": encoder.embed_dim,
    }
    words = {
        **_tower(text.transformer),
        "vocab_size": text.vocab_size,
        "max_position_embeddings": encoder.context_length,
        "projection_dim": encoder.embed_dim,
        **ids,
    }
    return {"vision_config": vision, "text_config": words, "projection_dim": encoder.embed_dim}


def clip_state(encoder: OpenClip) -> dict[str, Tensor]:
    """The weights of a `CLIPModel`, by its names; views where nothing changes."""
    state = plain_state(encoder.network)
    text_prefix = "" if encoder.text_tower is encoder.network else "text."
    vision, text = _under(state, "visual."), _under(state, text_prefix)
    image_scope, text_scope = "vision_model", "text_model"
    projection = text["text_projection"] if "text_projection" in text else text["text_projection.weight"].T
    return {
        f"{image_scope}.embeddings.class_embedding": vision["class_embedding"],
        f"{image_scope}.embeddings.patch_embedding.weight": vision["conv1.weight"],
        f"{image_scope}.embeddings.position_embedding.weight": vision["positional_embedding"],
        **_norm(vision, "ln_pre", f"{image_scope}.pre_layrnorm"),  # spelt so in transformers
        **_blocks(vision, f"{image_scope}.encoder.layers"),
        **_norm(vision, "ln_post", f"{image_scope}.post_layernorm"),
        "visual_projection.weight": vision["proj"].T,
        f"{text_scope}.embeddings.token_embedding.weight": text["token_embedding.weight"],
        f"{text_scope}.embeddings.position_embedding.weight": text["positional_embedding"],
        **_blocks(text, f"{text_scope}.encoder.layers"),
        **_norm(text, "ln_final", f"{text_scope}.final_layer_norm"),
        "text_projection.weight": projection.T,
        "logit_scale": state["logit_scale"].reshape(()),
    }


def image_processor_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a `CLIPImageProcessor` for open_clip's preprocessing. See `why_no_image_processor`."""
    height, width = settings["size"]
    squash = settings["resize_mode"] == "squash"
    return {
        "do_resize": True,
        "size": {"height": height, "width": width} if squash else {"shortest_edge": height},
        "do_center_crop": not squash,
        "crop_size": {"height": height, "width": width},
        "resample": {"bicubic": 3, "bilinear": 2}[settings["interpolation"]],
        "do_rescale": True,
        "do_normalize": True,
        "image_mean": settings["mean"],
        "image_std": settings["std"],
        "do_convert_rgb": True,
    }


def why_no_image_processor(settings: Mapping[str, Any]) -> str:
    """Why the library's image processor cannot do this preprocessing; "" where it can."""
    if settings["resize_mode"] == "longest":
        return "it pads pictures to a square, which CLIP's image processor does not"
    if settings["resize_mode"] == "shortest" and settings["size"][0] != settings["size"][1]:
        return "it crops pictures to a rectangle"
    return ""


def _is_plain(block: Any) -> bool:
    return (
        type(block) is ResidualAttentionBlock
        and isinstance(block.ls_1, nn.Identity)
        and isinstance(block.mlp.gelu, nn.GELU | QuickGELU)
        and all(isinstance(norm, LayerNorm | nn.LayerNorm) for norm in (block.ln_1, block.ln_2))
    )


def _tower(transformer: Any) -> dict[str, Any]:
    first = transformer.resblocks[0]
    return {
        "hidden_size": transformer.width,
        "num_hidden_layers": len(transformer.resblocks),
        "num_attention_heads": first.attn.num_heads,
        "intermediate_size": first.mlp.c_fc.out_features,
        "hidden_act": "quick_gelu" if isinstance(first.mlp.gelu, QuickGELU) else "gelu",
        "layer_norm_eps": first.ln_1.eps,
    }


def _blocks(tower: Mapping[str, Tensor], into: str) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for name, tensor in tower.items():
        if not name.startswith("transformer.resblocks."):
            continue
        number, _, rest = name.removeprefix("transformer.resblocks.").partition(".")
        part, _, kind = rest.rpartition(".")
        if part == "attn":  # in_proj_weight, in_proj_bias: queries, keys and values in one
            for letter, third in zip("qkv", tensor.chunk(3), strict=True):
                found[f"{into}.{number}.self_attn.{letter}_proj.{kind.removeprefix('in_proj_')}"] = third
        else:
            found[f"{into}.{number}.{_BLOCK[part]}.{kind}"] = tensor
    return found


def _norm(tower: Mapping[str, Tensor], name: str, into: str) -> dict[str, Tensor]:
    return {f"{into}.{kind}": tower[f"{name}.{kind}"] for kind in ("weight", "bias")}


def _under(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
