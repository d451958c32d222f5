"""Generators of hostile data files, one per format: a sound file with a few things wrong, the same for a seed."""

import contextlib
import csv
import io
import json
import os
import random
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from tests.hostile.changed import variants

#: Cells and names that broke something somewhere.
CELLS: tuple[Any, ...] = (
    "a dog",
    'a 6" pipe',
    "'quoted'",
    "",
    " ",
    "[/bold]",
    "[red]x[/red]",
    "\x1b[31m\x1b]0;t\x07",
    "\u202egpj.exe",
    "a\x00b",
    '["one", "two"]',
    "[1, 2",
    "[" * 2000,
    "[" + "9" * 5000 + "]",
    "NaN",
    "9" * 5000,
    "=cmd|' /C calc'!A0",
    "x" * 5000,
    "line\nbreak",
    "cr\rhere",
    "tab\there",
    "a,b;c|d",
    "\ufeffbom",
    "é",
    "🙂",
    '{"a": 1}',
    "../../etc/passwd",
    "/dev/zero",
    "train",
    "test",
    "0",
    "-1",
    "null",
    '\\"escaped\\"',
    "%s {} ${HOME}",
    "CON",
    "a" * 300 + ".jpg",
)
VALUES: tuple[Any, ...] = (
    *CELLS,
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    1e308,
    [],
    {},
    [None],
    ["a", ["b"]],
    {"a": {"b": []}},
    ["a"] * 50,
    "\ud800",
    "half \udfff",
    [["a dog"]],
    [1, 2],
    {"text": "a"},
)
COLUMNS = (
    "image",
    "caption",
    "captions",
    "negation",
    "negations",
    "absence",
    "split",
    "id",
    "group",
    "paraphrases",
    "negation_of",
    "negation_kinds",
    "negative_images",
    "objects",
    "other",
    "[/bold]",
    "IMAGE",
    " caption ",
    "",
)

Write = Callable[[Path, random.Random], Path]


def rows(draw: random.Random) -> list[dict[str, Any]]:
    count = draw.randint(1, 6)
    return [{"image": f"img/{number}.png", "caption": f"a dog and {number} cats"} for number in range(count)]


def text_bytes(text: str, draw: random.Random) -> bytes:
    """The text in some encoding and with some line ends, and perhaps a few bytes wrong."""
    text = draw.choice((str, str, str, _crlf, _cr))(text)
    encoding = draw.choice(("utf-8", "utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin1", "utf-32"))
    return damaged(text.encode(encoding, "replace"), draw)


def _crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def _cr(text: str) -> str:
    return text.replace("\n", "\r")


def damaged(content: bytes, draw: random.Random) -> bytes:
    for _ in range(draw.choice((0, 0, 0, 1, 1, 3))):
        place = draw.randrange(len(content) + 1)
        how = draw.randrange(5)
        if how == 0:
            content = content[:place] + bytes([draw.randrange(256)]) + content[place:]
        elif how == 1:
            content = content[:place] + content[place + 1 :]
        elif how == 2:
            content = content[:place]
        elif how == 3:
            content = (
                content[:place] + draw.choice((b'"', b"\0", b"\xff", b"\r", b"\n", b",", b"{", b"}")) + content[place:]
            )
        else:
            content += content[place:]
    return content


def write_csv(folder: Path, draw: random.Random) -> Path:
    table = rows(draw)
    names = ["image", "caption", *draw.sample(COLUMNS, draw.randrange(3))]
    cells = [[str(row.get(name, draw.choice(CELLS))) for name in names] for row in table]
    for _ in range(draw.randrange(3)):
        draw.choice(cells)[draw.randrange(len(names))] = str(draw.choice(CELLS))
    written = io.StringIO()
    separator = draw.choice((",", ",", ";", "\t", "|"))
    writer = csv.writer(written, delimiter=separator, quoting=draw.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
    head = draw.randrange(12)
    if head:  # else the header is missing
        writer.writerow(names if head > 1 else ["x" * draw.choice((3, 5000))] * draw.choice((2, 3000)))
    writer.writerows(cells)
    text = written.getvalue()
    if draw.random() < 0.1:
        text = f"sep={separator}\n{text}"
    path = folder / draw.choice(("data.csv", "data.tsv", "[bold].csv"))
    path.write_bytes(text_bytes(text, draw))
    return path


def write_jsonl(folder: Path, draw: random.Random) -> Path:
    lines = []
    for row in rows(draw):
        for _ in range(draw.randrange(3)):
            row[draw.choice(COLUMNS)] = draw.choice(VALUES)
        line = json.dumps(row, ensure_ascii=draw.random() < 0.7)
        if draw.random() < 0.1:
            wrong = ("NaN", "1e999", "9" * 5000, "[" * 10_000, '{"a":' * 70 + "1" + "}" * 70, '"\\ud800"', "Infinity")
            line = line[:-1] + f', "more": {draw.choice(wrong)}}}'
        lines.append(line)
    path = folder / "data.jsonl"
    path.write_bytes(text_bytes("\n".join(lines) + "\n", draw))
    return path


def write_parquet(folder: Path, draw: random.Random) -> Path:
    table = rows(draw)
    columns: dict[str, Any] = {name: pa.array([row[name] for row in table]) for name in ("image", "caption")}
    for _ in range(draw.randrange(4)):
        with contextlib.suppress(pa.ArrowException):  # no such values of this type
            columns[draw.choice(COLUMNS)] = _column(len(table), draw)
    names = list(columns)
    if draw.random() < 0.05:
        names[-1] = names[0]
    path = folder / "data.parquet"
    made = pa.Table.from_arrays(list(columns.values()), names=names)
    try:
        pyarrow.parquet.write_table(made, path, use_dictionary=draw.random() < 0.5, row_group_size=2)
    except pa.ArrowException:  # a time that this version of the format cannot hold
        pyarrow.parquet.write_table(pa.Table.from_pylist(table), path)
    if draw.random() < 0.2:
        path.write_bytes(path.read_bytes()[: draw.randrange(1, path.stat().st_size)])
    return path


def _column(count: int, draw: random.Random) -> Any:
    numbers = pa.array([draw.choice((0, 1, -1, 2**62, -(2**63), 1_700_000_000_123_456_789)) for _ in range(count)])
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: pa.array([draw.choice(CELLS) for _ in range(count)]),
        lambda: numbers,
        lambda: numbers.cast(pa.timestamp(draw.choice(("s", "ms", "us", "ns")))),
        lambda: numbers.cast(pa.timestamp("ns", draw.choice(("UTC", "Europe/Berlin", "No/Where")))),
        lambda: numbers.cast(pa.duration(draw.choice(("s", "ms", "us", "ns")))),
        lambda: pa.array([draw.choice((0, 2**30, -(2**31))) for _ in range(count)], pa.int32()).cast(pa.date32()),
        lambda: numbers.view(pa.date64()),
        lambda: pa.array([draw.choice((0, 10**12)) for _ in range(count)]).cast(pa.time64("ns")),
        lambda: pa.array([[n] for n in range(count)]),
        lambda: pa.array([[draw.choice(("a", None, "[x"))] for _ in range(count)]),
        lambda: pa.array([{"when": 2**62} for _ in range(count)], pa.struct([("when", pa.timestamp("ns"))])),
        lambda: pa.array([[2**62] for _ in range(count)], pa.list_(pa.timestamp("s"))),
        lambda: pa.array([draw.choice((float("nan"), float("inf"), 1.5)) for _ in range(count)]),
        lambda: pa.array([b"\xff\x00"] * count),
        lambda: pa.array([None] * count),
        lambda: pa.array([draw.choice((True, None)) for _ in range(count)]),
        lambda: pa.array([10**37 for _ in range(count)], pa.decimal128(38)),
        lambda: pa.array([[(f"k{n}", n)] for n in range(count)], pa.map_(pa.string(), pa.int64())),
    )
    return draw.choice(kinds)()


def write_tar(folder: Path, draw: random.Random) -> Path:
    path = folder / draw.choice(("data.tar", "00000.tar"))
    format = draw.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT))
    with tarfile.open(path, "w", format=format, encoding="utf-8", errors="surrogateescape") as archive:
        for number in range(draw.randint(1, 4)):
            key = draw.choice(
                (f"{number:04}", f"{number:04}", "deep/er/x", "a.b", "x\udcff", ".hidden", "é\u202e", "l" * 90)
            )
            for kind in ("png", "txt", "json", "cls", "npy", "PNG", ""):
                if draw.random() < (0.9 if kind in ("png", "txt") else 0.15):
                    _add(archive, f"{key}.{kind}" if kind else key, _content(kind, draw), draw)
    content = bytearray(path.read_bytes())
    if draw.random() < 0.3:  # a damaged header: its fields are text, its checksum is made to fit
        _damage_header(content, draw)
    path.write_bytes(damaged(bytes(content), draw) if draw.random() < 0.3 else content)
    return path


def _content(kind: str, draw: random.Random) -> bytes:
    if kind == "json":
        value: Any = {"caption": "a dog", draw.choice(COLUMNS): draw.choice(VALUES)}
        return draw.choice((json.dumps(value).encode(), b"[" * 5000, b"[1]", b'{"a": NaN}', b"\xff", b""))
    if kind == "txt":
        return draw.choice((b"a dog", b"", b"\xff\xfe", b"[/bold]\x1b[1m", b"a\x00b", b"x" * 20_000))
    return b"\x89PNG not really" if kind == "png" else b"7"


def _add(archive: tarfile.TarFile, name: str, content: bytes, draw: random.Random) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    how = draw.randrange(30)
    if how == 0:
        member.type = draw.choice(
            (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE)
        )
        member.linkname, member.size = "../../etc/passwd", 0
    elif how == 1 and archive.format == tarfile.PAX_FORMAT:
        member.pax_headers = draw.choice(
            (
                {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "99999999999"},
                {"GNU.sparse.map": "0,5,x", "GNU.sparse.size": "5"},
                {"size": "-512"}, {"size": "9" * 5000}, {"path": "a\x00b" * 500}, {"mtime": "nan"},
                {"x" * 3000: "y" * 3000},
            )
        )  # fmt: skip
    try:
        archive.addfile(member, io.BytesIO(content))
    except (ValueError, UnicodeEncodeError):  # a name that this format cannot hold
        archive.addfile(tarfile.TarInfo("plain.txt"), io.BytesIO(b""))


def _damage_header(content: bytearray, draw: random.Random) -> None:
    blocks = [place for place in range(0, len(content) - 511, 512) if content[place + 257 : place + 262] == b"ustar"]
    if not blocks:
        return
    start = draw.choice(blocks)
    field, length = draw.choice(((0, 100), (124, 12), (136, 12), (156, 1), (157, 100), (345, 155), (100, 8)))
    wrong = draw.choice(
        (b"\xff" * length, b"-7777777777\0"[:length], b"7" * length, b"\0" * length, b"\x80" + b"\xff" * 11)
    )
    content[start + field : start + field + len(wrong[:length])] = wrong[:length]
    content[start + 148 : start + 156] = b" " * 8
    content[start + 148 : start + 156] = b"%06o\0 " % sum(content[start : start + 512])


def write_folder(folder: Path, draw: random.Random) -> Path:
    path = folder / draw.choice(("photos", "[bold]photos", "é\u202ephotos"))
    path.mkdir()
    names = (
        "dog",
        "cat",
        "red_car",
        "[bold]",
        "\x1b[31m",
        "\u202egod",
        "new\nline",
        "x\udcff",
        ".hidden",
        " ",
        "l" * 200,
    )
    for _ in range(draw.randrange(4)):
        inner = path / draw.choice(names)
        inner.mkdir(exist_ok=True)
        for _ in range(draw.randrange(3)):
            file = inner / f"{draw.choice(names)}{draw.choice(('.png', '.JPG', '.txt', ''))}"
            _place(file, draw)
    return path


def _place(file: Path, draw: random.Random) -> None:
    if file.exists() or file.is_symlink():
        return
    how = draw.randrange(8)
    if how == 0:
        os.mkfifo(file)
    elif how == 1:
        file.symlink_to(file.parent)
    elif how == 2:
        file.symlink_to("nowhere.png")
    elif how == 3:
        file.mkdir()
    else:
        file.write_bytes(b"\x89PNG not really")


def write_json(folder: Path, draw: random.Random) -> Path:
    """COCO's, Karpathy's, or a list of rows, with some values changed, and perhaps a few bytes wrong."""
    table = rows(draw)
    coco = {
        "images": [{"id": n, "file_name": row["image"]} for n, row in enumerate(table)],
        "annotations": [{"image_id": n, "id": n, "caption": row["caption"]} for n, row in enumerate(table)],
    }
    karpathy = {
        "images": [
            {"filename": row["image"], "split": "train", "sentences": [{"raw": row["caption"]}]} for row in table
        ]
    }
    value: Any = draw.choice((coco, karpathy, table))
    for _ in range(draw.randrange(3)):
        value = next(variants(value, 1, draw.randrange(10**6)))[1]
    content = json.dumps(value).encode(draw.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16")))
    path = folder / "data.json"
    path.write_bytes(damaged(content, draw))
    return path


def write_texts(folder: Path, draw: random.Random) -> Path:
    """A folder of photos with texts beside them, with a file of captions, or with metadata."""
    path = folder / "photos"
    path.mkdir()
    inner = path / draw.choice(("images", "00000", "train", "."))
    inner.mkdir(exist_ok=True)
    for number in range(draw.randint(1, 4)):
        (inner / f"{number}.png").write_bytes(b"\x89PNG not really")
        if draw.random() < 0.4:
            (inner / f"{number}.txt").write_bytes(text_bytes(str(draw.choice(CELLS)).replace("\ud800", ""), draw))
        if draw.random() < 0.2:
            (inner / f"{number}.json").write_bytes(_content("json", draw))
    if draw.random() < 0.4:
        write_jsonl(inner, draw).rename(inner / "metadata.jsonl")
    if draw.random() < 0.3:
        lines = [f"{n}.png{draw.choice((',', chr(9), '|', ' '))}{draw.choice(CELLS)}" for n in range(3)]
        (path / draw.choice(("captions.txt", "caption.txt", "captions.csv"))).write_bytes(
            text_bytes("\n".join(lines), draw)
        )
    return path


FORMATS: dict[str, Write] = {
    "csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet, "webdataset": write_tar, "folder": write_folder,
    "json": write_json, "texts": write_texts,
}  # fmt: skip
