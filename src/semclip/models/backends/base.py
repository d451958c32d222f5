"""Base class of backends: a DualEncoder that can be trained, frozen and saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import ImageRef
from semclip.core.protocols import DenseReading, EncoderInfo
from semclip.models.about import About
from semclip.models.adapt.tower import Tower
from semclip.models.dense import DenseMap
from semclip.models.refine import cosines, denoise, smooth, upsample, with_background

#: The parts that a model's parameters fall into.
PARTS = ("image", "text", "logit_scale")
#: What can be frozen by name: a part, or the last norm of the text tower (as NegationCLIP does), which is in `text`.
FREEZABLE = (*PARTS, "text_norm")


class Encoder(nn.Module):
    """Base of all backends; see `semclip.core.protocols.DualEncoder` for the shapes.

    Parameters fall into three parts, `image`, `text` and `logit_scale`; `freeze` stops one of them from training, or
    the last norm of the text tower alone (`text_norm`).
    """

    name: ClassVar[str] = ""  # the backend's registry name
    reads_pixels: ClassVar[bool] = True  # whether `load_image` opens the image file
    label: str = ""  # what this model is, for people: "ViT-B-32/laion2b_s34b_b79k"
    trained_weights: ClassVar[str] = "'model={from: RUN}'"  # what is typed to start from weights that were trained
    architecture: str = ""  # what it is, kept over saving and loading; "" where its shapes say it
    random_parts: tuple[Literal["image", "text"], ...] = ()  # those whose weights are random and nobody has trained
    trained_on_queries: bool = False  # whether it was trained on "A without B" and its like
    gradient_checkpointing: bool = False  # whether backward computes the blocks again
    embed_dim: int
    context_length: int

    def __init__(self) -> None:
        super().__init__()
        self._frozen_modules: list[nn.Module] = []  # what `freeze` and `freeze_modules` have stopped

    @dataclass(frozen=True, kw_only=True)
    class Config:
        pass

    @classmethod
    def create(cls, config: Any, where: str) -> Self:
        """Build from the YAML section `model:`. `where` names the file for error messages."""
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load what `save` wrote."""
        raise NotImplementedError

    @property
    def about(self) -> About:
        """What is saved of it beside weights and shapes."""
        return About(
            architecture=self.architecture, random_parts=self.random_parts, trained_on_queries=self.trained_on_queries
        )

    @about.setter
    def about(self, about: About) -> None:
        self.architecture = about.architecture or self.architecture
        self.random_parts, self.trained_on_queries = about.random_parts, about.trained_on_queries

    def untrained(self) -> str:
        """A sentence for people about weights that nobody has trained, "" where there are none."""
        if not self.random_parts:
            return ""
        towers = "" if {"image", "text"} <= set(self.random_parts) else f" of the {self.random_parts[0]} tower"
        return f"the weights{towers} are random, nobody has trained them"

    @property
    def logit_scale(self) -> Tensor:
        """The multiplier itself: exp of the trained logarithm."""
        return self.log_logit_scale.exp().reshape(())

    @property
    def log_logit_scale(self) -> nn.Parameter:
        """The trained logarithm of the logit scale, as open_clip keeps it."""
        raise NotImplementedError

    @property
    def info(self) -> EncoderInfo:
        raise NotImplementedError

    def load_image(self, ref: ImageRef) -> Tensor:
        """One image input on the CPU; deterministic. Raises UserError naming the file when it cannot be decoded."""
        raise NotImplementedError

    def load_image_reduced(self, ref: ImageRef) -> Tensor:
        """Much the same input, from a JPEG decoded at a fraction of its size; `load_image` where that gains nothing."""
        return self.load_image(ref)

    def encode_image(self, inputs: Tensor) -> Tensor:
        """(B, D) raw embeddings."""
        raise NotImplementedError

    def encode_image_with_tokens(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """One pass: (B, D) raw embeddings, and (B, T, W) patch tokens after the image tower's final norm.

        The tokens are not projected and leave the class token out; W is `info.image_width`. Raises UserError with the
        reason where the image side has no patch tokens; `info.image_width` is None there.
        """
        raise UserError(
            f"this model gives no patch tokens: {self.why_no_tokens()}",
            where=self.label,
            fix="use an open_clip model with a vision transformer, such as ViT-B-32",
        )

    def why_no_tokens(self) -> str:
        """Why `encode_image_with_tokens` refuses, in a few words; "" where it does not."""
        return f"the backend '{self.name}' has none"

    def encode_dense(self, inputs: Tensor, variant: str) -> Tensor:
        """(B, h, w, D) raw features of every position, in the space of the texts; see `models.dense.dense_map`."""
        return self.dense_map(inputs, variant).features

    def dense_map(self, inputs: Tensor, variant: str) -> DenseMap:
        """Features and keys of every position of images (B, 3, H, W) of any size, as `load_whole_image` gives them.

        Raises UserError with the reason where the image side has no dense features, and for an unknown variant.
        """
        raise self._no_dense()

    def why_not_dense(self) -> str:
        """Why `encode_dense` refuses, in a few words; "" where it does not."""
        return f"the backend '{self.name}' has none"

    def load_whole_image(self, ref: ImageRef, size: int = 0) -> Tensor:
        """(3, H, W) on the CPU: the whole image, not cropped, its shorter side about `size` pixels (0: the model's).

        Each side is rounded to a multiple of the distance between positions, so that the grid covers the image
        exactly. Raises UserError where `encode_dense` would, and for an image that cannot be decoded.
        """
        raise self._no_dense()

    def class_scores(
        self, inputs: Tensor, classes: Tensor, background: Tensor, reading: DenseReading, size: tuple[int, int]
    ) -> Tensor:
        """(B, K, H, W) scores of K classes at `size` = (H, W) pixels; (B, 1 + K, H, W) where background is one of them.

        classes (K, D), background (P, D), P >= 0: unit text rows. Order: cosine, denoise, smooth, upsample, background
        (the first row, where there are P > 0 prompts of it or a threshold). Without `smooth` the scores are cosines.
        """
        found = self.dense_map(inputs, reading.variant)
        scores = cosines(found.features, torch.cat([classes, background]))  # (B, K + P, h, w)
        if reading.denoise:
            scores = denoise(scores, reading.denoise)
        if reading.smooth:
            keys = found.keys if reading.smooth == "channels" else found.released_keys
            scores = smooth(scores, keys, reading.smooth)
        return with_background(upsample(scores, size), len(classes), reading.threshold, bool(reading.smooth))

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """(B, context_length) int64."""
        raise NotImplementedError

    def encode_text(self, tokens: Tensor) -> Tensor:
        """(B, D) raw embeddings."""
        raise NotImplementedError

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        """For each text, whether the tokenizer cuts it: a cut can lose the "not"."""
        raise NotImplementedError

    def _no_dense(self) -> UserError:
        return UserError(
            f"this model has no dense features: {self.why_not_dense()}",
            where=self.label,
            fix="use an open_clip model with a plain vision transformer or a ModifiedResNet, such as ViT-B-16 or RN50",
        )

    def parts(self) -> dict[str, list[tuple[str, nn.Parameter]]]:
        """Named parameters by part."""
        parts: dict[str, list[tuple[str, nn.Parameter]]] = {part: [] for part in PARTS}
        for name, parameter in self.named_parameters():
            parts[self.part_of(name)].append((name, parameter))
        return parts

    def part_of(self, name: str) -> str:
        """The part to which the parameter of this name belongs."""
        raise NotImplementedError

    def modules_of(self, part: str) -> list[nn.Module]:
        """The modules of a part, whose dropout and running statistics `freeze` stops."""
        raise NotImplementedError

    @property
    def text_norm(self) -> nn.Module:
        """The last norm of the text tower."""
        raise NotImplementedError

    def towers(self) -> dict[str, Tower]:
        """Where the pieces of those parts lie that are transformers of a kind known here."""
        return {}

    def checkpoint_gradients(self) -> None:
        """Keep only the input of every block of a part that trains, and compute the block again in backward.

        Frozen parts have none to keep. Raises UserError where a part that trains cannot do that.
        """
        for part in ("image", "text"):
            if not self.frozen(part):
                reason = self._checkpoint_blocks(part)
                if reason:
                    raise UserError(
                        f"no gradient checkpointing in the {part} tower: {reason}",
                        where=self.label,
                        fix=f"leave model.gradient_checkpointing out, freeze the part ({part}), or take a plain "
                        "transformer such as ViT-B-32; train.micro_batch saves memory with every model",
                    )
        self.gradient_checkpointing = True

    def _checkpoint_blocks(self, part: str) -> str:
        """Do so in one tower. Returns why it cannot be done, "" where it was."""
        return f"the backend '{self.name}' has none"

    def freeze(self, *parts: str) -> None:
        """Stop the named parts, or `text_norm`, from training; their dropout and running statistics stop as well.

        They stay in evaluation mode after `train()`. Raises UserError for an unknown part.
        """
        for part in parts:
            if part not in FREEZABLE:
                raise UserError(f"unknown part '{part}'", where="freeze", fix=did_you_mean(part, FREEZABLE))
            if part == "text_norm":
                self.text_norm.requires_grad_(False)  # a norm has no dropout and no running statistics
                continue
            for _, parameter in self.parts()[part]:
                parameter.requires_grad_(False)
            self.freeze_modules(self.modules_of(part))

    def freeze_modules(self, modules: Sequence[nn.Module]) -> None:
        """Stop modules from training: parameters, dropout, running statistics; they stay in evaluation mode."""
        for module in modules:
            module.requires_grad_(False)
        self._frozen_modules.extend(modules)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Switch training mode; what is frozen stays in evaluation mode."""
        super().train(mode)
        for module in self._frozen_modules:
            module.eval()
        return self

    def frozen(self, part: str) -> bool:
        """Whether no parameter of a part trains."""
        return not any(p.requires_grad for _, p in self.parts()[part])

    def image_fingerprint(self) -> str:
        """Hash of image-tower weights and preprocessing: equal hashes give equal image features."""
        raise NotImplementedError

    def text_fingerprint(self) -> str:
        """Hash of text-tower weights and of what decides how they are used: equal hashes give equal text embeddings."""
        raise NotImplementedError

    def architecture_settings(self) -> dict[str, Any]:
        """What decides the computation beside shapes of weights, ready for JSON: heads, activation, pooling."""
        raise NotImplementedError

    def description(self) -> dict[str, Any]:
        """What decides the numbers beside the weights, ready for JSON: `activation`, `preprocessing`, where known."""
        return {}

    def preprocessing_fingerprint(self) -> str:
        """Hash of what `load_image` does: equal hashes give equal image inputs, whatever the weights."""
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        """Write a folder that `semclip.models.load` reads; atomic as a whole."""
        raise NotImplementedError
