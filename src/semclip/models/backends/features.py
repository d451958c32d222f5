"""Precomputed image features behind a trainable projection, with any text tower: real photos without a GPU."""

import copy
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import read_json, write_json
from semclip.core.protocols import EncoderInfo
from semclip.core.shape import shaped
from semclip.models.about import About
from semclip.models.adapt.lora import plain_state
from semclip.models.adapt.tower import Tower
from semclip.models.backends.base import Encoder
from semclip.models.features_file import FeaturesFile
from semclip.models.folder import (
    fingerprint,
    read_weights,
    refuse_non_finite_weights,
    replace_folder,
    save_weights,
    unreadable_weights,
)
from semclip.models.initialisation import seeded_weights
from semclip.models.text_towers import TextConfig, TextTower, new_text, saved_text

#: CLIP's own starting value of the logit scale's logarithm.
_INITIAL_LOG_LOGIT_SCALE = math.log(1 / 0.07)


@dataclass(frozen=True)
class Source:
    """Which features a model reads: the files, hashes of array and names, and the network that made them ("" unknown).

    rows: the file with the names; "" for X.rows.json beside X.npy.
    """

    path: str
    rows: str
    sha256: str
    names_sha256: str
    network: str

    @classmethod
    def of(cls, file: FeaturesFile, rows: str, network: str) -> "Source":
        absolute = str(Path(rows).resolve()) if rows else ""
        return cls(str(file.path.resolve()), absolute, file.sha256, fingerprint([], file.names), network)

    def open(self) -> FeaturesFile:
        """The features file. Raises UserError where it is gone or has changed."""
        fix = "put the old one back, or name another of the same network: `model: {from: ..., features: X.npy}`"
        if not Path(self.path).is_file():
            raise UserError("the features file this model was trained on is gone", where=self.path, fix=fix)
        file = FeaturesFile.open(self.path, self.rows or None)
        if (file.sha256, fingerprint([], file.names)) != (self.sha256, self.names_sha256):
            raise UserError("the features file has changed since this model was saved", where=self.path, fix=fix)
        return file


class FeatureEncoder(Encoder):
    """An image side that looks rows up by image name and projects them; the text side is a tower of
    `semclip.models.text_towers`, new or pretrained.

    embedding = A (x - m) / s + b: x (W,) the stored row, m (W,) the mean row of the file given at creation, s the root
    mean square of its centred values, A (D, W) and b (D,) trained. m and s use no text, no label and no split; they
    are stored with the model, so that other features files of the same network are read on the same scale.

    Errors: UserError for an unknown image name, a features file with NaN, of another width, content or network.
    """

    reads_pixels = False

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Section `model:` with `backend: features`.

        features: X.npy. rows: names of its rows (.json list, .jsonl with `image`, .txt); empty: X.rows.json beside it.
        network: what made the features, where no X.info.json beside the file says so.
        seed: of random weights; empty: the program's seed.
        """

        features: str
        rows: str = ""
        embed_dim: int = 256
        projection: Literal["linear"] = "linear"
        text: TextConfig = field(default_factory=TextConfig)
        network: str = ""
        seed: int | None = None

    def __init__(self, embed_dim: int, width: int, text: TextTower, text_config: TextConfig, source: Source) -> None:
        super().__init__()
        self.embed_dim, self.width, self.text_config, self.source = embed_dim, width, text_config, source
        self.context_length = text.context_length
        self.text = text
        self.projection = nn.Linear(width, embed_dim)
        self.log_scale = nn.Parameter(torch.tensor(_INITIAL_LOG_LOGIT_SCALE))
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("spread", torch.ones(()))
        self._file: FeaturesFile | None = None
        self.label = f"{text.label} on features of {source.network or 'an unknown network'}"

    @classmethod
    def create(cls, config: Config, where: str) -> Self:
        if config.embed_dim < 1:
            raise UserError("embed_dim must be positive", where=where, fix="set model.embed_dim=256")
        file = FeaturesFile.open(config.features, config.rows or None)
        source = Source.of(file, config.rows, config.network or _network(file))
        with seeded_weights(config.seed):
            text, text_config = new_text(config.text, config.embed_dim, where)
            encoder = cls(config.embed_dim, file.width, text, text_config, source)
        encoder._file = file
        encoder.random_parts = ("image",) if config.text.name else ("image", "text")
        mean, spread = statistics(file.path)
        encoder.mean.copy_(torch.from_numpy(mean))
        encoder.spread.fill_(spread)
        return encoder

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load what `save` wrote. The features file may be missing until an image is asked for."""
        where = folder / "semclip_config.json"
        fix = "save the model again"
        saved = shaped(dict[str, Any], read_json(where), "a saved model's configuration", str(where), fix)
        try:
            config, embed_dim = parse(TextConfig, saved["text"], where=str(where)), int(saved["embed_dim"])
            text = saved_text(config, embed_dim, folder)
            encoder = cls(embed_dim, int(saved["width"]), text, config, Source(**saved["features"]))
        except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
            raise UserError(
                f"not a saved model: {error!r:.300}", where=str(where), fix="save the model again"
            ) from error
        weights = folder / "model.safetensors"
        try:
            encoder.load_state_dict(read_weights(weights))
        except RuntimeError as error:  # names or shapes do not fit
            raise unreadable_weights(weights, error) from error
        refuse_non_finite_weights(encoder.state_dict().items(), weights)
        encoder.about = About.read(saved, str(where))
        return encoder

    def with_features(self, npy: str | Path, rows: str | Path = "") -> Self:
        """This model reading another features file; the weights are shared, not copied.

        Raises UserError where the file has another width, or is recorded to come from another network.
        """
        file = FeaturesFile.open(npy, rows or None)
        if file.width != self.width:
            raise UserError(
                f"the features are {file.width} wide, the model reads {self.width}",
                where=str(npy),
                fix="use features of the network the model was trained on",
            )
        network = _network(file)
        if network and self.source.network and network != self.source.network:
            raise UserError(
                f"these features were made by {network}; the model was trained on those of {self.source.network}",
                where=str(npy),
                fix=f"make them again with `semclip data features FILE --model {self.source.network} --out X.npy`",
            )
        other = copy.copy(self)
        other.source = Source.of(file, str(rows), network or self.source.network)
        other._file = file
        return other

    @property
    def log_logit_scale(self) -> nn.Parameter:
        return self.log_scale

    @property
    def info(self) -> EncoderInfo:
        return EncoderInfo(
            embed_dim=self.embed_dim,
            vocab_size=self.text.vocab_size,
            special_ids=self.text.special_ids,
        )

    def load_image(self, ref: ImageRef) -> Tensor:
        """(W,) float32: the row stored under the image's name, if it is that of this very image."""
        return torch.from_numpy(np.array(self._features().row_of(ref), dtype=np.float32))

    def encode_image(self, inputs: Tensor) -> Tensor:
        return self.projection((inputs - self.mean) / self.spread)  # (B, W) -> (B, D)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        return self.text.tokenize(texts)

    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.text.encode(tokens)

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        return self.text.truncated(texts)

    def part_of(self, name: str) -> str:
        return {"projection": "image", "text": "text", "log_scale": "logit_scale"}[name.partition(".")[0]]

    def modules_of(self, part: str) -> list[nn.Module]:
        modules: dict[str, list[nn.Module]] = {"image": [self.projection], "text": [self.text]}
        return modules.get(part, [])

    @property
    def text_norm(self) -> nn.Module:
        return self.text.last_norm

    def towers(self) -> dict[str, Tower]:
        return {"text": self.text.place("text.")}

    def _checkpoint_blocks(self, part: str) -> str:
        if part == "text":  # the image side is one matrix, of which nothing needs to be kept
            self.text.checkpoint_blocks()
        return ""

    def why_no_tokens(self) -> str:
        return "it reads one precomputed row per image"

    def why_not_dense(self) -> str:
        return self.why_no_tokens()

    def image_fingerprint(self) -> str:
        state = {**self.projection.state_dict(), "mean": self.mean, "spread": self.spread}
        return fingerprint(state.items(), self._content())

    def text_fingerprint(self) -> str:
        weights = [(name, t) for name, t in plain_state(self).items() if name.startswith("text.")]
        return fingerprint(weights, {**asdict(self.text_config), **self.text.settings()})

    def architecture_settings(self) -> dict[str, Any]:
        return {"text": asdict(self.text_config), **self.text.settings()}

    def description(self) -> dict[str, Any]:
        return {"preprocessing": f"precomputed features of {self.source.network or 'an unknown network'}"}

    def preprocessing_fingerprint(self) -> str:
        return fingerprint([], self._content())

    def save(self, folder: Path) -> None:
        """Write `semclip_config.json` and `model.safetensors`; the features file is named by path and hash."""

        def fill(temporary: Path) -> None:
            save_weights(temporary / "model.safetensors", plain_state(self))
            self.text.save_files(temporary)
            settings: dict[str, Any] = {
                "backend": "features",
                "embed_dim": self.embed_dim,
                "width": self.width,
                "projection": "linear",
                "text": asdict(self.text_config),
                "features": asdict(self.source),
                **self.about.section(),
            }
            write_json(temporary / "semclip_config.json", settings)

        replace_folder(folder, fill)

    def _features(self) -> FeaturesFile:
        if self._file is None:
            self._file = self.source.open()
        return self._file

    def _content(self) -> dict[str, str]:
        return {"features": self.source.sha256, "names": self.source.names_sha256}


def _network(file: FeaturesFile) -> str:
    return str(file.info.get("network", ""))


def statistics(npy: Path) -> tuple[np.ndarray, float]:
    """Mean row (W,) float32, and root mean square of the centred values, of a features file."""
    rows = np.load(npy, mmap_mode="r")  # (N, W)
    chunks = range(0, len(rows), 4096)
    mean = sum(rows[i : i + 4096].sum(0, dtype=np.float64) for i in chunks) / len(rows)  # (W,)
    squares = sum(float(np.square(rows[i : i + 4096] - mean).sum()) for i in chunks)
    spread = math.sqrt(squares / rows.size)
    if spread == 0:
        raise UserError("all rows of the features file are equal", where=str(npy), fix="make the features again")
    return np.asarray(mean, dtype=np.float32), spread
