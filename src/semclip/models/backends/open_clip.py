"""Any open_clip model: by name, with pretrained weights, from a local folder, or from a small configuration of ours."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from open_clip.hf_model import HFTextEncoder
from open_clip.model import CLIP, CustomTextCLIP
from open_clip.transformer import ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import read_json, write_json
from semclip.core.protocols import EncoderInfo
from semclip.core.shape import shaped
from semclip.models.about import About
from semclip.models.adapt.lora import plain_state
from semclip.models.adapt.tower import OPEN_CLIP_TARGETS, Tower, open_clip_text
from semclip.models.architectures import architecture_config, build_network, build_tokenizer
from semclip.models.backends.base import Encoder
from semclip.models.configuration_shape import SavedModel
from semclip.models.dense import DenseMap, dense_map, dense_stride, why_not_dense
from semclip.models.folder import fingerprint, replace_folder, save_weights
from semclip.models.hf import checkpoint_blocks, norms, tower_of
from semclip.models.images import Preprocessing
from semclip.models.initialisation import seeded_weights
from semclip.models.pretrained import WEIGHT_FILES, find_weights, load_into, pretrained_weights
from semclip.models.text_pass import can_trim, encode_text
from semclip.models.tokens import LibraryTokenizer, Tokenizer


class OpenClip(Encoder):
    """A CLIP of open_clip with one trimmed text pass, freezing by part, and saving as an open_clip local-dir folder.

    A text tower or tokenizer of the transformers library (`hf_model_name`, `hf_tokenizer_name`) needs the extra `hf`;
    its pass leaves out the columns that are padding in every text, where the tower masks padding.
    Errors: UserError for unknown names or keys, weights that are missing, damaged or of another architecture, and
    architectures without a plain dual encoder (CoCa).
    """

    trained_weights = f"model.pretrained=TAG or {Encoder.trained_weights}"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Section `model:` with `backend: open_clip`.

        name: an architecture of open_clip or of ours (`ViT-B-32`, `semclip-tiny-48`), or `ARCHITECTURE/TAG`.
        pretrained: a tag of open_clip, or a file of weights; empty: random weights.
        trained_as: of a file, the tag whose activation and preprocessing the weights have, or `plain` for GELU and
        open_clip's own; empty: as the file or the configuration beside it says.
        config: instead of `name`, an open_clip model configuration {embed_dim, vision_cfg, text_cfg, ...}.
        preprocess: settings that differ from the model's own: mean, std, interpolation, resize_mode.
        seed: of random weights; empty: the program's seed.
        """

        name: str = ""
        pretrained: str = ""
        trained_as: str = ""
        config: dict[str, Any] | None = None
        preprocess: dict[str, Any] = field(default_factory=dict)
        seed: int | None = None

    def __init__(
        self,
        network: CLIP | CustomTextCLIP,
        model_cfg: Mapping[str, Any],
        preprocess: Preprocessing,
        tokenizer: Tokenizer | LibraryTokenizer,
        architecture: str,
    ) -> None:
        super().__init__()
        self.network = network
        self.model_cfg = dict(model_cfg)
        self.preprocess = preprocess
        self.label = self.architecture = architecture
        self.embed_dim = int(model_cfg["embed_dim"])
        self.tokenizer = tokenizer
        self.context_length = tokenizer.context_length

    @classmethod
    def create(cls, config: Config, where: str) -> Self:
        if config.trained_as and not Path(config.pretrained).is_file():
            raise UserError(
                "`trained_as` says what the weights in a file were trained as",
                where=where,
                fix="leave it out, or name a file of weights in `pretrained`",
            )
        name, _, tag = config.name.partition("/")
        pretrained = config.pretrained or tag
        if bool(name) == (config.config is not None) or (tag and config.pretrained):
            raise UserError(
                "the model needs one architecture: `name`, or `config`, and at most one source of weights",
                where=where,
                fix="write `name: ViT-B-32`, `name: ViT-B-32/laion2b_s34b_b79k` or `config: {embed_dim: ...}`",
            )
        if config.config is not None and pretrained and not Path(pretrained).is_file():
            raise UserError(
                f"a configuration of your own has no pretrained tag '{pretrained}'",
                where=where,
                fix="name a file of weights, or leave `pretrained` out",
            )
        model_cfg = architecture_config(name, where) if name else dict(config.config or {})
        weights = pretrained_weights(name, pretrained, where, config.trained_as) if pretrained else None
        if weights is not None and weights.quick_gelu and not model_cfg.get("quick_gelu", False):
            # open_clip only warns here, and gives the network another activation than it was trained with.
            model_cfg["quick_gelu"] = True
        settings = {**(weights.preprocess if weights else {}), **config.preprocess}
        tokenizer = build_tokenizer(model_cfg, where)
        with seeded_weights(config.seed):
            network = build_network(model_cfg, where, text_weights=weights is None)
        if weights is not None:
            load_into(network, weights.file)
        size = {"size": network.visual.image_size}
        preprocess = Preprocessing({**settings, **size}, where)
        encoder = cls(network, model_cfg, preprocess, tokenizer, name or "own configuration")
        if weights is None:
            own_text = bool(model_cfg.get("text_cfg", {}).get("hf_model_name"))  # which brings its own weights
            encoder.random_parts = ("image",) if own_text else ("image", "text")
        if pretrained:
            encoder.label = encoder.architecture = f"{encoder.architecture}/{pretrained}"
        return encoder

    @classmethod
    def load(cls, folder: Path) -> Self:
        where = folder / "open_clip_config.json"
        found = read_json(where)
        saved = shaped(SavedModel, found, "a saved model's configuration", str(where), "save the model again")
        about = About.read(found, str(where))
        tokenizer = build_tokenizer(saved.model_cfg, str(where), folder)
        network = build_network(saved.model_cfg, str(where), folder)
        load_into(network, find_weights(folder))
        settings = {**saved.preprocess_cfg, "size": network.visual.image_size}
        architecture = about.architecture[:200] or folder.name
        encoder = cls(network, saved.model_cfg, Preprocessing(settings, str(where)), tokenizer, architecture)
        encoder.about = replace(about, architecture=architecture)
        encoder.label = f"{architecture} ({folder})"
        return encoder

    @property
    def log_logit_scale(self) -> nn.Parameter:
        return self.network.logit_scale

    @property
    def info(self) -> EncoderInfo:
        return EncoderInfo(
            embed_dim=self.embed_dim,
            vocab_size=int(self.network.vocab_size),
            image_width=None if self.why_no_tokens() else self.network.visual.transformer.width,
            special_ids=self.tokenizer.special_ids,
        )

    def load_image(self, ref: ImageRef) -> Tensor:
        return self.preprocess(read_rgb(ref))

    def load_image_reduced(self, ref: ImageRef) -> Tensor:
        return self.preprocess(read_rgb(ref, shortest=max(self.preprocess.settings["size"])))

    def encode_image(self, inputs: Tensor) -> Tensor:
        return self.network.encode_image(inputs)

    def encode_image_with_tokens(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """One pass: (B, D) raw embeddings, those of `encode_image`, and (B, T, W) patch tokens after `ln_post`."""
        if self.why_no_tokens():
            return super().encode_image_with_tokens(inputs)
        out = self.network.visual.forward_intermediates(
            inputs, indices=1, normalize_intermediates=True, output_fmt="NLC"
        )
        return out["image_features"], out["image_intermediates"][0]

    def why_no_tokens(self) -> str:
        visual = self.network.visual
        if not isinstance(visual, VisionTransformer):
            return f"its image tower is a {type(visual).__name__}, not a vision transformer of open_clip"
        return "its attention pooler stands before the final norm" if visual.attn_pool is not None else ""

    def dense_map(self, inputs: Tensor, variant: str) -> DenseMap:
        if self.why_not_dense():
            raise self._no_dense()
        return dense_map(self.network.visual, inputs, variant)

    def why_not_dense(self) -> str:
        return why_not_dense(self.network.visual)

    def load_whole_image(self, ref: ImageRef, size: int = 0) -> Tensor:
        if self.why_not_dense():
            raise self._no_dense()
        return self.preprocess.whole(read_rgb(ref), size, dense_stride(self.network.visual))

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        return self.tokenizer(texts)

    def encode_text(self, tokens: Tensor) -> Tensor:
        """(B, D) raw embeddings; nothing behind end-of-text is computed where that is exact."""
        tower = self.text_tower
        if isinstance(tower, HFTextEncoder):
            longest = int((tokens != tower.config.pad_token_id).sum(dim=1).max())
            return self.network.encode_text(tokens[:, : max(1, longest)])
        return encode_text(tower, tokens) if can_trim(tower) else self.network.encode_text(tokens)

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        return self.tokenizer.truncated(texts)

    def part_of(self, name: str) -> str:
        if name.startswith("network.visual."):
            return "image"
        return "logit_scale" if name in ("network.logit_scale", "network.logit_bias") else "text"

    def modules_of(self, part: str) -> list[nn.Module]:
        if part == "image":
            return [self.network.visual]
        if part == "text":
            return [m for n, m in self.network.named_children() if n != "visual"]
        return []

    @property
    def text_norm(self) -> nn.Module:
        tower = self.text_tower
        return norms(tower.transformer)[-1][1] if isinstance(tower, HFTextEncoder) else tower.get_submodule("ln_final")

    def towers(self) -> dict[str, Tower]:
        text = self.text_tower
        if isinstance(text, HFTextEncoder):
            towers = {"text": tower_of(text.transformer, "network.text.transformer.", ("network.text.proj",))}
        else:
            towers = {"text": open_clip_text("network." if isinstance(self.network, CLIP) else "network.text.")}
        if isinstance(self.network.visual, VisionTransformer):
            towers["image"] = Tower(
                blocks="network.visual.transformer.resblocks",
                norm=("network.visual.ln_post",),
                projection=(
                    "network.visual.attn_pool",
                    "network.visual.attn_pool_contrastive",
                    "network.visual.proj",
                ),
                targets=OPEN_CLIP_TARGETS,
            )
        return towers

    def _checkpoint_blocks(self, part: str) -> str:
        if part == "text" and isinstance(self.text_tower, HFTextEncoder):
            checkpoint_blocks(self.text_tower.transformer)
            return ""
        towers = self.towers()
        if part not in towers:
            return f"it is a {type(self.network.visual).__name__}"
        if not all(isinstance(block, ResidualAttentionBlock) for block in towers[part].blocks_of(self)):
            return "open_clip has it for its plain blocks alone, and these are custom ones"
        # The very flag that open_clip's own method sets, and whoever runs the blocks looks at.
        transformer: Any = self.get_submodule(towers[part].blocks.rpartition(".")[0])
        transformer.grad_checkpointing = True
        return ""

    def image_fingerprint(self) -> str:
        # The activation has no weights, and is chosen by the configuration alone.
        vision = {"vision_cfg": self.model_cfg["vision_cfg"], "quick_gelu": self.model_cfg.get("quick_gelu", False)}
        return fingerprint(plain_state(self.network.visual).items(), {**vision, "preprocess": self.preprocess.settings})

    def text_fingerprint(self) -> str:
        settings = {"text_cfg": self.model_cfg["text_cfg"], "quick_gelu": self.model_cfg.get("quick_gelu", False)}
        if vocabulary := self.tokenizer.vocabulary():
            settings["vocabulary"] = vocabulary
        weights = [(name, t) for name, t in plain_state(self).items() if self.part_of(name) == "text"]
        return fingerprint(weights, settings)

    def architecture_settings(self) -> dict[str, Any]:
        return self.model_cfg

    def description(self) -> dict[str, Any]:
        activation = "QuickGELU" if self.model_cfg.get("quick_gelu", False) else "GELU"
        return {"activation": activation, "preprocessing": self.preprocess.settings}

    def with_preprocessing(self, settings: Mapping[str, Any]) -> "OpenClip":
        """The same network, weights shared, that reads images with these settings: mean, std, resize_mode, ..."""
        changed = copy.copy(self)
        changed.preprocess = Preprocessing({**self.preprocess.settings, **settings}, self.label)
        return changed

    def preprocessing_fingerprint(self) -> str:
        return fingerprint([], self.preprocess.settings)

    def save(self, folder: Path) -> None:
        """Write a folder that open_clip loads as `local-dir:FOLDER`; atomic as a whole."""

        def fill(temporary: Path) -> None:
            save_weights(temporary / WEIGHT_FILES[0], plain_state(self.network))
            settings = {
                "model_cfg": self.model_cfg,
                "preprocess_cfg": self.preprocess.settings,
                **self.about.section(),
            }
            write_json(temporary / "open_clip_config.json", settings)
            self.tokenizer.save(temporary)
            if isinstance(self.text_tower, HFTextEncoder):
                self.text_tower.config.save_pretrained(temporary)

        replace_folder(folder, fill)

    @property
    def text_tower(self) -> nn.Module:
        return self.network if isinstance(self.network, CLIP) else self.network.text
