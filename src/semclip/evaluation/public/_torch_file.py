"""Reading what `torch.save` wrote without running anything in it: plain containers, texts and numbers only.

`torch.load(weights_only=True)` reads few of pickle's protocols, and `weights_only=False` runs what the file says.
"""

import pickle
import zipfile
from collections import OrderedDict
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from semclip.core.errors import UserError

#: The first object of a file in torch's format before 1.6; two more stand before the content.
_OLD_FORMAT = 0x1950A86A20F9469CFC6C

_ALLOWED: dict[tuple[str, str], type] = {("collections", "OrderedDict"): OrderedDict} | {
    ("builtins", kind.__name__): kind
    for kind in (bool, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)
}


def read_torch_file(path: Path) -> Any:
    """The content of a .pt file. Raises UserError for anything in it but dict, list, tuple, set, str and numbers."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name = next((n for n in archive.namelist() if n.rpartition("/")[2] == "data.pkl"), "data.pkl")
                return _Plain(BytesIO(archive.read(name)), path).load()
        with path.open("rb") as file:
            content = _Plain(file, path).load()
            if content != _OLD_FORMAT:
                return content
            return [_Plain(file, path).load() for _ in range(3)][-1]
    except FileNotFoundError:
        raise UserError("file not found", where=str(path), fix="check the path") from None
    except (
        pickle.UnpicklingError, zipfile.BadZipFile, EOFError, KeyError, ValueError, IndexError, AttributeError,
        TypeError, OverflowError, MemoryError,
    ) as error:  # fmt: skip  # what a damaged pickle raises
        raise UserError(
            f"not a readable .pt file: {error or type(error).__name__}",
            where=str(path),
            fix="get the official file again",
        ) from error


class _Plain(pickle.Unpickler):
    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> type:
        # Python 2's name of the same module.
        found = _ALLOWED.get(("builtins" if module == "__builtin__" else module, name))
        if found is None:
            raise self._refused(f"asks for {module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> Any:
        raise self._refused("holds tensors")

    def _refused(self, why: str) -> UserError:
        return UserError(
            f"the file {why}, and only plain lists, dicts, texts and numbers are read: loading anything else runs code",
            where=str(self._path),
            fix="get the official file again; if you trust this one, load it with torch and save its lists alone",
        )
