"""Files that we wrote and somebody changed: read, or refused with a sentence, and no code is run."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from semclip.captions.journal import Journal
from semclip.captions.settled import settled_views
from semclip.core.config import load_config, parse
from semclip.core.example import Example, ImageRef
from semclip.core.files import read_json, write_json
from semclip.core.run_record import read_record
from semclip.data.load import DataConfig, load_examples
from semclip.data.scenes.write import write_scenes
from semclip.evaluation.metrics.result import Metric, Result
from semclip.evaluation.own.retrieval import _places_by_truth, queries_of
from semclip.models.features_file import FeaturesFile, write_features
from semclip.models.load import create, load
from semclip.reports.runs import load_run
from semclip.search.table import About
from semclip.training.config import TrainConfig
from semclip.training.examples import UnreadableImages
from semclip.training.trackers import JsonLines
from tests.hostile.changed import ends_well, report, variants

Use = Callable[[], object]
#: A file of ours as it was written -> (its value, how a changed one is written, what reads it).
Case = tuple[Any, Callable[[Any], object], Use]


def result(folder: Path) -> Case:
    path = folder / "results" / "absence.json"
    metric = Metric(name="r1", value=0.5, n=4, description="d", interval=(0.1, 0.9), chance=0.25)
    sliced = Metric(name="r5", value=1, n=4, description="d", per_slice={"denied": metric})
    record = {"id": ["a", "b"], "outcome": [0, 0.5], "slice": ["", "x"], "cluster": ["a", "a"]}
    saved = Result(
        benchmark="absence", version=1, model="m", metrics=[metric, sliced], primary="r1", items={"r1": record},
        data={"path": "x.jsonl", "split": "test", "sha256": "ab", "files": {"y.json": {"sha256": "cd"}}}, notes=["n"],
        extra={"items": [{"id": "a"}]}, encoder={"activation": "GELU"}, versions={"torch": "2"},
    )  # fmt: skip
    saved.save(path)
    return read_json(path), lambda value: path.write_text(json.dumps(value)), lambda: load_run(folder)


def run_record(folder: Path) -> Case:
    result(folder)
    path = folder / "run.json"
    value = {
        "name": "n", "role": "treated", "objective": {"name": "semclip", "beta": 1}, "seed": 3,
        "versions": {"torch": "2"}, "data_sha256": {"x.jsonl": "ab"}, "sessions": [{"command": "c"}],
        "finished": True, "steps": 3, "command": "c",
    }  # fmt: skip
    return value, lambda v: path.write_text(json.dumps(v)), lambda: (read_record(path), load_run(folder))


def run_config(folder: Path) -> Case:
    result(folder)
    path = folder / "config.yaml"
    value = {
        "name": "tiny", "seed": 1, "data": {"path": "x.jsonl", "columns": {"image": "photo"}},
        "model": {"backend": "open_clip", "name": "ViT-B-32", "freeze": ["image"]}, "objective": {"name": "semclip"},
        "train": {"steps": 4, "batch_size": 16, "learning_rate": 1e-3}, "steps": [{"name": "rewrites"}],
        "evaluate": {"benchmarks": ["retrieval"], "every": 0}, "guards": {"free_disk_mb": 0},
    }  # fmt: skip

    def use() -> None:
        load_run(folder)
        parse(TrainConfig, load_config(path), where=str(path), saved=True)

    return value, lambda v: path.write_text(yaml.safe_dump(v)), use


def plane(folder: Path) -> Case:
    result(folder)
    path = folder / "results" / "plane.json"
    points = {view: [[0.1, 0.2], [0.3, 0.4]] for view in ("caption", "paraphrase", "negation")}
    return {"before": points, "after": points}, lambda v: path.write_text(json.dumps(v)), lambda: load_run(folder)


def metrics(folder: Path) -> Case:
    result(folder)
    path = folder / "metrics.jsonl"
    lines = [{"step": n, "split": "train", "loss": 1.5, "total": 2} for n in range(3)]

    def write(value: Any) -> None:
        path.write_text("".join(json.dumps(line) + "\n" for line in (value if isinstance(value, list) else [value])))

    return lines, write, lambda: (load_run(folder), JsonLines(path, 2))


def unreadable(folder: Path) -> Case:
    path = folder / "unreadable.jsonl"
    value = {"id": "a", "what": "cut short", "where": "a.png", "left_out": True}
    return value, lambda v: path.write_text(json.dumps(v) + "\n"), lambda: UnreadableImages(folder, 100, 0.01)


def model(folder: Path) -> Case:
    network = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 16, "head_width": 16, "patch_size": 16},
        "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 16, "heads": 1, "layers": 1},
    }
    create({"backend": "open_clip", "config": network}, "test").save(folder / "model")
    path = folder / "model" / "open_clip_config.json"
    return read_json(path), lambda v: path.write_text(json.dumps(v)), lambda: load(str(folder / "model"))


def features(folder: Path) -> Case:
    path = folder / "x.npy"
    write_features(path, np.ones((2, 4), np.float32), ["a", "b"], {"network": "n"})
    info = path.with_suffix(".info.json")
    return read_json(info), lambda v: info.write_text(json.dumps(v)), lambda: FeaturesFile.open(path)


def journal(folder: Path) -> Case:
    path = folder / "out.jsonl.journal"
    text = {"text": "no dog", "kind": "denied", "of": 0, "provenance": {}, "verdicts": [{"verifier": "lexical"}]}
    value = {"texts": [text], "refused": [{"of": 1, "reason": "r"}], "rejected": []}
    with Journal(path, {"a": 1}) as opened:
        opened.add(0, "negation", value)

    def write(value: Any) -> None:
        with sqlite3.connect(path) as database:
            database.execute("UPDATE settled SET result = ?", (json.dumps(value),))
        database.close()

    def use() -> None:
        with Journal(path, {"a": 1}) as opened:
            settled_views(opened, 0)

    return value, write, use


def index(folder: Path) -> Case:
    from semclip.search.table import _FIX, shaped

    value = {"format": 1, "dimension": 8, "keep_gps": False, "model": {"spec": "s", "name": "n", "fingerprint": "f"}}
    place = [value]
    return value, lambda v: place.__setitem__(0, v), lambda: shaped(About, place[0], "an index", str(folder), _FIX)


def scenes(folder: Path) -> Case:
    write_scenes(folder / "scenes", train=2, val=1, test=1)
    (example, *_) = load_examples(DataConfig(path=str(folder / "scenes" / "scenes.jsonl")))
    value = {key: example.meta[key] for key in ("scene", "claims")}
    held = [value]

    def use() -> None:
        meta = held[0] if isinstance(held[0], dict) else {}
        one = Example(
            id="a", image=ImageRef("a"), caption=example.caption, group="a", meta=meta, where="scenes.jsonl:1"
        )
        _places_by_truth(queries_of([one], "caption"), [one], [one.image])

    return value, lambda v: held.__setitem__(0, v), use


CASES: dict[str, Callable[[Path], Case]] = {
    one.__name__: one
    for one in (result, run_record, run_config, plane, metrics, unreadable, model, features, journal, index, scenes)
}


def hold_to_it(kind: str, count: int, folder: Path, seed: int) -> None:
    value, write, use = CASES[kind](folder)
    write(value)
    use()  # as it was written it is read
    problems: list[str] = []
    ends = []
    for what, changed in variants(value, count, seed):
        write(changed)
        ends.append(ends_well(use, f"{kind} {what}", problems))
    assert not problems, report(problems)
    assert any(ends) or kind == "metrics"  # lines that are no metrics are left out of the curves, and counted


@pytest.mark.parametrize("kind", CASES)
def test_fifty_changed_files_of_a_kind(kind: str, tmp_path: Path) -> None:
    hold_to_it(kind, 50, tmp_path, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CASES)
def test_thousands_of_changed_files_of_a_kind(kind: str, tmp_path: Path) -> None:
    hold_to_it(kind, 300 if kind == "model" else 2000, tmp_path, seed=2)  # each builds a network


def test_a_strangers_run_folder_runs_no_code(tmp_path: Path) -> None:
    """Tags of YAML, paths of Python files in a record, and pickles are data for whoever reads the folder."""
    value, write, use = run_config(tmp_path)
    trap = tmp_path / "trap.py"
    trap.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Trap: pass\n")
    objective = {"name": f"{trap}:Trap"}
    write(value | {"objective": objective, "steps": [{"name": f"{trap}:Trap"}]})
    write_json(tmp_path / "run.json", {"name": "n", "objective": objective})
    load_run(tmp_path)
    problems: list[str] = []
    tags = ("!!python/object/apply:os.system [touch ran]", "a: !!python/name:trap.Trap", "!!python/module:trap")
    for text in tags:
        (tmp_path / "config.yaml").write_text(text)
        assert ends_well(use, text, problems) is not None
    assert not problems and not (tmp_path / "ran").exists()
