"""Photo search with "without": A; A and B; A without B; A but neither B nor C; not B, with known truth on each photo.

What is in a photo comes from its captions or its list of objects, in three states (`english.presence`); photos on which
the truth of a query is unsure are left out of it. Every query is ranked in four ways:

    literal      the sentence as it is, averaged over its wordings: what the encoder makes of "without"
    default      the parts, by the ranker that search uses
    dropped      the query without its excluded parts: no method may score below it
    subtraction  the best weight for these very queries, which flatters it: no method may score below it

and random order is the chance level of every number, exactly. Equal scores count as their mean over random orders.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from semclip.core.config import parse
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.query import Query, Ranker, default_ranker
from semclip.core.registry import FAMILIES
from semclip.english.presence import presence
from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.intervals import proportion_interval
from semclip.evaluation.metrics.outcomes import mean
from semclip.evaluation.metrics.ranking import average_precision, share_of_first
from semclip.evaluation.metrics.result import Metric
from semclip.evaluation.own._exclusion_gallery import EncodedPhotos, texts_asked_for
from semclip.evaluation.own._exclusion_queries import EXCLUDING, Item, items
from semclip.evaluation.own.base import DataBenchmark

#: Weights of which the baseline `subtraction` takes the best.
_WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.5)

_FIRST = 10

#: What one way to rank reaches on one query, each between 0 and 1, by the keys of `Item.by_chance`.
_Found = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Another ranker, measured beside the four."""

    ranker: str
    options: dict[str, Any] = field(default_factory=dict)


class Exclusion(DataBenchmark):
    """One item per query; slices per form.

    average_precision: over the photos on which the query's truth is known. precision_at_10, violations_at_10: shares of
    the first ten that are right, and that surely hold what was excluded. `*_wanted_*`: queries that exclude nothing.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"image", "caption"})
    version: ClassVar[int] = 2  # 2: "is" hints at nobody, so that more photos are known to be without people
    primary: ClassVar[str] = "literal_average_precision"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """ranker: "" is the default of search for the model; ranker_options: its options. least: see `items` of
        `_exclusion_queries`.

        per_form: the most queries of one form. training_objects, training_wordings: nouns and wordings ("{a} without
        {x}") of training queries, so that the others get slices of their own. compare: more rankers, by a label.
        """

        ranker: str = ""
        ranker_options: dict[str, Any] = field(default_factory=dict)
        least: int = 3
        per_form: int = 100
        training_objects: tuple[str, ...] = ()
        training_wordings: tuple[str, ...] = ()
        compare: dict[str, Compared] = field(default_factory=dict)

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._made: tuple[list[Example], list[Item]] = ([], [])

    def texts(self, examples: Sequence[Example]) -> list[str]:
        found = self._items(examples)
        # Which default it will be depends on the model; all the others are the same.
        rankers = [*self._rankers(False).values(), self._rankers(True)["default"]]
        return texts_asked_for(rankers, [_queries(item) for item in found])

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        known = presence(examples)
        queries = self._items(examples)
        photos = EncodedPhotos(encodings, known.images)
        rankers = self._rankers(encodings.trained_on_queries)
        found: dict[str, list[dict[str, _Found]]] = {name: [] for name in rankers}
        for item in queries:  # query by query: rankers ask for the same similarities
            for name, ranker in rankers.items():
                found[name].append(_found(ranker, item, photos))
        subtractions = [name for name in found if name.startswith("subtraction ")]
        excluding = [i for i, query in enumerate(queries) if query.form in EXCLUDING]
        best = max(
            subtractions,
            key=lambda n: mean([mean([x["average_precision"] for x in found[n][i].values()]) for i in excluding]),
        )
        metrics, records = [], {}
        shown = (*((m, m) for m in ("literal", "default", "dropped")), ("subtraction", best))
        for method, name in (*shown, *((label, f"compared {label}") for label in self.config.compare)):
            kind = "model" if method in ("literal", "default") else "baseline"
            for metric, record in self._metrics(method, kind, queries, found[name]):
                metrics.append(metric)
                records[metric.name] = record
        extra = {"best_subtraction": best, "default_ranker": self._default(encodings.trained_on_queries)}
        return Scores(metrics=metrics, items=records, extra=extra, notes=_notes(queries))

    def _items(self, examples: Sequence[Example]) -> list[Item]:
        before, found = self._made
        if len(before) == len(examples) and all(a is b for a, b in zip(before, examples, strict=True)):
            return found
        found = items(presence(examples), self.config.least, self.config.per_form)
        if not any(item.form in EXCLUDING for item in found):
            raise UserError(
                "no query can be made of what the captions name: too few photos surely hold one thing and not another",
                where=f"benchmark '{self.name}', {len(examples):,} examples",
                fix="give more photos, three captions or more for each, or a column 'objects' with the nouns for what "
                "is in it",
            )
        self._made = (list(examples), found)
        return found

    def _default(self, trained_on_queries: bool) -> str:
        return self.config.ranker or default_ranker(trained_on_queries)

    def _rankers(self, trained_on_queries: bool) -> dict[str, Ranker]:
        return {
            "literal": _ranker("sentence", {}),
            "default": _ranker(self._default(trained_on_queries), self.config.ranker_options),
            "dropped": _ranker("dropped", {}),
            **{f"subtraction {weight}": _ranker("subtract", {"weight": weight}) for weight in _WEIGHTS},
            **{f"compared {label}": _ranker(c.ranker, c.options) for label, c in self.config.compare.items()},
        }

    def _metrics(
        self, method: str, kind: str, queries: Sequence[Item], found: Sequence[Mapping[str, _Found]]
    ) -> list[tuple[Metric, dict[str, Sequence[Any]]]]:
        """Every number of one way to rank, with its record per query. found: per query, wording -> what is reached."""
        chosen = {True: [i for i, q in enumerate(queries) if q.form in EXCLUDING]}
        chosen[False] = [i for i in range(len(queries)) if i not in chosen[True]]
        result = []
        for excludes, name, what, key in (
            (True, "average_precision", "average precision of queries that exclude", "average_precision"),
            (True, "precision_at_10", "right photos among the first ten", "precision"),
            (True, "violations_at_10", "photos with what was excluded among the first ten", "violations"),
            (False, "wanted_average_precision", "average precision of queries that exclude nothing",
             "average_precision"),
        ):  # fmt: skip
            if chosen[excludes]:
                some = [queries[i] for i in chosen[excludes]]
                reached = [found[i] for i in chosen[excludes]]
                made = _metric(f"{method}_{name}", f"{what}; {method}", some, reached, key, kind)
                slices = {**made.per_slice, **self._unseen(made, some, reached, key)}
                values = [mean([f[key] for f in r.values()]) for r in reached]
                record: dict[str, Sequence[Any]] = {
                    "id": [q.id for q in some],
                    "outcome": values,
                    "slice": [q.form for q in some],
                    "cluster": [q.cluster for q in some],
                }
                result.append((replace(made, per_slice=slices), record))
        return result

    def _unseen(
        self, whole: Metric, queries: Sequence[Item], found: Sequence[Mapping[str, _Found]], key: str
    ) -> dict[str, Metric]:
        """Slices of queries, and of wordings, that training used and did not use; none where the config names none."""
        rows = list(zip(queries, found, strict=True))
        objects, wordings = set(self.config.training_objects), set(self.config.training_wordings)
        parts: dict[str, list[tuple[Item, Mapping[str, _Found]]]] = {}
        if objects:
            parts["objects in training queries"] = [(q, f) for q, f in rows if q.things <= objects]
            parts["objects never in a training query"] = [(q, f) for q, f in rows if not q.things & objects]
        if wordings and len(found[0]) > 1:
            for name, seen in (("wordings in training queries", True), ("wordings never in a training query", False)):
                some = [(q, {w: x for w, x in f.items() if (w in wordings) == seen}) for q, f in rows]
                parts[name] = [(q, f) for q, f in some if f]
        return {
            name: _metric(whole.name, f"{whole.description}; only {name}", [q for q, _ in part], [f for _, f in part],
                          key, whole.kind, by_form=False)
            for name, part in parts.items()
            if part
        }  # fmt: skip


def _ranker(name: str, options: Mapping[str, Any]) -> Ranker:
    cls = FAMILIES["rankers"].get(name)
    ranker: Ranker = cls(parse(cls.Config, options, where=f"ranker '{name}'"))
    return ranker


def _queries(item: Item) -> list[Query]:
    return [Query(sentence, item.tree) for sentence in item.sentences.values()]


def _found(ranker: Ranker, item: Item, photos: EncodedPhotos) -> dict[str, _Found]:
    """By wording, what a ranker reaches; one wording stands for all where the ranker does not read the sentence."""
    found: dict[str, _Found] = {}
    for wording, query in zip(item.sentences, _queries(item), strict=True):
        photos.asked.clear()
        score = ranker.rank(query, photos).score[item.decided]
        found[wording] = {
            "average_precision": average_precision(score, item.right),
            "precision": share_of_first(score, item.right, _FIRST),
            "violations": share_of_first(score, item.held, _FIRST),
        }
        if query.text not in photos.asked:
            break
    return found


def _metric(
    name: str,
    description: str,
    queries: Sequence[Item],
    found: Sequence[Mapping[str, _Found]],
    key: str,
    kind: str,
    by_form: bool = True,
) -> Metric:
    """The mean over queries. Queries about the same thing are no independent evidence: the interval clusters them."""
    values = [mean([x[key] for x in f.values()]) for f in found]
    slices = {}
    for form in dict.fromkeys(q.form for q in queries) if by_form else ():
        some = [i for i, q in enumerate(queries) if q.form == form]
        own, reached = [queries[i] for i in some], [found[i] for i in some]
        slices[form] = _metric(name, f"{description}; only {form}", own, reached, key, kind, by_form=False)
    return Metric(
        name=name,
        value=mean(values),
        n=len(values),
        description=description,
        interval=proportion_interval(values, [q.cluster for q in queries]),
        chance=mean([q.by_chance[key] for q in queries]),
        kind=kind,
        higher_is_better=key != "violations",
        per_slice=slices,
    )


def _notes(queries: Sequence[Item]) -> list[str]:
    counts = Counter(q.form for q in queries)
    photos = mean([len(q.decided) for q in queries])
    return [
        f"queries: {', '.join(f'{n:,} of the form {form}' for form, n in counts.items())}",
        f"photos on which the truth of a query is known: {photos:,.0f} on average; the others are left out of it",
    ]
