"""Plurals, verb forms, lemmas and articles of English words, by a lexicon and, for words that it lacks, by rule.

The lexicon is that of the package `lemminflect`, made from the SPECIALIST Lexicon of the U.S. National Library of
Medicine. Its files are read by path: importing the package imports spaCy and torch wherever these are installed.
"""

import functools
import gzip
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from semclip.english.words.load import listed, rows_of


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set: how lists are written down here."""
    return frozenset(text.split())


VOWELS = "aeiou"
#: (base form, tag) -> form, before any lexicon or rule.
_IRREGULAR = {(lemma, tag): form for lemma, tag, form in rows_of("irregular", 3)}
_POS = {"N": "NOUN", "V": "VERB", "J": "ADJ", "R": "ADV"}
_LEMMAS = {
    ("people", "N"): "person", ("lying", "V"): "lie", ("has", "V"): "have", ("does", "V"): "do", ("left", "V"): "leave",
    ("men", "N"): "man", ("women", "N"): "woman", ("wooden", "J"): "wooden",
    **dict.fromkeys(((form, "V") for form in words("is are was were be been being am 's 're")), "be"),
}  # fmt: skip
#: What a form may end with.
_ENDS = {"VBG": ("ing",), "VBD": ("ed",), "VBN": ("ed",), "NNS": ("es", "s"), "VBZ": ("es", "s")}


@functools.lru_cache(65536)
def lemma_of(word: str, tag: str) -> str:
    """The base form of a small word: (running, VBG) -> run, (dogs, NNS) -> dog; the word itself where none is known."""
    if (word, tag[:1]) in _LEMMAS:
        return _LEMMAS[word, tag[:1]]
    if tag[:1] not in _POS or tag in ("NN", "NNP", "RP", "VB", "JJ", "RB", "NNPS"):
        return word
    return _lemmas_of(word).get(_POS[tag[0]]) or _unknown_lemma(word, tag)


def _unknown_lemma(word: str, tag: str) -> str:
    """By rule: frisbees -> frisbee, jetskiing -> jetski."""
    if "-" in word:
        first, _, last = word.rpartition("-")
        return f"{first}-{lemma_of(last, tag)}"
    for ending in _ENDS.get(tag, ()):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2 and (ending != "es" or stem.endswith(("s", "x", "ch", "sh"))):
            return stem
    return word


@functools.lru_cache(65536)
def inflect(lemma: str, tag: str) -> str:
    """A base form in the form of a Penn tag: (run, VBG) -> running, (man, NNS) -> men."""
    if (lemma, tag) in _IRREGULAR:
        return _IRREGULAR[lemma, tag]
    if "-" in lemma:
        first, _, last = lemma.rpartition("-")
        return f"{first}-{inflect(last, tag)}"
    found = _forms_of(lemma)
    return found.get(tag) or (tag == "VBN" and found.get("VBD")) or by_rule(lemma, tag)


_NOT_MEN = listed("not men")
_DOUBLED = listed("doubled")


def by_rule(lemma: str, tag: str) -> str:
    """dog -> dogs, puppy -> puppies, bench -> benches, ride -> riding, without a lexicon, which takes a second to read.

    For words that the lexicon lacks, and for our own lists, which are read with the program.
    """
    if (lemma, tag) in _IRREGULAR:
        return _IRREGULAR[lemma, tag]
    if tag == "NNS" and len(lemma) < 2:
        return lemma
    if tag == "NNS" and lemma.endswith("man") and lemma not in _NOT_MEN:
        return lemma[:-2] + "en"
    if tag in ("NNS", "VBZ"):
        if lemma.endswith(("s", "x", "ch", "sh")) or lemma == "go":
            return lemma + "es"
        return lemma[:-1] + "ies" if lemma.endswith("y") and lemma[-2:-1] not in VOWELS else lemma + "s"
    if tag == "VBG":
        if lemma.endswith("ie"):
            return lemma[:-2] + "ying"
        stem = lemma[:-1] if lemma.endswith("e") and not lemma.endswith("ee") else lemma
        return stem + stem[-1] * (lemma in _DOUBLED) + "ing"
    if tag in ("VBD", "VBN"):
        return lemma + ("d" if lemma.endswith("e") else "ed")
    return lemma


@functools.lru_cache(65536)
def known_as(word: str) -> frozenset[str]:
    """The parts of speech that a lexicon of English has for a small word: some of NOUN, VERB, ADJ, ADV, AUX."""
    return frozenset(_lemmas_of(word))


#: Nouns without a singular: there is no "a scissors".
PLURAL_ONLY = listed("plural only")


def plural_of(noun: str) -> str:
    """dog -> dogs, puppy -> puppies, bench -> benches, man -> men, scissors -> scissors."""
    if noun in PLURAL_ONLY:
        return noun
    if " " in noun:
        first, _, last = noun.rpartition(" ")
        return f"{first} {plural_of(last)}"
    return inflect(noun, "NNS")


#: By the sound of the first letters: "an" before these consonants, "a" before these vowels. The exceptions are those of
#: the package `inflect`, which takes two seconds to import.
_AN = re.compile(r"(?:8|1[18](?:\d\d)?(?!\d)|hour(?!i)|heir|honest|hono|[aefhilmnorsx](?![a-z]))")
_A = re.compile(r"(?:e[uw]|onc?e\b|uni(?:[^nmd]|mo)|u[bcfhjkqrst][aeiou]|ukulele|[bcdgjkpqtuvwyz](?![a-z]))")


def one_of(noun: str) -> str:
    """A noun with its article: a dog, an umbrella, scissors."""
    return noun if noun.rpartition(" ")[2] in PLURAL_ONLY else f"{article_of(noun)} {noun}"


def article_of(word: str) -> str:
    """a or an, by sound: an umbrella, a uniform, a utility truck, an X-ray, a MAN, an FBI agent."""
    if word.isupper() and 1 < len(word) < 4 and not known_as(word.lower()):
        return "an" if word[0] in "AEFHILMNORSX" else "a"  # spelled
    word = word.lower()
    if _AN.match(word):
        return "an"
    return "a" if _A.match(word) or word[:1] not in VOWELS else "an"


#: What the files of the lexicon call parts of speech; the tags of the forms that they give of each.
_CATEGORIES = {"noun": "NOUN", "verb": "VERB", "adj": "ADJ", "adv": "ADV", "aux": "AUX", "modal": "AUX"}
_TAGS = {"noun": ("NNS",), "verb": ("VBD", "VBN", "VBG", "VBZ"), "adj": ("JJR", "JJS"), "adv": ("RBR", "RBS")}


def _lemmas_of(word: str) -> dict[str, str]:
    """Part of speech -> base form."""
    found: dict[str, str] = {}
    for category, spelling, *_ in _entries("lemma_lu", word):
        if category in _CATEGORIES:
            found.setdefault(_CATEGORIES[category], spelling)
    return found


def _forms_of(lemma: str) -> dict[str, str]:
    """Tag -> form."""
    found: dict[str, str] = {}
    for category, *forms in _entries("infl_lu", lemma):
        found.update({tag: form for tag, form in zip(_TAGS.get(category, ()), forms, strict=False) if form})
    return found


def _entries(name: str, word: str) -> Iterator[list[str]]:
    """The columns of every line about a word, of several spellings the first."""
    for line in _lines(name).get(word, "").splitlines():
        yield [column.partition("/")[0] for column in line.split(",")]


@functools.cache
def _lines(name: str) -> dict[str, str]:
    """word -> its lines, as they are: taken apart they would need three times the memory."""
    package = importlib.util.find_spec("lemminflect")
    assert package is not None and package.submodule_search_locations is not None  # a dependency of ours
    file = Path(package.submodule_search_locations[0]) / "resources" / f"{name}.csv.gz"
    found: dict[str, str] = {}
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            word, _, rest = line.partition(",")
            found[word] = found[word] + rest if word in found else rest
    return found
