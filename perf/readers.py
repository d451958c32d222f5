"""Rows a second and peak memory of reading 1,000,000 captions, from COCO's JSON and from Parquet.

Run `python perf/readers.py`. Invented captions of COCO's length, five to a photo. `rows` is the reader alone,
`examples` what training holds: parsed, one for each photo, with ids and splits; `check` and `convert` are
`semclip data check`, of photos that are not there, and `semclip data convert` to JSON lines. Each is measured in a
process of its own, by the processor's time; memory is the most it takes above the start, with the pages of
memory-mapped files and without (`anonymous`).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from peak import resident

CAPTIONS_OF_A_PHOTO = 5
WORDS = [
    "a",
    "man",
    "in",
    "red",
    "rides",
    "the",
    "small",
    "old",
    "bicycle",
    "past",
    "two",
    "dogs",
    "and",
    "tall",
    "green",
    "trees",
    "on",
    "wet",
    "street",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FILE"), help="used by this script")
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measured(*arguments.measure)))
        return
    console = Console()
    table = Table("file", "MB", "work", "rows a second", "peak MB", "anonymous MB")
    with tempfile.TemporaryDirectory() as folder:
        for path in (coco(Path(folder), arguments.rows), parquet(Path(folder), arguments.rows)):
            for what in ("rows", "examples", "check", "convert"):
                command = [sys.executable, __file__, "--measure", what, str(path)]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                found = json.loads(output.splitlines()[-1])
                table.add_row(path.name, f"{path.stat().st_size / 1e6:,.0f}", what,
                              f"{arguments.rows / found['seconds']:,.0f}", f"{found['peak'] / 1e6:,.0f}",
                              f"{found['anonymous'] / 1e6:,.0f}")  # fmt: skip
    console.print(table)


def measured(what: str, file: str) -> dict[str, float]:
    """Does the work in this process."""
    from semclip.core.rows import read_rows
    from semclip.data.check import check
    from semclip.data.convert import convert
    from semclip.data.load import DataConfig, load_examples

    config = DataConfig(path=file)
    work: dict[str, Callable[[], object]] = {
        "rows": lambda: sum(1 for _ in read_rows(Path(file))),
        "examples": lambda: len(load_examples(config)),
        "check": lambda: check(config, lambda texts: [False] * len(texts)),
        "convert": lambda: convert(config, Path(file).with_name(f"{what}-{Path(file).stem}.jsonl")),
    }
    next(iter(read_rows(Path(file))))  # what is imported on the way is no memory of the rows
    before, private, most, start = resident("VmRSS"), resident("RssAnon"), 0, time.process_time()
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.05):
            most = max(most, resident("RssAnon") - private)

    watcher = threading.Thread(target=watch)
    watcher.start()
    work[what]()
    done.set()
    watcher.join()
    return {"seconds": time.process_time() - start, "peak": resident("VmHWM") - before, "anonymous": most}


def captions(rows: int) -> Iterator[tuple[int, str]]:
    """(photo, caption): texts of ten to thirteen words, as COCO's are."""
    for number in range(rows):
        words = [
            WORDS[(number * step + place) % len(WORDS)] for place, step in enumerate((1, 3, 5, 7, 11, 13, 17, 19, 23))
        ]
        yield number // CAPTIONS_OF_A_PHOTO, f"{' '.join(words)} number {number}"


def coco(folder: Path, rows: int) -> Path:
    path = folder / "captions_train2017.json"
    with path.open("w") as file:
        file.write('{"info": {}, "images": [')
        for photo in range(-(-rows // CAPTIONS_OF_A_PHOTO)):
            file.write(", " * (photo > 0) + json.dumps({"id": photo, "file_name": f"{photo:012}.jpg", "license": 3}))
        file.write('], "annotations": [')
        for number, (photo, caption) in enumerate(captions(rows)):
            file.write(", " * (number > 0) + json.dumps({"image_id": photo, "id": number, "caption": caption}))
        file.write("]}")
    return path


def parquet(folder: Path, rows: int) -> Path:
    import pyarrow
    import pyarrow.parquet

    path = folder / "captions.parquet"
    schema = pyarrow.schema([("image", pyarrow.string()), ("caption", pyarrow.string())])
    made = captions(rows)
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while part := list(islice(made, 50_000)):
            names = [f"{photo:012}.jpg" for photo, _ in part]
            writer.write_table(
                pyarrow.table({"image": names, "caption": [caption for _, caption in part]}, schema=schema)
            )
    return path


if __name__ == "__main__":
    main()
