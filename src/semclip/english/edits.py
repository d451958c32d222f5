"""Rules over a parsed caption: what one gives, and the list that they are put on."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from semclip.english.pairs import family_of_pair
from semclip.english.parse.clause import Clause, clause_of
from semclip.english.parse.tree import Tree
from semclip.english.render import render
from semclip.english.siblings import Siblings

T = TypeVar("T")


class Change(NamedTuple):
    """What a rule gives, not yet put into words.

    items: indices of the words that stay, and new ones. pair: the word that was there and the one in its place, ""
    where there is none. denied: lemma of the noun or verb that is denied, "" where something is swapped.
    contrived: right, but nobody would write it where there is another way.
    """

    items: list[int | str]
    pair: tuple[str, str] = ("", "")
    denied: str = ""
    contrived: bool = False


class Edit(NamedTuple):
    """A changed caption. kind: what was done. denied: what the rule knew, as in `Change`."""

    text: str
    kind: str
    denied: str = ""


@dataclass(frozen=True)
class Scene:
    """One caption for the rules: its tree, what the other captions of the image say, and whose wording is used.

    family: "A" for training and validation, "B" for tests: they share no wording.
    """

    tree: Tree
    siblings: Siblings
    family: str = "A"
    _kept: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @cached_property
    def clause(self) -> Clause | None:
        return clause_of(self.tree)

    def once(self, name: Hashable, make: Callable[[], Iterable[T]]) -> list[T]:
        """What `make` gives, which several rules ask for: made at the first time."""
        found: list[T] | None = self._kept.get(name)
        if found is None:
            found = self._kept[name] = list(make())
        return found

    def change(
        self, *parts: tuple[int, int, str], denied: str = "", pair: tuple[str, str] = ("", ""), contrived: bool = False
    ) -> Change:
        """New words in the place of words start..end-1; start = end inserts."""
        items: list[int | str] = []
        place = 0
        for start, end, new in sorted(parts):
            if start and end == start + 1 and self.tree[start].text[:1].isupper():
                new = new[:1].upper() + new[1:]  # a Portrait of a Lady: of a Gentleman
            items += [*range(place, start), *([new] if new else [])]
            place = end
        return Change([*items, *range(place, len(self.tree))], pair, denied, contrived)

    def edit(self, kind: str, change: Change) -> Edit:
        """A change in words."""
        return Edit(render(self.tree, change.items), kind, change.denied)

    def by_family(self, training: str, test: str) -> str:
        return training if self.family == "A" else test


Make = Callable[[Scene], Iterator[Change]]


@dataclass(frozen=True)
class Rule:
    """One entry. make: its guard and its edit. example: a caption, and what becomes of it in training; its test."""

    kind: str
    make: Make
    examples: tuple[tuple[str, str], ...] = field(default=())


RULES: dict[str, list[Rule]] = {}


def rule(kind: str, *examples: tuple[str, str]) -> Callable[[Make], Make]:
    """Put a rule on the list of its kind."""

    def listed(make: Make) -> Make:
        RULES.setdefault(kind, []).append(Rule(kind, make, examples))
        return make

    return listed


#: Kinds whose pairs of words are dealt to the two families.
_PAIRED = frozenset({"attribute_swapped", "number_swapped", "object_replaced"})


def tried(kind: str, scene: Scene) -> list[Change]:
    """All changes of a kind that the rules find, of swapped words those whose pair belongs to the family."""
    found = (change for entry in RULES.get(kind, ()) for change in entry.make(scene))
    return scene.once(kind, lambda: (c for c in found if kind not in _PAIRED or family_of_pair(c.pair) == scene.family))
