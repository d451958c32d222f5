"""Every rule of negation by its own example, what it must leave alone, and that tests have their own wording."""

from dataclasses import replace

import pytest

from semclip.english.change import words_of
from semclip.english.edits import RULES, Scene, tried
from semclip.english.inflection import words
from semclip.english.negate.affirmed import absence_of
from semclip.english.negate.contrasted import CONTRASTED
from semclip.english.negate.truly import truly
from semclip.english.pairs import CONTRASTS, Entry
from semclip.english.parse import phrases
from semclip.english.parse.clean import sentence_of
from semclip.english.siblings import Siblings
from tests.english.scene import texts_of, tree, tree_of

EXAMPLES = [(kind, *example) for kind, rules in RULES.items() for rule in rules for example in rule.examples]


@pytest.mark.parametrize(("kind", "caption", "expected"), EXAMPLES)
def test_each_rule_does_what_its_example_says(kind: str, caption: str, expected: str) -> None:
    assert expected in texts_of(kind, caption)


def test_every_rule_has_an_example() -> None:
    assert all(rule.examples for rules in RULES.values() for rule in rules)


@pytest.mark.parametrize(("kind", "caption"), sorted({(kind, caption) for kind, caption, _ in EXAMPLES}))
def test_training_and_tests_share_no_text(kind: str, caption: str) -> None:
    if (
        kind in ("negation_removed", "denial_kept")
        or "swapped" in kind
        or "re" in kind[:2]
        or kind.endswith("replaced")
    ):
        return  # their words are dealt to the families elsewhere, or they are for tests alone
    if kind != "roles_exchanged":
        assert texts_of(kind, caption, family="A").isdisjoint(texts_of(kind, caption, family="B"))


@pytest.mark.parametrize(
    ("kind", "caption"),
    [
        ("attribute_swapped", "Black Friday banner with a goat and a cow"),
        ("subject_denied", "There is a goat on a hill and a boy feeds it ."),
        ("subject_denied", "A pair of goats sat down and are eating hay ."),
        ("object_replaced", "Our Lady of the Hills on a hill"),
        # what a computer desk is no other kind of, is no couch
        ("object_contrasted", "A fire truck in a study"),
        # one of its kind; a listing; what else goes on
        ("subject_denied", "A lone sailor sings ."),
        ("subject_denied", "The goat in a barn"),
        ("attribute_swapped", "A little sailor sings ."),  # little, not large: young
        ("verb_negated", "Old Brass Lamp Made in Belgium"),
        ("verb_negated", "A nurse sits on a crate and sings ."),
        # without: what is filled, played, done with; a body; what is known already; what goes on
        ("object_denied_in_caption", "A bowl filled with cherries"),
        ("object_denied_in_caption", "A girl plays with a puppet ."),
        ("object_denied_in_caption", "A boy with curly hair"),
        ("object_denied_in_caption", "A nurse with her patient"),
        ("object_denied_in_caption", "A goat wearing sunglasses and a bell"),  # no sunglasses or a bell
        ("subject_denied", "There is a farmer with a hammer and a girl ."),
        ("object_denied_in_caption", "A field with a farmer plowing"),
        ("object_denied_in_caption", "Wedding day , farm background"),  # of the photo, not in it
        # some ... are not: others may
        ("verb_negated", "Some chefs are singing ."),
        ("verb_negated", "Somebody is peeling a carrot ."),
        # a year that is not known for sure is not another one
        ("name_swapped", "A lute, about 1640"),
        # a second verb would stay affirmed
        ("verb_negated", "A nurse sits and knits ."),
        ("subject_denied", "A nurse sings and a chef dances ."),
        ("subject_denied", "Both nurses are singing ."),
        ("subject_denied", "A nurse and a chef are singing ."),
        ("hybrid", "A nurse and a chef are singing ."),
        ("hybrid", "A pair of scissors and glue"),
        ("hybrid", "A farmer in a coat and a goat sit ."),
        # a part of a thing, and a thing that names another
        ("object_replaced", "A cow skull hangs on a nail ."),
        ("object_replaced", "A pink flamingo in a pond"),
        ("object_replaced", "A tennis player slides on a rug ."),
        ("object_replaced", "A pizza box on a stool"),
        ("object_replaced", "The bed of a truck"),
        # a place may hold both
        ("object_replaced", "A room with an oven"),
        ("object_replaced", "The bedroom has a couch ."),
        ("object_replaced", "A fire truck on a driveway"),
        ("attribute_swapped", "A black and white cow"),
        ("attribute_denied", "A black poodle puppy"),
        ("roles_exchanged", "A farmer leads his cow ."),
        ("relation_reversed", "A chef stands in front of the camera ."),
        ("action_replaced", "A sign stands by the road ."),
    ],
)
def test_left_alone(kind: str, caption: str) -> None:
    assert texts_of(kind, caption) == set()


@pytest.mark.parametrize(
    ("kind", "caption", "sibling"),
    [
        ("attribute_swapped", "A black cow in a barn", "A white cow in a barn"),
        ("attribute_swapped", "A nurse in a red coat", "Two nurses"),
        ("number_swapped", "Two cows in a barn", "Several cows"),
        ("object_replaced", "A zebra in the grass", "A giraffe and a zebra or a cow or an elephant"),
        ("action_replaced", "A nurse sits on a bench .", "A nurse stands up ."),
        ("relation_reversed", "A goat in front of a barn", "A goat behind a barn"),
    ],
)
def test_what_a_sibling_says_is_not_put_in(kind: str, caption: str, sibling: str) -> None:
    assert texts_of(kind, caption)
    assert len(texts_of(kind, caption, sibling)) < len(texts_of(kind, caption))


@pytest.mark.parametrize(
    ("kind", "caption", "expected"),
    [
        ("subject_denied", "Three goats stand on a rock .", "No goats stand on a rock ."),
        ("subject_denied", "A NURSE IN A KITCHEN", "THERE IS NO NURSE IN A KITCHEN"),
        ("attribute_swapped", "A CLOSED DOOR", "AN OPEN DOOR"),
        ("hybrid", "A Desk With A Lamp And A Vase", "A Desk With A Lamp but no Vase"),
        ("verb_negated", "A goat is eating hay - stock photo", "A goat is not eating hay - stock photo"),
        ("verb_negated", "A goat eats hay . It is old .", "A goat does not eat hay . It is old ."),
        ("subject_denied", "A goat &amp; a cow #farm", ""),
        ("caption_denied", "A close up of an orange", "A close up that does not show an orange"),
        ("caption_denied", "Drawings of a castle", "Drawings that do not show a castle"),
        ("object_denied_in_caption", "A shelf with some books and a vase", "A shelf without books or a vase"),
        ("object_denied_in_caption", "The hotel has a pool .", "The hotel has no pool ."),
        ("verb_negated", "Two goats have eaten hay .", "Two goats have not eaten hay ."),
        ("attribute_denied", "An orange vase", "A vase that is not orange"),
        ("verb_negated", "Two goats nap , with hills in the background .", "Two goats do not nap ."),
    ],
)
def test_form_and_style(kind: str, caption: str, expected: str) -> None:
    found = texts_of(kind, caption)
    assert expected in found if expected else not found


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A kitchen without a sink", "sink"),
        ("A boy with no shoes", "shoe"),
        ("There are no boats on the lake .", "boat"),
        ("A goat is not eating .", ""),
        ("No goat without a bell", ""),
        ("A kitchen with a sink", ""),
    ],
)
def test_what_a_caption_denies(caption: str, expected: str) -> None:
    assert absence_of(tree_of(caption)) == expected


@pytest.mark.parametrize(
    ("caption", "never"),
    [("Noodles are in a bowl .", "Rice"), ("A clerk cooks rice .", "noodle "), ("A dog chases a ball .", "feed")],
)
def test_what_cannot_be_counted_takes_no_place_of_what_is(caption: str, never: str) -> None:
    kinds = ("object_replaced", "object_contrasted", "action_replaced")
    assert not [text for kind in kinds for text in texts_of(kind, caption) if never in text]


@pytest.mark.parametrize(
    "caption",
    [
        "Not a boat without oars on the lake .",
        "A boy who has no shoes and no socks",
        "None of them is napping .",
    ],
)
def test_what_denies_twice_or_everything_is_not_affirmed(caption: str) -> None:
    assert texts_of("negation_removed", caption) == set()


@pytest.mark.parametrize(
    ("caption", "false", "true"),
    [
        ("A hut without any furniture", "A hut with furniture", "A hut with no furniture"),
        ("A goat that isn't eating", "A goat that is eating", "A goat that is not eating"),
        ("A clerk can't see the wall .", "A clerk can see the wall .", ""),
        ("A goat not on a rope stands in a barn .", "A goat on a rope stands in a barn .", ""),
        ("A barn with goats and no sheep", "", "A barn with goats but no sheep"),
        ("A barn without a single goat", "A barn with a single goat", ""),
        ("A lane where no rain falls .", "A lane where rain falls .", ""),
        ("There is nobody on the roof .", "There is somebody on the roof .", "There is no one on the roof ."),
    ],
)
def test_denials_of_other_forms(caption: str, false: str, true: str) -> None:
    assert texts_of("negation_removed", caption) == {false} - {""}
    assert texts_of("denial_kept", caption) == {true} - {""}


def test_what_nobody_would_take_one_for_is_contrived() -> None:
    for caption, natural in (("A goat under a bench", False), ("A goat inside a barn", True)):
        found = tried("relation_contrasted", Scene(tree_of(caption), Siblings([caption])))
        assert found and all(change.contrived != natural for change in found)


def test_what_few_would_expect_is_contrived(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [Entry([word], frozenset(), frozenset(), far=word == "robot") for word in ("plumber", "robot")]
    monkeypatch.setitem(CONTRASTS, "sailor", entries)
    scene = Scene(tree_of("A sailor on a crate"), Siblings(["A sailor on a crate"]))
    found = {
        change.pair[1]: change.contrived
        for family in "AB"
        for change in truly("object_contrasted", replace(scene, family=family))
        if change.pair[0] == "sailor"
    }
    assert found == {"plumber": False, "robot": True}


def test_what_is_absurd_with_something_said_is_contrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        CONTRASTS, "sailor", [Entry([w], *[frozenset[str]()] * 2, words("beak")) for w in ("cook", "judge")]
    )
    for caption, contrived in (("A sailor on a crate", False), ("A sailor on a crate with two beaks", True)):
        scene = Scene(tree_of(caption), Siblings([caption]))
        found = [change for family in "AB" for change in truly("object_contrasted", replace(scene, family=family))]
        assert {change.contrived for change in found if "judge" in change.pair} == {contrived}


@pytest.mark.parametrize("caption", ["A goat being fed by a clerk", "A clerk naps with a hat on a bench ."])
def test_what_is_left_is_whole(caption: str) -> None:
    assert all(
        "being not" not in text and not text.endswith("with a hat .") for text in texts_of("verb_negated", caption)
    )


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Leather Boots - Size 9 - Brown", {"Leather Boots - Size 10 - Brown", "Leather Boots - Size 11 - Brown"}),
        ("Oak Shelf, step 3 of 7", {"Oak Shelf, step 4 of 7", "Oak Shelf, step 5 of 7"}),
        ("Oak Shelf, 120 cm, 45 dollars", set()),
        ("Oak Shelf, level 3 carpenters", set()),
    ],
)
def test_the_number_of_one_of_a_series(title: str, expected: set[str]) -> None:
    assert _of_title("number_swapped", title) == expected


def _of_title(kind: str, title: str) -> set[str]:
    """What a kind of rule makes of the noun phrases of a title, for training and for tests."""
    tree = phrases.parse(sentence_of(title))
    assert tree is not None
    scenes = [Scene(tree, Siblings([title]), family) for family in "AB"]
    return {scene.edit("", change).text for scene in scenes for change in tried(kind, scene)}


def test_no_word_of_a_name_is_set_against_another() -> None:
    named = _of_title("object_contrasted", "Painters from Gardens Alive near a fence")
    assert named and not any("gardens" in text for text in named)
    assert any("not gardens" in text for text in _of_title("object_contrasted", "Painters in gardens near a fence"))


def test_what_a_sign_denies_is_not_affirmed() -> None:
    given = 'Sign/NN/ROOT/0 saying/VBG/acl/0 "/``/punct/4 no/DT/det/4 goats/NNS/dobj/1'
    for text, expected in ((given, True), (given + " \"/''/punct/4", False)):
        assert bool(tried("negation_removed", Scene(tree(text), Siblings([text])))) is expected


def test_what_a_thing_is_made_of_is_not_missing() -> None:
    assert texts_of("object_denied_in_caption", "Beach , sunset , canoes") and not texts_of(
        "object_denied_in_caption", "Vase , bronze , copper"
    )


def test_the_name_of_one_place_is_set_against_others_last() -> None:
    told = {"A nurse leaves the Kolding Palace .": True, "A nurse leaves the old palace .": False}
    for caption, contrived in told.items():
        found = tried("object_contrasted", Scene(tree_of(caption), Siblings([caption])))
        assert {change.contrived for change in found if change.pair[0] == "palace"} == {contrived}


def test_nobody_asks_whether_a_bearded_man_is_a_woman() -> None:
    told = {"A man on a crate": True, "A man on a crate with a beard": False}
    for caption, expected in told.items():
        assert any("not a woman" in text for text in true_texts("object_contrasted", caption)) is expected


def test_nobody_has_an_adult() -> None:
    for whose, expected in (("her", False), ("a", True)):
        assert any("not an adult" in text for text in true_texts("object_contrasted", f"{whose} child")) is expected


def test_no_file_is_denied_by_its_name() -> None:
    for text, expected in (("scan_93", False), ("Barn", True)):
        scene = Scene(tree(f"{text}/NN/ROOT/0 at/IN/prep/0 noon/NN/pobj/1"), Siblings([text]))
        assert bool(tried("subject_denied", scene)) is expected


def test_what_happened_before_or_after_is_not_denied() -> None:
    given = "She/PRP/nsubj/4 before/IN/mark/4 the/DT/det/3 lamp/NN/nsubj/4 fell/VBD/ROOT/4 on/IN/prep/4 us/PRP/pobj/5"
    for root, expected in ((given, False), (given.replace("/mark/", "/advmod/"), True)):
        assert bool(tried("verb_negated", Scene(tree(root), Siblings(["She fell"])))) is expected


def true_texts(kind: str, caption: str, *siblings: str) -> set[str]:
    scene = Scene(tree_of(caption), Siblings([caption, *siblings]))
    return {scene.edit(kind, change).text for change in truly(kind, scene)}


@pytest.mark.parametrize(
    ("kind", "caption", "expected"),
    [
        ("subject_denied", "A dog naps on a bed .", "No cat naps on a bed ."),
        ("verb_negated", "A farmer carries a balloon .", "A farmer does not carry a kite ."),
        ("verb_negated", "A farmer sits on a chair .", "A farmer does not stand on a chair ."),
        ("attribute_denied", "A black vase", "A vase that is not white"),
        ("object_contrasted", "A zebra naps .", "A zebra , not a giraffe , naps ."),
        ("object_contrasted", "A nurse rides a bicycle", "A nurse rides a bicycle, not a motorcycle"),
        ("object_contrasted", "A nurse in her office", "A nurse in her office, not her classroom"),
        ("object_contrasted", "A women's race", "A women's, not men's, race"),
        ("object_contrasted", "A water bottle in an attic", "A water bottle in an attic, not a basement"),
        ("object_contrasted", "A clerk paints a fire truck", "A clerk paints a fire truck, not a van"),
        ("object_contrasted", "A construction crane", "A construction crane, not a bulldozer"),
        ("object_contrasted", "A basket with a red ribbon", "A basket, not a box, with a red ribbon"),
        ("object_contrasted", "The dog naps .", "The dog , not a cat , naps ."),  # "the cat" would be one that is known
        ("object_contrasted", "A clerk cooks noodles .", "A clerk cooks noodles , not rice ."),
        ("object_contrasted", "A girl on her bed", "A girl, not a boy, on her bed"),
        ("object_contrasted", "Jars on a table", "Jars on a table, not the floor"),
        ("action_contrasted", "A nurse sitting on a log", "A nurse sitting, not standing, on a log"),
        ("attribute_contrasted", "A pine tree beside a barn", "A pine, not maple, tree beside a barn"),
        ("relation_contrasted", "A goat in front of a barn", "A goat in front of, not behind, a barn"),
        ("number_contrasted", "Set of 6 cotton socks", "Set of 6 cotton socks, not 8"),
        ("name_contrasted", "A goat in Greece", "A goat in Greece, not Egypt"),
        ("attribute_contrasted", "A black cow naps .", "A black , not white , cow naps ."),
        ("number_contrasted", "Two cows nap .", "Two cows , not three , nap ."),
    ],
)
def test_what_is_truly_denied_is_a_swap(kind: str, caption: str, expected: str) -> None:
    assert expected in true_texts(kind, caption)
    assert true_texts(kind, caption).isdisjoint(texts_of(kind, caption))


@pytest.mark.parametrize(
    ("kind", "caption", "sibling"),
    [
        ("subject_denied", "A dog naps on a bed .", "A cat beside a dog"),
        ("verb_negated", "A farmer sits on a chair .", "A farmer stands and lies"),
        ("attribute_contrasted", "A black cow naps .", "A spotted cow"),
        ("object_contrasted", "A man naps .", "A woman and a girl nap ."),
    ],
)
def test_what_another_caption_says_is_not_truly_denied(kind: str, caption: str, sibling: str) -> None:
    assert true_texts(kind, caption) - true_texts(kind, caption, sibling)


@pytest.mark.parametrize(
    ("kind", "caption"),
    [
        ("verb_negated", "A dog naps ."),  # "A horse does not nap": there is no horse
        ("verb_negated", "A clerk holds a balloon and a book ."),  # one of the two is there
        ("object_contrasted", "A dog and a nurse nap ."),
        ("object_contrasted", "A room with an oven"),  # it may have a fireplace as well
        ("object_contrasted", "The clerk eats a hot dog ."),
        ("object_contrasted", "The clerk stands guard ."),  # an idiom has no article
        ("object_contrasted", "Track and field on a hill"),
        ("object_contrasted", "The clerk eats a gingerbread house"),
        ("object_contrasted", "The clerk has a key ring in her hand"),  # what stands before a noun tells its sense
        ("object_contrasted", "A crane in the water"),
        ("object_contrasted", "A clerk paints a scooter with one wheel"),  # what has a leg broken is no other thing
        ("object_contrasted", "A clerk paints one of her roses"),  # says nothing of the others
        ("attribute_contrasted", "Red Square in winter"),
        ("attribute_contrasted", "A nurse at the Black Church"),  # a name
        ("number_contrasted", "A nurse on 9 September"),
        ("attribute_contrasted", "A field of green grass"),  # nobody denies that it is purple
        ("attribute_contrasted", "A black and white goat"),
    ],
)
def test_no_true_denial(kind: str, caption: str) -> None:
    assert not true_texts(kind, caption)


def test_a_contrast_and_its_truth_share_their_words() -> None:
    for caption in ("A cow naps on the grass .", "Two brown cows graze ."):
        for kind in CONTRASTED:
            false, true = texts_of(kind, caption), true_texts(kind, caption)
            bags = [{tuple(sorted(set(words_of(text)) - {"a", "an"})) for text in made} for made in (false, true)]
            assert bags[0] == bags[1]


@pytest.mark.parametrize(
    ("kind", "caption", "contrived"),
    [
        ("verb_negated", "A farmer sells apples .", True),  # of which farmer is it said?
        ("verb_negated", "The farmer sells apples .", False),
        ("verb_negated", "A farmer is selling apples .", False),
        ("subject_denied", "A farmer sells apples .", True),
        ("subject_denied", "A farmer is selling apples .", False),
        ("subject_denied", "There is a farmer on a horse .", False),
    ],
)
def test_a_whole_sentence_in_the_simple_present_is_denied_last(kind: str, caption: str, contrived: bool) -> None:
    found = tried(kind, Scene(tree_of(caption), Siblings([caption])))
    assert found and all(change.contrived is contrived for change in found)


@pytest.mark.parametrize(
    ("caption", "figures"),
    [
        ("A goat in a barn, 1785-90", set()),
        ("A goat aged 12 years", {"13", "14", "15", "16"}),
        ("A goat on 30 May", {"3", "4", "5", "9"}),
        ("A barn painted in 1905", {"1904", "1903", "1902"}),
        ("A barn painted circa 1905", {"1885", "1865", "1845"}),
        ("A barn of the 19th century", {"18th", "17th", "16th"}),
        ("A barn of the 1970s", {"1960s", "1950s", "1940s"}),
        ("A goat sold for $1,299", {"$2,299", "$3,299", "$4,299", "$5,299"}),
        ("A goat after a 2-1 win", {"3-1", "4-1", "5-1", "6-1"}),
        ("A farm of 95% goats", {"100%"}),
        # names, ranges, nothing, what is written twice
        ("Tram No. 3 on a bridge", set()),
        ("A goat aged 3-5 years", set()),
        ("A 3D goat", set()),
        ("A 2nd-hand bench", set()),
        ("A goat weighs 0 kg", set()),
        ("A goat aged 4 and a cow aged 4", set()),
    ],
)
def test_figures_are_changed_to_others_that_they_are_not(caption: str, figures: set[str]) -> None:
    made = _of_title("figure_swapped", caption)
    assert {next(word for word in text.split() if word not in caption.split()) for text in made} == figures
