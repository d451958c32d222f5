"""Text towers for precomputed image features: new ones, and pretrained ones of transformers.

Both give rows of `embed_dim` from tokens of their own; `TextConfig` says which one a model has.
"""

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
from open_clip.transformer import TextTransformer
from torch import Tensor, nn

from semclip.core.errors import UserError
from semclip.models.adapt.tower import Tower, open_clip_text
from semclip.models.hf import checkpoint_blocks, loading, norms, plain_settings, tower_of, transformers_library
from semclip.models.pretrained import find_on_hub
from semclip.models.text_pass import encode_text
from semclip.models.tokens import Tokenizer

#: Texts are put into groups of like length before a pass, so that short ones are not padded to the longest of all.
_GROUPS = 4
#: Rows below which a group is not worth a pass of its own.
_LEAST_ROWS = 16


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """Section `model.text`: a tower with random weights, of these shapes; or a pretrained one, by `name`.

    name: a text model of transformers, an id such as `sentence-transformers/all-MiniLM-L6-v2` or a folder; then width,
    layers and heads are its own. revision: a commit or tag of the id.
    pooling: how its tokens become one row: `mean` over the text, or `cls`, the first one; empty: as its files say.
    context_length: of the tokens; 0: the model's own, 77 for a new tower.
    """

    name: str = ""
    revision: str = ""
    pooling: Literal["", "mean", "cls"] = ""
    width: int = 256
    layers: int = 3
    heads: int = 4
    context_length: int = 0

    def __post_init__(self) -> None:
        if min(self.width, self.layers, self.heads) < 1 or self.width % self.heads:
            raise UserError(
                f"no text tower has these shapes: {asdict(self)}",
                where="model.text",
                fix="positive numbers, `width` divisible by `heads`",
            )
        if self.context_length and self.context_length < 3:
            raise UserError(
                f"a context length of {self.context_length} leaves no room for words",
                where="model.text.context_length",
                fix="set model.text.context_length=77, or leave it out",
            )
        if not self.name and (self.revision or self.pooling):
            raise UserError(
                "`pooling` and `revision` belong to a pretrained text model, and none is named",
                where="model.text",
                fix="set model.text.name, or leave them out",
            )
        shapes = [key for key in ("width", "layers", "heads") if getattr(self, key) != getattr(TextConfig, key)]
        if self.name and shapes:
            raise UserError(
                f"the shapes of a pretrained text model are its own, but {' and '.join(shapes)} is given",
                where="model.text",
                fix=f"leave {' and '.join(shapes)} out, or leave `name` out for a new tower",
            )


class TextTower(nn.Module):
    """Texts to rows. Shapes: B texts, L context_length, D embed_dim."""

    context_length: int
    vocab_size: int
    special_ids: tuple[int, ...]
    label: str

    @abstractmethod
    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """(B, L) int64."""

    @abstractmethod
    def truncated(self, texts: Sequence[str]) -> list[bool]:
        """For each text, whether the cut to L loses tokens."""

    @abstractmethod
    def encode(self, tokens: Tensor) -> Tensor:
        """(B, L) -> (B, D), raw."""

    @property
    @abstractmethod
    def last_norm(self) -> nn.Module: ...

    @abstractmethod
    def place(self, prefix: str) -> Tower:
        """Where its blocks lie, for an encoder that holds it under `prefix`."""

    @abstractmethod
    def checkpoint_blocks(self) -> None:
        """Compute blocks again in backward."""

    def settings(self) -> dict[str, Any]:
        """What decides its numbers beside the weights, ready for JSON."""
        return {}

    def save_files(self, folder: Path) -> None:
        """Write what `settings` of the encoder do not hold, such as a vocabulary, below the saved model's folder."""


class NewText(TextTransformer, TextTower):  # type: ignore[misc]  # open_clip is untyped
    """open_clip's text transformer with random weights and CLIP's vocabulary."""

    def __init__(self, config: TextConfig, embed_dim: int) -> None:
        TextTransformer.__init__(
            self,
            context_length=config.context_length,
            width=config.width,
            heads=config.heads,
            layers=config.layers,
            output_dim=embed_dim,
        )
        self.context_length = config.context_length
        self.tokenizer = Tokenizer(config.context_length)
        self.special_ids = self.tokenizer.special_ids
        self.label = f"text tower {config.width}x{config.layers}"

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        return self.tokenizer(texts)

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        return self.tokenizer.truncated(texts)

    def encode(self, tokens: Tensor) -> Tensor:
        return encode_text(self, tokens)

    @property
    def last_norm(self) -> nn.Module:
        return self.get_submodule("ln_final")

    def place(self, prefix: str) -> Tower:
        return open_clip_text(prefix)

    def checkpoint_blocks(self) -> None:
        TextTransformer.set_grad_checkpointing(self)


class PretrainedText(TextTower):
    """A text model of transformers with a linear projection.

    row = A pool(h) + b: h (T, W) the last hidden states of the T tokens of a text, padding left out; pool their mean or
    the first one; A (D, W) and b (D,) new and trained.
    A pass computes groups of texts of like length, each padded to its own longest one: equal to one padded pass.
    Errors: UserError for models with a decoder, without a tokenizer, without a padding token, and where neither the
    model's files nor `pooling` say how tokens become one row.
    """

    def __init__(self, network: Any, tokenizer: Any, config: TextConfig, embed_dim: int, label: str) -> None:
        super().__init__()
        settings = network.config
        network.pooler = None  # a head for sentence pairs, which no pooling here reads
        self.model, self.tokenizer, self.config, self.label = network, tokenizer, config, label
        self.projection = nn.Linear(int(settings.hidden_size), embed_dim)
        self.context_length = config.context_length
        self.vocab_size = int(settings.vocab_size)
        self.special_ids = tuple(sorted(set(tokenizer.all_special_ids)))
        self.pad = int(tokenizer.pad_token_id)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        # Asked for nothing else and padded here: a seventh of the time of the library's own padding.
        found = self.tokenizer(
            list(texts),
            truncation=True,
            max_length=self.context_length,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        tokens = np.full((len(texts), self.context_length), self.pad, dtype=np.int64)
        for row, ids in zip(tokens, found["input_ids"], strict=True):
            row[: len(ids)] = ids
        return torch.from_numpy(tokens)

    def truncated(self, texts: Sequence[str]) -> list[bool]:
        whole = self.tokenizer(list(texts), truncation=False, padding=False, verbose=False)["input_ids"]
        return [len(ids) > self.context_length for ids in whole]

    def encode(self, tokens: Tensor) -> Tensor:
        lengths = (tokens != self.pad).sum(dim=1)  # (B,)
        order = lengths.argsort(stable=True)  # (B,)
        groups = order.chunk(max(1, min(_GROUPS, len(order) // _LEAST_ROWS)))
        pooled = torch.cat([self._pooled(tokens[rows], int(lengths[rows].max())) for rows in groups if len(rows)])
        return self.projection(pooled[order.argsort()])  # (B, D)

    def _pooled(self, tokens: Tensor, longest: int) -> Tensor:
        """(b, W) of one group of texts (b, L), computed up to the longest of them."""
        ids = tokens[:, : max(1, longest)]  # (b, T)
        mask = (ids != self.pad).long()
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state  # (b, T, W)
        if self.config.pooling == "cls":
            return hidden[:, 0]
        return (hidden * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp(min=1)

    @property
    def last_norm(self) -> nn.Module:
        return norms(self.model)[-1][1]

    def place(self, prefix: str) -> Tower:
        return tower_of(self.model, f"{prefix}model.", (f"{prefix}projection",))

    def checkpoint_blocks(self) -> None:
        checkpoint_blocks(self.model)

    def settings(self) -> dict[str, Any]:
        network: Any = self.model
        # A tokenizer has no weights: the same words may become other ids.
        return {"config": plain_settings(network.config.to_dict()), "vocabulary": self.tokenizer.get_vocab()}

    def save_files(self, folder: Path) -> None:
        network: Any = self.model
        network.config.save_pretrained(folder / "text")
        self.tokenizer.save_pretrained(folder / "text")


def new_text(config: TextConfig, embed_dim: int, where: str) -> tuple[TextTower, TextConfig]:
    """The tower that a config's section asks for, and the section with all that was left open filled in."""
    if not config.name:
        filled = replace(config, context_length=config.context_length or 77)
        return NewText(filled, embed_dim), filled
    library = transformers_library(where)
    pinned = {"revision": config.revision} if config.revision else {}
    find_on_hub(config.name, where)
    fix = "check the name, or the files in the folder"
    network, tokenizer = _read(library, config.name, where, fix, lambda c: library.AutoModel.from_pretrained(
        config.name, config=c, dtype=torch.float32, **pinned), **pinned)  # fmt: skip
    filled = _filled(config, network, tokenizer, library, where)
    return PretrainedText(network, tokenizer, filled, embed_dim, config.name), filled


def saved_text(config: TextConfig, embed_dim: int, folder: Path) -> TextTower:
    """The tower of a saved model, its weights still to be loaded."""
    if not config.name:
        return NewText(config, embed_dim)
    library = transformers_library(str(folder))
    source = str(folder / "text")
    network, tokenizer = _read(library, source, source, "save the model again", library.AutoModel.from_config)
    return PretrainedText(network, tokenizer, config, embed_dim, config.name)


def _read(
    library: ModuleType, source: str, where: str, fix: str, build: Callable[[Any], nn.Module], **pinned: str
) -> tuple[nn.Module, Any]:
    """Network and tokenizer of a name or folder. No code from it is run."""
    with loading(f"transformers cannot load '{source}'", where, fix):
        settings = library.AutoConfig.from_pretrained(source, **pinned)
        _refuse_what_is_no_text_model(settings, source, where)
        network = build(settings)
    files = "put its tokenizer.json and tokenizer_config.json into the folder (`save_pretrained` of the tokenizer)"
    with loading(f"'{source}' has a text model, but no tokenizer for it", where, files):
        tokenizer = library.AutoTokenizer.from_pretrained(source, **pinned)
        words = tokenizer.get_vocab()
        # Without files, the library makes a tokenizer that knows no word and says nothing.
        if len(words) <= len(set(tokenizer.all_special_ids)):
            raise ValueError("no words in its vocabulary")
        if max(words.values()) >= settings.vocab_size:
            raise ValueError(f"it has ids up to {max(words.values()):,}, the model reads {settings.vocab_size:,}")
    if tokenizer.pad_token_id is None:
        raise UserError(
            f"the tokenizer of '{source}' has no padding token",
            where=where,
            fix="choose an encoder such as sentence-transformers/all-MiniLM-L6-v2, or give its tokenizer one",
        )
    return network, tokenizer


def _refuse_what_is_no_text_model(settings: Any, source: str, where: str) -> None:
    reason = ""
    if getattr(settings, "is_encoder_decoder", False):
        reason = "it has a decoder"
    elif getattr(settings, "vision_config", None) is not None:
        reason = "it has an image tower of its own: name it as `backend: transformers` instead"
    elif not (hasattr(settings, "hidden_size") and hasattr(settings, "vocab_size")):
        reason = f"a model of type {settings.model_type} reads no text"
    if reason:
        raise UserError(
            f"'{source}' is no text tower: {reason}",
            where=where,
            fix="choose an encoder of texts, such as sentence-transformers/all-MiniLM-L6-v2",
        )


def _filled(config: TextConfig, network: Any, tokenizer: Any, library: ModuleType, where: str) -> TextConfig:
    """The section with pooling and context length from the model's own files."""
    pooling: Any = config.pooling or _pooling_of_files(config, library)
    if pooling not in ("mean", "cls"):
        raise UserError(
            f"'{config.name}' does not say how its tokens become one row"
            + (f", or says {pooling}, which is not read" if pooling else ""),
            where=where,
            fix="set model.text.pooling=mean (sentence-transformers' usual) or model.text.pooling=cls",
        )
    file = _file_of(config, library, "sentence_bert_config.json")
    own = [tokenizer.model_max_length, getattr(network.config, "max_position_embeddings", None)]
    own.append(json.loads(file.read_text("utf-8")).get("max_seq_length") if file else None)
    longest = min((int(length) for length in own if length), default=512)
    if config.context_length > longest:
        raise UserError(
            f"'{config.name}' reads {longest} tokens at most, not {config.context_length}",
            where="model.text.context_length",
            fix=f"set model.text.context_length={longest}, or leave it out",
        )
    return replace(config, pooling=pooling, context_length=config.context_length or longest)


def _pooling_of_files(config: TextConfig, library: ModuleType) -> str:
    """What sentence-transformers' own file says: `mean`, `cls`, another mode's name, or "" without such a file."""
    file = _file_of(config, library, "1_Pooling/config.json")
    modes: Mapping[str, Any] = json.loads(file.read_text("utf-8")) if file else {}
    names = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    on = [names.get(mode, mode) for mode, value in modes.items() if mode.startswith("pooling_mode_") and value is True]
    return " and ".join(on)


def _file_of(config: TextConfig, library: ModuleType, name: str) -> Path | None:
    """A file of the model's, None where it has none."""
    found = library.utils.cached_file(
        config.name,
        name,
        revision=config.revision or None,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
        _raise_exceptions_for_gated_repo=False,
    )
    return Path(found) if found else None
