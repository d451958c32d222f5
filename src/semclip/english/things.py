"""Things a caption may speak of: their names, what hints at them, and what may stand in their place.

A thing has names ("dog", "puppy") and signs: other words after which it may well be in the picture (a hypernym, a part,
an activity). A thing is called absent only where neither a name nor a sign of it occurs.
"""

from dataclasses import dataclass

from semclip.english.inflection import PLURAL_ONLY, by_rule, one_of, plural_of
from semclip.english.words.load import listed, rows_of, table_of


@dataclass(frozen=True)
class Thing:
    """name: what a writer calls it. names: every singular name. signs: words that hint at it. mass: has no article."""

    name: str
    names: tuple[str, ...]
    signs: frozenset[str]
    mass: bool = False

    @property
    def plural(self) -> str:
        return self.name if self.mass else plural_of(self.name)

    def said(self, plural: bool) -> dict[str, str]:
        """Parts of a sentence, of one thing or of several.

        y: dog, dogs, water. one: a dog, dogs, water. any: a dog, any dogs, any water. be: is, are.
        """
        plural = (plural or self.name in PLURAL_ONLY) and not self.mass
        name = self.plural if plural else self.name
        one = name if plural or self.mass else one_of(name)
        any_ = f"any {name}" if plural or self.mass else one
        return {"y": name, "one": one, "any": any_, "be": "are" if plural else "is"}


def _read_things() -> dict[str, Thing]:
    found = {}
    for name, others, signs in rows_of("things", 3):
        names = (name, *others.split())
        words = [word for sign in signs.split() for word in (listed(sign[1:]) if sign[0] == "*" else (sign,))]
        forms = frozenset(form for word in (*names, *words) for form in (word, by_rule(word, "NNS")))
        found[name] = Thing(name, names, forms, name in table_of("lists")["mass"])
    return found


#: Every thing that can be denied, called absent or put in another's place. Signs include names and plurals.
THINGS = _read_things()


def thing_of(noun: str) -> Thing:
    """The thing of that name, or a thing of which nothing else is known."""
    return THINGS.get(noun) or Thing(noun, (noun,), frozenset(), noun in listed("mass") | listed("uncounted"))


#: word -> (thing, is it a plural): what a text names outright.
NAMES: dict[str, tuple[str, bool]] = {}
#: word -> the things that it names or hints at.
SIGNS: dict[str, frozenset[str]] = {}
for _thing in THINGS.values():
    for _name in _thing.names:
        # A later row may repeat a word as a wider name ("boy" under child, then person): the first, narrow one stays.
        NAMES.setdefault(_name, (_thing.name, _name in PLURAL_ONLY))
        if _name not in PLURAL_ONLY:
            NAMES.setdefault(by_rule(_name, "NNS"), (_thing.name, True))
    for _word in _thing.signs:
        SIGNS[_word] = SIGNS.get(_word, frozenset()) | {_thing.name}

#: Things people would mention if they were there: safe to call absent, and sensible to deny.
DENIABLE = tuple(name for name in THINGS if name in listed("deniable"))
