"""Items that flipped: one model is right where the other is wrong. How many of them, and some to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.core.seeds import generator
from semclip.evaluation.metrics.paired import compare
from semclip.reports import gallery, wording
from semclip.reports.runs import Run
from semclip.reports.versus import ALPHA

#: Items shown per benchmark and direction.
SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item. picture: a data URI, "" where `why_no_picture` says the reason. right, wrong: its texts, if kept."""

    id: str
    kind: str
    picture: str
    why_no_picture: str
    right: str
    wrong: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Flips:
    """The primary metric of one benchmark: `run` against `reference` on the same items.

    won, lost: items that `run` does better, or worse; gained, missed: some of these, drawn at random.
    """

    title: str
    n: str
    difference: str
    interval: str
    p: str
    state: str
    won: int
    lost: int
    gained: Sequence[Item]
    missed: Sequence[Item]


def flips(run: Run, reference: Run | None) -> list[Flips]:
    """For every benchmark that both were measured on, and that keeps outcomes per item."""
    found = []
    for benchmark, result in run.results.items() if reference else ():
        metric = result.metric(result.primary)
        theirs = reference.results.get(benchmark) if reference else None
        mine, other = (r.items.get(result.primary) if r else None for r in (result, theirs))
        if mine and other:
            found.append(_flips(run, benchmark, metric.name, metric.higher_is_better, mine, other))
    return found


def _flips(run: Run, benchmark: str, name: str, high: bool, mine: Mapping[str, Any], other: Mapping[str, Any]) -> Flips:
    paired = compare(mine, other)
    # Nothing to look at where neither texts nor pictures are named: the table alone says how many.
    shows = bool(mine.get("right") or run.results[benchmark].data.get("pictures"))
    was = dict(zip(other["id"], other["outcome"], strict=True))
    change = [
        (outcome - was[id]) * (1 if high else -1) for id, outcome in zip(mine["id"], mine["outcome"], strict=True)
    ]
    won = [place for place, by in enumerate(change) if by > 0]
    lost = [place for place, by in enumerate(change) if by < 0]
    clear = paired.test.p < ALPHA and paired.difference != 0
    return Flips(
        title=": ".join(dict.fromkeys((wording.benchmark_title(benchmark), wording.metric_title(benchmark, name)))),
        n=wording.count(paired.n),
        difference=wording.difference(paired.difference),
        interval=wording.interval(paired.interval, signed=True),
        p=wording.p_value(paired.test.p),
        state=("better" if (paired.difference > 0) == high else "worse") if clear else "",
        won=len(won),
        lost=len(lost),
        gained=[_item(run, benchmark, mine, place) for place in _some(won, benchmark) if shows],
        missed=[_item(run, benchmark, mine, place) for place in _some(lost, benchmark) if shows],
    )


def _some(places: Sequence[int], benchmark: str) -> list[int]:
    """A few, drawn and not chosen; always the same ones."""
    drawn = generator("flips", benchmark).permutation(len(places))[:SHOWN]
    return [places[i] for i in sorted(drawn)]


def _item(run: Run, benchmark: str, items: Mapping[str, Any], place: int) -> Item:
    picture, why = _picture(run, benchmark, str(items["cluster"][place]))
    kept = bool(items.get("right"))
    return Item(
        id=str(items["id"][place]),
        kind=str(items["slice"][place]) if items.get("slice") else "",
        picture=picture,
        why_no_picture=why,
        right=items["right"][place] if kept else "",
        wrong=items["wrong"][place] if kept else (),
    )


def _picture(run: Run, benchmark: str, name: str) -> tuple[str, str]:
    """The picture that items of one name share, as a data URI, or "" and the reason."""
    data: Any = run.config.get("data") or {}
    folders = [run.results[benchmark].data.get("pictures"), data.get("images"), data.get("root")]
    path = next((p for f in folders if f and (p := Path(str(f)) / name).is_file()), None)
    if path is None:
        return "", f"no picture is called {name}"
    try:
        return gallery.thumbnail(path), ""
    except OSError as error:
        return "", f"{name} cannot be read ({error})"
