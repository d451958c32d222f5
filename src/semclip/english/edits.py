"""What the rules of negation give: a small change after which a caption contradicts its image.

Each rule takes a caption and its siblings (all captions of the image) and gives edits; the siblings must not hint that
the changed text is true as well. A rule that does not understand a phrase gives nothing.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """text: the changed caption. place: index of the changed word. pair: what became what."""

    text: str
    kind: str
    place: int
    pair: tuple[str, str]
