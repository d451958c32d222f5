"""Many results as one table: a row per model, a column per benchmark, averages of suites; and all metrics as CSV."""

import csv
import io
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from semclip.core.errors import UserError, did_you_mean
from semclip.core.files import read_json, write_text
from semclip.evaluation.metrics.identity import conflict, in_words
from semclip.evaluation.metrics.result import Metric, Result
from semclip.reports import formatting
from semclip.reports.skills import benchmark_title
from semclip.reports.table import Cell, Table, as_markdown

_COLUMNS = (
    "model", "weights_sha256", "benchmark", "benchmark_version", "metric", "kind", "slice", "value", "low", "high",
    "chance", "n", "ties", "unit", "higher_is_better", "primary", "precision", "limit", "date", "file",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One model. results: by benchmark. files: where they were read."""

    model: str
    results: Mapping[str, Result]
    files: Mapping[str, Path]


def read_entries(places: Sequence[Path]) -> tuple[list[Entry], int]:
    """The models below some folders (or of single files), and how many JSON files below them are no results.

    Results of one model share name and weights. Raises UserError where two results of a benchmark were measured in
    different ways: they must not stand in one column.
    """
    found: dict[tuple[str, str], tuple[dict[str, Result], dict[str, Path]]] = {}
    read: dict[str, list[tuple[Result, Path]]] = {}
    others = 0
    for path in _files(places):
        if not _is_result(path):
            others += 1
            continue
        result = Result.load(path)
        read.setdefault(path.stem, []).append((result, path))
        results, files = found.setdefault((result.model, str(result.encoder.get("weights_sha256") or "")), ({}, {}))
        if path.stem in results and results[path.stem].metrics != result.metrics:
            raise UserError(
                f"'{result.model}' has two results of '{path.stem}'",
                where=f"{files[path.stem]} and {path}",
                fix="name one of the two folders",
            )
        results[path.stem], files[path.stem] = result, path
    for name, own in read.items():
        if odd := conflict([result for result, _ in own]):
            first, second, differing = odd
            raise UserError(
                f"'{name}' was measured in different ways: {in_words(differing)}",
                where=f"{own[first][1]} and {own[second][1]}",
                fix="evaluate both on the same files, with the same options; or name the folders that belong together",
            )
    if not found:
        raise UserError(
            "no result files", where=", ".join(map(str, places)), fix="`semclip evaluate MODEL --out FOLDER` makes some"
        )
    names = [model for model, _ in found]
    entries = [
        Entry(model=model if names.count(model) == 1 else f"{model} ({weights[:8] or _place(files)})",
              results=results, files=files)
        for (model, weights), (results, files) in found.items()
    ]  # fmt: skip
    return entries, others


def leaderboard(entries: Sequence[Entry], suites: Mapping[str, Sequence[str]], by: str = "") -> Table:
    """The primary metric of every benchmark, and the mean over the benchmarks of each suite (macro), best model first.

    suites: name -> benchmarks. A suite's mean is over its benchmarks that any model was measured on and whose metric is
    a share; a model that lacks one of them has no mean, since means over other benchmarks cannot be compared.
    by: the column that models are ordered by; default the first.
    """
    benchmarks = list(dict.fromkeys(name for entry in entries for name in entry.results))
    metrics = {name: _primary(next(e.results[name] for e in entries if name in e.results)) for name in benchmarks}
    means = {
        suite: members
        for suite, every in suites.items()
        if len(members := [b for b in every if b in metrics and _is_share(metrics[b])]) > 1
    }
    columns = [*means, *benchmarks]
    if by and by not in columns:
        raise UserError(f"no column '{by}'", where="--by", fix=did_you_mean(by, columns))
    order = by or columns[0]
    rows = []
    for entry in entries:
        values = {name: _primary(entry.results[name]).value for name in benchmarks if name in entry.results}
        values |= {
            suite: statistics.fmean(values[b] for b in members)
            for suite, members in means.items()
            if all(b in values for b in members)
        }
        cells = [Cell(value=formatting.number(values[s]) if s in values else "–") for s in means]
        cells += [_cell(entry.results.get(name)) for name in benchmarks]
        falls = order in metrics and not metrics[order].higher_is_better
        rows.append((values.get(order), falls, entry.model, cells))
    rows.sort(key=lambda row: (row[0] is None, 0.0 if row[0] is None else row[0] if row[1] else -row[0], row[2]))
    heads = [f"{suite} ({len(members)} of {len(suites[suite])})" for suite, members in means.items()]
    heads += [f"{benchmark_title(name)}: {formatting.words(metrics[name].name)}" for name in benchmarks]
    return Table(
        name="leaderboard",
        title="Leaderboard",
        note=f"Ordered by {order}. {_explained(means, suites, metrics)}"
        "Whether a difference is clear says `semclip report`.",
        heads=["", *heads],
        rows=[(model, cells) for _, _, model, cells in rows],
    )


def _explained(
    means: Mapping[str, Sequence[str]], suites: Mapping[str, Sequence[str]], metrics: Mapping[str, Metric]
) -> str:
    """What each mean is over, and which of the suite's benchmarks no mean of shares can hold."""
    said = ""
    for suite, members in means.items():
        other = [name for name in suites[suite] if name in metrics and name not in members]
        without = f", without {formatting.listing(other)}: no share of items" if other else ""
        said += f"{suite}: mean of {formatting.listing(members)}, each counting alike{without}. "
    return said


def write_csv(entries: Sequence[Entry], path: Path) -> None:
    """Every metric and slice of every result, a row each; shares are in [0, 1]."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for entry in entries:
        for name, result in entry.results.items():
            for metric in result.metrics:
                for part, of in [("", metric), *metric.per_slice.items()]:
                    writer.writerow([_as_text(v) for v in _row(entry, name, result, of, part)])
    write_text(path, text.getvalue())


def write_markdown(table: Table, path: Path) -> None:
    """The leaderboard as a Markdown table."""
    write_text(path, as_markdown(table))


def _row(entry: Entry, name: str, result: Result, metric: Metric, part: str) -> list[object]:
    low, high = metric.interval or ("", "")
    said = result.encoder
    return [
        entry.model, said.get("weights_sha256", ""), name, result.version, metric.name, metric.kind, part,
        metric.value, low, high, metric.chance, metric.n, metric.ties, metric.unit, metric.higher_is_better,
        metric.name == result.primary, said.get("precision", ""), result.data.get("limit", 0),
        result.made.get("date", ""), str(entry.files[name]),
    ]  # fmt: skip


def _as_text(value: object) -> object:
    """Outside text is no formula, which a spreadsheet would run."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _cell(result: Result | None) -> Cell:
    if result is None:
        return Cell(value="–")
    metric = _primary(result)
    return Cell(
        value=formatting.number(metric.value, metric.unit), interval=formatting.interval(metric.interval, metric.unit)
    )


def _primary(result: Result) -> Metric:
    metric = result.metric(result.primary)
    return replace(metric, per_slice={})


def _is_share(metric: Metric) -> bool:
    return metric.unit == "share" and metric.higher_is_better


def _files(places: Sequence[Path]) -> Iterator[Path]:
    seen = set()
    for place in places:
        if not place.exists():
            raise UserError("no such file or folder", where=str(place), fix="name folders with result files below them")
        for path in [place] if place.is_file() else sorted(place.rglob("*.json")):
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def _is_result(path: Path) -> bool:
    content = read_json(path)
    return isinstance(content, dict) and "benchmark" in content and "metrics" in content


def _place(files: Mapping[str, Path]) -> str:
    folder = next(iter(files.values())).resolve().parent
    return folder.parent.name if folder.name == "results" else folder.name
