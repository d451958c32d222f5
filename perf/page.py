"""How soon the page of an existing index can be used: seconds on the clock since `semclip serve` was typed.

Run `python perf/page.py`. Each round starts the command anew in a process of its own, on an index of invented pictures
with a tiny model, and asks as a browser does: for the page, for the photos, for a picture, for an answer by the model.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from index import pictures
from semclip.models.load import load
from semclip.search.index import Index

PAUSE = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "index"
        load("semclip-tiny-48/random").save(Path(folder) / "tiny")
        pictures(Path(folder) / "photos", arguments.photos, (128, 96))
        index = Index.create(place, str(Path(folder) / "tiny"))
        index.add(Path(folder) / "photos")
        started(place)  # files are in the system's cache from here on
        rounds = [started(place) for _ in range(arguments.rounds)]
    for name in rounds[0]:
        taken = [one[name] for one in rounds]
        print(f"{name}: median {statistics.median(taken):.2f} s, least {min(taken):.2f}")


def started(place: Path) -> dict[str, float]:
    """Seconds until the page answers, until it lists photos, until pictures come, until the model has answered."""
    command = [sys.executable, "-m", "semclip", "serve", "--index", str(place), "--port", "0", "--no-open"]
    taken: dict[str, float] = {}
    began = time.perf_counter()
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        asked(f"{url}static/app.js")
        taken["the page is there and takes a query"] = time.perf_counter() - began
        (first, *_) = json.loads(asked(f"{url}api/search?top=60"))["hits"]
        taken["photos are listed"] = time.perf_counter() - began
        asked(f"{url}thumbnail/{first['id']}")
        taken["pictures come"] = time.perf_counter() - began
        asked(f"{url}api/search?q=circle+-blue")
        taken["a query is answered"] = time.perf_counter() - began
    finally:
        server.kill()
        server.wait()
    return taken


def asked(url: str) -> bytes:
    """What the server answers, as soon as it does: it refuses what is not ready."""
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                return bytes(answer.read())
        except (urllib.error.URLError, ConnectionError):
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()
