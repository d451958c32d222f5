"""A lexicon of English: which parts of speech a word may be, its base forms, and the forms of a base form.

The files are those of the package `lemminflect`, made from the SPECIALIST Lexicon of the U.S. National Library of
Medicine. They are read by path: importing the package imports spaCy and torch wherever these are installed.
"""

import functools
import gzip
import importlib.util
from collections.abc import Iterator
from pathlib import Path

_POS = {"noun": "NOUN", "verb": "VERB", "adj": "ADJ", "adv": "ADV", "aux": "AUX", "modal": "AUX"}
_TAGS = {"noun": ("NNS",), "verb": ("VBD", "VBN", "VBG", "VBZ"), "adj": ("JJR", "JJS"), "adv": ("RBR", "RBS")}


def parts_of_speech(word: str) -> frozenset[str]:
    """Some of NOUN, VERB, ADJ, ADV, AUX for a small word; empty where the lexicon lacks it."""
    return frozenset(_lemmas().get(word, {}))


def lemma(word: str, pos: str) -> str:
    """The base form of a small word as that part of speech; "" where the lexicon lacks it."""
    return _lemmas().get(word, {}).get(pos, "")


def form(base: str, tag: str) -> str:
    """A base form in the form of a Penn tag; "" where the lexicon lacks it."""
    found = _forms().get(base, {})
    return found.get(tag, "") or (found.get("VBD", "") if tag == "VBN" else "")


@functools.cache
def _lemmas() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for word, category, *spellings in _lines("lemma_lu"):
        if category in _POS:
            found.setdefault(word, {}).setdefault(_POS[category], spellings[0].partition("/")[0])
    return found


@functools.cache
def _forms() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for word, category, *forms in _lines("infl_lu"):
        spellings = [spelling.partition("/")[0] for spelling in forms]
        tags = _TAGS.get(category, ())
        found.setdefault(word, {}).update({tag: s for tag, s in zip(tags, spellings, strict=False) if s})
    return found


def _lines(name: str) -> Iterator[list[str]]:
    package = importlib.util.find_spec("lemminflect")
    assert package is not None and package.submodule_search_locations is not None  # a dependency of ours
    file = Path(package.submodule_search_locations[0]) / "resources" / f"{name}.csv.gz"
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.strip().split(",")
