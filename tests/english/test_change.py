"""The measure of change: worked examples, and a plain dynamic programme on random word lists."""

import random

import pytest

from semclip.english.change import changed_share_of_words, words_of


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ("A cat sleeps.", "a CAT , sleeps !", 0.0),  # marks and capitals do not count
        ("a cat sleeps", "two dogs run", 1.0),
        ("A cat sleeps", "There is a cat sleeping", 1 - 2 / 5),
        ("one two three four", "three four one two", 1 / 2),  # order counts
        ("the cook's t-shirt", "the t-shirt", 1 / 3),  # joined words are one
        ("", "", 0.0),
        ("", "a", 1.0),
    ],
)
def test_share_by_hand(before: str, after: str, share: float) -> None:
    assert changed_share_of_words(words_of(before), words_of(after)) == pytest.approx(share, abs=1e-12)


def test_share_is_what_a_plain_programme_gives() -> None:
    draw = random.Random(0)
    for _ in range(500):
        one, other = ([draw.choice("abcd") for _ in range(draw.randint(1, 90))] for _ in range(2))
        row = [0] * (len(other) + 1)
        for word in one:
            new = [0]
            for j, other_word in enumerate(other):
                new.append(row[j] + 1 if word == other_word else max(row[j + 1], new[j]))
            row = new
        assert changed_share_of_words(one, other) == pytest.approx(1 - row[-1] / max(len(one), len(other)), abs=1e-12)


def test_words() -> None:
    assert words_of("It 's a chef’s T-shirt, no. 7!") == ["it", "s", "a", "chef’s", "t-shirt", "no", "7"]
