"""Every metric over all runs, by benchmark and slice, formatted for the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from semclip.evaluation.metrics.result import Metric
from semclip.reports import formatting
from semclip.reports.comparison import Comparison
from semclip.reports.runs import Run
from semclip.reports.significance import Contrast, Contrasts, Measured, metric_names, winner
from semclip.reports.skills import BESIDE, MAIN, benchmark_title, full_title, metric_title, skill_of
from semclip.reports.table import Cell

#: A table of more slices than this is folded away.
_OPEN_SLICES = 12
#: A blind method is reported as doing well on a slice from this proportion on.
_BLIND = 0.6


@dataclass(frozen=True, kw_only=True)
class Row:
    """One metric over all runs. warning: why the number must be read with care; blind: what a blind method scores.

    verdict: who is clearly better than every other, in words; winner: treated, other, tie or none.
    """

    title: str
    note: str = ""
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
    shown = {(s.benchmark, s.metric) for s in (*MAIN, *BESIDE)}
    shown |= {(name, result.primary) for run in comparison.runs for name, result in run.results.items()}
    ours, blind, official = (metric_names(comparison.runs, kind) for kind in ("model", "baseline", "official"))
    twins = {(b, f"official_{m.name}") for b, m in ours}
    alone = [(b, m) for b, m in official if (b, m.name) not in twins]
    groups = []
    for benchmark in _ordered(comparison):
        own = benchmark.rpartition(".")[2]  # without the name of a further test set
        models = [m for b, m in ours if b == benchmark and bool({(b, m.name), (own, m.name)} & shown) == main]
        others = [m for b, m in (blind if main else alone) if b == benchmark]
        rows = [_metric_row(benchmark, m, contrasts) for m in models]
        rows += [_row(benchmark, m, contrasts, baseline=True) for m in others]
        if rows:
            groups.append(Group(title=benchmark_title(benchmark), rows=rows))
    return groups


def slice_groups(contrasts: Contrasts) -> list[Group]:
    """For each benchmark with slices, its primary metric per slice."""
    comparison = contrasts.comparison
    groups = []
    for benchmark in _ordered(comparison):
        having = [r for r in comparison.runs if benchmark in r.results]
        primary = having[0].results[benchmark].primary
        metrics = [m for r in having if (m := r.metric(benchmark, primary)) and m.kind == "model"]
        slices = dict.fromkeys(name for m in metrics for name in m.per_slice)
        rows = [_slice_row(benchmark, metrics[0], name, contrasts) for name in slices]
        if rows:
            folded = benchmark == "zeroshot" or len(rows) > _OPEN_SLICES  # slices of zero-shot are classes
            groups.append(Group(title=full_title(benchmark, primary), rows=rows, folded=folded))
    return groups


def blind_value(run: Run, benchmark: str, slice_name: str = "") -> float | None:
    """The best score of a blind method on the items of a benchmark, or of one slice; None where none was measured."""
    return run.results[benchmark].best_blind(slice_name) if benchmark in run.results else None


def _ordered(comparison: Comparison) -> list[str]:
    """Benchmarks as the main skills come, then the others as their files do."""
    names = dict.fromkeys(b for r in comparison.runs for b in r.results)
    main = dict.fromkeys(s.benchmark for s in MAIN)
    return [b for b in main if b in names] + [b for b in names if b not in main]


def _metric_row(benchmark: str, metric: Metric, contrasts: Contrasts) -> Row:
    row, (verdict, winner) = _row(benchmark, metric, contrasts), _verdict(benchmark, metric.name, contrasts)
    warning = _warning(contrasts.comparison.focus, benchmark, metric)
    return replace(row, verdict=verdict, winner=winner, warning=warning)


def _slice_row(benchmark: str, metric: Metric, name: str, contrasts: Contrasts) -> Row:
    row, blind = _row(benchmark, metric, contrasts, name), blind_value(contrasts.comparison.focus, benchmark, name)
    if blind is None:
        return replace(row, blind="not measured")
    warning = "a blind method does well here" if blind >= _BLIND else ""
    return replace(row, blind=formatting.number(blind, metric.unit), warning=warning)


def _row(benchmark: str, metric: Metric, contrasts: Contrasts, of_slice: str = "", baseline: bool = False) -> Row:
    arms, name = contrasts.arms, metric.name
    measured = [contrasts.measured(arm, benchmark, name, of_slice) for arm in arms]
    official = [contrasts.measured(arm, benchmark, f"official_{name}", of_slice) for arm in arms]
    against = [None if baseline else contrasts.with_control(arm, benchmark, name, of_slice) for arm in arms]
    found = [m.metric for m in measured if m is not None] or [metric]
    return Row(
        title=formatting.words(of_slice) if of_slice else metric_title(benchmark, name),
        note="" if of_slice else _note(benchmark, metric),
        n=" / ".join(dict.fromkeys(formatting.count(m.n) for m in found)),
        chance="" if found[0].chance is None else formatting.number(found[0].chance, found[0].unit),
        cells=[_cell(*of_run) for of_run in zip(measured, against, official, strict=True)],
        baseline=baseline,
    )


def _cell(own: Measured | None, contrast: Contrast | None, official: Measured | None) -> Cell:
    if own is None:
        return Cell(value="not measured")
    metric, ties = own.metric, ""
    if metric.ties and own.spread is None:
        ties = f"{formatting.count(metric.ties)} {'tie' if metric.ties == 1 else 'ties'}"
        if metric.strict is not None and metric.optimistic is not None:
            ties += f" {formatting.interval((metric.strict, metric.optimistic), metric.unit)}"
    cell = Cell(
        value=formatting.value(own.value, own.unit, own.spread),
        interval=formatting.interval(own.interval, own.unit),
        ties=ties,
        official="" if official is None else f"official {formatting.number(official.value, official.unit)}",
    )
    if contrast is None:
        return cell
    p = "no p" if contrast.p is None else formatting.p_value(contrast.p)
    return replace(cell, change=formatting.difference(contrast.difference, metric.unit), p=p, state=contrast.state)


def _verdict(benchmark: str, metric: str, contrasts: Contrasts) -> tuple[str, str]:
    """Who is clearly better than every other system, in words, and the kind of verdict: treated, other, tie or none."""
    if len(contrasts.arms) < 2:
        return "", "none"
    best, level = winner(contrasts, benchmark, metric)
    if not level:
        return "no paired test", "none"
    if best is None:
        every = len(level) == len([a for a in contrasts.arms if contrasts.measured(a, benchmark, metric)])
        return "none" if every else f"none among {formatting.listing([arm.title for arm in level])}", "tie"
    return best.title, "treated" if best in contrasts.treated else "other"


def _warning(focus: Run, benchmark: str, metric: Metric) -> str:
    mine, blind = focus.metric(benchmark, metric.name), blind_value(focus, benchmark)
    if mine is None or blind is None or mine.unit != "share" or focus.results[benchmark].primary != metric.name:
        return ""
    low = mine.interval[0] if mine.interval else mine.value
    return f"not clearly above a blind method ({formatting.number(blind)})" if low <= blind else ""


def _note(benchmark: str, metric: Metric) -> str:
    """What a metric means: our words for it, else the result's."""
    skill = skill_of(benchmark, metric.name)
    if skill is not None:
        return skill.meaning
    text = metric.description.replace("_", " ").rstrip(".")
    text = f"{text[:1].upper()}{text[1:]}."
    return text if metric.higher_is_better else f"{text} Lower is better."
