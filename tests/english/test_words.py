"""The word lists: each says where it is from, and they agree with each other."""

from collections import Counter
from pathlib import Path

import pytest

from semclip.english import lexicon, things
from semclip.english.inflection import PLURAL_ONLY, inflect, lemma_of
from semclip.english.words import load
from semclip.english.words.load import lines_of, listed, rows_of, table_of

FILES = sorted(Path(load.__file__).parent.glob("*.txt"))
TABLES = ("lists", "nouns", "colours", "sports", "counterparts", "variants", "settings", "missable", "tags")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_list_says_at_its_top_where_it_is_from(file: Path) -> None:
    lines = file.read_text("utf-8").splitlines()
    top = lines[: next(i for i, line in enumerate(lines) if line[:1] != "#")]
    assert any("ritten" in line and "for this project" in line for line in top)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_holds_small_words_each_once_behind_a_key(name: str) -> None:
    for key, words in table_of(name).items():
        assert key and words, key
        assert not [word for word, times in Counter(words).items() if times > 1 or word != word.lower()], key
        assert not {":", ";"} & set(words), key


def test_lines_without_a_key_go_on_with_the_list_before() -> None:
    assert {"in", "side-by-side"} <= listed("prepositions")
    assert table_of("lists")["fur colours"] == ("black", "white", "brown", "gray")


def test_what_may_be_missing_is_a_thing_and_its_settings_are_known() -> None:
    assert table_of("missable").keys() <= things.THINGS.keys()
    assert {setting for of in table_of("missable").values() for setting in of} <= table_of("settings").keys()
    known = listed("deniable") | listed("places") | listed("animals") | listed("players")
    assert known <= things.THINGS.keys()


def test_people_and_attributes_have_counterparts_on_both_sides() -> None:
    counterparts = table_of("counterparts")
    assert {other for others in counterparts.values() for other in others} <= counterparts.keys()
    assert not table_of("variants").keys() & {word for words in table_of("variants").values() for word in words}
    assert all(word != opposite and of for word, opposite, of, _ in rows_of("opposites", 4))


def test_signs_of_a_thing_are_words_or_lists_of_them() -> None:
    assert {"crowd", "leashes", "jackets"} <= things.THINGS["person"].signs
    assert "leash" not in things.THINGS["man"].signs
    assert not any("*" in sign or ";" in sign for thing in things.THINGS.values() for sign in thing.signs)


@pytest.mark.parametrize(
    ("noun", "plural", "expected"),
    [
        ("dog", False, ("dog", "a dog", "a dog", "is")),
        ("dog", True, ("dogs", "dogs", "any dogs", "are")),
        ("water", True, ("water", "water", "any water", "is")),
        ("jeans", False, ("jeans", "jeans", "any jeans", "are")),
        ("owl", False, ("owl", "an owl", "an owl", "is")),
    ],
)
def test_how_a_thing_is_said(noun: str, plural: bool, expected: tuple[str, ...]) -> None:
    assert tuple(things.thing_of(noun).said(plural).values()) == expected


def _entries(name: str) -> list[tuple[str, list[str], list[str]]]:
    """(line without what is absurd with it, the words that another may be set against, those that may be)."""
    found = []
    for line in (line.partition(" | ")[0] for line in lines_of(name)):
        names = line.removeprefix("? ").partition(" : ")[0]
        several, _, rest = names.rpartition(" > ")
        found.append((line, several.split() or rest.split()[: 1 if name == "replacements" else None], rest.split()))
    return found


@pytest.mark.parametrize("name", ["contrasts", "replacements", "attributes"])
def test_a_line_of_rivals_holds_each_word_once_and_none_that_is_the_head_of_another(name: str) -> None:
    for line, firsts, others in _entries(name):
        words = {*firsts, *others}
        assert len(words) > 1 and len(line.removeprefix("? ").replace(" > ", " ").partition(" : ")[0].split()) == len(
            words
        ), line
        governors = line.partition(" : ")[2].removeprefix("- ").split()
        assert len(governors) == len(set(governors)) and not {"-", ":", ">"} & {*governors, *words}, line
        compounds = [(a, b) for a in words for b in words if a != b and a.endswith(f"-{b}")]
        assert all(not b.isalpha() or a.startswith("semi-") for a, b in compounds), line


@pytest.mark.parametrize("name", ["contrasts", "replacements", "attributes"])
def test_what_is_absurd_with_something_is_found_by_its_lemma(name: str) -> None:
    told = [line.partition(" | ")[2].split() for line in lines_of(name) if "|" in line]
    assert told and all(words and len(words) == len(set(words)) for words in told)
    lemmas = {word for words in told for word in words} - PLURAL_ONLY
    inflected = {word for word in lemmas if word not in {lemma_of(word, tag) for tag in ("NNS", "VBZ", "VBG", "VBD")}}
    assert not inflected and all(word.isalpha() and word.islower() for word in lemmas)


@pytest.mark.parametrize("name", ["contrasts", "replacements", "attributes"])
def test_no_word_excludes_one_that_means_the_same(name: str) -> None:
    same = {frozenset((one, other)) for kind, one, _, other, _ in rows_of("synonyms", 5) if kind in "NJ"}
    same |= {frozenset((word, other)) for word, others in table_of("variants").items() for other in others}
    pairs = {frozenset((first, other)) for _, firsts, others in _entries(name) for first in firsts for other in others}
    assert not pairs & same


@pytest.mark.parametrize("name", ["contrasts", "attributes"])
def test_no_two_words_of_one_line_are_forms_of_one_word(name: str) -> None:
    for line, firsts, others in _entries(name):
        lemmas = [lemma_of(word, "NNS") for word in {*firsts, *others}]
        assert len(lemmas) == len(set(lemmas)), line


def test_a_word_of_two_senses_is_contrasted_under_governors_alone() -> None:
    senses = "bat club crane cape bow tank pitcher speaker chest drone rocket port coach fan player lamb"
    several = set(senses.split(" "))
    entries = [(line, firsts) for line, firsts, _ in _entries("contrasts") if several & set(firsts)]
    assert {word for _, firsts in entries for word in firsts} >= several
    assert not [line for line, _ in entries if " : " not in line or " : -" in line]


@pytest.mark.parametrize("name", ["contrasts", "replacements"])
def test_a_word_that_others_replace_is_no_plural_which_no_caption_has_as_a_lemma(name: str) -> None:
    firsts = {first for _, words, _ in _entries(name) for first in words if first not in lexicon.MASS}
    assert not [first for first in firsts if inflect(lemma_of(first, "NNS"), "NNS") == first != lemma_of(first, "NNS")]


@pytest.mark.parametrize("name", ["contrasts", "replacements"])
def test_no_rival_is_told_twice_under_the_same_governors(name: str) -> None:
    told = Counter(
        (first, other, line.partition(" : ")[2])
        for line, firsts, others in _entries(name)
        for first in firsts
        for other in others
        if first != other
    )
    assert not [rival for rival, times in told.items() if times > 1]
