"""The tokenizer beside ONNX files: `tokenizer.json`, which gives the ids that the text tower takes."""

from pathlib import Path
from typing import Any

from semclip.models.backends.base import Encoder
from semclip.models.backends.open_clip import OpenClip
from semclip.models.exports._clip_tokenizer import clip_tokenizer
from semclip.models.exports.base import PROBE_TEXTS
from semclip.models.tokens import Tokenizer


def write_tokenizer(encoder: Encoder, path: Path) -> list[str]:
    """Write it, padded and cut as the encoder does. Returns what to say: nothing, or why there is none."""
    words = _words(encoder)
    if words is None:
        return ["no tokenizer.json: this model's cleaning of texts is its own; make ids with open_clip.get_tokenizer"]
    expected = encoder.tokenize(PROBE_TEXTS)
    words.enable_truncation(encoder.context_length)
    pad = _padding(encoder)
    words.enable_padding(length=encoder.context_length, pad_id=pad, pad_token=words.id_to_token(pad) or "")
    given = [found.ids for found in words.encode_batch(list(PROBE_TEXTS))]
    if given != expected.tolist():
        return ["no tokenizer.json: the tokenizers library gives other ids; make them with the model's own tokenizer"]
    words.save(str(path))
    return []


def _words(encoder: Encoder) -> Any:
    from tokenizers import Tokenizer as Words

    if isinstance(encoder, OpenClip) and isinstance(encoder.tokenizer, Tokenizer):
        return None if encoder.model_cfg["text_cfg"].get("tokenizer_kwargs") else clip_tokenizer(encoder.tokenizer)
    library: Any = getattr(encoder, "tokenizer", None)
    library = getattr(library, "words", library)
    backend = getattr(library, "backend_tokenizer", None)
    return None if backend is None else Words.from_str(backend.to_str())


def _padding(encoder: Encoder) -> int:
    if isinstance(encoder, OpenClip) and isinstance(encoder.tokenizer, Tokenizer):
        return 0  # as open_clip pads
    library: Any = getattr(encoder, "tokenizer", None)
    return int(getattr(library, "words", library).pad_token_id)
