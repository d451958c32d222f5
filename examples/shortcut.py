"""Scenes in which a negation word gives the answer away: where SemCLIP's large gains come from.

Keeps the scenes whose caption denies nothing, each with its one denied negation ("a red circle but no blue star" where
there is a blue star). A detector of negation words then scores 100 % without looking. Validation scenes become the test
split, because the test split of scenes was made so that the detector cannot win.

    semclip data scenes runs/shortcut/scenes --train 5000 --val 1000 --test 1 --seed 8
    python examples/shortcut.py runs/shortcut/scenes runs/shortcut/denied.jsonl
    semclip compare demo data.path=runs/shortcut/denied.jsonl data.images=runs/shortcut/scenes --out runs/shortcut/out

docs/results/scenes.md says what came out.
"""

import json
import sys
from pathlib import Path
from typing import Any

from semclip.core.files import write_text

SPLIT_OF = {"train": "train", "val": "test"}


def denied_only(row: dict[str, Any]) -> dict[str, Any] | None:
    """The row with its denied negation alone; None where it has none, or its caption denies something itself."""
    if (
        row["split"] not in SPLIT_OF
        or "absent" in row["claims"]["caption"]
        or "object_denied" not in row["negation_kinds"]
    ):
        return None
    place = row["negation_kinds"].index("object_denied")
    claims = {**row["claims"], "negations": [row["claims"]["negations"][place]]}
    kept = {**row, "split": SPLIT_OF[row["split"]], "claims": claims}
    del kept["negative_image"], kept["negative_scene"]  # they belong to the first negation
    return {**kept, "negations": [row["negations"][place]], "negation_kinds": ["object_denied"]}


def main(scenes: Path, out: Path) -> None:
    rows = [json.loads(line) for line in (scenes / "scenes.jsonl").read_text("utf-8").splitlines()]
    kept = [new for row in rows if (new := denied_only(row)) is not None]
    for new in kept[::20]:  # every twentieth training scene is for validation
        new["split"] = "val" if new["split"] == "train" else new["split"]
    write_text(out, "".join(json.dumps(row) + "\n" for row in kept))
    print(f"{len(kept):,} of {len(rows):,} scenes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
