"""Run folders as reports read them: config, results, training curves, and points of the projection plot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from semclip.core.config import load_config
from semclip.core.errors import UserError, did_you_mean
from semclip.core.files import read_json
from semclip.core.registry import FAMILIES
from semclip.core.run_record import read_record
from semclip.evaluation.metrics.result import Metric, Result

#: The largest number of a curve; NaN and infinity are no smaller.
_LARGEST = 1e300

ROLES = ("base", "control", "treated")


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One run folder; equal only to itself.

    name: unique on the page. title: what people call it, also unique, such as "SemCLIP". track: "" outside comparisons.
    results: by file stem. curves: (split, quantity) -> [(step, value), ...]. projection: the file's content, or None.
    missing: what the folder lacks, in whole sentences.
    """

    folder: Path
    name: str
    title: str = ""
    role: str = ""
    track: str = ""
    objective: str = ""
    seed: int | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    curves: Mapping[tuple[str, str], Sequence[tuple[int, float]]] = field(default_factory=dict)
    projection: Mapping[str, Any] | None = None
    missing: Sequence[str] = ()

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of config.yaml; empty where there is none."""
        section = self.config.get(name)
        return section if isinstance(section, Mapping) else {}

    @property
    def objective_title(self) -> str:
        """The display name of the objective: the part of its docstring before the colon."""
        return _objective_titles().get(self.objective, self.objective.rpartition(":")[2])

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """Of the objective, from config.yaml or else run.json."""
        objective = self.section("objective") or self.info.get("objective")
        return {k: v for k, v in objective.items() if k != "name"} if isinstance(objective, Mapping) else {}

    @property
    def encoder(self) -> Mapping[str, Any]:
        """How the model was measured (activation, number formats), from its results."""
        return next((result.encoder for result in self.results.values() if result.encoder), {})

    @property
    def tested_on(self) -> dict[str, str | None]:
        """sha256 of what results come from: data files, the files of public benchmarks, their pictures and texts."""
        found: dict[str, str | None] = {}
        for name, result in self.results.items():
            data = result.data
            files = {f"{name}/{path}": file.get("sha256") for path, file in (data.get("files") or {}).items()}
            if data.get("sha256") or not (files or data.get("items_sha256")):
                found[str(data.get("path", name))] = data.get("sha256")
            found |= files
            for what in ("pictures", "texts"):
                if data.get(f"{what}_sha256"):
                    found[f"{what} of {name}"] = data[f"{what}_sha256"]
        return found

    @property
    def measured_by(self) -> dict[str, str]:
        """How the results were made, as they say: weights, command, date, commit."""
        made = next((result.made for result in self.results.values() if result.made), {})
        weights = self.encoder.get("weights_sha256")
        said = {"weights, sha256": weights, "evaluated by": made.get("command"), "evaluated on": made.get("date"),
                "evaluated with (git)": made.get("git")}  # fmt: skip
        return {name: str(value) for name, value in said.items() if value}

    @property
    def start(self) -> tuple[str, ...]:
        """The end of the path of the run whose model this one starts from: (seed0, scratch, clip); () for none."""
        source = Path(str(self.section("model").get("from") or ""))
        return (source.parent if source.name == "model" else source).parts[-3:]

    def starts_from(self, other: "Run") -> bool:
        """Whether `other` is the run whose model this one starts from, wherever the folders lie now."""
        return bool(self.start) and other.folder.resolve().parts[-len(self.start) :] == self.start

    def metric(self, benchmark: str, name: str) -> Metric | None:
        """A metric, or None where this run does not have it."""
        result = self.results.get(benchmark)
        if result is None:
            return None
        return next((m for m in result.metrics if m.name == name), None)


@cache
def _objective_titles() -> dict[str, str]:
    summaries = FAMILIES["objectives"].summaries()
    return {name: text.partition(":")[0] if ":" in text else name for name, text in summaries.items()}


def load_run(folder: Path) -> Run:
    """Read one run folder. Raises UserError when it has no results or one that is no result."""
    if not folder.is_dir():
        raise UserError("no such run folder", where=str(folder), fix="check the path; runs are written to runs/NAME/")
    missing: list[str] = []
    info: dict[str, Any] = {}
    if (folder / "run.json").is_file():
        info = read_record(folder / "run.json")
    else:
        missing.append("run.json is not there: command, versions, seed and cost of the run are unknown")
    config: dict[str, Any] = {}
    if (folder / "config.yaml").is_file():
        config = load_config(folder / "config.yaml")
    else:
        missing.append("config.yaml is not there, so what was trained is known only from run.json")
    curves, left_out = _read_curves(folder / "metrics.jsonl")
    if not curves:
        missing.append("metrics.jsonl holds no numbers, so there are no training curves")
    if left_out:
        missing.append(f"{left_out} values of metrics.jsonl that are no finite numbers were left out of the curves")
    objective = config.get("objective") or info.get("objective") or ""
    seed = config.get("seed", info.get("seed"))
    role = str(info.get("role") or config.get("role") or "")
    if role and role not in ROLES:
        raise UserError(f"unknown role '{role}'", where=str(folder / "run.json"), fix=did_you_mean(role, ROLES))
    return Run(
        folder=folder,
        name=str(info.get("name") or folder.resolve().name),
        role=role,
        objective=str(objective.get("name", "") if isinstance(objective, Mapping) else objective),
        track=str(config.get("track") or ""),
        seed=seed if isinstance(seed, int) else None,
        info=info,
        config=config,
        results=_read_results(folder),
        curves=curves,
        projection=_read_projection(folder / "results" / "plane.json"),
        missing=missing,
    )


def _read_results(folder: Path) -> dict[str, Result]:
    results = {}
    for path in sorted((folder / "results").glob("*.json")):
        if path.name == "plane.json":
            continue
        results[path.stem] = Result.load(path)
    if not results:
        raise UserError(
            "the run folder has no results",
            where=str(folder / "results"),
            fix=f"semclip evaluate {folder}",
        )
    return results


def _read_curves(path: Path) -> tuple[dict[tuple[str, str], list[tuple[int, float]]], int]:
    """Every finite number of metrics.jsonl by (split, name), and how many values were no finite numbers."""
    curves: dict[tuple[str, str], list[tuple[int, float]]] = {}
    left_out = 0
    for line in path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            record = json.loads(line)
            step, split = int(record["step"]), str(record["split"])
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            left_out += 1  # the cut last line of a killed run
            continue
        for name, value in record.items():
            if name in ("step", "split"):
                continue
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST:
                curves.setdefault((split, name), []).append((step, float(value)))
            else:
                left_out += 1
    return curves, left_out


def _read_projection(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    projection = read_json(path)
    try:
        for moment in ("before", "after"):
            points = [projection[moment][view] for view in ("caption", "paraphrase", "negation")]
            good = all(len(p) == 2 and all(abs(x) <= _LARGEST for x in p) for view in points for p in view)
            if not good or len({len(view) for view in points}) != 1:
                raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            "not a plane file: before and after must hold equally many finite points [x, y] of caption, paraphrase "
            "and negation",
            where=str(path),
            fix="train the run again or delete the file",
        ) from error
    return dict(projection)
