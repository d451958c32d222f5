"""What may be denied, what may be called absent, and the sentences that do it."""

import pytest

from semclip.english import things
from semclip.english.absences import FORMS, forms_for, said_behind
from semclip.english.absent import MISSABLE, Absent, deniable, missable
from semclip.english.caption import Caption
from semclip.english.pairs import ATTRIBUTES, CONTRASTS, REPLACEMENTS, family_of_pair
from semclip.english.parse.clean import sentence_of
from semclip.english.siblings import Siblings
from tests.english.scene import tree_of


@pytest.mark.parametrize(
    ("text", "thing", "plural", "form", "expected"),
    [
        ("A man naps .", "umbrella", False, 1, "A man naps , without an umbrella in sight ."),
        ("A man naps.", "dog", True, 0, "A man naps, with no dogs in sight."),
        ("A man naps", "water", True, 1, "A man naps, without any water in sight"),
        ("A Man Naps", "dog", False, 0, "A Man Naps, with no dog in sight"),
        ("A MAN NAPS! #nap", "owl", False, 1, "A MAN NAPS, WITHOUT AN OWL IN SIGHT! #nap"),
        ("A man naps - stock photo", "dog", False, 2, "A man naps, but no dog in sight - stock photo"),
    ],
)
def test_what_is_missing_stands_before_the_stop_and_all_behind_it(
    text: str, thing: str, plural: bool, form: int, expected: str
) -> None:
    assert said_behind(sentence_of(text), thing, FORMS["A"][form], plural) == expected


def forms(text: str, family: str) -> tuple[str, ...]:
    tree = tree_of(text)
    return forms_for(tree, family, len(tree))


def test_forms_suit_the_caption_and_the_families_share_none() -> None:
    end = "A jar with a lid".count(" ") + 1
    assert "with" not in "".join(forms_for(tree_of("A jar with a lid on a shelf"), "A", end))  # cut before "on a shelf"
    assert set(FORMS["A"]).isdisjoint(FORMS["B"])
    for family in "AB":
        finite, fragment = (forms(text, family) for text in ("A nurse sings .", "A nurse in a barn ."))
        assert any("and there" in form for form in finite) and not any("and there" in form for form in fragment)
        assert all("with" not in form for form in forms("A nurse with a hat sings", family))
        assert all(form.startswith("but ") for form in forms("A nurse with a hat", family))


def known(caption: str, *siblings: str, objects: tuple[str, ...] = ()) -> list[str]:
    return deniable(Caption(caption), Siblings([caption, *siblings], objects))


def test_denied_is_what_two_captions_name_or_one_and_the_list() -> None:
    assert known("A man waves.", "A man beside a horse.") == []  # one may be mistaken
    assert known("A man waves.", "A man beside a horse.", "A horse eats.") == ["horse"]
    assert known("A man waves.", "A man beside a horse.", objects=("horse",)) == ["horse"]
    assert known("A man waves.", objects=("horse",)) == []  # nobody but the list names it
    assert known("A man on a horse.", "A man rides a horse.", "A horse eats.") == []  # it names the horse itself
    assert known("A man rides.", "A man rides a horse.", "A horse eats.") == []  # it hints at it
    assert known("A puppy naps.", "A dog naps.", "A dog on a bed.") == []  # by another name
    assert known("A man waves.", "A man and no dog.", "A man without a dog.") == []  # the siblings deny it, too
    assert known("Something falls.", "A ball falls.", "A ball in the air.", "A frisbee falls.") == []  # they disagree
    assert known("A dog runs.", "A child and a dog run.", "A child with a dog.") == ["child"]
    assert known("A bell rings.", "A child holds a dog.", "A child with a dog.") == ["child", "dog"]
    assert known("A man runs.", "A child holds a dog.", "A child with a dog.") == ["dog"]  # somebody runs


@pytest.mark.parametrize(
    ("mention", "thing"),
    [("puppies", "dog"), ("an animal", "dog"), ("lake", "water"), ("a splash", "water"), ("player", "man"),
     ("someone", "person"), ("his hand", "man"), ("biking", "bicycle"), ("a harpist", "person"), ("vehicle", "car"),
     ("a van", "truck"), ("an egret", "bird"), ("skiers", "snow"), ("cattle", "cow")],
)  # fmt: skip
def test_synonyms_hypernyms_and_parts_block_an_absence(mention: str, thing: str) -> None:
    assert thing in Caption(f"There goes {mention} .").signs


def test_a_verb_hints_at_nobody() -> None:
    assert Caption("A bus is parked .").signs.isdisjoint({"person", "man", "woman", "child"})


def missed(text: str, *objects: str) -> frozenset[str]:
    siblings = Siblings([text], objects)
    return missable(siblings.bag, siblings.signs)


def test_what_is_missed_fits_the_scene() -> None:
    assert {"kite", "surfboard", "dog", "child"} <= missed("A man walks on the beach .")
    assert "adult" in missed("A boy on the beach .") and "dog" not in missed("A zebra on a hill .")
    assert missed("A man walks on the beach .").isdisjoint({"bus", "man", "adult", "water", "surfer", "swing"})
    assert "bicycle" in missed("A dog on a street .") and "bicycle" not in missed("A parade on a street .")
    assert "person" in missed("A barn on a hill .") and "person" not in missed("A tractor by a barn on a hill .")
    assert "dog" in missed("A nurse in the snow .") and "cat" not in missed("A nurse in the snow .")
    assert "frisbee" in missed("A puppy naps .") and "frisbee" not in missed(
        "A nurse with her puppy in a park , a disc in its mouth ."
    )
    assert "kite" not in missed("A man walks on the beach .", "kite string")
    assert missed("A jar beside a hot dog .") == {"person"}  # which fetches nothing


def test_somebody_may_be_missed_anywhere() -> None:
    assert missed("An old lock .") == {"person"}  # nobody is in it, as far as it says
    assert missed("A man and a woman smile .") == {"child"}
    assert missed("Two boys smile .") == {"adult"}
    assert missed("A man smiles at a girl .") == frozenset()
    assert missed("A crowd smiles .") == frozenset()  # somebody may well be a child


def test_background_is_never_missed() -> None:
    assert set(MISSABLE).isdisjoint(
        {"sky", "tree", "grass", "water", "street", "building", "wall", "shirt", "jeans", "fence", "rock", "table"}
    )
    assert set(MISSABLE) <= set(things.THINGS)


def test_absent_things_follow_what_occurs_together() -> None:
    groups = {f"a{i}": Siblings(["A man with a kite on the beach ."]) for i in range(20)}
    groups |= {f"b{i}": Siblings(["A man on the beach .", "A man by the sea .", "A man ."]) for i in range(5)}
    weight = Absent(groups).plausible("b0")
    assert weight["kite"] > 5 * weight["dog"] > 0
    assert "kite" not in Absent(groups).plausible("a0")


@pytest.mark.parametrize(
    ("texts", "objects", "made", "known"),
    [
        (["A man on the beach ."], (), (), False),
        (["A man on the beach ."], (), ("A man is on the beach .", "On the beach , there is a man ."), False),
        (["A man on the beach .", "A man by the sea ."], (), (), False),
        (["A man on the beach .", "A man by the sea .", "A man on sand ."], (), (), True),
        (["A man on the beach ."], ("man", "sand"), (), True),
    ],
)
def test_the_silence_of_a_single_caption_tells_nothing(
    texts: list[str], objects: tuple[str, ...], made: tuple[str, ...], known: bool
) -> None:
    assert bool(Absent({"x": Siblings(texts, objects, made)}).plausible("x")) is known


def test_families_of_pairs() -> None:
    assert family_of_pair(("dog", "cat")) == family_of_pair(("cat", "dog"))
    assert family_of_pair(("men", "women")) == family_of_pair(("lady", "man"))
    assert family_of_pair(("little", "large")) == family_of_pair(("big", "small"))


def test_a_pair_s_family_depends_on_the_pair_alone() -> None:
    """A new line moves no pair from tests to training: what was dealt stays so, and words of no list are dealt too."""
    dealt = {("dog", "goat"): "B", ("dog", "rabbit"): "A", ("bed", "couch"): "B", ("red", "blue"): "A"}
    assert {pair: family_of_pair(pair) for pair in dealt} == dealt
    assert {family_of_pair((f"blorp{i}", "zib")) for i in range(20)} == {"A", "B"}


def test_most_words_have_partners_in_both_families() -> None:
    partners: dict[str, set[str]] = {}
    for table in (REPLACEMENTS, CONTRASTS, ATTRIBUTES):
        for word, rows in table.items():
            partners.setdefault(word, set()).update(other for others, *_ in rows for other in others)
    # Of two partners, five times in nine both are of one family: one in three pairs is for tests.
    several = {word: others for word, others in partners.items() if len(others) > 2}
    both = [word for word, others in several.items() if len({family_of_pair((word, o)) for o in others}) == 2]
    assert len(both) > 0.6 * len(several)


def test_colours_and_numbers_have_partners_in_both_families() -> None:
    colours = ("black", "white", "red", "blue", "green", "yellow")
    for colour in colours:
        assert {family_of_pair((colour, other)) for other in colours if other != colour} == {"A", "B"}
    assert {family_of_pair(("two", other)) for other in ("three", "four", "five", "six")} == {"A", "B"}
