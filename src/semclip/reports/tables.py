"""The tables of the page, as text ready to be placed: who wins where, kinds of negation, what got worse."""

from collections.abc import Sequence
from dataclasses import dataclass

from semclip.evaluation.metrics.result import Metric
from semclip.reports import wording
from semclip.reports.comparison import Comparison
from semclip.reports.runs import Run
from semclip.reports.sheet import Cell
from semclip.reports.versus import Contrast, Contrasts, metric_names

#: A table of more slices than this is folded away.
_OPEN_SLICES = 12


@dataclass(frozen=True, kw_only=True)
class Row:
    """One metric over all runs. warning: why the number must be read with care; blind: what a blind method scores."""

    title: str
    note: str
    n: str
    chance: str
    cells: Sequence[Cell]
    blind: str = ""
    verdict: str = ""
    winner: str = ""
    warning: str = ""
    baseline: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """The rows of one benchmark. folded: shown on a click, since there are many."""

    title: str
    rows: Sequence[Row]
    folded: bool = False


def skill_groups(contrasts: Contrasts, main: bool) -> list[Group]:
    """Rows by benchmark: the main skills with their blind baselines, or (main=False) every other metric."""
    comparison = contrasts.comparison
    names = {(s.benchmark, s.metric) for s in (*wording.MAIN, *wording.BESIDE)}
    groups = []
    for benchmark in _ordered(comparison):
        primaries = {r.results[benchmark].primary for r in comparison.runs if benchmark in r.results}
        metrics = [m for b, m in metric_names(comparison.runs) if b == benchmark]
        chosen = [m for m in metrics if ((benchmark, m.name) in names or m.name in primaries) == main]
        rows = [_skill_row(benchmark, m, contrasts) for m in chosen]
        if not main:
            ours = {f"official_{m.name}" for m in metrics}
            alone = [m for b, m in metric_names(comparison.runs, kind="official") if b == benchmark]
            rows += [_skill_row(benchmark, m, contrasts, baseline=True) for m in alone if m.name not in ours]
        if main:
            baselines = [m for b, m in metric_names(comparison.runs, kind="baseline") if b == benchmark]
            rows += [_skill_row(benchmark, m, contrasts, baseline=True) for m in baselines]
        if rows:
            groups.append(Group(title=wording.benchmark_title(benchmark), rows=rows))
    return groups


def slice_groups(contrasts: Contrasts) -> list[Group]:
    """For each benchmark with slices, its primary metric per slice."""
    comparison = contrasts.comparison
    groups = []
    in_order = sorted(metric_names(comparison.runs), key=lambda pair: _ordered(comparison).index(pair[0]))
    for benchmark, metric in in_order:
        having = [r for r in comparison.runs if benchmark in r.results]
        if metric.name != having[0].results[benchmark].primary:
            continue
        names = dict.fromkeys(s for r in having if (m := r.metric(benchmark, metric.name)) for s in m.per_slice)
        rows = [_slice_row(benchmark, metric, name, contrasts) for name in names]
        if rows:
            titles = dict.fromkeys((wording.benchmark_title(benchmark), wording.metric_title(benchmark, metric.name)))
            folded = benchmark == "zeroshot" or len(rows) > _OPEN_SLICES  # slices of zero-shot are classes
            groups.append(Group(title=": ".join(titles), rows=rows, folded=folded))
    return groups


def worse_rows(found: Sequence[Contrast]) -> list[dict[str, str]]:
    """What got worse, the largest loss first."""
    ordered = sorted(found, key=lambda c: (c.metric.unit != "share", -abs(c.difference)))
    return [
        {
            "run": c.run.title,
            "metric": wording.metric_title(c.benchmark, c.name),
            "slice": wording.BENCHMARK_TITLES.get(c.benchmark, wording.words(c.benchmark).lower())
            + (f", only: {wording.words(c.slice_name)}" if c.slice_name else ""),
            "reference": c.reference.title,
            "value": wording.number(c.metric.value, c.metric.unit),
            "was": wording.number(c.reference_metric.value, c.metric.unit),
            "difference": wording.difference(c.difference, c.metric.unit),
            "interval": wording.interval(c.interval, c.metric.unit, signed=True),
            "p": wording.p_value(c.p if c.p is not None else 1.0),
            "n": wording.count(c.metric.n),
        }
        for c in ordered
    ]


def blind_value(run: Run, benchmark: str, slice_name: str = "") -> float | None:
    """The best score of a blind method on the items of a benchmark, or of one slice; None where none was measured."""
    result = run.results.get(benchmark)
    if result is None:
        return None
    baselines = [m for m in result.metrics if m.kind == "baseline"]
    found = [m.per_slice.get(slice_name) if slice_name else m for m in baselines]
    return max((m.value for m in found if m is not None), default=None)


def _ordered(comparison: Comparison) -> list[str]:
    """Benchmarks as the main skills come, then the others as their files do."""
    names = list(dict.fromkeys(b for r in comparison.runs for b in r.results))
    main = list(dict.fromkeys(s.benchmark for s in wording.MAIN))
    return [b for b in main if b in names] + [b for b in names if b not in main]


def _skill_row(benchmark: str, metric: Metric, contrasts: Contrasts, baseline: bool = False) -> Row:
    comparison = contrasts.comparison
    found = [r.metric(benchmark, metric.name) for r in comparison.runs]
    cells = []
    for run, m in zip(comparison.runs, found, strict=True):
        contrast = None if baseline else contrasts.with_control(run, benchmark, metric.name)
        cells.append(_cell(m, contrast, run.metric(benchmark, f"official_{metric.name}")))
    skill = wording.skill_of(benchmark, metric.name)
    note = skill.meaning if skill is not None else _sentence(metric)
    verdict, winner = ("", "") if baseline else _verdict(benchmark, metric.name, contrasts)
    return Row(
        title=wording.metric_title(benchmark, metric.name),
        note=note,
        n=_same([wording.count(m.n) for m in found if m is not None]),
        chance="" if metric.chance is None else wording.number(metric.chance, metric.unit),
        cells=cells,
        verdict=verdict,
        winner=winner,
        warning="" if baseline else _warning(comparison, benchmark, metric),
        baseline=baseline,
    )


def _slice_row(benchmark: str, metric: Metric, name: str, contrasts: Contrasts) -> Row:
    comparison = contrasts.comparison
    found = [m.per_slice.get(name) if (m := r.metric(benchmark, metric.name)) else None for r in comparison.runs]
    theirs = [r.metric(benchmark, f"official_{metric.name}") for r in comparison.runs]
    cells = [
        _cell(m, contrasts.with_control(r, benchmark, metric.name, name), o.per_slice.get(name) if o else None)
        for r, m, o in zip(comparison.runs, found, theirs, strict=True)
    ]
    some = next(m for m in found if m is not None)
    blind = blind_value(comparison.focus, benchmark, name)
    return Row(
        title=wording.words(name),
        note="",
        n=_same([wording.count(m.n) for m in found if m is not None]),
        chance="" if some.chance is None else wording.number(some.chance, some.unit),
        cells=cells,
        blind="not measured" if blind is None else wording.number(blind, some.unit),
        warning="a blind method does well here" if blind is not None and blind >= 0.6 else "",
    )


def _cell(metric: Metric | None, contrast: Contrast | None, official: Metric | None) -> Cell:
    if metric is None:
        return Cell(value="not measured")
    ties = ""
    if metric.ties:
        ties = f"{wording.count(metric.ties)} {'tie' if metric.ties == 1 else 'ties'}"
        if metric.strict is not None and metric.optimistic is not None:
            ties += f" {wording.interval((metric.strict, metric.optimistic), metric.unit)}"
    state = "" if contrast is None else "better" if contrast.better else "worse" if contrast.worse else ""
    return Cell(
        value=wording.number(metric.value, metric.unit),
        interval=wording.interval(metric.interval, metric.unit),
        ties=ties,
        official="" if official is None else f"official {wording.number(official.value, official.unit)}",
        change="" if contrast is None else wording.difference(contrast.difference, metric.unit),
        p="" if contrast is None else "no p" if contrast.p is None else wording.p_value(contrast.p),
        state=state,
    )


def _verdict(benchmark: str, metric: str, contrasts: Contrasts) -> tuple[str, str]:
    """The verdict in words, and its kind: treated, control, tie or none."""
    comparison = contrasts.comparison
    found = [c for r in comparison.treated if (c := contrasts.with_control(r, benchmark, metric)) is not None]
    if not found:
        return "no control to compare with", "none"
    if all(c.p is None for c in found):
        return "no paired test", "none"
    better = [c for c in found if c.better]
    if better:
        best = max(better, key=lambda c: abs(c.difference))
        return best.run.title, "treated"
    if all(c.worse for c in found):
        return found[0].reference.title, "control"
    return "no clear difference", "tie"


def _warning(comparison: Comparison, benchmark: str, metric: Metric) -> str:
    focus = comparison.focus
    mine = focus.metric(benchmark, metric.name)
    blind = blind_value(focus, benchmark)
    if mine is None or blind is None or mine.unit != "share" or focus.results[benchmark].primary != metric.name:
        return ""
    low = mine.interval[0] if mine.interval else mine.value
    return f"not clearly above a blind method ({wording.number(blind)})" if low <= blind else ""


def _sentence(metric: Metric) -> str:
    text = metric.description.replace("_", " ").rstrip(".")
    text = f"{text[:1].upper()}{text[1:]}."
    return text if metric.higher_is_better else f"{text} Lower is better."


def _same(values: Sequence[str]) -> str:
    return " / ".join(dict.fromkeys(values))
