"""CLIP, SigLIP and paired encoders of the transformers library, by id or folder. Needs `pip install semclip[hf]`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Self

from torch import Tensor, float32, int64, nn

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import read_json, write_json
from semclip.core.protocols import EncoderInfo
from semclip.models.about import About
from semclip.models.adapt.lora import plain_state
from semclip.models.adapt.tower import Tower
from semclip.models.backends.base import Encoder
from semclip.models.folder import fingerprint, refuse_non_finite_weights, replace_folder, unreadable_weights
from semclip.models.hf import checkpoint_blocks, norms, plain_settings, tower_of, transformers_library
from semclip.models.pretrained import find_on_hub

#: An image model and a text model of any kind, each with a linear projection, as `VisionTextDualEncoderModel` has them.
_PAIRED = "vision-text-dual-encoder"
#: `model_type` of the configurations that this backend reads. SigLIP 2 at a fixed resolution is of type `siglip`.
MODEL_TYPES = ("clip", "siglip", _PAIRED)

#: What decides the image features beside the weights.
_VISION_SETTINGS = ("hidden_act", "image_size", "layer_norm_eps", "num_attention_heads", "patch_size")
_TEXT_SETTINGS = ("hidden_act", "layer_norm_eps", "num_attention_heads", "max_position_embeddings", "eos_token_id")
_TARGETS = {
    "attention": {f"self_attn.{name}_proj.weight": 1 for name in ("q", "k", "v", "out")},
    "mlp": {"mlp.fc1.weight": 1, "mlp.fc2.weight": 1},
}
_IMAGE_PARTS = ("vision_model", "visual_projection")
_LOGIT_PARTS = ("logit_scale", "logit_bias")


class Transformers(Encoder):
    """A CLIP, a SigLIP or a pair of encoders, with its own tokenizer, padding and image processor.

    Texts are padded to the full context length, as SigLIP was trained; no attention mask is given: CLIP looks back
    only and is read at end-of-text, SigLIP attends to its padding. A pair (`vision-text-dual-encoder`, such as DINOv2
    and BERT) masks padding and computes up to the longest text; both models are read through their own poolers.
    `logit_scale` is the multiplier; SigLIP's bias is in the part `logit_scale` and in `logit_bias`.
    Errors: UserError without the extra `hf`, for weights that are not on this machine and cannot be downloaded, and for
    other kinds of models.
    """

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Section `model:` with `backend: transformers`.

        name: an id such as `openai/clip-vit-base-patch32`, or a folder that `save_pretrained` wrote.
        revision: a commit or tag of the id; empty: the newest.
        """

        name: str
        revision: str = ""

    def __init__(self, network: Any, tokenizer: Any, processor: Any, label: str) -> None:
        super().__init__()
        self.network = network
        self.tokenizer = tokenizer
        self.processor = processor
        self.label = label
        text = network.config.text_config
        self._is_clip, self._is_pair = (network.config.model_type == kind for kind in ("clip", _PAIRED))
        has_dim = self._is_clip or self._is_pair
        self.embed_dim = int(network.config.projection_dim if has_dim else text.projection_size)
        self.context_length = int(text.max_position_embeddings)
        for name, parameter in network.named_parameters():
            if name.endswith("mask_token"):  # stands for patches hidden in pretraining; unused, so it may not train
                parameter.requires_grad_(False)
        if self._is_pair:  # of which some count positions from behind the padding token
            self.context_length = min(self.context_length, int(tokenizer.model_max_length))

    @classmethod
    def create(cls, config: Config, where: str) -> Self:
        return cls._read(config.name, config.revision, config.name, where)

    @classmethod
    def load(cls, folder: Path) -> Self:
        saved = folder / "semclip_config.json"
        found = read_json(saved) if saved.is_file() else {}
        label = str(found.get("label", folder.name)) if isinstance(found, dict) else folder.name
        return cls._read(str(folder), "", label, str(folder))

    @classmethod
    def _read(cls, source: str, revision: str, label: str, where: str) -> Self:
        library = transformers_library(where)
        pinned = {"revision": revision} if revision else {}
        find_on_hub(source, where)
        try:
            config = library.AutoConfig.from_pretrained(source, **pinned)
            if config.model_type not in MODEL_TYPES:
                raise UserError(
                    f"'{source}' is a model of type {config.model_type}",
                    where=where,
                    fix=f"this backend reads {' and '.join(MODEL_TYPES)}",
                )
            network = library.AutoModel.from_pretrained(source, dtype=float32, **pinned)
            tokenizer = library.AutoTokenizer.from_pretrained(source, **pinned)
            processor = library.AutoImageProcessor.from_pretrained(source, **pinned)
        except UnpicklingError as error:
            raise unreadable_weights(Path(source), error) from error
        except (OSError, ValueError, ImportError, RuntimeError) as error:
            raise UserError(
                f"transformers cannot load '{source}': {error}",
                where=where,
                fix="check the name, or the files in the folder",
            ) from error
        if config.model_type == _PAIRED and getattr(network.text_model, "pooler", None) is None:
            raise UserError(
                f"the text model in '{source}' ({config.text_config.model_type}) has no pooler to read it by",
                where=where,
                fix="pair a text model that has one, such as bert or roberta",
            )
        refuse_non_finite_weights(network.named_parameters(), Path(source))
        encoder = cls(network, tokenizer, processor, label)
        encoder.about = About.read(config.to_dict(), where)
        return encoder

    @property
    def log_logit_scale(self) -> nn.Parameter:
        return self.network.logit_scale

    @property
    def logit_bias(self) -> Tensor | None:
        """SigLIP's additive bias of the logits; None for others."""
        return self.network.logit_bias.reshape(()) if hasattr(self.network, "logit_bias") else None

    @property
    def info(self) -> EncoderInfo:
        config = self.network.config
        return EncoderInfo(
            embed_dim=self.embed_dim,
            vocab_size=int(config.text_config.vocab_size),
            image_width=None if self._is_pair else int(config.vision_config.hidden_size),
            special_ids=tuple(sorted(set(self.tokenizer.all_special_ids))),
        )

    def load_image(self, ref: ImageRef) -> Tensor:
        """(3, H, W) by the model's own image processor."""
        pixels: Tensor = self.processor(images=read_rgb(ref), return_tensors="pt")["pixel_values"][0]
        return pixels

    def encode_image(self, inputs: Tensor) -> Tensor:
        return self.network.get_image_features(pixel_values=inputs).pooler_output

    def encode_image_with_tokens(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """One pass: (B, D) raw embeddings, and (B, T, W) patch tokens after the image tower's last norm."""
        if self._is_pair:
            return super().encode_image_with_tokens(inputs)
        out = self.network.get_image_features(pixel_values=inputs)
        tokens = out.last_hidden_state  # (B, 1 + T, W) of CLIP, before its norm; (B, T, W) of SigLIP, after it
        return out.pooler_output, self.network.vision_model.post_layernorm(tokens[:, 1:]) if self._is_clip else tokens

    def why_no_tokens(self) -> str:
        return "in a pair of encoders of any kind, which tokens are patches is not known" if self._is_pair else ""

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        found = self.tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=self.context_length, return_tensors="pt"
        )
        return found["input_ids"].to(int64)

    def encode_text(self, tokens: Tensor) -> Tensor:
        if not self._is_pair:
            return self.network.get_text_features(input_ids=tokens).pooler_output
        mask = tokens != self.tokenizer.pad_token_id  # (B, L)
        longest = max(1, int(mask.sum(dim=1).max()))
        ids, mask = tokens[:, :longest], mask[:, :longest].long()
        return self.network.get_text_features(input_ids=ids, attention_mask=mask).pooler_output

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        whole = self.tokenizer(list(texts), truncation=False, padding=False, verbose=False)["input_ids"]
        return [len(ids) > self.context_length for ids in whole]

    def part_of(self, name: str) -> str:
        top = name.split(".")[1]
        return "image" if top in _IMAGE_PARTS else "logit_scale" if top in _LOGIT_PARTS else "text"

    def modules_of(self, part: str) -> list[nn.Module]:
        image = [module for name, module in self.network.named_children() if name in _IMAGE_PARTS]
        text = [module for name, module in self.network.named_children() if name not in _IMAGE_PARTS]
        return {"image": image, "text": text, "logit_scale": []}[part]

    @property
    def text_norm(self) -> nn.Module:
        return norms(self.network.text_model)[-1][1]

    def towers(self) -> dict[str, Tower]:
        if self._is_pair:
            image, text = ("vision_model", "visual_projection"), ("text_model", "text_projection")
            return {
                part: tower_of(
                    self.network.get_submodule(model), f"network.{model}.",
                    (f"network.{projection}", f"network.{model}.pooler"),
                )
                for part, (model, projection) in {"image": image, "text": text}.items()
            }  # fmt: skip
        return {
            "image": Tower(
                blocks="network.vision_model.encoder.layers",
                norm=("network.vision_model.post_layernorm",),
                projection=("network.vision_model.head", "network.visual_projection"),  # SigLIP's; CLIP's
                targets=_TARGETS,
            ),
            "text": Tower(
                blocks="network.text_model.encoder.layers",
                norm=("network.text_model.final_layer_norm",),
                projection=("network.text_model.head", "network.text_projection"),
                targets=_TARGETS,
            ),
        }

    def _checkpoint_blocks(self, part: str) -> str:
        # For both towers at once; blocks in evaluation mode, as those of a frozen tower are, take no part.
        checkpoint_blocks(self.network)
        return ""

    def image_fingerprint(self) -> str:
        tower = [(n, t) for n, t in plain_state(self.network).items() if n.split(".")[0] in _IMAGE_PARTS]
        vision = self._settings("vision_config", _VISION_SETTINGS)
        return fingerprint(tower, {"vision": vision, "preprocess": image_settings(self.processor)})

    def text_fingerprint(self) -> str:
        image_and_scale = (*_IMAGE_PARTS, *_LOGIT_PARTS)
        tower = [(n, t) for n, t in plain_state(self.network).items() if n.split(".")[0] not in image_and_scale]
        # A tokenizer has no weights: the same words may become other ids.
        words = self.tokenizer.get_vocab()
        return fingerprint(tower, {"text": self._settings("text_config", _TEXT_SETTINGS), "vocabulary": words})

    def architecture_settings(self) -> dict[str, Any]:
        return {
            "model_type": self.network.config.model_type,
            "vision_config": self._settings("vision_config", _VISION_SETTINGS),
            "text_config": self._settings("text_config", _TEXT_SETTINGS),
        }

    def _settings(self, tower: str, names: tuple[str, ...]) -> dict[str, Any]:
        settings = getattr(self.network.config, tower).to_dict()
        if self._is_pair:
            return plain_settings(settings)
        return {name: settings[name] for name in names}

    def preprocessing_fingerprint(self) -> str:
        return fingerprint([], image_settings(self.processor))

    def save(self, folder: Path) -> None:
        """Write a folder that transformers reads unchanged (`AutoModel`, `AutoTokenizer`, ...); atomic as a whole."""

        def fill(temporary: Path) -> None:
            self.network.config.update(self.about.section())
            self.network.save_pretrained(temporary, state_dict=plain_state(self.network))
            self.tokenizer.save_pretrained(temporary)
            self.processor.save_pretrained(temporary)
            write_json(temporary / "semclip_config.json", {"backend": "transformers", "label": self.label})

        replace_folder(folder, fill)


def image_settings(processor: Any) -> dict[str, Any]:
    """What an image processor of the library does, ready for JSON: all its settings, for each class has its own."""
    settings: dict[str, Any] = json.loads(processor.to_json_string())
    names_of_classes = ("image_processor_type", "feature_extractor_type", "processor_class")
    return {key: value for key, value in settings.items() if key not in names_of_classes}
