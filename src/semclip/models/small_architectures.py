"""Architectures of ours, small enough to train on a laptop; named in configs beside open_clip's own."""

from typing import Any

#: Name -> open_clip model configuration.
SMALL_ARCHITECTURES: dict[str, dict[str, Any]] = {
    # 16 patches of 12 pixels, four to each cell of a scene. Patches of 8 cost twice the time per step and, after equal
    # steps, knew less: caption R@1 42 against 58 on scenes after 300 steps (docs/log.md).
    "semclip-tiny-48": {
        "embed_dim": 128,
        "vision_cfg": {"image_size": 48, "patch_size": 12, "width": 128, "layers": 4, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 3},
    },
}
