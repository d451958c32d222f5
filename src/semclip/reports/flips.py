"""Items on which one model is right and the other wrong: how many there are, and some examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.seeds import generator
from semclip.evaluation.metrics.paired import Comparison, compare
from semclip.reports.gallery import Card, card
from semclip.reports.runs import Run
from semclip.reports.significance import state
from semclip.reports.skills import full_title

#: Items shown per benchmark and direction.
SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Flips:
    """The primary metric of one benchmark: one run against another on the same items.

    won, lost: how many items it does better, or worse; gained, missed: some of these, drawn at random.
    """

    title: str
    paired: Comparison
    state: str
    won: int
    lost: int
    gained: Sequence[Card]
    missed: Sequence[Card]


def flips(run: Run, reference: Run | None) -> list[Flips]:
    """For every benchmark that both were measured on, and that keeps outcomes per item."""
    found = []
    for benchmark in run.results if reference else ():
        primary = run.results[benchmark].primary
        mine, theirs = (r.results[benchmark].items.get(primary) if r and benchmark in r.results else None
                        for r in (run, reference))  # fmt: skip
        if mine and theirs:
            found.append(_flips(run, benchmark, mine, theirs))
    return found


def _flips(run: Run, benchmark: str, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Flips:
    result = run.results[benchmark]
    metric, paired = result.metric(result.primary), compare(mine, theirs)
    sign = 1 if metric.higher_is_better else -1
    was = dict(zip(theirs["id"], theirs["outcome"], strict=True))
    change = [sign * (now - was[id]) for id, now in zip(mine["id"], mine["outcome"], strict=True)]
    won = [place for place, by in enumerate(change) if by > 0]
    lost = [place for place, by in enumerate(change) if by < 0]
    # Nothing to look at where neither texts nor images are named: the table alone says how many.
    shows = bool(mine.get("right") or result.data.get("pictures"))
    gained, missed = ([_card(run, benchmark, mine, i) for i in _some(places, benchmark)] if shows else []
                      for places in (won, lost))  # fmt: skip
    return Flips(
        title=full_title(benchmark, metric.name),
        paired=paired,
        state=state(paired.difference, paired.test.p, metric.higher_is_better),
        won=len(won),
        lost=len(lost),
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
