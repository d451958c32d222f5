"""The published prompts that turn a class name into texts: 80 of CLIP for ImageNet, and 5 of MaskCLIP for scenes."""

import open_clip

#: MaskCLIP's own (arXiv 2112.01071), beside the 80 of CLIP.
SCENE_TEMPLATES = (
    "there is a {} in the scene",
    "there is the {} in the scene",
    "this is a {} in the scene",
    "this is the {} in the scene",
    "this is one {} in the scene",
)


def published_templates() -> tuple[str, ...]:
    """All 85, with `{}` where the class name goes. open_clip carries the 80."""
    return (*(template("{}") for template in open_clip.OPENAI_IMAGENET_TEMPLATES), *SCENE_TEMPLATES)
