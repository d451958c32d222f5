"""A folder to upload to the Hub as it is: open_clip's layout, or transformers' for a model of that library."""

from collections.abc import Sequence
from pathlib import Path

import torch

from semclip.models.backends.base import Encoder
from semclip.models.backends.open_clip import OpenClip
from semclip.models.backends.transformers import Transformers
from semclip.models.exports.base import (
    PROBE_TEXTS,
    Export,
    Reading,
    folder_mb,
    furthest,
    probe_pictures,
    quiet_loading,
    reads_no_pixels,
    refuse_different,
)
from semclip.models.exports.transformers import TOLERANCE, TransformersExport


class HubFolder(Export):
    """What `open_clip.create_model("hf-hub:USER/NAME")` reads after `hf upload USER/NAME FOLDER`.

    Holds every model that open_clip has, ResNets too. Nothing is uploaded, and no licence is chosen.
    When to use: to publish a model. For programs built on transformers, publish the export `transformers` instead.
    """

    def reading(self, encoder: Encoder) -> Reading:
        if isinstance(encoder, Transformers):
            return _as_transformers().reading(encoder)
        return Reading(
            "open_clip",
            "import open_clip\n"
            "import torch\n"
            "from PIL import Image\n\n"
            'name = "local-dir:."  # or hf-hub:USER/NAME\n'
            "model, preprocess = open_clip.create_model_from_pretrained(name)\n"
            "tokenizer = open_clip.get_tokenizer(name)\n"
            "model.eval()\n"
            'pictures = [Image.open("picture.jpg")]\n'
            "with torch.inference_mode():\n"
            "    images = model.encode_image(torch.stack([preprocess(p) for p in pictures]), normalize=True)\n"
            '    texts = model.encode_text(tokenizer(["a photo of a dog", "a beach without people"]), normalize=True)\n'
            "print(texts @ images.T)\n",
        )

    def why_not(self, encoder: Encoder) -> str:
        if isinstance(encoder, OpenClip | Transformers):
            return ""
        return reads_no_pixels(encoder) or f"neither open_clip nor transformers reads the backend '{encoder.name}'"

    def fill(self, encoder: Encoder, folder: Path) -> Sequence[str]:
        if isinstance(encoder, Transformers):
            return _as_transformers().fill(encoder, folder)
        encoder.save(folder)
        return [_compare(encoder, folder), f"{folder_mb(folder):,.1f} MB"]


def _as_transformers() -> TransformersExport:
    return TransformersExport(TransformersExport.Config())


def _compare(encoder: Encoder, folder: Path) -> str:
    """Load the folder as open_clip does, and compare. Raises UserError where an embedding differs."""
    import open_clip

    with quiet_loading():
        model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    model.eval()
    assert isinstance(encoder, OpenClip) and callable(preprocess)
    theirs = torch.stack([preprocess(picture) for picture in probe_pictures()])
    mine = torch.stack([encoder.preprocess(picture) for picture in probe_pictures()])
    image = furthest(encoder.encode_image(mine), model.encode_image(theirs))
    tokens = tokenizer(list(PROBE_TEXTS))
    text = furthest(encoder.encode_text(encoder.tokenize(PROBE_TEXTS)), model.encode_text(tokens))
    refuse_different("image", image, TOLERANCE)
    refuse_different("text", text, TOLERANCE)
    return f"equal in open_clip to {image:.0e} (images) and {text:.0e} (texts)"
