"""Negation and absence of one caption, written together: nearly the same words, one false, one true."""

from collections import Counter

import pytest

from semclip.captions.verifiers.lexical import SWAPPING_KINDS
from semclip.captions.writers._balanced import BARE_SHARE, Balanced, balanced
from semclip.captions.writers._draw import Draw
from semclip.english.caption import Caption
from semclip.english.change import words_of
from semclip.english.edits import Edit
from semclip.english.siblings import Siblings

PLAUSIBLE = {"bench": 1.0, "bird": 1.0, "cat": 1.0, "bicycle": 1.0}


def made(text: str, *others: str, seed: int = 0, family: str = "A") -> Balanced:
    return balanced(Caption(text), Siblings([text, *others]), PLAUSIBLE, family, (seed, "1.jpg", 0, 0))


def pairs(text: str, *others: str, draws: int = 300, family: str = "A") -> list[tuple[Edit, Edit]]:
    """(negation, absence) of every draw that gives both."""
    both = [made(text, *others, seed=seed, family=family) for seed in range(draws)]
    return [
        (one.negation, one.absence) for one in both if isinstance(one.negation, Edit) and isinstance(one.absence, Edit)
    ]


def test_the_table_of_kinds() -> None:
    found: dict[str, tuple[str, str]] = {}
    for text, *others in (
        ("A black dog runs .", "A dog runs with a ball ."),
        ("A dog runs after a ball .", "A dog runs ."),
    ):
        for negation, absence in pairs(text, *others):
            found.setdefault(negation.kind, (negation.text, absence.text))
    assert {
        "object_denied", "contrast_reversed", "attribute_swapped+object_absent", "object_replaced+object_denied",
        "subject_denied+object_affirmed",
    } <= found.keys()  # fmt: skip
    negation, absence = found["subject_denied+object_affirmed"]
    assert negation.startswith("No ") and not absence.startswith("No ")


@pytest.mark.parametrize("kind", ["object_replaced+object_denied", "contrast_reversed"])
def test_what_changes_places_has_the_same_words(kind: str) -> None:
    found = [pair for pair in pairs("A dog runs past a bench .") if pair[0].kind == kind]
    assert found
    for negation, absence in found:
        articles = {"a", "an", "any"}
        assert Counter(w for w in words_of(negation.text) if w not in articles) == Counter(
            w for w in words_of(absence.text) if w not in articles
        )


@pytest.mark.parametrize("family", ["A", "B"])
@pytest.mark.parametrize(
    "text",
    [
        "A nurse waves .",
        "A nurse waving .",
        "A nurse is waving .",
        "A large group of nurses wave at a camera .",
        "Two nurses are waving .",
        "There is a nurse waving .",
        "There are some nurses waving .",
        "Wug plip drob the hill .",
    ],
)
def test_a_denied_sentence_affirms_what_the_absence_denies_in_the_same_words(text: str, family: str) -> None:
    found = [pair for pair in pairs(text, family=family) if pair[0].kind.endswith("+object_affirmed")]
    assert found
    for negation, absence in found:
        thing = absence.pair[0]
        assert thing in negation.text.replace("benches", "bench").replace("bicycles", "bicycle")
        ours, theirs = set(words_of(negation.text)), set(words_of(absence.text))
        assert ours ^ theirs <= {"a", "an", "any", "some", "is", "are"}, (negation.text, absence.text)
        assert sum(map(denies, words_of(negation.text))) == sum(map(denies, words_of(absence.text))) == 1


def denies(word: str) -> bool:
    return word in ("no", "not") or word.endswith("n't")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Three goats climb the hill .", "three "),
        ("Several goats climbing a hill .", "several "),
        ("A large group of people in a park walk up the hill .", "a large group of "),
        ("Goats climb the hill .", ""),
    ],
)
def test_the_number_of_a_denied_subject_is_that_of_the_affirmed_thing(text: str, count: str) -> None:
    found = [n.text.lower() for n, _ in pairs(text) if n.kind == "subject_denied+object_affirmed"]
    assert found
    things = ("benches", "birds", "cats", "bicycles")
    assert all(any(f"{count}{thing}" in negation for thing in things) for negation in found), found[:5]


def test_a_swap_differs_from_the_absence_in_the_swap_alone() -> None:
    found = [pair for pair in pairs("A black goat climbs .") if pair[0].kind == "attribute_swapped+object_absent"]
    assert found
    for negation, absence in found:
        ours, theirs = words_of(negation.text), words_of(absence.text)
        assert len(ours) == len(theirs)
        assert [a for a, b in zip(ours, theirs, strict=True) if a != b] == [negation.pair[1]]


@pytest.mark.parametrize("family", ["A", "B"])
def test_how_many_swaps_are_bare(family: str) -> None:
    text = {"A": "A black goat climbs .", "B": "A goat sits near a bench ."}[family]
    kinds = [negation.kind for negation, _ in pairs(text, draws=2000, family=family)]
    swaps = [kind for kind in kinds if kind.partition("+")[0] in SWAPPING_KINDS]
    bare = sum("+" not in kind for kind in swaps) / len(swaps)
    assert len(swaps) > 400
    assert bare == pytest.approx(BARE_SHARE[family], abs=0.03)


def test_a_bag_of_words_says_little_of_which_is_true() -> None:
    """The share of words that one of the two has and the other has not is small: most are shared."""
    found = pairs("A brown dog runs over the lawn .", "A dog runs after a ball .")
    shares = [
        sum((Counter(words_of(n.text)) - Counter(words_of(a.text))).values()) / len(words_of(n.text)) for n, a in found
    ]
    assert len(found) > 200
    assert sum(shares) / len(shares) < 0.12


def test_a_caption_that_denies_something_has_no_absence() -> None:
    one = made("A man without a hat naps .")
    assert isinstance(one.negation, Edit) and one.negation.text == "A man with a hat naps ."
    assert one.absence == "already holds a negation"


def test_nothing_plausible_leaves_the_negation() -> None:
    one = balanced(Caption("A nurse waves ."), Siblings(["A nurse waves ."]), {}, "A", (0, "1.jpg", 0, 0))
    assert isinstance(one.negation, Edit)
    assert one.absence == "nothing absent is known to fit the scene"


def test_draws_depend_on_the_key_alone() -> None:
    assert made("A black goat climbs .", seed=5) == made("A black goat climbs .", seed=5)
    assert Draw("a", 1).unit() == Draw("a", 1).unit() != Draw("a", 2).unit()
