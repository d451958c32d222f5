"""Nouns whose absence can be told: those that a caption names, and those that may be in a picture after all."""

from collections.abc import Iterable

from semclip.english import things
from semclip.english.caption import Caption
from semclip.english.inflection import plural_of
from semclip.english.siblings import Siblings


class Nouns:
    """The things that people would mention (`things.DENIABLE`), and the nouns of lists of objects.

    words: all of them, sorted.
    """

    def __init__(self, listed: Iterable[str]) -> None:
        self._listed = {noun: _forms(noun) for noun in sorted(set(listed))}
        self.words = sorted({*things.DENIABLE, *self._listed})

    def named(self, caption: Caption, objects: Iterable[str] | None = None) -> set[str]:
        """What a caption says is there: the nouns of its picture's list that it names, else things it names outright.

        Without a list a caption that denies anything names nothing: the noun may be what it denies.
        """
        if objects is not None:
            return {noun for noun in objects if _mentions(caption, self._listed[noun])}
        return set() if caption.is_negated else set(things.DENIABLE) & caption.named

    def possible(self, captions: Iterable[str], objects: Iterable[str] = ()) -> set[str]:
        """What may be in a picture: all that its captions or its list of objects name or hint at.

        A word counts in singular and plural, with its synonyms, and with words that may stand for it ("animal").
        """
        said = Siblings([*captions, *objects])
        found = {thing for thing in things.DENIABLE if thing in said.signs}
        for noun, forms in self._listed.items():
            thing = things.NAMES.get(noun, ("", False))[0]
            if thing in said.signs or any(_mentions(caption, forms) for caption in said.captions.values()):
                found.add(noun)
        return found


def _forms(noun: str) -> tuple[str, str]:
    return noun.lower(), plural_of(noun.lower())


def _mentions(caption: Caption, forms: tuple[str, ...]) -> bool:
    """Whether one of the forms occurs: a word among the words, a phrase ("traffic light") in a row."""
    return any(
        form in caption.bag if " " not in form else f" {form} " in f" {' '.join(caption.words)} " for form in forms
    )
