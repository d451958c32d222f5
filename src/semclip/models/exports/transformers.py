"""A `CLIPModel` folder (or SigLIP's own) for the transformers library, with processor and tokenizer."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch

from semclip.models.adapt.lora import plain_state
from semclip.models.backends.base import Encoder
from semclip.models.backends.open_clip import OpenClip
from semclip.models.backends.transformers import Transformers
from semclip.models.exports._clip_tokenizer import END, START, clip_tokenizer
from semclip.models.exports._clip_weights import (
    clip_settings,
    clip_state,
    image_processor_settings,
    why_no_clip_model,
    why_no_image_processor,
)
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
from semclip.models.hf import transformers_library
from semclip.models.tokens import Tokenizer

#: Greatest difference of unit embeddings, given the same pixels and the same ids.
TOLERANCE = 1e-5


class TransformersExport(Export):
    """What `AutoModel`, `AutoProcessor` and `AutoTokenizer` read without this package.

    A plain ViT of open_clip becomes a `CLIPModel`; a model of the backend `transformers` is written as it is. Pixels
    are those of the library's own image processor: its default resizes with torchvision, which rounds differently from
    Pillow, as open_clip uses it; `AutoImageProcessor.from_pretrained(..., backend="pil")` gives Pillow's.
    When to use: for everything built on transformers. A ResNet has no place in a `CLIPModel`: take `onnx`.
    """

    needs: ClassVar[tuple[str, ...]] = ("transformers",)

    def reading(self, encoder: Encoder) -> Reading:
        siglip = isinstance(encoder, Transformers) and encoder.network.config.model_type == "siglip"
        padding = '"max_length"' if siglip else "True"
        return Reading(
            "transformers",
            "import torch\n"
            "from PIL import Image\n"
            "from transformers import AutoModel, AutoProcessor\n\n"
            'model = AutoModel.from_pretrained(".").eval()\n'
            'processor = AutoProcessor.from_pretrained(".")\n'
            'pictures = [Image.open("picture.jpg")]\n'
            'words = ["a photo of a dog", "a beach without people"]\n'
            f'given = processor(text=words, images=pictures, padding={padding}, truncation=True, return_tensors="pt")\n'
            "with torch.inference_mode():\n"
            "    found = model(**given)\n"
            "print(found.text_embeds @ found.image_embeds.T)\n",
        )

    def why_not(self, encoder: Encoder) -> str:
        if isinstance(encoder, Transformers):
            return ""
        if isinstance(encoder, OpenClip):
            return why_no_clip_model(encoder) or why_no_image_processor(encoder.preprocess.settings)
        return reads_no_pixels(encoder) or f"the backend '{encoder.name}' has no counterpart in transformers"

    def otherwise(self) -> str:
        return "`--to onnx` holds every model that reads pixels, `--to hub-folder` every model that open_clip reads"

    def fill(self, encoder: Encoder, folder: Path) -> Sequence[str]:
        with quiet_loading():
            write_transformers(encoder, folder)
            said = [compare(encoder, folder)]
        said.append(f"{folder_mb(folder):,.1f} MB")
        if getattr(getattr(encoder, "network", None), "logit_bias", None) is not None and isinstance(encoder, OpenClip):
            said.append("left out: the bias of the logits, for which a CLIPModel has no place; it changes no ranking")
        return said


def write_transformers(encoder: Encoder, folder: Path) -> None:
    """The files that transformers reads."""
    transformers: Any = transformers_library("export")
    processor: Any
    if isinstance(encoder, Transformers):
        encoder.network.config.update(encoder.about.section())
        encoder.network.save_pretrained(folder, state_dict=plain_state(encoder.network))
        kinds = {"clip": transformers.CLIPProcessor, "siglip": transformers.SiglipProcessor}
        kind = kinds.get(encoder.network.config.model_type, transformers.VisionTextDualEncoderProcessor)
        tokenizer = copy.deepcopy(encoder.tokenizer)
        tokenizer.model_max_length = encoder.context_length
        if encoder.network.config.model_type == "siglip":
            # No mask: it was trained to see its padding. The file is written from both.
            tokenizer.model_input_names = tokenizer.init_kwargs["model_input_names"] = ["input_ids"]
        kind(image_processor=encoder.processor, tokenizer=tokenizer).save_pretrained(folder)
        encoder.processor.save_pretrained(folder)
        return
    assert isinstance(encoder, OpenClip)
    network = transformers.CLIPModel(transformers.CLIPConfig(**clip_settings(encoder)))
    network.load_state_dict(clip_state(encoder), strict=True)
    network.config.update(encoder.about.section())
    network.save_pretrained(folder)
    processor = transformers.CLIPImageProcessor(**image_processor_settings(encoder.preprocess.settings))
    assert isinstance(encoder.tokenizer, Tokenizer)
    tokenizer = _words(encoder.tokenizer)
    transformers.CLIPProcessor(image_processor=processor, tokenizer=tokenizer).save_pretrained(folder)
    processor.save_pretrained(folder)


def _words(tokenizer: Tokenizer) -> Any:
    transformers: Any = transformers_library("export")
    end = {"eos_token": END, "pad_token": END, "unk_token": END}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=clip_tokenizer(tokenizer),
        bos_token=START,
        model_max_length=tokenizer.context_length,
        model_input_names=["input_ids", "attention_mask"],
        **end,
    )


def compare(encoder: Encoder, folder: Path) -> str:
    """Load the folder as the library does, and compare. Raises UserError where an embedding differs."""
    transformers: Any = transformers_library("export")
    network = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    pixels = torch.stack([_pixels(encoder, picture) for picture in probe_pictures()])
    ids = tokenizer(list(PROBE_TEXTS), padding="max_length", truncation=True, max_length=encoder.context_length,
                    return_tensors="pt")  # fmt: skip
    image = furthest(encoder.encode_image(pixels), network.get_image_features(pixel_values=pixels).pooler_output)
    words = network.get_text_features(**ids).pooler_output
    text = furthest(encoder.encode_text(encoder.tokenize(PROBE_TEXTS)), words)
    refuse_different("image", image, TOLERANCE)
    refuse_different("text", text, TOLERANCE)
    return f"unit embeddings equal in transformers to {image:.0e} (images) and {text:.0e} (texts)"


def _pixels(encoder: Encoder, picture: Any) -> torch.Tensor:
    if isinstance(encoder, OpenClip):
        return encoder.preprocess(picture)
    found: torch.Tensor = encoder.processor(images=picture, return_tensors="pt")["pixel_values"][0]  # type: ignore[operator]
    return found


def library_pixels(folder: Path, pictures: Sequence[Any]) -> torch.Tensor:
    """(B, 3, H, W) as the library's processor of an exported folder makes them."""
    transformers: Any = transformers_library("export")
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    found: torch.Tensor = processor(images=list(pictures), return_tensors="pt")["pixel_values"]
    return found
