"""Ids: the file's, else made from the image's name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.data.stored import StoredExamples


def with_ids(examples: Sequence[Example]) -> Sequence[Example]:
    """Examples that all have an id of their own: the file's, else the image's name, `NAME#2` for its second row.

    Raises UserError where two have one id.
    """
    if isinstance(examples, StoredExamples):
        equal = examples.name()
        if equal:
            raise _twice(examples[equal[1]], examples[equal[0]].where)
        return examples
    rows_of_image: Counter[str] = Counter()
    seen: dict[str, str] = {}
    result = []
    for example in examples:
        if not example.id:
            name = example.image.name
            rows_of_image[name] += 1
            count = rows_of_image[name]
            example = replace(example, id=name if count == 1 else f"{name}#{count}")
        if example.id in seen:
            raise _twice(example, seen[example.id])
        seen[example.id] = example.where
        result.append(example)
    return result


def _twice(example: Example, first: str) -> UserError:
    return UserError(
        f"the id '{example.id}' occurs twice, first at {first}",
        where=example.where,
        fix="give every row an id of its own, or none",
    )
