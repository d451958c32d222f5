"""Precomputed image features: an .npy array and the names of its rows."""

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from semclip.core.errors import UserError
from semclip.core.example import ImageRef, normal_name
from semclip.core.files import read_json, sha256_file, write_atomic, write_json
from semclip.core.rows import IMAGE_COLUMNS, read_rows, where_of
from semclip.core.shape import shaped

_CHUNK = 4096


class FeaturesFile:
    """Rows of features, looked up by image name.

    Shapes: N images, W width of a feature. The array stays on disk until a row is asked for.

    names:  N names, in the order of the rows.     width: W.
    sha256: of the .npy file.                      info:  what X.info.json says; {} without one.
    """

    def __init__(self, path: Path, array: npt.NDArray[Any], names: Sequence[str], info: Mapping[str, Any]) -> None:
        self.path = path
        self.names = list(names)
        self.info = info
        self._sizes = info.get("picture_bytes") or []
        self.sha256 = sha256_file(path)
        self._array = array
        self._index = {normal_name(name): row for row, name in enumerate(self.names)}
        self.width = int(array.shape[1])

    @classmethod
    def open(cls, npy_path: str | Path, rows: str | Path | None = None) -> Self:
        """Open an array and check it completely.

        rows: a .json list of names, a .jsonl file with an `image` field, or a .txt file with one name per line; by
        default X.rows.json beside X.npy. Raises UserError for a file that is missing or no array of numbers (N, W),
        NaN or infinity (names the row), another number of names than rows, a name given twice, or an array that is
        not the one X.info.json describes.
        """
        path = Path(npy_path)
        rows_path = path.with_suffix(".rows.json") if rows is None else Path(rows)
        array = _open_array(path)
        names = _read_names(rows_path)
        info_path = path.with_suffix(".info.json")
        found = read_json(info_path) if info_path.exists() else {}
        info = shaped(dict[str, Any], found, "what is known of features", str(info_path), "remove the file")
        _check(array, names, str(path), str(rows_path))
        features = cls(path, array, names, info)
        if info.get("sha256", features.sha256) != features.sha256:
            raise UserError(
                "the features are not the ones their info file describes",
                where=f"{path} and {info_path}",
                fix="compute them again, or remove the info file if you changed them on purpose",
            )
        sizes = info.get("picture_bytes", [])
        if not isinstance(sizes, list) or len(sizes) not in (0, len(names)):
            raise UserError(
                f"'picture_bytes' must be a list of {len(names):,} numbers, one for each row",
                where=str(info_path),
                fix="compute the features again",
            )
        if rows is None and info.get("names_sha256", _names_sha256(names)) != _names_sha256(names):
            raise UserError(
                "the names are not the ones the features were computed for",
                where=f"{rows_path} and {info_path}",
                fix="compute the features again",
            )
        return features

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Itself: nothing of it changes, and a copy of the mapped array would be in memory."""
        return self

    def row(self, name: str) -> npt.NDArray[np.float32]:
        """(W,) the features of one image. Raises UserError for an unknown name."""
        name = normal_name(name)
        if name not in self._index:
            close = difflib.get_close_matches(name, self.names, n=3)
            known = f"Did you mean {', '.join(close)}?" if close else f"names look like '{self.names[0]}'."
            raise UserError(
                f"no features of the image '{name}'",
                where=str(self.path),
                fix=f"{known} Or compute them: semclip data features FILE --model MODEL --out NEW.npy",
            )
        return np.asarray(self._array[self._index[name]], dtype=np.float32)  # (W,)

    def row_of(self, picture: ImageRef) -> npt.NDArray[np.float32]:
        """(W,) the features of a picture, by its key. Raises UserError also where the picture has another size in bytes
        than the one they were computed from; pictures that are not there are not compared.
        """
        features = self.row(picture.key)
        then = self._sizes[self._index[normal_name(picture.key)]] if self._sizes else None
        try:
            now = then if then is None else picture.size()
        except OSError:
            now = then
        if now != then:
            raise UserError(
                f"the picture '{picture.name}' is not the one its features were computed from: {now:,} bytes, {then:,} "
                "then",
                where=f"{picture.where} and {self.path}",
                fix="put the old data back, or compute the features again: semclip data features FILE --model MODEL "
                "--out NEW.npy",
            )
        return features


def write_features(
    path: str | Path, array: npt.NDArray[Any], names: Sequence[str], info: Mapping[str, Any] | None = None
) -> None:
    """Write X.npy, X.rows.json and X.info.json, each atomically; the info holds the hashes that tie them together.

    array: (N, W) floats, stored in their own dtype. info: where they come from, such as network and preprocessing, and
    `picture_bytes`, the size of each picture.
    Raises UserError for what `FeaturesFile.open` would refuse; nothing is written then.
    """
    path = Path(path)
    if path.suffix != ".npy":
        raise UserError("features files end in .npy", where=str(path), fix=f"write to {path.with_suffix('.npy')}")
    _check(array, names, str(path), "names")

    def save(temporary: Path) -> None:
        with temporary.open("wb") as file:  # np.save would add a suffix to the temporary name
            np.save(file, array)

    write_atomic(path, save)
    write_json(path.with_suffix(".rows.json"), list(names), indent=None)
    described = {
        **(info or {}),
        "rows": int(array.shape[0]),
        "width": int(array.shape[1]),
        "dtype": str(array.dtype),
        "sha256": sha256_file(path),
        "names_sha256": _names_sha256(names),
    }
    # Last: files left from a crash in between do not fit the older info, and are refused.
    write_json(path.with_suffix(".info.json"), described)


def _open_array(path: Path) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise UserError("no such features file", where=str(path), fix="check the path") from None
    except (ValueError, OSError, EOFError) as error:
        raise UserError(f"no readable .npy array: {error}", where=str(path), fix="write it with numpy.save") from error
    if not isinstance(array, np.ndarray):
        raise UserError("an archive of arrays (.npz)", where=str(path), fix="save the one array with numpy.save")
    return array


def _read_names(path: Path) -> list[str]:
    if not path.is_file():
        raise UserError(
            "no file with the names of the feature rows",
            where=str(path),
            fix="name one: a .json list, a .jsonl file with an `image` field, or a .txt file with one name per line",
        )
    if path.suffix == ".json":
        names = read_json(path)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UserError("not a JSON list of names", where=str(path), fix='write ["a.jpg", "b.jpg", ...]')
        return names
    if path.suffix == ".txt":
        try:
            return path.read_text("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise UserError(f"not UTF-8: {error}", where=str(path), fix="save the file as UTF-8") from None
    names = []
    for place, row in read_rows(path):
        column = next((alias for alias in IMAGE_COLUMNS if alias in row), None)
        if column is None:
            raise UserError(
                "the row names no image",
                where=where_of(path, place),
                fix=f"columns found: {', '.join(row)}; the image's is called one of {', '.join(IMAGE_COLUMNS)}",
            )
        names.append(str(row[column]))
    return names


def _check(array: npt.NDArray[Any], names: Sequence[str], where: str, names_where: str) -> None:
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.floating):
        raise UserError(
            f"features must be floats of shape (images, width), found {array.dtype} {array.shape}",
            where=where,
            fix="save one row of features per image",
        )
    if len(names) != len(array):
        raise UserError(
            f"{len(array)} rows of features, but {len(names)} names",
            where=f"{where} and {names_where}",
            fix="row i of the array is name i of the list; take the list the features were computed from",
        )
    if not names:
        raise UserError("no features at all", where=where, fix="compute them again")
    seen: dict[str, int] = {}
    for row, name in enumerate(map(normal_name, names), 1):
        if name in seen:
            raise UserError(
                f"the name '{name}' occurs twice, in rows {seen[name]} and {row}",
                where=f"{names_where}:{row}",
                fix="give every image one row of features",
            )
        seen[name] = row
    for start in range(0, len(array), _CHUNK):  # in parts, so that a large file is never wholly in memory
        finite = np.isfinite(array[start : start + _CHUNK]).all(axis=1)  # (chunk,)
        if not finite.all():
            row = start + int(np.argmin(finite))
            raise UserError(
                f"NaN or infinity in the features of '{names[row]}'",
                where=f"{where}:{row + 1}",
                fix="compute the features again; check that image",
            )


def _names_sha256(names: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(names), ensure_ascii=False).encode()).hexdigest()
