"""What a click makes of a query's tree."""

import pytest

from semclip.core.query import And, Node, Not, Or, Picture, Text, leaves
from semclip.search.page.edit import flipped, weighted, with_picture, without

A, B, C = Text("a"), Text("b"), Text("c")


@pytest.mark.parametrize(
    ("tree", "part", "expected"),
    [
        (A, 0, Not(A)),
        (Not(A), 0, A),
        (And((A, Not(B))), 0, And((Not(A), Not(B)))),
        (And((A, Not(B))), 1, And((A, B))),
        (And((A, Not(Or((B, C))))), 2, And((A, Not(Or((B, Not(C))))))),
        (Or((And((A, B)), C)), 1, Or((And((A, Not(B))), C))),
    ],
)
def test_a_flip_turns_one_part_around_and_twice_is_nothing(tree: Node, part: int, expected: Node) -> None:
    assert flipped(tree, part) == expected
    assert flipped(expected, part) == tree
    before, after = list(leaves(tree)), list(leaves(expected))
    assert [b == a for b, a in zip(before, after, strict=True)] == [n != part for n in range(len(before))]


def test_a_weight_goes_to_the_leaf_and_leaves_its_sign() -> None:
    assert weighted(And((A, Not(B))), 1, 2) == And((A, Not(Text("b", 2))))
    assert weighted(Picture("x.jpg"), 0, 0.5) == Picture("x.jpg", 0.5)


@pytest.mark.parametrize(
    ("tree", "off", "expected"),
    [
        (And((A, Not(B))), {1}, A),
        (And((A, Not(B))), {0}, Not(B)),
        (And((A, Not(B))), {0, 1}, None),
        (And((A, Not(Or((B, C))))), {1}, And((A, Not(C)))),
        (And((A, Not(Or((B, C))))), {1, 2}, A),
        (Not(And((A, B))), {0, 1}, None),
        (None, {0}, None),
        (A, set(), A),
    ],
)
def test_parts_that_are_off_are_as_if_never_asked(tree: Node | None, off: set[int], expected: Node | None) -> None:
    assert without(tree, off) == expected


def test_a_picture_joins_the_query_once() -> None:
    photo = Picture("p.jpg")
    assert with_picture(None, "p.jpg", wanted=True) == photo
    assert with_picture(A, "p.jpg", wanted=False) == And((A, Not(photo)))
    assert with_picture(And((A, Not(B))), "p.jpg", wanted=True) == And((A, Not(B), photo))
    assert with_picture(And((A, photo)), "p.jpg", wanted=False) == And((A, Not(photo)))
    assert with_picture(Or((A, B)), "p.jpg", wanted=True) == And((Or((A, B)), photo))
