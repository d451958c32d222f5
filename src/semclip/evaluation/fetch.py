"""Downloading one official file: resumed where it broke off, checked against its hash, never outside its folder."""

import os
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any

from semclip.core.errors import UserError
from semclip.core.files import sha256_file
from semclip.evaluation.public.base import AnnotationFile

_BLOCK = 1 << 20
_TIMEOUT = 60  # seconds without a byte
#: Bytes after which a file of unknown size is refused: no annotation file is near this.
_MOST = 2 << 30


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
        if continued and not _is_right(file, part):  # the earlier part was of something else: once more, from nothing
            part.unlink()
            _download(file, part)
        _check(file, part)
        part.replace(target)
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
    most = file.size or _MOST
    start = part.stat().st_size if part.exists() else 0
    if start > most:
        part.unlink()
        start = 0
    if file.size and start == file.size:
        return
    try:
        response = _open(file.url, start)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not start:  # the part is no beginning of what the server has
            raise
        part.unlink()
        start, response = 0, _open(file.url, 0)
    with response:
        goes_on = response.status == 206 and str(response.headers.get("Content-Range", "")).startswith(
            f"bytes {start}-"
        )
        if start and not goes_on:
            start = 0
        promised = str(response.headers.get("Content-Length", ""))
        whole = start + int(promised) if promised.isdigit() else 0
        size = _copy(response, part, start, most, file)
    # Shorter than official although nothing broke off: an error page, say. Kept, it would be taken for a beginning.
    if size == whole < file.size:
        part.unlink()
        raise UserError(
            f"what came for {file.path} has {size:,} bytes, the official file {file.size:,}",
            where=file.url,
            fix="the address gives something else: get the file by hand, and check where it comes from",
        )
    wanted = file.size or whole
    if size < wanted:
        raise UserError(
            f"{file.path} broke off after {size:,} of {wanted:,} bytes",
            where=file.url,
            fix="call again: it goes on where it stopped",
        )


def _copy(response: Any, part: Path, start: int, most: int, file: AnnotationFile) -> int:
    """Append to (or begin) the part; how long it is then."""
    size = start
    with part.open("ab" if start else "wb") as out:
        while block := response.read(_BLOCK):
            size += len(block)
            if size > most:
                break
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if size > most:
        part.unlink()
        raise UserError(
            f"{file.path} is longer than {most:,} bytes: not the official file",
            where=file.url,
            fix="get the file by hand, and check where it comes from",
        )
    return size


def _open(url: str, start: int) -> Any:
    headers = {"Range": f"bytes={start}-"} if start else {}
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT)


def _is_right(file: AnnotationFile, part: Path) -> bool:
    return not file.sha256 or sha256_file(part) == file.sha256


def _check(file: AnnotationFile, part: Path) -> None:
    if not _is_right(file, part):
        found = sha256_file(part)
        part.unlink()
        raise UserError(
            f"what came for {file.path} is not the official file: sha256 {found[:12]}... instead of "
            f"{file.sha256[:12]}...",
            where=file.url,
            fix="call again; if it stays so, the file has changed at its source: get the official version by hand",
        )
