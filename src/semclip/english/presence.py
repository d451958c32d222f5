"""Which photo shows which thing, as far as its captions or its list of objects tell: there, not there, unsure.

A thing is there if the list of objects holds it, or if several captions name it. It is not there if there is a list and
neither that nor any caption names or hints at it. Without a list it is not there if there are enough captions to trust
their silence and the thing is one that people would mention: one of `english.things.DENIABLE`, a place, an animal,
somebody at a sport. All else is unsure: one caption of five names it, a word hints at it ("animal", "leash", "riding"),
a caption denies something. `named_often` finds further nouns, about which silence tells less: enough for training.
"""

import functools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semclip.core.example import Example, ImageRef
from semclip.core.objects import objects_of
from semclip.english import lexicon, things
from semclip.english.caption import Caption
from semclip.english.inflection import PLURAL_ONLY, known_as, lemma_of, plural_of
from semclip.english.siblings import SILENT, Siblings
from semclip.english.words.load import listed

#: The three states of a thing in a photo.
THERE, NOT_THERE, UNSURE = 1, 0, -1

#: Captions that have to name a thing, where there are as many.
NAMED_BY = 2

#: More things whose absence silence can tell: captions say where a photo was taken and what somebody does in it.
_MENTIONED = listed("places") | listed("animals") | listed("players") | {*things.DENIABLE}
_NO_NOUNS = lexicon.PREPOSITIONS | lexicon.AUXILIARIES | lexicon.DETERMINERS | lexicon.ADJECTIVES | listed("no objects")
#: thing -> the things of which it is a kind, by their own lists of names.
_WIDER = {
    thing: tuple(whole for whole in things.DENIABLE if whole != thing and thing in things.THINGS[whole].names)
    for thing in things.DENIABLE
}


@dataclass(frozen=True)
class Presence:
    """What is known of P photos and T things.

    images: the P photos, sorted by key. things: the T nouns, sorted. state: (P, T) THERE, NOT_THERE or UNSURE.
    """

    images: tuple[ImageRef, ...]
    things: tuple[str, ...]
    state: NDArray[np.int8]

    def of(self, thing: str) -> NDArray[np.int8]:
        """(P,) the states of one thing."""
        return np.asarray(self.state[:, self.things.index(thing)])


def presence(examples: Sequence[Example], further: Collection[str] = ()) -> Presence:
    """What the examples tell of their photos; several examples of one photo are read together.

    further: more nouns whose absence silence tells. Not for tests: people do not mention every shirt.
    Raises UserError for a malformed list of objects.
    """
    mentioned = _MENTIONED | set(further)
    captions = _captions_of(examples)
    lists: dict[ImageRef, set[str]] = {}
    for example in examples:
        if (objects := objects_of(example)) is not None:
            lists.setdefault(example.image, set()).update(noun.strip().lower() for noun in objects)
    nouns = Nouns((*mentioned, *(noun for objects in lists.values() for noun in objects)))
    place = {noun: column for column, noun in enumerate(nouns.words)}
    images = tuple(sorted(captions, key=lambda ref: (ref.key, str(ref.path))))
    state = np.full((len(images), len(place)), UNSURE, dtype=np.int8)
    for row, image in enumerate(images):
        own = lists.get(image)
        silent = place.keys() - nouns.possible(captions[image], own or ())
        if own is None:
            silent &= mentioned if len(captions[image]) >= SILENT else frozenset()
        state[row, [place[noun] for noun in silent]] = NOT_THERE
        there = _named(captions[image]) & place.keys() if own is None else own
        state[row, [place[noun] for noun in there]] = THERE
    return Presence(images, tuple(nouns.words), state)


def one(thing: str) -> str:
    """A thing as something looked for: a dog, an umbrella, water."""
    return things.thing_of(thing).said(plural=False)["one"]


def several(thing: str) -> str:
    """A thing as something that shall not be there: dogs, people, water."""
    return things.thing_of(thing).said(plural=True)["y"]


def named_often(examples: Sequence[Example], photos: int) -> set[str]:
    """Nouns that several captions name in each of at least so many photos without a list of objects, but no people."""
    captions = _captions_of(example for example in examples if objects_of(example) is None)
    count = Counter(noun for texts in captions.values() if len(texts) >= NAMED_BY for noun in _named(texts))
    return {noun for noun, often in count.items() if often >= photos and lexicon.kind_of(noun) != "person"}


def _captions_of(examples: Iterable[Example]) -> dict[ImageRef, dict[str, None]]:
    """The captions of each photo, in order, each text once."""
    found: dict[ImageRef, dict[str, None]] = {}
    for example in examples:
        found.setdefault(example.image, {}).update(dict.fromkeys(example.captions))
    return found


def _named(texts: Iterable[str]) -> set[str]:
    """What enough of a photo's captions name; whoever names a man, a woman or a child names a person.

    A caption that denies anything names nothing: the noun may be what it denies.
    """
    captions = [Caption(text) for text in texts]
    told = [frozenset() if caption.is_negated else caption.named | _others_named(caption.text) for caption in captions]
    told = [named.union(*(_WIDER.get(thing, ()) for thing in named)) for named in told]
    needed = min(NAMED_BY, len(told))
    return {thing for named in told for thing in named if sum(thing in other for other in told) >= needed}


@functools.lru_cache(65536)  # nouns named often are counted first, then looked for in the same captions
def _others_named(text: str) -> frozenset[str]:
    """Nouns at the end of a noun phrase, in the singular, that are no name of a thing; not the group of a group of."""
    caption = Caption(text)
    heads = [caption.words[index] for index in caption.heads if caption.word(index + 1) != "of"]
    words = {word for word in heads if word not in things.NAMES and not word.endswith("ing")} - _NO_NOUNS
    nouns = {word if word in PLURAL_ONLY else lemma_of(word, "NNS") for word in words}
    return frozenset(noun for noun in nouns - _NO_NOUNS if "NOUN" in known_as(noun) or noun in PLURAL_ONLY)


class Nouns:
    """The things that people would mention (`things.DENIABLE`), and the nouns of lists of objects.

    words: all of them, sorted.
    """

    def __init__(self, objects: Iterable[str]) -> None:
        self._forms = {noun: (noun.lower(), plural_of(noun.lower())) for noun in sorted({*things.DENIABLE, *objects})}
        self.words = list(self._forms)
        # Nouns by what may hint at them: lists have thousands, and a photo's captions a few dozen words.
        self._by_sign: dict[str, list[str]] = defaultdict(list)
        self._by_word: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for noun, forms in self._forms.items():
            if noun in things.NAMES:
                self._by_sign[things.NAMES[noun][0]].append(noun)
            for form in forms:
                self._by_word[form.split(" ")[0]].append((noun, form))

    def named(self, caption: Caption, objects: Iterable[str] | None = None) -> set[str]:
        """What a caption says is there: the nouns of its picture's list that it names, else things it names outright.

        Without a list a caption that denies anything names nothing: the noun may be what it denies.
        """
        if objects is not None:
            return {noun for noun in objects if _mentions(caption, self._forms[noun])}
        return set() if caption.is_negated else set(things.DENIABLE) & caption.named

    def possible(self, captions: Iterable[str], objects: Iterable[str] = ()) -> set[str]:
        """What may be in a picture: all that its captions or its list of objects name or hint at.

        A word counts in singular and plural, with its synonyms, and with words that may stand for it ("animal").
        """
        said = Siblings([*captions, *objects])
        hinted = {noun for sign in said.signs for noun in self._by_sign.get(sign, ())}
        return hinted | {
            noun
            for caption in said.captions.values()
            for word in caption.bag
            for noun, form in self._by_word.get(word, ())
            if _mentions(caption, (form,))
        }


def _mentions(caption: Caption, forms: tuple[str, ...]) -> bool:
    """Whether one of the forms occurs: a word among the words, a phrase ("traffic light") in a row."""
    return any(
        form in caption.bag if " " not in form else f" {form} " in f" {' '.join(caption.words)} " for form in forms
    )
