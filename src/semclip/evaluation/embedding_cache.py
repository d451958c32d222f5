"""A cache of embeddings on disk, shared by evaluations and keyed by content and model."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import read_json, write_atomic, write_json

#: Raised when what a key means changes.
_FORMAT = 1
_READERS = 4  # threads that hash files


class NoStore:
    """Keeps nothing. A store finds rows by key, with the type they came in from the encoder ("" where unknown)."""

    def find(self, keys: Sequence[str]) -> tuple[dict[str, NDArray[Any]], str]:
        return {}, ""

    def keep(self, keys: Sequence[str], rows: NDArray[Any], kind: str) -> None:
        return


@dataclass(frozen=True)
class FolderStore:
    """Parts of one tower's embeddings in a folder: HASH.npy with rows (N, D), memory-mapped, and HASH.json with keys.

    Parts are only ever added, each under the hash of its keys, and the keys are written last: writers at the same time
    cannot harm each other, and a part without its keys does not count. A part that cannot be read is an error, since
    encoding again in silence would hide a broken disk.
    """

    folder: Path
    _places: dict[str, tuple[NDArray[Any], int, str]] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)

    def find(self, keys: Sequence[str]) -> tuple[dict[str, NDArray[Any]], str]:
        """The rows that are there, by key, and the type they came in."""
        self._read_new_parts()
        there = {key: self._places[key] for key in keys if key in self._places}
        kinds = sorted({kind for _, _, kind in there.values()})
        return {key: array[place] for key, (array, place, _) in there.items()}, kinds[0] if kinds else ""

    def keep(self, keys: Sequence[str], rows: NDArray[Any], kind: str) -> None:
        """Add a part. Keys of "" are of things that cannot be told from others; they are not kept."""
        own = [i for i, key in enumerate(keys) if key]
        if not own:
            return
        kept = [keys[i] for i in own]
        name = hashlib.sha256("\0".join(kept).encode()).hexdigest()[:32]
        write_atomic(self.folder / f"{name}.npy", lambda path: _save(path, rows[own]))
        write_json(self.folder / f"{name}.json", {"kind": kind, "keys": kept}, indent=None)

    def _read_new_parts(self) -> None:
        for path in sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []:
            if path.stem in self._read:
                continue
            self._read.add(path.stem)
            keys, kind, rows = _part(path)
            self._places.update({key: (rows, place, kind) for place, key in enumerate(keys)})


Store = NoStore | FolderStore


def _part(path: Path) -> tuple[list[str], str, NDArray[Any]]:
    fix = "delete the folder of the cache; it is made again"
    said = read_json(path)
    try:
        keys, kind = [str(key) for key in said["keys"]], str(said["kind"])
        rows: NDArray[Any] = np.load(path.with_suffix(".npy"), mmap_mode="r")
    except (OSError, ValueError, EOFError, KeyError, TypeError) as error:
        raise UserError(f"a damaged part of the cache: {error}", where=str(path), fix=fix) from error
    if rows.ndim != 2 or len(rows) != len(keys):
        raise UserError(f"{len(keys):,} keys for rows of shape {rows.shape}", where=str(path), fix=fix)
    return keys, kind, rows


def _save(path: Path, rows: NDArray[Any]) -> None:
    with path.open("wb") as file:  # np.save would append .npy to the temporary name
        np.save(file, rows)


def tower_folder(cache: Path, tower: str, fingerprint: str, device: Any) -> Path:
    """Where a tower's embeddings lie. Another device sums in another order, so it has a folder of its own."""
    key = json.dumps([_FORMAT, tower, fingerprint, str(device).partition(":")[0]])
    return cache / f"{tower}-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def text_keys(texts: Sequence[str]) -> list[str]:
    """Hashes of the exact strings."""
    return [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]


def image_keys(refs: Sequence[ImageRef], by_name: bool) -> list[str]:
    """Hashes of what the files hold, with the box; "" where there is no file. by_name: names stand for the pixels."""
    if by_name:
        return [hashlib.sha256(f"name {ref.key}".encode("utf-8", "surrogatepass")).hexdigest() for ref in refs]
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(_image_key, refs))


def _image_key(ref: ImageRef) -> str:
    try:
        assert ref.path is not None
        state = ref.path.stat()
        content = _content(ref.path, ref.span, state.st_mtime_ns, state.st_size)
    except (AssertionError, OSError):
        return ""
    box = "" if ref.box is None else repr(tuple(float(side) for side in ref.box))
    upright = "" if ref.as_stored else " upright"
    return hashlib.sha256(f"file {content} {box}{upright}".encode()).hexdigest()


@lru_cache(maxsize=1_000_000)
def _content(path: Path, span: tuple[int, int] | None, changed: int, size: int) -> str:
    """Read once a process, however many benchmarks and models ask: `changed` and `size` are those of the file."""
    with ImageRef(path.name, path, span=span).open() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stores(cache: Path | None, encoder: Any, device: Any, precision: str = "") -> Mapping[str, Store]:
    """The stores of both towers, `image` and `text`. Raises UserError for a model that gives no fingerprint.

    precision: in which the towers compute, where that is not their own.
    """
    if cache is None:
        return {"image": NoStore(), "text": NoStore()}
    try:
        if not hasattr(encoder, "image_fingerprint"):
            raise NotImplementedError
        prints = {"image": encoder.image_fingerprint() + precision, "text": encoder.text_fingerprint() + precision}
    except NotImplementedError as error:
        raise UserError(
            "this model gives no fingerprint of its weights, so its embeddings cannot be found again",
            where=str(cache),
            fix="evaluate without a cache",
        ) from error
    return {tower: FolderStore(tower_folder(cache, tower, text, device)) for tower, text in prints.items()}
