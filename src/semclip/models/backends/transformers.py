"""CLIP and SigLIP of the transformers library, by id or local folder. Needs `pip install semclip[hf]`."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import Any, Self

from torch import Tensor, float32, int64, nn

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import read_json, write_json
from semclip.core.protocols import EncoderInfo
from semclip.models.adapt.lora import plain_state
from semclip.models.adapt.tower import Tower
from semclip.models.backends.base import Encoder
from semclip.models.folder import fingerprint, refuse_non_finite_weights, replace_folder, unreadable_weights
from semclip.models.images import read_rgb

#: `model_type` of the configurations that this backend reads. SigLIP 2 at a fixed resolution is of type `siglip`.
MODEL_TYPES = ("clip", "siglip")

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
    """A CLIP or SigLIP with its own tokenizer, padding and image processor.

    Texts are padded to the full context length, as SigLIP was trained; no attention mask is given: CLIP looks back
    only and is read at end-of-text, SigLIP attends to its padding. `logit_scale` is the multiplier; SigLIP's bias is in
    the part `logit_scale` and in `logit_bias`.
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
        self.embed_dim = int(network.config.projection_dim if self._is_clip else text.projection_size)
        self.context_length = int(text.max_position_embeddings)

    @classmethod
    def create(cls, config: Config, where: str) -> Self:
        return cls._read(config.name, config.revision, config.name, where)

    @classmethod
    def load(cls, folder: Path) -> Self:
        saved = folder / "semclip_config.json"
        label = str(read_json(saved).get("label", folder.name)) if saved.is_file() else folder.name
        return cls._read(str(folder), "", label, str(folder))

    @classmethod
    def _read(cls, source: str, revision: str, label: str, where: str) -> Self:
        library = _library(where)
        pinned = {"revision": revision} if revision else {}
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
                fix=f"check the name; without a network, run `hf download {source}` elsewhere and name the folder",
            ) from error
        refuse_non_finite_weights(network.named_parameters(), Path(source))
        return cls(network, tokenizer, processor, label)

    @property
    def _is_clip(self) -> bool:
        return bool(self.network.config.model_type == "clip")

    @property
    def log_logit_scale(self) -> nn.Parameter:
        return self.network.logit_scale

    @property
    def logit_bias(self) -> Tensor | None:
        """SigLIP's additive bias of the logits; None for CLIP."""
        return None if self._is_clip else self.network.logit_bias.reshape(())

    @property
    def info(self) -> EncoderInfo:
        config = self.network.config
        return EncoderInfo(
            embed_dim=self.embed_dim,
            context_length=self.context_length,
            vocab_size=int(config.text_config.vocab_size),
            image_width=int(config.vision_config.hidden_size),
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
        out = self.network.get_image_features(pixel_values=inputs)
        tokens = out.last_hidden_state  # (B, 1 + T, W) of CLIP, before its norm; (B, T, W) of SigLIP, after it
        return out.pooler_output, self.network.vision_model.post_layernorm(tokens[:, 1:]) if self._is_clip else tokens

    def why_no_tokens(self) -> str:
        return ""

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        found = self.tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=self.context_length, return_tensors="pt"
        )
        return found["input_ids"].to(int64)

    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.network.get_text_features(input_ids=tokens).pooler_output

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
        return self.network.text_model.final_layer_norm

    def towers(self) -> dict[str, Tower]:
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
        with warnings.catch_warnings(category=FutureWarning, action="ignore"):  # the name that all of 5 has
            self.network.gradient_checkpointing_enable({"use_reentrant": False})
        self.network.disable_input_require_grads()  # or backward would go on through frozen blocks to the embeddings
        return ""

    def image_fingerprint(self) -> str:
        tower = [(n, t) for n, t in plain_state(self.network).items() if n.split(".")[0] in _IMAGE_PARTS]
        vision = self._settings("vision_config", _VISION_SETTINGS)
        return fingerprint(tower, {"vision": vision, "preprocess": self._preprocessing()})

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
        return {name: settings[name] for name in names}

    def preprocessing_fingerprint(self) -> str:
        return fingerprint([], self._preprocessing())

    def save(self, folder: Path) -> None:
        """Write a folder that transformers reads unchanged (`AutoModel`, `AutoTokenizer`, ...); atomic as a whole."""

        def fill(temporary: Path) -> None:
            self.network.save_pretrained(temporary, state_dict=plain_state(self.network))
            self.tokenizer.save_pretrained(temporary)
            self.processor.save_pretrained(temporary)
            write_json(temporary / "semclip_config.json", {"backend": "transformers", "label": self.label})

        replace_folder(folder, fill)

    def _preprocessing(self) -> dict[str, Any]:
        settings: dict[str, Any] = json.loads(self.processor.to_json_string())
        names = ("size", "crop_size", "image_mean", "image_std", "resample", "rescale_factor")
        return {key: value for key, value in settings.items() if key in names or key.startswith("do_")}


def _library(where: str) -> ModuleType:
    try:
        import transformers
    except ImportError as error:
        raise UserError(
            "this model needs the transformers library", where=where, fix="pip install semclip[hf]"
        ) from error
    return transformers
