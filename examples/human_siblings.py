"""A test set that no caption writer wrote: two people's captions of a photo against a third of another photo.

    python examples/human_siblings.py FLICKR8K/captions.jsonl siblings.jsonl

One row for each test photo. `caption` and `paraphrase`: two people's captions of the photo, the pair that shares
fewest words. `negation`: of all captions of other test photos, the one that shares most words with `caption` (Jaccard
index, ties to the first in the file): "a brown dog runs on grass" for "a brown dog runs on sand". Where it is true of
the photo as well, no method can tell; that share is the same for every model. `semclip evaluate RUN
original_over_negation triplet_choice --data siblings.jsonl` then measures what models made of triples know of texts by
people, as SugarCrepe++ does: image-to-text choice (ITT) and text-only choice (TOT), chance 1/3.
"""

import argparse
import json
import re
from itertools import combinations
from pathlib import Path

import numpy as np


def words_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z]+", text.lower()))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


def rows_of(photos: list[dict[str, object]]) -> list[dict[str, object]]:
    """The test rows of photos with `image` and at least two `captions`, in order."""
    texts = [(number, str(text)) for number, photo in enumerate(photos) for text in photo["captions"]]  # type: ignore[attr-defined]
    vocabulary = {word: column for column, word in enumerate(sorted({w for _, t in texts for w in words_of(t)}))}
    held = np.zeros((len(texts), len(vocabulary)), np.float32)
    for row, (_, text) in enumerate(texts):
        held[row, [vocabulary[word] for word in words_of(text)]] = 1
    owner, sizes = np.array([number for number, _ in texts]), held.sum(1)
    rows = []
    for number, photo in enumerate(photos):
        own = [text for one, text in texts if one == number]
        caption, paraphrase = min(combinations(own, 2), key=lambda pair: jaccard(*map(words_of, pair)))
        mine = held[owner == number][own.index(caption)]
        shared = held @ mine
        nearness = np.where(owner == number, -1, shared / (sizes + mine.sum() - shared))
        names = {"image": photo["image"], "caption": caption, "paraphrase": paraphrase}
        rows.append({**names, "negation": texts[int(nearness.argmax())][1], "split": "test"})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captions", type=Path, help="jsonl: image, captions, split")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    lines = args.captions.read_text(encoding="utf-8").splitlines()
    photos = [photo for photo in map(json.loads, lines) if photo["split"] == "test"]
    rows = rows_of(photos)
    args.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print(f"{len(rows)} rows in {args.out}")


if __name__ == "__main__":
    main()
