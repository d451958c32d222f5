"""Hashes of what is measured and of who is measured, for `metrics.identity`: pictures, texts, items and weights."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from semclip.core.example import ImageRef
from semclip.core.protocols import DualEncoder
from semclip.evaluation.base import Task
from semclip.evaluation.embedding_cache import image_keys

#: Fields of items that say where something lies, which changes no number.
_PLACES = frozenset({"where", "path"})


def identified(task: Task) -> dict[str, Any]:
    """`task.data` with the hashes of its pictures, its texts, and its items: which of them belong together, and how.

    Pictures count by content, and by name where there are no files; then their own hash is "", which is unknown.
    """
    refs = sorted(set(task.images), key=lambda ref: (ref.key, str(ref.path)))
    pictures = dict(zip(refs, image_keys(refs, by_name=False), strict=True))
    known = bool(pictures) and all(pictures.values())
    return {
        **task.data,
        "pictures_sha256": _hash(sorted(pictures.values())) if known else "",
        "texts_sha256": _hash(sorted(set(task.texts))),
        "items_sha256": _hash(sorted(_Canonical(pictures).text(item) for item in task.items)) if task.items else "",
    }


def identified_model(encoder: DualEncoder) -> Mapping[str, Any]:
    """The hash of all weights and settings, where the model gives one; and whether its weights are random."""
    facts: dict[str, Any] = {"random_weights": bool(untrained(encoder))}
    try:
        prints = [encoder.image_fingerprint(), encoder.text_fingerprint()]  # type: ignore[attr-defined]
    except (AttributeError, NotImplementedError):
        return facts
    return {**facts, "weights_sha256": _hash(prints)}


def untrained(encoder: DualEncoder) -> str:
    """What a model says of weights that nobody has trained, "" for none; models from elsewhere say nothing."""
    return encoder.untrained() if hasattr(encoder, "untrained") else ""


def _hash(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


class _Canonical:
    """Items as text: equal for equal items, wherever they and their files lie."""

    def __init__(self, pictures: Mapping[ImageRef, str]) -> None:
        self._pictures = pictures
        self._parts: dict[int, tuple[Any, str]] = {}  # of parts that many items share, such as a set's classes

    def text(self, value: Any) -> str:
        if isinstance(value, ImageRef):
            return self._pictures.get(value) or value.key
        if is_dataclass(value) and not isinstance(value, type):
            return json.dumps([self._part(getattr(value, f.name)) for f in fields(value) if f.name not in _PLACES])
        if isinstance(value, Mapping):
            return json.dumps(sorted([str(k), self._part(v)] for k, v in value.items() if k not in _PLACES))
        if isinstance(value, list | tuple):
            return json.dumps([self._part(v) for v in value])
        if isinstance(value, set | frozenset):
            return json.dumps(sorted(self._part(v) for v in value))
        return value.name if isinstance(value, Path) else repr(value)

    def _part(self, value: Any) -> str:
        if not is_dataclass(value):
            return self.text(value)
        if id(value) not in self._parts:  # kept beside its text, so that no other object can have its id
            self._parts[id(value)] = (value, self.text(value))
        return self._parts[id(value)][1]


def with_identity(task: Task) -> Task:
    """The task, whose results say what they are of."""
    data = identified(task)
    return replace(task, data=data, run=lambda encodings, model: replace(task.run(encodings, model), data=data))
