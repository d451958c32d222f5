"""Usual mistakes of statistical parsers on captions: what is mended, and what is taken for unsound."""

import pytest

from semclip.english.parse.mend import is_sound, mended
from semclip.english.parse.tree import Token
from tests.english.scene import tree


def written(tokens: list[Token]) -> str:
    return " ".join(f"{t.text}/{t.tag}/{t.label}/{t.head}" for t in tokens)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (  # a capital at the start makes no name
            "Baker/NNP/ROOT/0 kneading/VBG/acl/0 dough/NN/dobj/1",
            "Baker/NN/ROOT/0 kneading/VBG/acl/0 dough/NN/dobj/1",
        ),
        (
            "A/DT/det/1 vest/NN/ROOT/1 and/CC/cc/1 kilt/VB/conj/1",
            "A/DT/det/1 vest/NN/ROOT/1 and/CC/cc/1 kilt/NN/conj/1",
        ),
        (  # what is put somewhere did not put anything
            "A/DT/det/1 lantern/NN/nsubj/2 placed/VBD/ROOT/2 on/IN/prep/2 shelves/NNS/pobj/3",
            "A/DT/det/1 lantern/NN/ROOT/1 placed/VBN/acl/1 on/IN/prep/2 shelves/NNS/pobj/3",
        ),
        (
            "Four/CD/nummod/1 chefs/NNS/nsubj/2 cut/VBD/ROOT/2 onions/NNS/dobj/2",
            "Four/CD/nummod/1 chefs/NNS/nsubj/2 cut/VBP/ROOT/2 onions/NNS/dobj/2",
        ),
        (  # the article is that of the whole name
            "A/DT/det/1 street/NN/compound/2 lamp/NN/ROOT/2",
            "A/DT/det/2 street/NN/compound/2 lamp/NN/ROOT/2",
        ),
        (
            "A/DT/det/2 puppy/NN/compound/2 digging/NN/ROOT/2 in/IN/prep/2 sand/NN/pobj/3",
            "A/DT/det/1 puppy/NN/ROOT/1 digging/VBG/acl/1 in/IN/prep/2 sand/NN/pobj/3",
        ),
        (
            "A/DT/det/2 plumber/NN/amod/2 works/VBZ/ROOT/2 outside/RB/advmod/2",
            "A/DT/det/1 plumber/NN/nsubj/2 works/VBZ/ROOT/2 outside/RB/advmod/2",
        ),
        (  # a plural of one cook
            "Cook/NNP/compound/2 Emil/NNP/compound/2 Brun/NNP/compound/3 waits/NNS/ROOT/3 on/IN/prep/3 deck/NN/pobj/4",
            "Cook/NNP/compound/2 Emil/NNP/compound/2 Brun/NNP/nsubj/3 waits/VBZ/ROOT/3 on/IN/prep/3 deck/NN/pobj/4",
        ),
        (
            "A/DT/det/2 gull/NN/compound/2 heads/NNS/ROOT/2 for/IN/prep/2 land/NN/pobj/3",
            "A/DT/det/1 gull/NN/nsubj/2 heads/VBZ/ROOT/2 for/IN/prep/2 land/NN/pobj/3",
        ),
        (  # fans of a club
            "Avon/NNP/compound/1 United/NNP/compound/2 fans/NNS/ROOT/2 in/IN/prep/2 rain/NN/pobj/3",
            "Avon/NNP/compound/1 United/NNP/compound/2 fans/NNS/ROOT/2 in/IN/prep/2 rain/NN/pobj/3",
        ),
        (  # nobody is told to
            "Sailors/NNS/nsubj/1 mend/VB/ROOT/1 nets/NNS/dobj/1",
            "Sailors/NNS/nsubj/1 mend/VBP/ROOT/1 nets/NNS/dobj/1",
        ),
        (
            "Sculptor/VB/compound/1 Holm/NNP/ROOT/1 at/IN/prep/1 work/NN/pobj/2",
            "Sculptor/NN/compound/1 Holm/NNP/ROOT/1 at/IN/prep/1 work/NN/pobj/2",
        ),
        (  # on the left, not gone
            "Falk/NNP/nsubj/2 ,/,/punct/0 left/JJ/ROOT/2 ,/,/punct/2 waves/VBZ/conj/2 flags/NNS/dobj/4",
            "Falk/NNP/nsubj/4 ,/,/punct/0 left/JJ/advmod/0 ,/,/punct/0 waves/VBZ/ROOT/4 flags/NNS/dobj/4",
        ),
        (  # nothing to mend
            "Anna/NNP/nsubj/1 sings/VBZ/ROOT/1",
            "Anna/NNP/nsubj/1 sings/VBZ/ROOT/1",
        ),
    ],
)
def test_mended(given: str, expected: str) -> None:
    assert written(mended(list(tree(given)))) == expected


@pytest.mark.parametrize(
    "given",
    [
        "Tidy/JJ/nsubj/1 kitten/VBP/ROOT/1 sleeping/VBG/xcomp/1",
        "Bowl/VB/ROOT/0 of/IN/prep/0 plums/NNS/pobj/1",
        "Firefighters/NNS/compound/2 spray/NN/compound/2 foam/NN/ROOT/2",
        "A/DT/det/1 moss/NN/nsubj/2 covered/VBD/ROOT/2 wall/NN/dobj/2",
        "A/DT/det/1 nurse/NN/ROOT/1 in/IN/prep/1 boots/NNS/compound/4 splashes/NNS/pobj/2",
        "Children/NNS/nsubj/1 bedroom/VBP/ROOT/1 with/IN/prep/1 toys/NNS/pobj/2",
    ],
)
def test_what_cannot_be_right_is_left_to_the_other_parser(given: str) -> None:
    assert not is_sound(tree(given))


@pytest.mark.parametrize(
    "given",
    [
        "Police/NNS/compound/1 officers/NNS/nsubj/2 sing/VBP/ROOT/2",
        "A/DT/det/1 nurse/NN/ROOT/1 in/IN/prep/1 rain/NN/compound/4 boots/NNS/pobj/2",
    ],
)
def test_what_may_well_be_right_is_kept(given: str) -> None:
    assert is_sound(tree(given))
