"""The column `objects`: every noun for what is in an image, synonyms included."""

import re

from semclip.core.errors import UserError
from semclip.core.example import Example

_ARTICLE = re.compile(r"^\s*(?:an?|the)\s+(?=\S)", re.IGNORECASE)


def objects_of(example: Example) -> list[str] | None:
    """The nouns of the column `objects` without articles, None without one. Raises UserError for no list of nouns."""
    objects = example.meta.get("objects")
    if objects is None:
        return None
    if not isinstance(objects, list) or not all(isinstance(noun, str) and noun.strip() for noun in objects):
        raise UserError(
            f"'objects' must be a list of nouns, found {objects!r:.60}",
            where=example.where or example.id,
            fix='write ["dog", "puppy", "ball"], or give the column another name',
        )
    return [_ARTICLE.sub("", noun) for noun in objects]
