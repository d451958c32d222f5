"""What may be denied, what may be called absent, and the sentences that do it."""

import pytest

from semclip.english import contrasts, denials, scenes, things
from semclip.english.absent import Absent
from semclip.english.caption import Caption
from semclip.english.pairs import family_of_pair
from semclip.english.siblings import Siblings


@pytest.mark.parametrize(
    ("text", "thing", "plural", "expected"),
    [
        ("A man naps .", "umbrella", False, "A man naps , and the picture does not show an umbrella ."),
        ("A man naps.", "dog", True, "A man naps, and the picture does not show any dogs."),
        ("A man naps", "water", True, "A man naps, and the picture does not show any water"),
        ("A man naps ,", "dog", False, "A man naps, and the picture does not show a dog"),
        ("A Man Naps", "dog", False, "A Man Naps, And The Picture Does Not Show A Dog"),
    ],
)
def test_sentences(text: str, thing: str, plural: bool, expected: str) -> None:
    assert denials.sentence(Caption(text), thing, denials.FORMS["A"][4], plural) == expected


def test_sentence_before_the_caption_lowers_the_first_letter_but_not_of_names() -> None:
    form = denials.FORMS["B"][3]
    assert denials.sentence(Caption("The man naps."), "dog", form, False) == "No dog to be seen: the man naps."
    assert denials.sentence(Caption("Bob naps."), "dog", form, False) == "No dog to be seen: Bob naps."
    assert denials.sentence(Caption("Asian boys nap."), "dog", form, False) == "No dog to be seen: Asian boys nap."


@pytest.mark.parametrize("family", ["A", "B"])
def test_a_form_that_asks_for_a_verb_is_for_captions_that_have_one(family: str) -> None:
    whole = denials.forms_for(Caption("A man naps."), family)
    assert set(whole) == set(denials.FORMS[family])
    assert set(whole) - set(denials.forms_for(Caption("A man on a bed."), family)) == {
        form for form in whole if form.startswith("With")
    }


def deniable(caption: str, *siblings: str) -> list[str]:
    return denials.deniable(Caption(caption), Siblings([caption, *siblings]))


def test_denied_is_what_the_siblings_name() -> None:
    assert deniable("A man waves.", "A man beside a horse.") == ["horse"]
    assert deniable("A man on a horse.", "A man rides a horse.") == []  # it names the horse itself
    assert deniable("A man rides.", "A man rides a horse.") == []  # it hints at it
    assert deniable("A puppy naps.", "A dog naps.") == []  # by another name
    assert deniable("A man waves.", "A man and no dog.") == []  # the sibling denies it, too
    assert deniable("Something falls.", "A ball falls.", "A frisbee falls.") == []  # they disagree
    assert deniable("A dog runs.", "A dog and a man run.") == []  # people need two witnesses
    assert deniable("A dog runs.", "A man and a dog run.", "A man with a dog.") == ["man"]
    assert deniable("A man naps.", "A man sticks out his tongue.", "A player swings a bat.", "A man fires a gun.") == []


@pytest.mark.parametrize(
    ("mention", "thing"),
    [("puppies", "dog"), ("an animal", "dog"), ("lake", "water"), ("a splash", "water"), ("player", "man"),
     ("someone", "person"), ("his hand", "man"), ("biking", "bicycle"), ("a harpist", "person"), ("vehicle", "car"),
     ("a van", "truck"), ("an egret", "bird"), ("skiers", "snow"), ("cattle", "cow")],
)  # fmt: skip
def test_synonyms_hypernyms_and_parts_block_an_absence(mention: str, thing: str) -> None:
    assert thing in Caption(f"There goes {mention} .").signs


def missable(text: str, *objects: str) -> frozenset[str]:
    siblings = Siblings([text], objects)
    return scenes.missable(siblings.bag, siblings.signs)


def test_what_is_missed_fits_the_scene() -> None:
    assert {"kite", "boat", "horse"} <= missable("A man walks on the beach .")
    assert missable("A man walks on the beach .").isdisjoint({"bed", "sled", "bus", "man", "water", "surfer"})
    assert "sled" in missable("A dog in the snow .") and "frisbee" not in missable("A dog in the snow .")
    assert missable("A dog runs over a field .").isdisjoint({"book", "phone", "umbrella"})
    assert "ball" not in missable("A man walks on the beach .", "soccer ball")
    assert missable("Nothing that is known .") == frozenset()


def test_background_is_never_missed() -> None:
    assert set(scenes.MISSABLE).isdisjoint(
        {"sky", "tree", "grass", "water", "street", "building", "wall", "shirt", "jeans", "fence", "rock", "table"}
    )
    assert set(scenes.MISSABLE) <= set(things.THINGS)


def test_absent_things_follow_what_occurs_together() -> None:
    groups = {f"a{i}": Siblings(["A man with a kite on the beach ."]) for i in range(20)}
    groups |= {f"b{i}": Siblings(["A man on the beach .", "A man by the sea ."]) for i in range(5)}
    weight = Absent(groups).plausible("b0")
    assert weight["kite"] > 5 * weight["horse"] > 0
    assert "kite" not in Absent(groups).plausible("a0")


def contrasted(text: str, true: bool, *siblings: str) -> set[str]:
    caption = Caption(text)
    found = contrasts.contrasts(caption, Siblings([text, *siblings]))
    return {contrasts.contrasted(caption, contrast, contrasts.FORMS["A"][1], true) for contrast in found}


def test_contrasts() -> None:
    assert "A dog , not a cat , runs ." in contrasted("A dog runs .", True)
    assert "A cat , not a dog , runs ." in contrasted("A dog runs .", False)
    assert "Two old horses, not cows, run." in contrasted("Two old horses run.", True)
    assert "A man with an umbrella, not a book." in contrasted("A man with a book.", False)


@pytest.mark.parametrize(
    "text", ["A dog and a cat run.", "A dog chases another dog.", "A dog house.", "A dog of clay.", "A puppy runs."]
)
def test_contrasts_left_alone(text: str) -> None:
    assert not any("dog ," in made or "dog," in made for made in contrasted(text, True, "A cat."))


def test_a_contrast_with_what_another_caption_names_is_none() -> None:
    assert not any("cat" in text for text in contrasted("A dog runs.", True, "A kitten runs."))


def test_families_of_pairs() -> None:
    assert family_of_pair(("dog", "cat")) == family_of_pair(("cat", "dog"))
    assert family_of_pair(("men", "women")) == family_of_pair(("lady", "man"))
    assert family_of_pair(("little", "large")) == family_of_pair(("big", "small"))


@pytest.mark.parametrize("word", ["dog", "ball", "bicycle", "boat", "guitar"])
def test_a_thing_has_partners_in_both_families(word: str) -> None:
    assert {family_of_pair((word, other)) for other in things.REPLACED_BY[word]} == {"A", "B"}


def test_colours_and_numbers_have_partners_in_both_families() -> None:
    colours = ("black", "white", "red", "blue", "green", "yellow")
    for colour in colours:
        assert {family_of_pair((colour, other)) for other in colours if other != colour} == {"A", "B"}
    assert {family_of_pair(("two", other)) for other in ("three", "four", "five", "six")} == {"A", "B"}
