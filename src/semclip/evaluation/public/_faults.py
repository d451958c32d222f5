"""Known kinds of faults in choice questions, found in the data and never hard-coded: what `Items.defects` says."""

from collections import Counter
from collections.abc import Iterable, Sequence

from semclip.evaluation.public._choice import Question


def faults(questions: Sequence[Question]) -> list[str]:
    """Notes on duplicate questions, right options that stand twice, and empty texts."""
    return [
        *note((q.id for q in _repeated(questions)), len(questions), "items repeat another item exactly"),
        *note(
            (q.id for q in questions if q.options.count(q.options[q.answer]) > 1),
            len(questions),
            "items have the right option twice: ties by construction",
        ),
        *note((q.id for q in questions if "" in q.options), len(questions), "items have an empty text"),
    ]


def note(ids: Iterable[str], of: int, what: str) -> list[str]:
    """One sentence on the items at fault, with the first of them; none where there are none."""
    found = list(ids)
    first = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
    return [f"{len(found):,} of {of:,} {what} ({first})"] if found else []


def answer_places(questions: Sequence[Question]) -> list[str]:
    """A note where the right option always stands at the same place."""
    places = Counter(q.answer for q in questions)
    if len(places) != 1:
        return []
    place = next(iter(places))
    return [f"the right option always stands at place {place}: official ties go by place, ours are chance"]


def _repeated(questions: Sequence[Question]) -> list[Question]:
    seen: set[object] = set()
    again = []
    for q in questions:
        key = (q.query, q.options, q.answer)
        if key in seen:
            again.append(q)
        seen.add(key)
    return again
