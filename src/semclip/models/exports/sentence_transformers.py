"""A folder for sentence-transformers: one `encode` for pictures and texts, unit rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from semclip.models.backends.base import Encoder
from semclip.models.backends.transformers import Transformers
from semclip.models.exports.base import (
    PROBE_TEXTS,
    Reading,
    folder_mb,
    furthest,
    probe_pictures,
    quiet_loading,
    refuse_different,
)
from semclip.models.exports.transformers import TOLERANCE, TransformersExport, library_pixels, write_transformers


class SentenceTransformersExport(TransformersExport):
    """The files of the export `transformers`, and what sentence-transformers (5.4 or newer) asks for beside them.

    SigLIP's texts are padded to the full context there, too, as it was trained.
    When to use: for `SentenceTransformer(FOLDER).encode(...)`, and for what is built on it.
    """

    needs: ClassVar[tuple[str, ...]] = ("transformers", "sentence_transformers")

    def reading(self, encoder: Encoder) -> Reading:
        return Reading(
            "sentence-transformers",
            "from PIL import Image\n"
            "from sentence_transformers import SentenceTransformer\n\n"
            'model = SentenceTransformer(".")\n'
            'pictures = [Image.open("picture.jpg")]\n'
            "images = model.encode(pictures)\n"
            'texts = model.encode(["a photo of a dog", "a beach without people"])\n'
            "print(model.similarity(texts, images))\n",
        )

    def fill(self, encoder: Encoder, folder: Path) -> Sequence[str]:
        with quiet_loading():
            write_transformers(encoder, folder)
            _add_modules(encoder, folder)
            said = _compare(encoder, folder)
        return [said, f"{folder_mb(folder):,.1f} MB"]


def _add_modules(encoder: Encoder, folder: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Normalize

    padded = isinstance(encoder, Transformers) and encoder.network.config.model_type == "siglip"
    length = {"padding": "max_length", "max_length": encoder.context_length}
    first = Transformer(str(folder), processing_kwargs={"text": length} if padded else None)
    model = SentenceTransformer(modules=[first, Normalize()], device="cpu")
    model.save(str(folder), create_model_card=False)


def _compare(encoder: Encoder, folder: Path) -> str:
    """Load the folder as the library does, and compare. Raises UserError where an embedding differs."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    pictures = probe_pictures()
    mine = encoder.encode_image(library_pixels(folder, pictures))
    image = furthest(mine, model.encode(pictures))
    text = furthest(encoder.encode_text(encoder.tokenize(PROBE_TEXTS)), model.encode(list(PROBE_TEXTS)))
    refuse_different("image", image, TOLERANCE)
    refuse_different("text", text, TOLERANCE)
    return f"equal in sentence-transformers to {image:.0e} (images) and {text:.0e} (texts)"
