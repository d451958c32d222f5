"""Download of one official file: resumed after interruptions, checked by hash, never written outside its folder.

Why not pooch (1.9): it restarts a broken download from the beginning, does not stop at the official size, and does
not keep names inside the folder.
"""

import os
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any

from semclip.core.errors import UserError
from semclip.core.files import reason, sha256_file
from semclip.evaluation.public.base import AnnotationFile

_BLOCK = 1 << 20
_TIMEOUT = 60  # seconds without a byte
#: Bytes after which a file of unknown size is refused: no annotation file is near this.
_MAX_BYTES = 2 << 30


def fetch(file: AnnotationFile, folder: Path) -> str:
    """Put an official file into `folder`; what was done, for people.

    A part that is there from an earlier try is continued (HTTP Range). The file gets its name only when size and
    SHA-256 are right, so that a file with its name is whole. Raises UserError for a name outside the folder, another
    version that is there already, a broken connection (what came is kept) and wrong content (what came is deleted).
    """
    target = inside(folder, file.path)
    if target.exists():
        return _what_is_there(file, target)
    if not file.url.startswith(("https://", "http://")):
        raise UserError(f"'{file.url}' is no web address", where=file.path, fix="get the file by hand")
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        continued = part.exists()
        _download(file, part)
        if continued and not _is_official(file, part):  # the earlier part was of something else
            part.unlink()
            _download(file, part)
        if not _is_official(file, part):
            raise _wrong(file, part, f"what came for {file.path} is not the official file, by its sha256")
        part.replace(target)
    except PermissionError as error:
        fix = "choose another --root, in which you may write"
        raise UserError(f"cannot write {file.path}: {reason(error)}", where=str(target), fix=fix) from error
    except (OSError, HTTPException) as error:
        raise UserError(
            f"cannot fetch {file.path}: {error}",
            where=file.url,
            fix="call again, it goes on where it stopped; or download the file by hand",
        ) from error
    return f"fetched {file.path} ({target.stat().st_size:,} bytes{'' if file.sha256 else '; its hash is not known'})"


def inside(folder: Path, name: str) -> Path:
    """`folder/name`. Raises UserError for a name that leads elsewhere, also by way of a link."""
    path = PurePosixPath(name)
    target = folder / path
    odd = not name or path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name
    if odd or not target.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"the name {name!r} leads out of the folder", where=str(folder), fix="do not use this source")
    return target


def _what_is_there(file: AnnotationFile, target: Path) -> str:
    if not file.sha256:
        return f"{file.path} is there; its hash is not known"
    if sha256_file(target) == file.sha256:
        return f"{file.path} is there"
    raise UserError(
        f"another version of {file.path} is there, and it is not replaced",
        where=str(target),
        fix="move it away, then call again",
    )


def _download(file: AnnotationFile, part: Path) -> None:
    """Bring `part` to its full size, from where it stands."""
    start = part.stat().st_size if part.exists() else 0
    if file.size and start == file.size:
        return
    if start > (file.size or _MAX_BYTES):
        start = 0
    try:
        response = _open(file.url, start)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not start:  # the part is no beginning of what the server has
            raise
        start, response = 0, _open(file.url, 0)
    with response:
        goes_on = str(response.headers.get("Content-Range", "")).startswith(f"bytes {start}-")
        if response.status != 206 or not goes_on:
            start = 0
        promised = str(response.headers.get("Content-Length", ""))
        whole = start + int(promised) if promised.isdigit() else 0
        size = _copy(response, part, start, file)
    if size == whole < file.size:
        # Shorter although nothing broke off: an error page, say. Kept, it would be taken for a beginning.
        raise _wrong(file, part, f"what came for {file.path} has {size:,} bytes, the official file {file.size:,}")
    wanted = file.size or whole
    if size < wanted:
        what = f"{file.path} broke off after {size:,} of {wanted:,} bytes"
        raise UserError(what, where=file.url, fix="call again: it goes on where it stopped")


def _copy(response: Any, part: Path, start: int, file: AnnotationFile) -> int:
    """Append to (or begin) the part; how long it is then."""
    size, most = start, file.size or _MAX_BYTES
    with part.open("ab" if start else "wb") as out:
        while size <= most and (block := response.read(_BLOCK)):
            size += len(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if size > most:
        raise _wrong(file, part, f"{file.path} is longer than {most:,} bytes: not the official file")
    return size


def _open(url: str, start: int) -> Any:
    headers = {"Range": f"bytes={start}-"} if start else {}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT)


def _is_official(file: AnnotationFile, part: Path) -> bool:
    return not file.sha256 or sha256_file(part) == file.sha256


def _wrong(file: AnnotationFile, part: Path, what: str) -> UserError:
    """Something else came; it is deleted."""
    part.unlink()
    fix = "call again; if it stays so, the address gives something else: get the official version by hand"
    return UserError(what, where=file.url, fix=fix)
