"""The word lists: each says where it is from, and they agree with each other."""

from collections import Counter
from pathlib import Path

import pytest

from semclip.english import things
from semclip.english.words import load
from semclip.english.words.load import listed, rows_of, table_of

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
