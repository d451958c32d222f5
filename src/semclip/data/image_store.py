"""A memory-mapped cache of one array per image, computed once: decoded inputs, or features of a frozen tower."""

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from rich.progress import track

from semclip.core.console import make_console
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import read_json, write_atomic, write_json
from semclip.core.lock import lock_of, only_one

_IMAGES_AT_ONCE = 256


class ImageStore:
    """One row per image, in a memory-mapped .npy file beside a .key.json file that says what it was made from."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path = path
        self.names = list(names)
        self._index = {name: row for row, name in enumerate(self.names)}
        self._array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)

    @classmethod
    def build(
        cls, path: str | Path, refs: Sequence[ImageRef], encode: Callable[[list[ImageRef]], npt.NDArray[Any]], key: str
    ) -> Self:
        """Open the store at `path`, filling it first unless it holds exactly this.

        encode: up to 256 references -> their rows (B, ...), all of one shape and dtype.
        key:    whatever changes the rows besides the images, such as weights and preprocessing.
        The store is used again when key, names, file sizes and times are the same; otherwise it is made anew, and so is
        one that was cut short, which is said.
        Raises UserError for a missing file, a row that is NaN or infinite (names the image), or a full disk;
        a store that stood there before is then gone or whole, never half written.
        """
        path = Path(path)
        images = sorted({ref.key: ref for ref in refs}.values(), key=lambda ref: ref.key)
        if not images:
            raise UserError("no images to store", where=str(path), fix="check the data file")
        names = [ref.key for ref in images]
        fingerprint = _fingerprint(images, key)
        # Two runs that need the same rows: the second waits for those of the first.
        with only_one(lock_of(path), "is making these rows", str(path), wait=True):
            return cls._found_or_made(path, images, names, encode, fingerprint, key)

    @classmethod
    def _found_or_made(
        cls,
        path: Path,
        images: list[ImageRef],
        names: list[str],
        encode: Callable[[list[ImageRef]], npt.NDArray[Any]],
        fingerprint: str,
        key: str,
    ) -> Self:
        key_path = path.with_suffix(".key.json")
        if path.exists() and key_path.exists() and _fingerprint_in(key_path) == fingerprint:
            try:
                return cls(path, names)
            except (ValueError, EOFError) as error:
                say = f"warning: {path} is damaged and is made anew: {error}"
                make_console(stderr=True).print(say, soft_wrap=True, markup=False, highlight=False)
        # Without its key file an array counts as absent, so a crash between the two writes cannot mix old and new.
        key_path.unlink(missing_ok=True)
        write_atomic(path, lambda temporary: _fill(temporary, images, encode))
        write_json(key_path, {"fingerprint": fingerprint, "key": key, "images": len(images)})
        return cls(path, names)

    def row(self, ref: ImageRef) -> npt.NDArray[Any]:
        """A copy of one image's row. Raises UserError for an image that the store was not built with."""
        if ref.key not in self._index:
            raise UserError(
                f"the image '{ref.key}' is not in the store", where=str(self.path), fix="build the store with it"
            )
        return np.array(self._array[self._index[ref.key]])

    def __reduce__(self) -> tuple[type["ImageStore"], tuple[Path, list[str]]]:
        # A loader's worker maps the file again: pickling the array would copy all of it.
        return type(self), (self.path, self.names)


def _fill(path: Path, images: list[ImageRef], encode: Callable[[list[ImageRef]], npt.NDArray[Any]]) -> None:
    # Written in order, not through a memory map: on a full disk that would be a bus error and no exception.
    with path.open("wb") as file:
        first: npt.NDArray[Any] | None = None
        batches = [images[start : start + _IMAGES_AT_ONCE] for start in range(0, len(images), _IMAGES_AT_ONCE)]
        console = make_console(stderr=True)
        for batch in track(batches, description="images", console=console, disable=not sys.stderr.isatty()):
            rows = np.ascontiguousarray(encode(batch))  # (B, ...)
            if first is None:
                first = rows
                descr = np.lib.format.dtype_to_descr(rows.dtype)
                header = {"descr": descr, "fortran_order": False, "shape": (len(images), *rows.shape[1:])}
                np.lib.format.write_array_header_2_0(file, header)
            _check(rows, first, batch)
            file.write(rows.tobytes())


def _check(rows: npt.NDArray[Any], first: npt.NDArray[Any], batch: list[ImageRef]) -> None:
    if len(rows) != len(batch) or rows.shape[1:] != first.shape[1:] or rows.dtype != first.dtype:
        raise UserError(
            f"{len(batch)} images became {rows.dtype} {rows.shape}, where earlier ones are {first.dtype} {first.shape}",
            where=f"from '{batch[0].name}' on",
            fix="the preprocessing must give every image the same shape",
        )
    if np.issubdtype(rows.dtype, np.inexact):
        finite = np.isfinite(rows.reshape(len(rows), -1)).all(axis=1)  # (B,)
        if not finite.all():
            image = batch[int(np.argmin(finite))]
            raise UserError(
                f"the image '{image.name}' became NaN or infinity",
                where=image.where,
                fix="check the image and the model's weights",
            )


def _fingerprint(images: list[ImageRef], key: str) -> str:
    stamps: list[tuple[object, ...]] = []
    for ref in images:
        if ref.path is None:
            stamps.append((ref.key, 0, 0))
            continue
        try:
            status = ref.path.stat()
        except OSError as error:
            raise UserError(
                f"cannot read the image: {error.strerror or error}",
                where=str(ref.path),
                fix="check the folder that image names are relative to (`images`)",
            ) from None
        stamps.append((ref.key, *(ref.span or ()), status.st_size, status.st_mtime_ns))
    return hashlib.sha256(json.dumps([key, stamps]).encode()).hexdigest()


def _fingerprint_in(path: Path) -> object:
    """What the key file says; None for another kind of file, which makes the store anew."""
    try:
        found = read_json(path)
    except UserError:
        return None
    return found.get("fingerprint") if isinstance(found, dict) else None
