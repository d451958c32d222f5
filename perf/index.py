"""What an index of photos costs: indexing beside the encoder alone, a second run, queries over a million, memory.

Run `python perf/index.py`. Photos are invented JPEGs with detail at many scales, vectors are invented, too: directions
around centres, as embeddings are. Parts, each by its name as argument, or all:

throughput  photos a second: decoding in threads and encoding alone; the same as `Index.add` does it, with hash,
            EXIF, thumbnail, table and commits. In turn, round by round, so that a busy machine slows both alike.
second      a second run over 50,000 files that have not changed.
query       one query of a million vectors of 512: the products alone, whole searches with results by several rankers,
            and by the vector index, with the share of the exact first hundred that it finds. Beside it what reading
            the float16 rows alone takes.
memory      the most that a process holds while it indexes, for several numbers of small photos.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console

from peak import resident
from semclip.core.example import ImageRef
from semclip.core.query import And, Not, Query, Text
from semclip.core.seeds import generator
from semclip.models.load import load
from semclip.search import candidates
from semclip.search.index import Index
from semclip.search.indexing import photo_id
from semclip.search.model import Model
from semclip.search.product import product

CENTRES, D = 1_000, 512
PARTS = ("throughput", "second", "query", "memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)}")
    parser.add_argument("--model", default="ViT-B-32", help="an open_clip architecture, or ours; random weights")
    parser.add_argument("--photos", type=int, default=192, help="for the throughput")
    parser.add_argument("--files", type=int, default=50_000, help="for the second run")
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--measure", type=int, default=0, help=argparse.SUPPRESS)  # in the fresh process
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.measure:
            print(json.dumps(held(Path(folder), arguments.measure)))
            return
        for part in arguments.parts:
            globals()[part](Path(folder) / part, arguments, lambda said: console.print(said, highlight=False))


def throughput(folder: Path, arguments: argparse.Namespace, say: Callable[[str], None]) -> None:
    model = Model(load(f"{arguments.model}/random"), arguments.model)
    for name, size in {"640 x 480": (640, 480), "4000 x 3000": (4000, 3000)}.items():
        count = arguments.photos if size[0] < 1000 else arguments.photos // 4
        photos = folder / name.replace(" ", "")
        refs = pictures(photos, count, size)

        def alone(refs: list[ImageRef] = refs) -> None:
            encode(model, refs)

        fresh = [Index.create(folder / f"{name}-{i}".replace(" ", ""), model) for i in range(arguments.rounds + 1)]

        def whole(photos: Path = photos, wanted: int = count, fresh: list[Index] = fresh) -> None:
            assert fresh.pop().add(photos).new == wanted

        taken = in_turn({"encoder alone": alone, "index": whole}, arguments.rounds)
        ratios = [a / b for a, b in zip(taken["encoder alone"], taken["index"], strict=True)]
        rates = ", ".join(f"{way} {count / statistics.median(times):.1f}/s" for way, times in taken.items())
        say(f"throughput, {count} JPEGs of {name}, {arguments.model}: {rates}; ratio {statistics.median(ratios):.2f}")


def encode(model: Model, refs: list[ImageRef], size: int = 64) -> None:
    """The encoder's own rate: each batch is decoded in threads while the one before is encoded."""
    with ThreadPoolExecutor(2 + (os.cpu_count() or 1)) as pool:
        coming = [pool.submit(model.encoder.load_image, ref) for ref in refs[:size]]
        for start in range(0, len(refs), size):
            loading = coming
            coming = [pool.submit(model.encoder.load_image, r) for r in refs[start + size : start + 2 * size]]
            model.pictures([image.result() for image in loading])


def second(folder: Path, arguments: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Files of a few bytes, since none is opened; rows as a first run would have written them."""
    index = Index.create(folder / ".semclip", Model(load("semclip-tiny-48/random"), "tiny"))
    vector = np.full(index.about["dimension"], 0.1, np.float16)
    rows: list[dict[str, Any]] = []
    for number in range(arguments.files):
        path = folder / "photos" / f"{number // 1000:03}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        rows.append(row(str(path.relative_to(folder)), number, vector, path.stat().st_mtime_ns))
    index._table.write(rows, replacing=False)
    for which in ("second run, mapped rows made", "the same again"):
        started = time.perf_counter()
        added = index.add(folder / "photos")
        assert added.unchanged == arguments.files, added
        say(f"{which}: {arguments.files:,} unchanged files in {time.perf_counter() - started:.1f} s")


def row(path: str, number: int, vector: np.ndarray, mtime: int = 1) -> dict[str, Any]:
    stored = os.fsencode(path)
    return {"id": photo_id(stored), "path": stored, "content": number.to_bytes(16, "big"), "size": 1, "mtime": mtime,
            "taken": "", "camera": "", "width": 1, "height": 1, "type": "jpeg", "embedding": vector,
            "thumbnail": b""}  # fmt: skip


def query(folder: Path, arguments: argparse.Namespace, say: Callable[[str], None]) -> None:
    draw = generator("perf index")
    centres = draw.standard_normal((CENTRES, D), dtype=np.float32)
    model = Model(load("semclip-tiny-48/random"), "tiny")
    model.dimension = D
    index = Index.create(folder / ".semclip", model)
    started = time.perf_counter()
    for start in range(0, arguments.vectors, 10_000):
        vectors = around(centres, 10_000, draw)
        index._table.write([row(f"{start + i:08}.jpg", start + i, v) for i, v in enumerate(vectors)], replacing=False)
    say(f"{arguments.vectors:,} rows written in {time.perf_counter() - started:.0f} s")
    started = time.perf_counter()
    rows = index.rows
    say(f"mapped rows made in {time.perf_counter() - started:.0f} s")
    named = around(centres, 2 * arguments.queries, draw).astype(np.float32)
    model.texts = lambda texts: np.stack([read(text, named) for text in texts])  # type: ignore[method-assign]
    asked = named[: arguments.queries]
    candidates.EXACT = arguments.vectors
    one = [Query(f"photo {i}", Text(f"photo {i}")) for i in range(len(asked))]
    two = [
        Query(f"photo {i}", And((Text(f"photo {i}"), Not(Text(f"photo {i + len(asked)}"))))) for i in range(len(asked))
    ]

    def searched(query: Query, ranker: str | None = None) -> list[str]:
        return [hit.id for hit in index.search(query, top=100, ranker=ranker)]

    started = time.perf_counter()
    coarse = rows.coarse
    say(f"codes made in {time.perf_counter() - started:.0f} s")
    reading = torch.from_numpy(rows.embeddings).view(torch.int64)
    wide = asked.astype(np.float64)
    found_by: dict[str, Callable[[int], Any]] = {
        "A, the sentence": lambda i: searched(one[i], "sentence"),
        "A without B, subtraction": lambda i: searched(two[i], "subtract"),
        "A without B, the default": lambda i: searched(two[i]),
    }
    ways: dict[str, Callable[[int], Any]] = {
        "reading the float16 rows": lambda i: reading.max(),
        "product with the float16 rows": lambda i: product(asked[i : i + 1], rows.embeddings, arguments.threads),
        "coarse product, one vector": lambda i: coarse.products(wide[i : i + 1], arguments.threads),
        "coarse product, two vectors": lambda i: coarse.products(wide[[i, 0]], arguments.threads),
        **{f"exact search, {name}": way for name, way in found_by.items()},
    }
    tell(say, {name: timed_each(way, len(asked)) for name, way in ways.items()})
    exact = {name: [way(i) for i in range(len(asked))] for name, way in found_by.items()}
    started = time.perf_counter()
    index._table.build_vector_index()
    say(f"vector index built in {time.perf_counter() - started:.0f} s")
    index._rows = None
    assert len(index.rows) == arguments.vectors
    candidates.EXACT = arguments.vectors - 1
    for name, way in found_by.items():
        times = timed_each(way, len(asked))
        found = [way(i) for i in range(len(asked))]
        recall = np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, exact[name], strict=True)])
        tell(say, {f"vector index, {name}, {recall:.1%} of the exact first hundred": times})


def read(text: str, named: np.ndarray) -> np.ndarray:
    """(D,) what a text tower makes of a prompt: near the sum of what it names, cosine about 0.95, never the same."""
    found = [named[int(word)] for word in text.split() if word.isdigit()]
    noise = generator("perf index text", zlib.crc32(text.encode())).standard_normal(len(named[0]))
    vector = np.sum(found, axis=0) + 0.3 * noise / np.linalg.norm(noise)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def around(centres: np.ndarray, count: int, draw: np.random.Generator) -> np.ndarray:
    """(count, D) float16 unit vectors near centres: cosine with their own about 0.7, as photos of one kind have."""
    vectors = centres[draw.integers(len(centres), size=count)] + draw.standard_normal((count, D), dtype=np.float32)
    unit: np.ndarray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    return unit


def memory(folder: Path, arguments: argparse.Namespace, say: Callable[[str], None]) -> None:
    for count in (1_000, 10_000, 50_000):
        command = [sys.executable, __file__, "--measure", str(count), "--threads", str(arguments.threads)]
        environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
        ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
        say(f"memory, {count:,} photos of 128 x 96: at most {json.loads(ran.stdout)['peak'] / 1e6:.0f} MB above before")


def held(folder: Path, count: int) -> dict[str, int]:
    """Bytes that this process held at most while it indexed, above what it held after a first small run."""
    (first, *_) = pictures(folder / "photos", 64, (128, 96))
    model = Model(load("semclip-tiny-48/random"), "tiny")
    index = Index.create(folder / "index", model)
    index.add(folder / "photos")
    assert first.path is not None
    for number in range(count):  # the same pixels under another content
        (folder / "photos" / f"more{number:06}.jpg").write_bytes(first.path.read_bytes() + number.to_bytes(8, "big"))
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
    before = resident("VmRSS")
    index.add(folder / "photos")
    return {"peak": resident("VmHWM") - before}


def pictures(folder: Path, count: int, size: tuple[int, int]) -> list[ImageRef]:
    """JPEG files with detail at many scales, as photos have."""
    folder.mkdir(parents=True)
    draw = generator("perf index pictures", *size)
    refs = []
    for i in range(count):
        picture = Image.fromarray(draw.integers(0, 256, (size[1] // 64, size[0] // 64, 3), dtype=np.uint8)).resize(size)
        for scale in (16, 4):
            layer = draw.integers(0, 256, (size[1] // scale, size[0] // scale, 3), dtype=np.uint8)
            picture = Image.blend(picture, Image.fromarray(layer).resize(size), 0.25)
        picture.save(folder / f"{i}.jpg", quality=85)
        refs.append(ImageRef(f"{i}.jpg", folder / f"{i}.jpg"))
    return refs


def in_turn(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            if number:  # the first round warms up
                taken[name].append(time.perf_counter() - started)
    return taken


def timed_each(way: Callable[[int], Any], count: int) -> list[tuple[float, float]]:
    """Seconds on the clock and of processors, of each call."""
    way(0)
    times = []
    for i in range(count):
        started, used = time.perf_counter(), time.process_time()
        way(i)
        times.append((time.perf_counter() - started, time.process_time() - used))
    return times


def tell(say: Callable[[str], None], taken: dict[str, list[tuple[float, float]]]) -> None:
    for name, times in taken.items():
        clock, used = ([1e3 * one for one in way] for way in zip(*times, strict=True))
        middle = f"{statistics.median(clock):.0f} ms, least {min(clock):.0f}"
        say(f"{name}: median {middle}; of processors {statistics.median(used):.0f}, least {min(used):.0f}")


if __name__ == "__main__":
    main()
