"""Architectures of ours, small enough to train on a laptop; named in configs beside open_clip's own."""

from typing import Any

#: Name -> open_clip model configuration.
SMALL_ARCHITECTURES: dict[str, dict[str, Any]] = {
    # 36 patches of 8 pixels: shapes in a 48-pixel scene are 8 to 20 pixels wide.
    "semclip-tiny-48": {
        "embed_dim": 128,
        "vision_cfg": {"image_size": 48, "patch_size": 8, "width": 128, "layers": 4, "head_width": 32},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 3},
    },
}
