"""A comparison of runs, track by track: each run's control and title, and a check that all saw the same test data."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError, did_you_mean
from semclip.core.files import read_json
from semclip.core.shape import shaped
from semclip.evaluation.metrics.identity import conflict, in_words
from semclip.reports.runs import Run, load_run

#: Keys of a config in which runs of one system may differ: those of the seed, and what may change when one is resumed.
_NOT_THE_SYSTEM = (
    "seed", "objective.seed", "name", "model.from", "model.gradient_checkpointing", "trackers", "guards",
    *(f"train.{key}" for key in ("devices", "strategy", "workers", "micro_batch", "compile", "checkpoint_every",
                                 "keep_checkpoints")),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Arm:
    """One system: runs that differ in nothing but the seed; equal only to itself."""

    title: str
    runs: Sequence[Run]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The runs of one track, in the order they were named; before them the runs that they start from, as bases.

    control: `control_of(run)` is the run that p-values of `run` refer to. focus: the run the page is about.
    """

    runs: Sequence[Run]
    controls: Sequence[Run]
    focus: Run
    track: str = ""

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

    @cached_property
    def arms(self) -> list[Arm]:
        """The systems, in the order of their first run."""
        groups: dict[str, list[Run]] = {}
        for run in self.runs:
            same = [run.role, run in self.controls, _made_by(run), run.folder.resolve().name]
            key = json.dumps(same, sort_keys=True, default=str)
            if run.seed is None or run.seed in [r.seed for r in groups.get(key, [])]:
                key += run.name  # the same seed twice: these differ in something else
            groups.setdefault(key, []).append(run)
        titles = [runs[0].title for runs in groups.values()]
        return [
            Arm(title=title.removesuffix(f", seed {runs[0].seed}") if len(runs) > 1 else title, runs=runs)
            for title, runs in zip(titles, groups.values(), strict=True)
        ]

    @property
    def one_seed(self) -> "Comparison":
        """A run of each system: that with the seed of the run the page is about, else its first."""
        chosen = [next((r for r in arm.runs if r.seed == self.focus.seed), arm.runs[0]) for arm in self.arms]
        if len(chosen) == len(self.runs):
            return self
        titled = [replace(run, title=arm.title) for run, arm in zip(chosen, self.arms, strict=True)]
        place = [r.name for r in titled]
        controls = [titled[place.index(c.name)] for c in self.controls if c.name in place]
        return replace(self, runs=titled, controls=controls, focus=titled[place.index(self.focus.name)])


def _made_by(run: Run) -> Any:
    """All that makes a run what it is, but for its seed; of one without a config, its objective or its name."""
    if not run.config:
        return run.info.get("objective") or run.name
    found = {k: dict(v) if isinstance(v, Mapping) else v for k, v in run.config.items()}
    for key in _NOT_THE_SYSTEM:
        section, _, name = key.rpartition(".")
        holder = found.get(section) if section else found
        if isinstance(holder, dict):
            holder.pop(name, None)
    return found


def load_tracks(folders: Sequence[Path], control: str | None = None) -> list[Comparison]:
    """Read run folders that are to stand side by side: a comparison per track, in the order they were named.

    folders: of runs, or of whole comparisons. A comparison's folder stands for its runs.
    A run of another track from which runs of a track start stands among these as their base. A track of nothing but
    such bases is not shown by itself.
    control: name of the run that p-values of its track refer to; without it, the runs with the role `control`, or the
    first one where no run has a role.
    Errors: UserError for a folder without results, two results of one benchmark that were measured on different data,
    a control that is not among the runs, the same folder twice.
    """
    if not folders:
        raise UserError("no run folder given", where="semclip report", fix="semclip report runs/NAME ...")
    own: list[Run] = []
    for folder in map(Path, folders):
        listed = folder / "runs.json"  # the runs that `semclip compare` lists in its folder; a run folder is itself
        own += [load_run(folder / name) for name in _runs_of(listed)] if listed.is_file() else [load_run(folder)]
    runs = _named(own)
    _refuse_different_data(runs)
    named = [r for r in runs if control in (r.name, r.folder.name, str(r.folder))]
    if control is not None and len(named) != 1:
        what = "no run" if not named else "more than one run"
        raise UserError(
            f"{what} is called '{control}'", where="--control", fix=did_you_mean(control, [r.name for r in runs])
        )
    tracks = {r.track: [own for own in runs if own.track == r.track] for r in runs}
    bases = {
        track: [b for b in runs if b.track != track and any(r.starts_from(b) for r in own)]
        for track, own in tracks.items()
    }
    used = [b for some in bases.values() for b in some]
    return [
        _comparison(track, [*(replace(b, role="base") for b in bases[track]), *own], [r.name for r in named])
        for track, own in tracks.items()
        if len(tracks) == 1 or not all(r.role == "base" and r in used for r in own)
    ]


def _comparison(track: str, runs: Sequence[Run], named: Sequence[str]) -> Comparison:
    runs = _titled(runs)
    controls = [r for r in runs if r.name in named] or [r for r in runs if r.role == "control"]
    if not controls and len(runs) > 1 and not any(r.role for r in runs):
        controls = [runs[0]]  # models that were only evaluated: the first is what the others are measured against
    candidates = Comparison(runs=runs, controls=controls, focus=runs[-1]).treated or runs
    # The first treated run's seed is the one whose images are shown; with one seed this is the last system named.
    focus = [r for r in candidates if r.seed == candidates[0].seed][-1]
    return Comparison(runs=runs, controls=controls, focus=focus, track=track)


def _named(runs: Sequence[Run]) -> list[Run]:
    """Names that are used twice become the shortest end of the folder's path that is used once."""
    folders = Counter(r.folder.resolve() for r in runs)
    twice = next((f for f, count in folders.items() if count > 1), None)
    if twice is not None:
        raise UserError("the same run folder is named twice", where=str(twice), fix="name each run once")
    names = Counter(r.name for r in runs)
    return [r if names[r.name] == 1 else replace(r, name=_shortest_end(r.folder, list(folders))) for r in runs]


def _shortest_end(folder: Path, folders: Sequence[Path]) -> str:
    parts = folder.resolve().parts
    ends = (parts[-length:] for length in range(2, len(parts) + 1))
    return "/".join(next(end for end in ends if sum(f.parts[-len(end) :] == end for f in folders) == 1))


def _titled(runs: Sequence[Run]) -> list[Run]:
    """Titles that are used twice get the run's folder, the seed or the name, whichever tells them apart first."""
    plain = [(_title(r), r.seed) for r in runs]
    titles = [
        f"{title} ({run.folder.resolve().name})" if plain.count((title, seed)) > 1 else title
        for (title, seed), run in zip(plain, runs, strict=True)
    ]
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
    """Numbers measured on different files, texts, splits or versions of a benchmark must not stand in one row."""
    every = dict.fromkeys(b for r in runs for b in r.results)
    having = {benchmark: [r for r in runs if benchmark in r.results] for benchmark in every}
    for benchmark, own in having.items():
        if odd := conflict([r.results[benchmark] for r in own]):
            first, second, differing = own[odd[0]], own[odd[1]], odd[2]
            raise UserError(
                f"'{benchmark}' was measured on different data or in another way in '{first.name}' and in "
                f"'{second.name}': {in_words(differing)}",
                where=str(second.folder / "results" / f"{benchmark}.json"),
                fix="evaluate both on the same files, with the same options",
            )


def _runs_of(listed: Path) -> list[str]:
    """Names of the run folders of a comparison. Raises UserError for another kind of file."""
    return shaped(list[str], read_json(listed), "a list of run folders", str(listed), "name the run folders themselves")
