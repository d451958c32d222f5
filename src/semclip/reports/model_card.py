"""The model card of a run, README.md of an export: data, objective, results with intervals, what got worse."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from semclip.core.errors import UserError
from semclip.core.run_info import versions
from semclip.reports import formatting
from semclip.reports.runs import Run, load_run
from semclip.reports.skills import MAIN, benchmark_title

#: What the reader has to decide: no licence follows from a run.
_LICENCE = (
    "No licence is chosen here. The weights this model started from and the data it was trained on have theirs; read "
    "them, then add a line `license: ...` to the header above."
)
_TASKS = {"sentence-transformers": "sentence-similarity"}


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """What the card says beside the run. library: its name on the Hub. code: how the folder is read.

    untrained: a sentence about weights that nobody has trained, "" for none.
    """

    model: str
    library: str
    code: str
    untrained: str = ""


def model_card(folder: Path | None, facts: CardFacts) -> str:
    """The card, in Markdown with the Hub's header. folder: of the run; None for a model that was not trained here.

    Names of files are given without their folders. Raises UserError for a run with broken results.
    """
    run = _run(folder)
    title = run.name if run else facts.model
    header = yaml.safe_dump({
        "library_name": facts.library,
        "pipeline_tag": _TASKS.get(facts.library, "zero-shot-image-classification"),
        "tags": ["clip", "semclip"],
    }, sort_keys=False)  # fmt: skip
    parts = [f"---\n{header}# license: left to you, see below\n---\n", f"# {_plain(title)}\n", _what(run, facts)]
    if facts.untrained:
        parts.append(f"**Not for use: {facts.untrained}.**\n")
    if run:
        parts += ["## Training\n", "\n".join(_training(run)), "", "## Measured\n", *_measured(run)]
        parts += ["## What got worse\n", *_worse(run)]
    parts += ["## How to read it\n", "In this folder:\n", f"```python\n{facts.code}```\n", "## Licence\n", _LICENCE, ""]
    return "\n".join(parts)


def _run(folder: Path | None) -> Run | None:
    if folder is None:
        return None
    try:
        return load_run(folder)
    except UserError as error:
        if not error.what.startswith("the run folder has no results"):
            raise
        return None


def _what(run: Run | None, facts: CardFacts) -> str:
    made = f"SemCLIP {versions()['semclip']}"
    if run is None:
        what = f"A dual encoder of images and texts ({_code(facts.model)}), exported by {made}."
        return f"{what} Nothing is recorded of its training.\n"
    return f"A dual encoder of images and texts, trained with the objective {_code(run.objective)} by {made}.\n"


def _training(run: Run) -> Iterator[str]:
    model, train, info = run.section("model"), run.section("train"), run.info
    start = model.get("from") or model.get("name") or "a configuration of its own, with random weights"
    yield f"- Started from: {_code(_last(start))}"
    for name, digest in (info.get("data_sha256") or {}).items():
        what = "Weights that it started from" if str(name).startswith("model.") else "Data"
        yield f"- {what}: {_code(_last(name))}, sha256 {_code(str(digest))}"
    yield f"- Objective: {_code(run.objective)}{_options(run.hyperparameters)}"
    steps = run.config.get("steps")
    if isinstance(steps, list) and steps:
        yield f"- Data steps: {', '.join(_code(str(s.get('name'))) for s in steps if isinstance(s, Mapping))}"
    yield (f"- {train.get('steps', '?')} steps of {train.get('batch_size', '?')} examples, learning rate "
           f"{train.get('learning_rate', '?')}, seed {run.seed}")  # fmt: skip
    if isinstance(info.get("seconds"), int | float):
        machine = _plain(str(info.get("cpu") or "an unknown machine"))
        yield f"- Time: {formatting.duration(info['seconds'])} on {machine}"


def _measured(run: Run) -> list[str]:
    """A row for each main skill and each public benchmark that the run was measured on."""
    wanted = [(s.benchmark, s.metric, s.title) for s in MAIN]
    wanted += [
        (name, result.primary, f"{benchmark_title(name)}: {formatting.words(result.primary)}")
        for name, result in run.results.items()
        if "files" in result.data
    ]
    lines = ["| metric | value | 95 % interval | chance | n |", "|---|---|---|---|---|"]
    for benchmark, name, title in wanted:
        metric = run.metric(benchmark, name)
        if metric is not None:
            chance = "" if metric.chance is None else formatting.number(metric.chance, metric.unit)
            cells = (title, formatting.number(metric.value, metric.unit),
                     formatting.interval(metric.interval, metric.unit), chance, formatting.count(metric.n))  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    data = {f"{_code(_last(r.data.get('path', name)))}, split {r.data.get('split', '?')}"
            for name, r in run.results.items()}  # fmt: skip
    return [
        *lines,
        "",
        f"On {formatting.listing(sorted(data))}. Ties count as the expected score under random order.\n",
    ]


def _worse(run: Run) -> list[str]:
    """Metrics of the validation split that are worse after training than before."""
    best = run.info.get("best_step")
    compared, worse = 0, []
    for skill in MAIN:
        curve = dict(run.curves.get(("val", f"{skill.benchmark}.{skill.metric}"), ()))
        metric = run.metric(skill.benchmark, skill.metric)
        if metric is None or 0 not in curve or best not in curve or best == 0:
            continue
        compared += 1
        before, after = curve[0], curve[best]
        if (after < before) if metric.higher_is_better else (after > before):
            pair = (formatting.number(value, metric.unit) for value in (before, after))
            worse.append(f"- {skill.title}: {' before, '.join(pair)} after")
    if not compared:
        return ["Not known: nothing was measured both before and after training.\n"]
    rest = f"of {compared} metrics measured on the validation split before training and at step {best}, which was kept"
    if not worse:
        return [f"None {rest}.\n"]
    return [f"{len(worse)} {rest}:\n", *worse, ""]


def _options(options: Mapping[str, Any]) -> str:
    return f", {_code(json.dumps(options, sort_keys=True, default=str))}" if options else ""


def _last(path: Any) -> str:
    """The name of a file or folder, without where it lies on this machine; `ARCHITECTURE/TAG` whole."""
    text = str(path)
    return Path(text).name if Path(text).is_absolute() or text.startswith(".") or text.count("/") > 1 else text


def _code(text: str) -> str:
    """A span of code: what stands in it is shown, never read as Markdown."""
    return f"`{' '.join(text.split()).replace('`', chr(39))}`"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join(f"\\{c}" if c in "\\`*_[]()<>#|&" else c for c in " ".join(text.split()))
