"""Sentences that say what is missing or deny a caption: their grammar, and that none of them is a test's."""

import re

import pytest

from semclip.data.scenes.phrasing import HELD_OUT
from semclip.english.absences import DENIED, FORMS, LACKING, denied, lacking
from semclip.english.caption import Caption

CAPTION = Caption("A man sleeps .")


def test_forms_are_many_and_put_the_caption_first_or_last() -> None:
    for forms in (LACKING, DENIED):
        assert len(set(forms)) == len(forms) >= 10
        starts = sum(form.startswith("{X}") for form in forms)
        assert 3 <= starts <= len(forms) - 3


@pytest.mark.parametrize("form", LACKING)
def test_articles_numbers_and_stops(form: str) -> None:
    texts = {
        (noun, plural): lacking(CAPTION, noun, form, plural)
        for noun in ("umbrella", "dog", "person", "water", "pentagram")
        for plural in (False, True)
    }
    for (noun, plural), text in texts.items():
        assert text.endswith(" .") and not re.search(r"\S[,:]", text)  # spaces before marks, as the caption has them
        assert ("A man sleeps" in text) is form.startswith("{X}")
        assert ("a man sleeps" in text) is not form.startswith("{X}")
        form_of_noun = {"person": "people", "water": "water"}.get(noun, f"{noun}s") if plural else noun
        assert re.search(rf"\b([Nn]o|an?|any) {form_of_noun}\b", text), text
        assert not re.search(r"\ba (umbrella|water)|\ban (dog|person|pent)|\ban? \w+s\b|any (dog|umbrella)\b", text)
    assert texts["water", False] == texts["water", True]  # it has no plural


@pytest.mark.parametrize("form", DENIED)
def test_a_denied_caption_stands_as_it_is(form: str) -> None:
    assert "man sleeps" in denied(CAPTION, form) and denied(CAPTION, form).endswith(" .")
    assert denied(Caption("red rings"), form)[-1] != "."


def test_no_form_is_one_that_tests_use() -> None:
    parts = {"X": "@", "x": "@", "y": "#", "be": "is", "any": "a #", "end": "", "comma": ",", "colon": ":"}
    ours = {form.format(**parts) for form in LACKING}
    others = {"@" + form.format(**parts) for form in FORMS["B"]}
    others |= {form.format(s="@", x="#", ax="a #") for form in (*HELD_OUT.denial, *HELD_OUT.alone)}
    assert not ours & others
    # Nor do they share a way to say no: the words of a test's form without the caption and its comma.
    ways = {other.replace("@", "").strip(" ,:") for other in others}
    assert not [(way, text) for way in ways for text in ours if way.lower() in text.lower()]
