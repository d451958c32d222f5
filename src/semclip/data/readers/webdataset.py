"""Tar shards as webdataset writes them: one .tar, a folder of them, or a pattern such as shards/{000..099}.tar."""

import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from braceexpand import braceexpand

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.files import is_file
from semclip.core.parsing import parse_json
from semclip.data.cells import EmptyTextError
from semclip.data.readers._text import captions_of
from semclip.data.readers.base import Reader

#: Member suffixes that hold the image of a sample.
IMAGE_SUFFIXES = ("jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff")

_MOST_SHARDS = 100_000
#: Bytes of a member with text; it is read whole.
_LARGEST_TEXT = 16 * 1024**2


class WebDataset(Reader):
    """Members that share a name up to its first dot are one sample: KEY.jpg, KEY.txt, KEY.json, KEY.cls.

    Lines of KEY.txt are captions of one image, as CLIP_benchmark writes retrieval sets; one caption where the `caption`
    of KEY.json is the same text, as img2dataset writes it. KEY.json holds further columns, among them `caption` where
    there is no KEY.txt; KEY.cls becomes `label`. The row number counts samples over all shards, in the order of their
    names.

    Shards are read in place and never unpacked: the tables of their members are read once at the start, and an image
    is then read from where it lies in its tar. So any number of workers and processes sees every sample once per epoch,
    in the order of the seed, and a run resumes exactly. The library webdataset deals whole shards to workers and reads
    them from end to end, which loses or repeats samples where shards come out uneven and where a run resumes. Shards
    must be files, on a disk or a mounted bucket.
    """

    suffixes = (".tar",)

    @classmethod
    def reads(cls, path: Path) -> bool:
        return path.suffix.lower() in cls.suffixes or holds_shards(path)

    @classmethod
    def is_there(cls, path: Path) -> bool:
        return path.exists() or "{" in str(path)

    def rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        number, first_seen = 0, dict[str, Path]()
        for shard in shards(path):
            found = False
            for key, members in samples(shard):
                found = True
                number += 1
                name = f"{shard.name}/{key}"
                if name in first_seen:
                    raise UserError(
                        f"the sample '{name}' occurs twice, also in {first_seen[name].parent}",
                        where=str(shard),
                        fix="give shards names of their own",
                    )
                first_seen[name] = shard
                try:
                    row = _row(shard, key, members)
                except UserError as error:
                    self.bad_row(error)
                    continue
                yield number, row
            if not found:
                raise UserError("the shard holds no samples", where=str(shard), fix="remove it, or write it again")

    def skipped(self, path: Path) -> list[Path]:
        """Members of kinds that mean nothing here."""
        known = {*IMAGE_SUFFIXES, "txt", "json", "cls"}
        return [
            shard / f"{key}.{kind}"
            for shard in shards(path)
            for key, members in samples(shard)
            for kind in members
            if kind not in known
        ]


def holds_shards(path: Path) -> bool:
    """Whether a path is a folder with tars directly inside."""
    return path.is_dir() and any(path.glob("*.tar"))


def shards(path: Path) -> list[Path]:
    """The tars that a path means, in the order of their names. Raises UserError for one that is missing."""
    if path.is_dir():
        return sorted(path.glob("*.tar"))
    try:
        names = list(islice(braceexpand(str(path)), _MOST_SHARDS + 1))
    except (ValueError, RecursionError, OverflowError) as error:
        raise UserError(f"not a pattern of shards: {error}", where=str(path), fix="write {000..099}") from None
    if len(names) > _MOST_SHARDS:
        raise UserError(f"the pattern means more than {_MOST_SHARDS:,} shards", str(path), "write {000..099}")
    paths = [Path(name) for name in names]
    missing = [p for p in paths if not is_file(p)]
    if missing:
        raise UserError(
            f"{len(missing):,} of {len(paths):,} shards are missing", where=str(missing[0]), fix="check the pattern"
        )
    return paths


def samples(shard: Path) -> Iterator[tuple[str, dict[str, tarfile.TarInfo]]]:
    """(key, suffix -> member) of neighbouring members with one key, as webdataset groups them."""
    key, members = "", dict[str, tarfile.TarInfo]()
    for member in _members(shard):
        name = PurePosixPath(member.name)
        stem, _, suffix = name.name.partition(".")
        this = (name.parent / stem).as_posix()
        if this != key:
            if members:
                yield key, members
            key, members = this, {}
        kind = suffix.lower()
        if kind in members:  # to keep the last would lose an image or a caption, uncounted
            raise UserError(
                f"the sample '{key}' has two members '.{kind}': '{members[kind].name}' and '{member.name}'",
                where=f"{shard}/{member.name}",
                fix="write the shard again, every sample under a key of its own",
            )
        members[kind] = member
    if members:
        yield key, members


def _members(shard: Path) -> Iterator[tarfile.TarInfo]:
    last, end = "its first member", 0
    try:
        size = shard.stat().st_size
        with tarfile.open(shard, "r:") as archive:
            for member in archive:
                # A size below zero, as no writer makes it, would lead back to the same member without end.
                if member.size < 0 or member.offset_data < end or archive.offset <= member.offset:
                    raise tarfile.ReadError("a member with a size below zero")
                end = member.offset_data
                if not member.isfile() or PurePosixPath(member.name).name.startswith("."):
                    continue
                if member.issparse():
                    raise tarfile.ReadError(f"'{member.name}' is stored as a sparse file, in pieces")
                if member.offset_data + member.size > size:
                    raise tarfile.ReadError("unexpected end of data")
                last = f"'{member.name}'"
                yield member
            if size <= archive.offset:  # where the zeros that end every tar begin
                raise tarfile.ReadError("no end mark")
    except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, RecursionError) as error:
        # The last three are tarfile's own on headers that no writer makes, such as a thousand in front of one member.
        raise UserError(
            f"the shard cannot be read on from {last}: {str(error)[:200] or type(error).__name__}",
            where=str(shard),
            fix="write it with `tar -cf` (not compressed, without --sparse), copy it again, or leave it out",
        ) from error


def _row(shard: Path, key: str, members: dict[str, tarfile.TarInfo]) -> dict[str, Any]:
    images = [kind for kind in IMAGE_SUFFIXES if kind in members]
    if len(images) != 1:
        raise (UserError if images else EmptyTextError)(
            f"{len(images)} images in the sample '{key}', which has {', '.join(members)}",
            where=f"{shard}/{key}",
            fix=f"put one file with a suffix of {', '.join(IMAGE_SUFFIXES)} beside its caption",
        )
    row: dict[str, Any] = {}
    if "json" in members:
        row |= _columns(shard, members["json"])
    if "txt" in members:
        lines = _captions(text_of(shard, members["txt"]), row.pop("caption", None))
        row.pop("captions", None)
        row["caption"] = lines[0] if len(lines) == 1 else lines
    if "cls" in members:
        row["label"] = text_of(shard, members["cls"]).strip()
    image = members[images[0]]
    name = f"{shard.name}/{image.name}"
    return {**row, "image": ImageRef(name, shard, span=(image.offset_data, image.size))}


def _captions(text: str, whole: Any) -> list[str]:
    """The captions of a KEY.txt, at least one. whole: the caption that KEY.json names, if any."""
    if isinstance(whole, str) and whole.split() == text.split():
        return [text.strip()]
    return captions_of(text)


def _columns(shard: Path, member: tarfile.TarInfo) -> dict[str, Any]:
    columns = parse_json(text_of(shard, member), f"{shard}/{member.name}", fix="write one JSON object")
    if not isinstance(columns, dict):
        raise UserError("a row must be a JSON object", where=f"{shard}/{member.name}", fix='write {"caption": ...}')
    return columns


def text_of(shard: Path, member: tarfile.TarInfo) -> str:
    """What a member of a shard holds, as text. Raises UserError where it is not UTF-8."""
    if member.size > _LARGEST_TEXT:
        what = f"a text of {member.size:,} bytes"
        raise UserError(what, f"{shard}/{member.name}", f"keep texts below {_LARGEST_TEXT // 1024**2} MB")
    with shard.open("rb") as file:
        file.seek(member.offset_data)
        try:
            return file.read(member.size).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(
                f"not UTF-8: {error}", where=f"{shard}/{member.name}", fix="write the text as UTF-8"
            ) from error
