"""Items on which one model is right and the other wrong: how many there are, and some examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.seeds import generator
from semclip.evaluation.metrics.outcomes import TIE
from semclip.evaluation.metrics.paired import compare
from semclip.reports.gallery import Card, card
from semclip.reports.runs import Run
from semclip.reports.significance import Contrast, Contrasts
from semclip.reports.skills import full_title

#: Items shown per benchmark and direction.
SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Flips:
    """The primary metric of one benchmark: one run against another on the same items.

    better, worse: how many items it does better, or worse, with what these add to the metric and take from it: where
    the metric is a mean over sets or classes, an item of a small one counts for more. won - lost is the difference.
    contrast: of the two systems, over all their seeds. gained, missed: some of the items, drawn at random.
    """

    title: str
    n: int
    better: int
    worse: int
    won: float
    lost: float
    contrast: Contrast | None
    gained: Sequence[Card]
    missed: Sequence[Card]


def flips(run: Run, reference: Run | None, contrasts: Contrasts) -> list[Flips]:
    """For every benchmark that both were measured on, and that keeps outcomes per item."""
    found = []
    for benchmark in run.results if reference else ():
        primary = run.results[benchmark].primary
        mine, theirs = (r.results[benchmark].items.get(primary) if r and benchmark in r.results else None
                        for r in (run, reference))  # fmt: skip
        if mine and theirs and reference is not None:
            contrast = contrasts.between(contrasts.arm_of(run), contrasts.arm_of(reference), benchmark, primary)
            found.append(_flips(run, benchmark, mine, theirs, contrast))
    return found


def _flips(
    run: Run, benchmark: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], contrast: Contrast | None
) -> Flips:
    result = run.results[benchmark]
    metric, paired = result.metric(result.primary), compare(mine, theirs)
    sign = 1 if metric.higher_is_better else -1
    was = dict(zip(theirs["id"], theirs["outcome"], strict=True))
    change = [sign * (now - was[id]) for id, now in zip(mine["id"], mine["outcome"], strict=True)]
    won = [place for place, by in enumerate(change) if by > TIE]
    lost = [place for place, by in enumerate(change) if by < -TIE]
    # Nothing to look at where neither texts nor images are named: the table alone says how many.
    shows = bool(mine.get("right") or result.data.get("pictures"))
    gained, missed = ([_card(run, benchmark, mine, i) for i in _some(places, benchmark)] if shows else []
                      for places in (won, lost))  # fmt: skip
    return Flips(
        title=full_title(benchmark, metric.name),
        n=paired.n,
        better=len(won),
        worse=len(lost),
        won=paired.gain if sign > 0 else paired.loss,
        lost=paired.loss if sign > 0 else paired.gain,
        contrast=contrast,
        gained=gained,
        missed=missed,
    )


def _some(places: Sequence[int], benchmark: str) -> list[int]:
    """A few, drawn and not chosen; always the same ones."""
    drawn = generator("flips", benchmark).permutation(len(places))[:SHOWN]
    return [places[i] for i in sorted(drawn)]


def _card(run: Run, benchmark: str, items: Mapping[str, Any], place: int) -> Card:
    """One item: id, and slice, right and wrong where its benchmark keeps them."""
    data, name = run.section("data"), str(items["cluster"][place])
    folders = [run.results[benchmark].data.get("pictures"), data.get("images"), data.get("root")]
    item = {key: values[place] for key, values in items.items() if values}
    return card(item, name, [Path(str(folder)) for folder in folders if folder])
