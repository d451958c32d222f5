"""Zero-shot accuracy, plain and denied, of models trained on precomputed image features.

    python examples/zeroshot_on_features.py ROOT MODEL [MODEL ...] [--out FOLDER]

ROOT/zeroshot_classification/SET/test/ holds a folder of images per class, as `semclip evaluate --root ROOT` reads it,
and beside those folders one features file X.npy of the network the models were trained on, with its `*rows.json`: a
list of names such as `daisy/1.jpg`. SET/zeroshot_classification_templates.txt holds a template per line, such as
`a photo of a {c}`. A model of the backend `features` looks images up in the file it was trained on; here it is given
one of all sets together.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console

from semclip.cli._result_table import result_table
from semclip.evaluation import RunOptions, evaluate
from semclip.models.backends.features import FeatureEncoder
from semclip.models.load import load

BENCHMARKS = ("zeroshot_classification", "semclip_zeroshot")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--out", type=Path, help="folder for result files, one folder per model")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        features = joined(arguments.root / "zeroshot_classification", Path(folder))
        for place, name in enumerate(arguments.models):
            model = load(name)
            if not isinstance(model, FeatureEncoder):
                raise SystemExit(f"{name} reads pixels: use `semclip evaluate {name} --root {arguments.root}`")
            encoder = model.with_features(features).eval()
            results = evaluate(encoder, BENCHMARKS, options=RunOptions(model=name), root=arguments.root)
            Console().print(result_table(name, results))
            for result in results.values() if arguments.out else ():
                result.save(arguments.out / str(place) / f"{result.benchmark}.json")


def joined(sets: Path, folder: Path) -> Path:
    """One features file of all sets, its rows called as the benchmarks call the images: SET/test/CLASS/FILE."""
    arrays, names = [], []
    for array in sorted(sets.glob("*/test/*.npy")):
        listed = json.loads(next(array.parent.glob("*rows.json")).read_text("utf-8"))
        arrays.append(np.load(array))
        names += [f"{array.parts[-3]}/test/{name}" for name in listed]
    if not arrays:
        raise SystemExit(f"no features: expected {sets}/SET/test/X.npy")
    np.save(folder / "all.npy", np.concatenate(arrays))
    (folder / "all.rows.json").write_text(json.dumps(names), encoding="utf-8")
    return folder / "all.npy"


if __name__ == "__main__":
    main()
