"""Models small enough to build in every test, of every kind that the text pass and freezing tell apart."""

from typing import Any

from semclip.models.backends.open_clip import OpenClip

TEXTS = [
    "a dog",
    "a photo of a red circle left of a large blue square, but no green triangle",
    "",
    "word " * 200,
]

VISION = {"image_size": 16, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}

CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT},
    "quickgelu": {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT, "quick_gelu": True},
    "custom_text": {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT, "custom_text": True},
    "eos_pool": {
        "embed_dim": 16,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "pool_type": "eos", "eos_id": 49407, "proj_bias": True},
        "custom_text": True,
    },
    "custom_blocks": {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": {**TEXT, "qk_norm": True}},
    "resnet": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None},
        "text_cfg": TEXT,
        "init_logit_bias": -10.0,
    },
}

#: Text towers in which a token after end-of-text matters: they must run untrimmed.
UNTRIMMABLE: dict[str, dict[str, Any]] = {
    "both_directions": {
        "embed_dim": 16,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "no_causal_mask": True},
        "custom_text": True,
    },
    "last_token": {
        "embed_dim": 16,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "pool_type": "last"},
        "custom_text": True,
    },
    "class_token": {
        "embed_dim": 16,
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, "context_length": 76, "embed_cls": True},
        "custom_text": True,
    },
}


def tiny(kind: str = "plain", seed: int = 0, **settings: Any) -> OpenClip:
    config = {**CONFIGS, **UNTRIMMABLE}[kind]
    return OpenClip.create(OpenClip.Config(config=config, seed=seed, **settings), where="test").eval()
