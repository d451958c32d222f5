"""Run folders as reports read them: what was trained, its results, its curves, its plane."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from semclip.core.config import load_config
from semclip.core.errors import UserError, did_you_mean
from semclip.core.files import read_json
from semclip.metrics.result import Metric, Result

ROLES = ("base", "control", "treated")
_OBJECTIVE_TITLES = {"clip": "CLIP", "semclip": "SemCLIP"}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run folder.

    name: unique on the page. title: what people call it, also unique, such as "SemCLIP".
    results: by file stem. curves: (split, quantity) -> [(step, value), ...]. plane: the file's content, or None.
    missing: what the folder lacks, in whole sentences.
    """

    folder: Path
    name: str
    title: str = ""
    role: str = ""
    objective: str = ""
    seed: int | None = None
    info: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Result] = field(default_factory=dict)
    curves: Mapping[tuple[str, str], Sequence[tuple[int, float]]] = field(default_factory=dict)
    plane: Mapping[str, Any] | None = None
    missing: Sequence[str] = ()

    @property
    def objective_title(self) -> str:
        """The objective as people write it."""
        return _OBJECTIVE_TITLES.get(self.objective, self.objective)

    def metric(self, benchmark: str, name: str) -> Metric | None:
        """A metric, or None where this run does not have it."""
        result = self.results.get(benchmark)
        if result is None:
            return None
        return next((m for m in result.metrics if m.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The runs of one report, in the order they were named.

    control: `control_of(run)` is the run that p-values of `run` refer to. focus: the run the page is about.
    """

    runs: Sequence[Run]
    controls: Sequence[Run]
    focus: Run

    def control_of(self, run: Run) -> Run | None:
        """The control of a treated run: the only one, else the one with the same seed. None for base and control."""
        if run not in self.treated:
            return None
        if len(self.controls) == 1:
            return self.controls[0]
        return next((c for c in self.controls if c.seed == run.seed), None)

    @property
    def treated(self) -> list[Run]:
        """The runs under test: neither base nor control. Where a control was named among bases, the other bases."""
        others = [r for r in self.runs if r not in self.controls]
        treated = [r for r in others if r.role != "base"]
        return treated or (others if self.controls else [])

    def base_of(self, run: Run) -> Run | None:
        """The base a run is compared with: the only one, else the one with the same seed."""
        bases = [r for r in self.runs if r.role == "base" and r is not run]
        if len(bases) == 1:
            return bases[0]
        return next((b for b in bases if b.seed == run.seed), None)

    @property
    def shown(self) -> list[Run]:
        """Where there is no room for every run: base, control and the run the page is about."""
        wanted = [self.base_of(self.focus), self.control_of(self.focus), self.focus]
        return [r for r in self.runs if r in wanted]

    @property
    def pictured(self) -> list[Run]:
        """The runs that figures are drawn of: those of one seed."""
        return [r for r in self.runs if r in self.shown or r.seed == self.focus.seed]


def load_comparison(folders: Sequence[Path], control: str | None = None) -> Comparison:
    """Read run folders that are to stand side by side.

    control: name of the run that p-values refer to; without it, the runs with the role `control`.
    Errors: UserError for a folder without results, two results of one benchmark that were measured on different data,
    a control that is not among the runs, the same folder twice.
    """
    if not folders:
        raise UserError("no run folder given", where="semclip report", fix="semclip report runs/NAME ...")
    runs = _distinct([load_run(Path(f)) for f in folders])
    _refuse_different_data(runs)
    controls = [r for r in runs if r.role == "control"]
    if control is not None:
        controls = [r for r in runs if control in (r.name, r.folder.name, str(r.folder))]
        if len(controls) != 1:
            what = "no run" if not controls else "more than one run"
            raise UserError(
                f"{what} is called '{control}'", where="--control", fix=did_you_mean(control, [r.name for r in runs])
            )
    candidates = Comparison(runs=runs, controls=controls, focus=runs[-1]).treated or runs
    # The first treated run's seed is the one whose pictures are shown; with one seed this is the last system named.
    seed = candidates[0].seed
    focus = [r for r in candidates if r.seed == seed][-1]
    return Comparison(runs=runs, controls=controls, focus=focus)


def load_run(folder: Path) -> Run:
    """Read one run folder. Raises UserError when it has no results or one that is no result."""
    if not folder.is_dir():
        raise UserError("no such run folder", where=str(folder), fix="check the path; runs are written to runs/NAME/")
    missing: list[str] = []
    info = _optional(folder / "run.json", missing)
    if not isinstance(info, dict):
        raise UserError("run.json must hold a mapping", where=str(folder / "run.json"), fix="train the run again")
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
        seed=seed if isinstance(seed, int) else None,
        info=info,
        config=config,
        results=_read_results(folder),
        curves=curves,
        plane=_read_plane(folder / "results" / "plane.json"),
        missing=missing,
    )


def _read_results(folder: Path) -> dict[str, Result]:
    results = {}
    for path in sorted((folder / "results").glob("*.json")):
        if path.name == "plane.json":
            continue
        result = Result.load(path)
        for metric in result.metrics:
            for m in (metric, *metric.per_slice.values()):
                numbers = [m.value, *(m.interval or ()), m.strict, m.optimistic, m.chance]
                if not all(x is None or math.isfinite(x) for x in numbers):
                    raise UserError(
                        f"'{m.name}' holds a value that is no finite number",
                        where=str(path),
                        fix="evaluate the model again; look for constant or broken embeddings",
                    )
        results[path.stem] = result
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
    for line in path.read_text("utf-8").splitlines() if path.is_file() else []:
        try:
            record = json.loads(line)
            step, split = int(record["step"]), str(record["split"])
        except (json.JSONDecodeError, KeyError, TypeError, ValueError):
            left_out += 1  # the cut last line of a killed run
            continue
        for name, value in record.items():
            if name in ("step", "split"):
                continue
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                curves.setdefault((split, name), []).append((step, float(value)))
            else:
                left_out += 1
    return curves, left_out


def _read_plane(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    plane = read_json(path)
    try:
        for moment in ("before", "after"):
            points = [plane[moment][view] for view in ("caption", "paraphrase", "negation")]
            good = all(len(p) == 2 and all(math.isfinite(x) for x in p) for view in points for p in view)
            if not good or len({len(view) for view in points}) != 1:
                raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            "not a plane file: before and after must hold equally many finite points [x, y] of caption, paraphrase "
            "and negation",
            where=str(path),
            fix="train the run again or delete the file",
        ) from error
    return dict(plane)


def _optional(path: Path, missing: list[str]) -> Any:
    if path.is_file():
        return read_json(path)
    missing.append(f"{path.name} is not there: command, versions, seed and cost of the run are unknown")
    return {}


def _distinct(runs: Sequence[Run]) -> list[Run]:
    """Names that are used twice get their parent folder in front, titles that are used twice the seed or the name."""
    folders = Counter(r.folder.resolve() for r in runs)
    twice = next((f for f, count in folders.items() if count > 1), None)
    if twice is not None:
        raise UserError("the same run folder is named twice", where=str(twice), fix="name each run once")
    names = Counter(r.name for r in runs)
    runs = [r if names[r.name] == 1 else replace(r, name="/".join(r.folder.resolve().parts[-2:])) for r in runs]
    names = Counter(r.name for r in runs)
    runs = [r if names[r.name] == 1 else replace(r, name=str(r.folder)) for r in runs]
    titles = [_title(r) for r in runs]
    with_seed = [
        f"{title}, seed {run.seed}" if titles.count(title) > 1 and run.seed is not None else title
        for title, run in zip(titles, runs, strict=True)
    ]
    unique = [t if with_seed.count(t) == 1 else r.name for t, r in zip(with_seed, runs, strict=True)]
    return [replace(r, title=t) for r, t in zip(runs, unique, strict=True)]


def _title(run: Run) -> str:
    objective = run.objective_title
    if run.role == "base":
        return "Base"
    if run.role == "control":
        return f"{objective} control".strip()
    return objective if run.role == "treated" and objective else run.name


def _refuse_different_data(runs: Sequence[Run]) -> None:
    """Numbers measured on different files, splits or versions of a benchmark must not stand in one row."""
    for first, second, benchmark in _pairs(runs):
        a, b = first.results[benchmark], second.results[benchmark]
        for what, mine, theirs in (
            ("file (sha256)", a.data.get("sha256"), b.data.get("sha256")),
            ("split", a.data.get("split"), b.data.get("split")),
            ("benchmark", a.benchmark, b.benchmark),
            ("benchmark version", a.version, b.version),
            ("protocol", a.protocol, b.protocol),
        ):
            if mine != theirs:
                raise UserError(
                    f"'{benchmark}' was measured on different data: {what} is {mine!r} in '{first.name}' "
                    f"and {theirs!r} in '{second.name}'",
                    where=str(second.folder / "results" / f"{benchmark}.json"),
                    fix="evaluate both runs on the same file and split",
                )


def _pairs(runs: Sequence[Run]) -> Iterator[tuple[Run, Run, str]]:
    for benchmark in dict.fromkeys(b for r in runs for b in r.results):
        having = [r for r in runs if benchmark in r.results]
        for other in having[1:]:
            yield having[0], other, benchmark
