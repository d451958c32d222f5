"""Plurals, verb forms, lemmas and articles of English words."""

import functools
import re


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set: how lists are written down here."""
    return frozenset(text.split())


VOWELS = "aeiou"
#: What the lexicon has in an older or rarer form first.
_FORMS = {
    ("lie", "VBG"): "lying", ("hang", "VBN"): "hung", ("hang", "VBD"): "hung", ("person", "NNS"): "people",
    ("frisbee", "NNS"): "frisbees", ("taxi", "NNS"): "taxis", ("scarf", "NNS"): "scarves", ("fish", "NNS"): "fish",
    ("be", "VBZ"): "is", ("be", "VBP"): "are", ("do", "VBZ"): "does",
}  # fmt: skip
_POS = {"N": "NOUN", "V": "VERB", "J": "ADJ", "R": "ADV", "M": "AUX"}
_LEMMAS = {("people", "N"): "person", ("lying", "V"): "lie", ("has", "V"): "have", ("does", "V"): "do",
           ("left", "V"): "leave", ("men", "N"): "man", ("women", "N"): "woman", ("wooden", "J"): "wooden"}  # fmt: skip
_BE = words("is are was were be been being am 's 're")


@functools.lru_cache(65536)
def lemma_of(word: str, tag: str) -> str:
    """The base form of a small word: (running, VBG) -> run, (dogs, NNS) -> dog; the word itself where none is known."""
    import lemminflect

    if (word, tag[:1]) in _LEMMAS:
        return _LEMMAS[word, tag[:1]]
    if tag[:1] == "V" and word in _BE:
        return "be"
    if tag[:1] not in "NVJR" or tag in ("NN", "NNP", "RP", "VB", "JJ", "RB", "NNPS"):
        return word
    found = lemminflect.getLemma(word, upos=_POS[tag[0]])
    return str(found[0]) if found else word


@functools.lru_cache(65536)
def inflect(lemma: str, tag: str) -> str:
    """A base form in the form of a Penn tag: (run, VBG) -> running, (man, NNS) -> men."""
    import lemminflect

    if (lemma, tag) in _FORMS:
        return _FORMS[lemma, tag]
    if "-" in lemma and tag[0] == "N":
        first, _, last = lemma.rpartition("-")
        return f"{first}-{inflect(last, tag)}"
    found = lemminflect.getInflection(lemma, tag=tag)
    return str(found[0]) if found else lemma


@functools.lru_cache(65536)
def known_as(word: str) -> frozenset[str]:
    """The parts of speech that a lexicon of English has for a small word: some of NOUN, VERB, ADJ, ADV, PROPN, AUX."""
    import lemminflect

    return frozenset(lemminflect.getAllLemmas(word))


def plural_of(noun: str) -> str:
    """dog -> dogs, puppy -> puppies, bench -> benches, man -> men."""
    if " " in noun:
        first, _, last = noun.rpartition(" ")
        return f"{first} {plural_of(last)}"
    return inflect(noun, "NNS")


def ing_form(verb: str) -> str:
    """run -> running, ride -> riding, lie -> lying."""
    return inflect(verb, "VBG")


def third_form(verb: str) -> str:
    """run -> runs, watch -> watches, carry -> carries, go -> goes."""
    return inflect(verb, "VBZ")


#: By the sound of the first letters: "an" before these consonants, "a" before these vowels. The exceptions are those of
#: the package `inflect`, which takes two seconds to import.
_AN = re.compile(r"(?:hour(?!i)|heir|honest|hono|[aefhilmnorsx](?![a-z]))")
_A = re.compile(r"(?:e[uw]|onc?e\b|uni(?:[^nmd]|mo)|u[bcfhjkqrst][aeiou]|ukulele|[bcdgjkpqtuvwyz](?![a-z]))")


def article_of(word: str) -> str:
    """a or an, by sound: an umbrella, a uniform, a utility truck, an X-ray, a MAN, an FBI agent."""
    if word.isupper() and 1 < len(word) < 4 and not known_as(word.lower()):
        return "an" if word[0] in "AEFHILMNORSX" else "a"  # spelled
    word = word.lower()
    if _AN.match(word):
        return "an"
    return "a" if _A.match(word) or word[:1] not in VOWELS else "an"
