"""Three made-up but realistic run folders: a base, a CLIP control and a SemCLIP run on 240 rendered images."""

import functools
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image, ImageDraw

from semclip.evaluation.metrics.intervals import wilson
from semclip.evaluation.metrics.result import Metric, Result
from semclip.reports.comparison import Comparison, load_tracks
from semclip.reports.page import write_report

N = 240
KINDS = ("object_denied", "attribute_swapped", "relation_reversed", "object_added")
COLOURS = {"red": "#d03030", "green": "#2f9e44", "blue": "#2b5fd9", "yellow": "#e0b000"}
SHAPES = ("circle", "square", "triangle")
#: How often each run is right, by metric: base, control, SemCLIP.
SHARES: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "retrieval": {
        "caption_r1": {"base": 0.76, "control": 0.79, "semclip": 0.78},
        "caption_r5": {"base": 0.95, "control": 0.97, "semclip": 0.87},
        "paraphrase_r1": {"base": 0.36, "control": 0.38, "semclip": 0.53},
        "paraphrase_r5": {"base": 0.66, "control": 0.68, "semclip": 0.80},
    },
    "original_over_negation": {
        "caption_over_negation": {"base": 0.68, "control": 0.70, "semclip": 0.96},
        "paraphrase_over_negation": {"base": 0.61, "control": 0.62, "semclip": 0.93},
    },
    "absence": {"absence_over_negation": {"base": 0.34, "control": 0.36, "semclip": 0.33}},
    "triplet_choice": {
        "itt": {"base": 0.5, "control": 0.52, "semclip": 0.9},
        "tot": {"base": 0.3, "control": 0.31, "semclip": 0.97},
    },
}
BASELINES = {
    "original_over_negation": {"blind_negation_word": 0.72, "blind_text_only": 0.63},
    "absence": {"blind_negation_word": 0.28},
}
LEVELS = {"base": (0.27, 0.24, 0.25), "control": (0.30, 0.26, 0.27), "semclip": (0.31, 0.30, 0.16)}

ROLES = {"base": "base", "control": "control", "semclip": "treated"}

MakeRuns = Callable[..., list[Path]]


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(N):
        colour, shape = list(COLOURS)[i % 4], SHAPES[i % 3]
        image = Image.new("RGB", (48, 48), (225, 222, 214) if i % 2 else (60, 66, 78))
        draw = ImageDraw.Draw(image)
        box = (8 + i % 7, 10, 30 + i % 7, 32)
        if shape == "circle":
            draw.ellipse(box, fill=COLOURS[colour])
        elif shape == "square":
            draw.rectangle(box, fill=COLOURS[colour])
        else:
            draw.polygon([(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) // 2, box[1])], fill=COLOURS[colour])
        image.save(folder / f"{i}.png")
    return folder


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Callable[[int], Path]:
    """written(seed) is a folder with the runs base, control and semclip, not to be changed."""

    @functools.cache
    def write(seed: int) -> Path:
        folder = tmp_path_factory.mktemp("runs")
        for name, role in ROLES.items():
            _write_run(folder / name, name, role, seed, images)
        return folder

    return write


@pytest.fixture
def make_runs(tmp_path: Path, written: Callable[[int], Path]) -> MakeRuns:
    """make_runs(seed=0, folder="runs") gives base, control and semclip in folders of the test's own."""

    def make(seed: int = 0, folder: str = "runs") -> list[Path]:
        shutil.copytree(written(seed), tmp_path / folder)
        return [tmp_path / folder / name for name in ROLES]

    return make


@pytest.fixture
def runs(make_runs: MakeRuns) -> list[Path]:
    return make_runs()


@pytest.fixture(scope="session")
def plain_page(written: Callable[[int], Path], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the three runs as they are."""
    out = tmp_path_factory.mktemp("page") / "page.html"
    return write_report([written(0) / name for name in ROLES], out).read_text("utf-8")


@pytest.fixture
def make_tracks(make_runs: MakeRuns, tmp_path: Path) -> MakeRuns:
    """make_tracks((0, 1)): scratch {clip, cyclip}, finetune from scratch/clip {control, semclip, negclip}, per seed."""
    arms = {
        "scratch": {"clip": ("base", "control"), "cyclip": ("base", "treated")},
        "finetune": {
            "control": ("control", "control"),
            "semclip": ("semclip", "treated"),
            "negclip": ("control", "treated"),
        },
    }

    def make(seeds: Sequence[int] = (0, 1, 2)) -> list[Path]:
        folders = []
        for seed in seeds:
            made = {run.name: run for run in make_runs(seed, f"made{seed}")}
            for track, names in arms.items():
                for arm, (source, role) in names.items():
                    folder = tmp_path / "out" / f"seed{seed}" / track / arm
                    shutil.copytree(made[source], folder)
                    objective = {"name": "clip" if arm == "control" else arm}
                    config = yaml.safe_load((folder / "config.yaml").read_text())
                    start = {"from": f"runs/out/seed{seed}/scratch/clip/model"} if track == "finetune" else {}
                    config |= {"name": arm, "track": track, "role": role, "objective": objective, "model": start}
                    (folder / "config.yaml").write_text(yaml.safe_dump(config))
                    edit_json(folder / "run.json", lambda i, a=arm, r=role: i | {"name": a, "role": r})
                    folders.append(folder)
        return folders

    return make


def load_one(folders: Sequence[Path], control: str | None = None) -> Comparison:
    """The comparison of runs that are in no tracks."""
    [comparison] = load_tracks(folders, control)
    return comparison


def edit_json(path: Path, change: Callable[[Any], Any]) -> None:
    """Replace the content of a JSON file by what `change` returns, or by the object it changed in place."""
    value = json.loads(path.read_text())
    changed = change(value)
    path.write_text(json.dumps(value if changed is None else changed))


def _write_run(path: Path, name: str, role: str, seed: int, images: Path) -> None:
    random = np.random.default_rng([seed, sum(map(ord, name))])
    (path / "results").mkdir(parents=True)
    objective = {"name": "semclip", "num_projections": 2} if name == "semclip" else {"name": "clip"}
    steps = 300 if name == "base" else 150
    config = {
        "name": name,
        "role": role,
        "seed": seed,
        "data": {"path": "scenes.jsonl", "root": str(images)},
        "model": {"backend": "open_clip", "name": "semclip-tiny-48"}
        if name == "base"
        else {"from": f"runs/demo/seed{seed}/base/model", "freeze": ["image"]},
        "objective": objective,
        "train": {"steps": steps, "batch_size": 256, "learning_rate": 0.0005},
    }
    (path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    texts_per_image = 3 if name == "semclip" else 1
    (path / "run.json").write_text(
        json.dumps(
            {
                "name": name,
                "role": role,
                "objective": objective,
                "model": "semclip-tiny-48",
                "seed": seed,
                "command": "semclip demo",
                "started": "2026-01-01T12:00:00+0000",
                "git": "0123abcd" * 5,
                "python": "3.11.2",
                "versions": {"semclip": "0.1.0", "torch": "2.15.0"},
                "cpu": "Some processor",
                "cpu_count": 2,
                "data_sha256": {"scenes.jsonl": "5e" * 32},
                "finished": True,
                "steps": steps,
                "best_step": steps,
                "seconds": 41.5 if name == "base" else 33.3,
                "peak_memory_mb": 1834,
                "trainable_parameters": 1_204_993,
                "images_seen": steps * 256,
                "texts_seen": steps * 256 * texts_per_image,
            }
        )
    )
    _write_curves(path, name, steps, random)
    for benchmark, shares in SHARES.items():
        _result(benchmark, {m: s[name] for m, s in shares.items()}, seed).save(path / "results" / f"{benchmark}.json")
    _margins(name, random, images).save(path / "results" / "margins.json")
    if name == "semclip":
        _write_plane(path / "results" / "plane.json", random)


def _result(benchmark: str, shares: Mapping[str, float], seed: int) -> Result:
    metrics, items = [], {}
    ids = [f"scene-{i}" for i in range(N)]
    kinds = [KINDS[i % 4] for i in range(N)]
    sliced = benchmark in ("original_over_negation", "absence")
    for name, share in shares.items():
        # Difficulty is shared by all runs, so that paired tests see pairs as real ones are.
        difficulty = np.random.default_rng([seed, sum(map(ord, name))]).random(N)
        noise = np.random.default_rng([seed, int(1000 * share)]).normal(0, 0.08, N)
        outcome = (difficulty + noise < share).astype(float)
        outcome[7] = 0.5 if name == "caption_over_negation" else outcome[7]
        slices = {k: _metric(name, outcome[i::4], f"{k} only") for i, k in enumerate(KINDS)} if sliced else {}
        metrics.append(_metric(name, outcome, f"What {name} means.", slices))
        items[name] = {"id": ids, "outcome": outcome.tolist(), "slice": kinds, "cluster": ids}
    for name, share in BASELINES.get(benchmark, {}).items():
        outcome = (np.random.default_rng(5).random(N) < share).astype(float)
        slices = {k: _metric(name, outcome[i::4], "blind", kind="baseline") for i, k in enumerate(KINDS)}
        metrics.append(_metric(name, outcome, "Never sees the image.", slices, kind="baseline"))
    return Result(
        benchmark=benchmark,
        version=1,
        model="m",
        data=_data(),
        metrics=metrics,
        primary=next(iter(shares)),
        items=items,
        notes=["2 texts were longer than the context and were cut"] if sliced else [],
    )


def _metric(name: str, outcome: Any, description: str, slices: Any = None, kind: str = "model") -> Metric:
    ties = int(np.count_nonzero(outcome == 0.5))
    chance = {"itt": 1 / 3, "tot": 1 / 3}.get(name, 1 / N if "_r1" in name else 5 / N if "_r5" in name else 0.5)
    value = float(outcome.mean())
    return Metric(
        name=name,
        value=value,
        n=len(outcome),
        description=description,
        ties=ties,
        strict=float((outcome == 1).mean()),
        optimistic=float((outcome > 0).mean()),
        interval=wilson(value, len(outcome)),
        chance=chance,
        per_slice=slices or {},
        kind=kind,
    )


def _margins(name: str, random: np.random.Generator, images: Path) -> Result:
    caption, paraphrase, negation = LEVELS[name]
    items = []
    for i in range(N):
        colour, shape = list(COLOURS)[i % 4], SHAPES[i % 3]
        other = list(COLOURS)[(i + 1) % 4]
        common = random.normal(0, 0.025)
        levels = {"caption": caption, "paraphrase": paraphrase, "negation": negation, "absence": negation + 0.02}
        items.append(
            {
                "id": f"scene-{i}",
                "image": str(images / f"{i}.png"),
                "negation_kind": KINDS[i % 4],
                "texts": {
                    "caption": f"a {colour} {shape} on a plain background",
                    "paraphrase": f"on an even ground there is one {shape}, {colour} in hue",
                    "negation": f"a {other} {shape} on a plain background",
                    "absence": f"a {colour} {shape} on a plain background, but no {other} star",
                },
                "similarity": {v: float(level + common + random.normal(0, 0.035)) for v, level in levels.items()},
            }
        )
    margin = float(np.mean([i["similarity"]["caption"] - i["similarity"]["negation"] for i in items]))
    metric = Metric(
        name="caption_minus_negation",
        value=margin,
        n=N,
        unit="cosine",
        description="Mean similarity of the caption minus that of the negation.",
    )
    return Result(
        benchmark="margins",
        version=1,
        model="m",
        data=_data(),
        metrics=[metric],
        primary="caption_minus_negation",
        extra={"items": items},
    )


def _data() -> dict[str, Any]:
    return {"path": "scenes.jsonl", "split": "test", "examples": N, "images": N, "sha256": "5e" * 32}


def _write_curves(path: Path, name: str, steps: int, random: np.random.Generator) -> None:
    lines = []
    for step in range(0, steps + 1, 50):
        done = step / steps + random.uniform(0, 0.08)
        lines.append(
            {
                "step": step,
                "split": "val",
                "retrieval.caption_r1": 0.3 + 0.44 * done,
                "retrieval.paraphrase_r1": 0.2 + 0.3 * done,
                "margins.caption_minus_negation": 0.02 + 0.1 * done,
                "original_over_negation.caption_over_negation": 0.55 + 0.3 * done,
            }
        )
    for step in range(10, steps + 1, 10):
        loss = 5.4 * np.exp(-step / 90) + 0.9 + random.normal(0, 0.06)
        parts = {"contrastive": loss}
        if name == "semclip":
            parts |= {"paraphrase": 0.6 * np.exp(-step / 40), "negation": 0.8 * np.exp(-step / 50)}
        lines.append(
            {
                "step": step,
                "split": "train",
                "total": sum(parts.values()) / len(parts),
                **parts,
                "gradient_norm": 1.0 + random.random(),
                "logit_scale": 14.3 + step / 50,
                "learning_rate": 1e-3,
            }
        )
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def _write_plane(path: Path, random: np.random.Generator) -> None:
    count = 120
    angle = random.normal(0.6, 0.5, count)

    def points(turn: float, spread: float) -> list[list[float]]:
        angles = angle + turn + random.normal(0, spread, count)
        radius = random.uniform(0.05, 0.16, count)
        return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1).round(6).tolist()

    path.write_text(
        json.dumps(
            {
                "basis": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
                "before": {"caption": points(0, 0.05), "paraphrase": points(0.25, 0.5), "negation": points(0.1, 0.3)},
                "after": {"caption": points(0, 0.05), "paraphrase": points(0.05, 0.12), "negation": points(2.0, 0.35)},
                "ids": [f"scene-{i}" for i in range(count)],
            }
        )
    )
