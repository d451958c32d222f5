"""Does the saved model give the same embeddings in plain open_clip? The largest difference, measured."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image

from semclip.data.load import DataConfig, load_examples, select
from semclip.models.load import load

#: Test examples compared.
SAMPLE = 64


def embedding_parity(model: Path, scenes: Path) -> dict[str, Any]:
    """Embed test images and captions with semclip and with open_clip alone; largest absolute differences.

    open_clip runs its own preprocessing and its untrimmed 77-token text pass.
    """
    import open_clip

    examples = select(load_examples(DataConfig(path=str(scenes / "scenes.jsonl"))), "test")[:SAMPLE]
    refs = [e.image for e in examples]
    ours = load(str(model)).eval()
    theirs, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{model.resolve()}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{model.resolve()}")
    theirs.eval()
    with torch.no_grad():
        images = torch.stack([preprocess(Image.open(str(r.path)).convert("RGB")) for r in refs])
        image_difference = theirs.encode_image(images) - ours.encode_image(
            torch.stack([ours.load_image(r) for r in refs])
        )
        captions = [e.caption for e in examples]
        text_difference = theirs.encode_text(tokenizer(captions)) - ours.encode_text(ours.tokenize(captions))
    return {
        "image": float(image_difference.abs().max()),
        "text": float(text_difference.abs().max()),
        "examples": len(examples),
        "model": str(model),
    }
