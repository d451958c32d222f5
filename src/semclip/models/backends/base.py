"""What every backend gives the rest of the house: a DualEncoder that can be trained, frozen and saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import Tensor, nn

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import ImageRef
from semclip.core.protocols import EncoderInfo

#: The parts that can be frozen by name.
PARTS = ("image", "text", "logit_scale")


class Encoder(nn.Module):
    """Base of all backends; see `semclip.core.protocols.DualEncoder` for the shapes.

    Parameters fall into three parts, `image`, `text` and `logit_scale`; `freeze` stops one of them from training.
    """

    name: ClassVar[str] = ""  # the backend's registry name
    reads_pixels: ClassVar[bool] = True  # whether `load_image` opens the image file
    label: str = ""  # what this model is, for people: "ViT-B-32/laion2b_s34b_b79k"
    embed_dim: int
    context_length: int

    def __init__(self) -> None:
        super().__init__()
        self._standing_still: set[str] = set()  # parts stopped by `freeze`

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

    def encode_image(self, inputs: Tensor) -> Tensor:
        """(B, D) raw embeddings."""
        raise NotImplementedError

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """(B, context_length) int64."""
        raise NotImplementedError

    def encode_text(self, tokens: Tensor) -> Tensor:
        """(B, D) raw embeddings."""
        raise NotImplementedError

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        """For each text, whether the tokenizer cuts it: a cut can lose the "not"."""
        raise NotImplementedError

    def parts(self) -> dict[str, list[tuple[str, nn.Parameter]]]:
        """Named parameters by part."""
        raise NotImplementedError

    def modules_of(self, part: str) -> list[nn.Module]:
        """The modules of a part, whose dropout and running statistics `freeze` stops."""
        raise NotImplementedError

    def freeze(self, *parts: str) -> None:
        """Stop the named parts from training; their dropout and running statistics stand still too.

        They stay in evaluation mode after `train()`. Raises UserError for an unknown part.
        """
        for part in parts:
            if part not in PARTS:
                raise UserError(f"unknown part '{part}'", where="freeze", fix=did_you_mean(part, PARTS))
            self._standing_still.add(part)
            for _, parameter in self.parts()[part]:
                parameter.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Switch training mode; frozen parts stay in evaluation mode."""
        super().train(mode)
        for part in self._standing_still:
            for module in self.modules_of(part):
                module.eval()
        return self

    def frozen(self, part: str) -> bool:
        """Whether no parameter of a part trains."""
        return not any(p.requires_grad for _, p in self.parts()[part])

    def image_fingerprint(self) -> str:
        """Hash of image-tower weights and preprocessing: equal hashes give equal image features."""
        raise NotImplementedError

    def preprocessing_fingerprint(self) -> str:
        """Hash of what `load_image` does: equal hashes give equal image inputs, whatever the weights."""
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        """Write a folder that `semclip.models.load` reads; atomic as a whole."""
        raise NotImplementedError
