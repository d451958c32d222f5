"""What the tests of NegBench's multiple choice files share."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

COLUMNS = ["image_path", "correct_answer", *(f"caption_{i}" for i in range(4)), "correct_answer_template"]


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def row(image: str, answer: int, kind: str, captions: Sequence[str]) -> dict[str, Any]:
    texts = {f"caption_{i}": caption for i, caption in enumerate(captions)}
    return {"image_path": image, "correct_answer": answer, **texts, "correct_answer_template": kind}


def rows(paths: Sequence[str], kinds: Sequence[str] = ("positive", "negative", "hybrid")) -> list[dict[str, Any]]:
    """One question per image: caption 0 of image n is `right n`, the others are wrong everywhere."""
    return [
        row(path, 0, kinds[n % len(kinds)], [f"right {n}", f"no {n}a", f"wrong {n}b", f"without {n}c, really"])
        for n, path in enumerate(paths)
    ]
