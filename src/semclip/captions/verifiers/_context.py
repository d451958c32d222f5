"""Whether a text fits a CLIP's context, told in microseconds for nearly all texts and without importing torch."""

import functools
import gzip
import importlib.util
import re
from pathlib import Path

_PIECE = re.compile(r"[^\W\d_]+|\d|[^\w\s]+|_+")
_VOCABULARY = "bpe_simple_vocab_16e6.txt.gz"
#: Lines of the vocabulary file that its tokenizer reads, after a first line that names the version.
_MERGES = 49152 - 256 - 2


def fits(text: str, context_length: int) -> bool:
    """Whether CLIP's tokenizer needs at most `context_length` tokens for a text, start and end included.

    A token is at least a byte; a word that is a token of its own counts one, any other at most its bytes. Where these
    bounds do not settle it, the tokenizer itself counts.
    """
    room = context_length - 2
    if len(text.encode()) <= room:
        return True
    pieces = _PIECE.findall(text.lower())
    if len(pieces) <= room and sum(1 if p in _whole_words() else len(p.encode()) for p in pieces) <= room:
        return True
    return len(text) <= 100 * room and len(_tokenizer().encode(text)) <= room


@functools.cache
def _whole_words() -> frozenset[str]:
    # Found by path: importing open_clip takes seconds and hundreds of megabytes.
    package = importlib.util.find_spec("open_clip")
    assert package is not None and package.submodule_search_locations is not None  # a dependency of ours
    file = Path(package.submodule_search_locations[0]) / _VOCABULARY
    lines = gzip.decompress(file.read_bytes()).decode().split("\n")[1 : _MERGES + 1]
    return frozenset(line.replace(" ", "").removesuffix("</w>") for line in lines if line.endswith("</w>"))


@functools.cache
def _tokenizer():  # type: ignore[no-untyped-def]
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer()
