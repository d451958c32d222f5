"""SemCLIP: train and measure CLIP-like models that understand negation and paraphrase.

A dozen names: `load`, `encode_images`, `encode_texts`, `similarity`, `train`, `evaluate`, `write_captions`, `export`,
`Index`; `docs/python.md` is a page about them. Importing this imports no torch.
"""

from typing import TYPE_CHECKING, Any

from semclip.api import (
    Trained,
    encode_images,
    encode_texts,
    evaluate,
    export,
    load,
    sample,
    similarity,
    train,
    write_captions,
)
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from semclip.search.index import Index

__version__ = "0.1.0"
__all__ = [
    "Index",
    "Trained",
    "UserError",
    "__version__",
    "encode_images",
    "encode_texts",
    "evaluate",
    "export",
    "load",
    "sample",
    "similarity",
    "train",
    "write_captions",
]


def __getattr__(name: str) -> Any:
    """`Index` needs the extra `search` and is imported when it is asked for."""
    if name == "Index":
        from semclip.search.index import Index

        return Index
    raise AttributeError(f"module 'semclip' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
