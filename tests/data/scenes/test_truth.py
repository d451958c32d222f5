"""What a text of the scenes world says is true or false of its pictures exactly as its column promises."""

import pytest

from semclip.core.errors import UserError
from semclip.data.scenes.truth import holds
from tests.data.scenes.reading import claim_of, normal, read

VIEWS = ("caption", "paraphrases", "negations", "absences")


def texts_and_claims(row, view):
    texts, claims = row[view], row["claims"][view]
    return [(texts, claims)] if view == "caption" else list(zip(texts, claims, strict=True))


def thing(shape, colour, x, y, size="small", place="top left"):
    return {"shape": shape, "colour": colour, "size": size, "place": place, "x": x, "y": y}


RED_CIRCLE = {"shape": "circle", "colour": "red"}
BLUE_STAR = {"shape": "star", "colour": "blue"}
SCENE = {"objects": [thing("circle", "red", 0.2, 0.5), thing("star", "blue", 0.8, 0.55, size="large")]}


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ({}, True),
        ({"objects": [RED_CIRCLE]}, True),
        ({"objects": [{"shape": "circle", "colour": "blue"}]}, False),
        ({"objects": [{**RED_CIRCLE, "size": "large"}]}, False),
        ({"objects": [RED_CIRCLE, RED_CIRCLE]}, False),  # two red circles are not one
        ({"objects": [{}, {}, {}]}, False),
        ({"objects": [RED_CIRCLE, BLUE_STAR], "relations": [["left", 0, 1]]}, True),
        ({"objects": [RED_CIRCLE, BLUE_STAR], "relations": [["right", 0, 1]]}, False),
        ({"objects": [BLUE_STAR, RED_CIRCLE], "relations": [["right", 0, 1]]}, True),
        ({"objects": [RED_CIRCLE, BLUE_STAR], "relations": [["above", 0, 1]]}, False),  # within the margin
        ({"objects": [{}, {}], "relations": [["left", 1, 0]]}, True),  # some assignment fits
        ({"absent": [{"shape": "ring"}]}, True),
        ({"absent": [{"shape": "star"}]}, False),
        ({"objects": [RED_CIRCLE], "absent": [{**BLUE_STAR, "size": "small"}]}, True),
        ({"count": 2}, True),
        ({"count": 3}, False),
    ],
)
def test_holds(claim, expected):
    assert holds(claim, SCENE) is expected


def test_an_unknown_part_is_refused():
    with pytest.raises(UserError, match="no part 'object'") as error:
        holds({"object": [RED_CIRCLE]}, SCENE)
    assert "objects" in error.value.fix


def test_true_texts_hold_and_negations_do_not(every_row):
    for row in every_row:
        for view in ("caption", "paraphrases", "absences"):
            for text, claim in texts_and_claims(row, view):
                assert holds(claim, row["scene"]), (row["id"], text)
        for text, claim in texts_and_claims(row, "negations"):
            assert not holds(claim, row["scene"]), (row["id"], text)


def test_rewrites_are_true_and_say_other_things_than_the_caption(every_row):
    other = 0
    for row in every_row:
        for text in row["rewrites"]:
            claim = claim_of(text)
            assert claim["objects"] and holds(claim, row["scene"]), (row["id"], text)
            other += read(text) != normal(row["claims"]["caption"])
    assert other > 0.5 * sum(len(row["rewrites"]) for row in every_row)


def test_the_first_negation_holds_on_the_negative_image(every_row):
    for row in every_row:
        assert holds(row["claims"]["negations"][0], row["negative_scene"]), row["id"]


def test_objects_neither_touch_nor_leave_the_picture(every_row):
    from semclip.data.scenes.world import SIZES, fits

    for row in every_row:
        for scene in (row["scene"], row["negative_scene"]):
            for index, one in enumerate(scene["objects"]):
                assert fits(one, scene["objects"][:index]), row["id"]
                assert all(SIZES[one["size"]] <= one[axis] <= 1 - SIZES[one["size"]] for axis in "xy"), row["id"]


@pytest.mark.parametrize("view", VIEWS)
def test_the_words_say_what_the_claim_says(every_row, view):
    for row in every_row:
        for text, claim in texts_and_claims(row, view):
            assert read(text) == normal(claim), (row["id"], text)
