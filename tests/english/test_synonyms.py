"""Words that mean the same: what the list must hold to, and sentences in which a pair may be used, or may not."""

from collections import Counter

import pytest

from semclip.english.inflection import known_as
from semclip.english.reword.synonyms import synonyms
from semclip.english.siblings import Siblings
from semclip.english.words.load import rows_of
from tests.english.scene import tree_of

ROWS = rows_of("synonyms", 5)


def said(caption: str) -> set[str]:
    """What either family puts in the place of words."""
    tree, siblings = tree_of(caption), Siblings((caption,))
    return {
        f"{tree.text_of(swap.start, swap.end)} > {swap.new}"
        for family in "AB"
        for swap in synonyms(tree, siblings, family)
    }


def test_no_pair_is_on_the_list_twice() -> None:
    pairs = [(kind, one, other) for kind, one, _, other, _ in ROWS]
    pairs += [(kind, other, one) for kind, one, way, other, _ in ROWS if way == "="]
    assert not [pair for pair, times in Counter(pairs).items() if times > 1]


def test_every_row_has_a_known_kind_a_way_and_other_words() -> None:
    assert {len(row) for row in ROWS} == {5}
    assert {kind for kind, *_ in ROWS} == set("NJMVIBRPT")
    assert {way for _, _, way, _, _ in ROWS} == {"=", ">"}
    assert not [row for row in ROWS if not row[1] or not row[3] or row[1] == row[3]]
    assert not [row for row in ROWS if row[0] == "M" and row[2] == "="]


def test_every_verb_has_forms() -> None:
    verbs = {words.split()[0] for kind, one, _, other, _ in ROWS if kind in "VIB" for words in (one, other)}
    assert not [verb for verb in verbs if not known_as(verb) & {"VERB", "AUX"}]


@pytest.mark.parametrize(
    ("caption", "swap"),
    [
        ("A farmer sits on a wooden crate .", "wooden crate > crate made of wood"),
        ("A nurse wears a leather belt .", "leather belt > belt made of leather"),
        ("A bearded man naps .", "bearded man > man with a beard"),
        ("A brown dog naps .", "brown dog > dog with brown fur"),
        ("A nurse in a hard hat sings .", "hard hat > safety helmet"),
        ("Two lawyers wait in a hall .", "lawyers > attorneys"),
        ("A tailor mends a net .", "mends > repairs"),
        ("A farmer extinguishes a candle .", "extinguishes > puts out"),
        ("A farmer distributes seeds .", "distributes > hands out"),
        ("A helicopter takes off in dense smoke .", "dense > thick"),
        ("An arid desert with a road", "arid > dry"),
        ("A nurse sits near a window .", "sits near > is seated near"),
        ("A choir performs in a church .", "performs > gives a performance"),
        ("A calf drinks from a jug of milk .", "jug > pitcher"),
        ("A nurse hurries down a hall .", "hurries > rushes"),
        ("A farmer walks slowly .", "slowly > at a slow pace"),
        ("A person in a kilt sings .", "A person > someone"),
        ("A nurse holds a racket .", "holds > grips"),
        ("A goat near a shed", "near > a short distance from"),
    ],
)
def test_a_pair_is_used(caption: str, swap: str) -> None:
    assert swap in said(caption)


@pytest.mark.parametrize(
    ("caption", "never"),
    [
        ("A pitcher stands on the mound .", "jug"),
        ("A farmer carries out a crate .", "conducts"),
        ("A nurse puts out the milk .", "extinguishes"),
        ("Snowy night in a village", "snow-covered"),
        ("A nurse talks to a farmer .", "converses"),
        ("A nurse talks to a farmer .", "has a conversation"),
        ("A wooden box of plums stands on a shelf .", "made of wood"),
        ("A lamp and wooden bowl on a table", "made of"),
        ("A very thick rope", "dense"),
        ("A thick book lies on a shelf .", "dense"),
        ("A sign with an odd number", "strange"),
        ("Three cows stand in a barn .", "cattle"),
        ("A farmer closes a business deal .", "shuts"),
        ("A goat feeds on hay while a nurse eats cake .", "eats > feeds"),
        ("A boy surfs a wave .", "rides the waves"),
        ("A nurse wears a shirt and a watch .", "clad in"),
        ("A nurse lands a punch .", "touches down"),
        ("A child sits on a vase .", "stands"),
        ("A goat lies by a stream of cars .", "cave"),
        ("A farmer stares in the distance .", "far away"),
        ("A nurse fixes her hair .", "repairs"),
        ("Queen bees leave a hive .", "exit"),
        ("The gift of the farmer stands on a shelf .", "present"),
        ("A goat in a heavy coat", "pouring"),
        ("A nurse wearing a scarf under a jacket", "clad in"),
        ("A farmer looks at his watch .", "gazes"),
        ("A pair of cows in a barn", "cattle"),
        ("A nurse watches television .", "observes"),
        ("A nurse holds a plate .", "grips"),
    ],
)
def test_a_word_in_another_sense_stays(caption: str, never: str) -> None:
    assert not [swap for swap in said(caption) if never in swap]


def test_a_title_keeps_its_words_but_for_phrases_that_are_no_names() -> None:
    assert said("Set Of Two Lawyer Mugs With Big Handles") == {"Set Of Two > pair of"}
