"""Draws: seeded, independent of order and of the other views, uniform, and true to *_of."""

from collections import Counter

import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.draw import Drawn, draw_views


def example(**fields: object) -> Example:
    values = {"id": "1", "image": ImageRef("1"), "caption": "c0", "where": "x:1", **fields}
    return Example(**values)  # type: ignore[arg-type]


def draw_texts(subject: Example, views: tuple[str, ...], seed: int, epoch: int) -> dict[str, str]:
    return draw_views(subject, views, seed, epoch).texts


PLAIN = example(paraphrases=("p0", "p1"), negations=("n0", "n1", "n2"), absences=("a0",), rewrites=("r0", "r1"))
EQUAL = example(paraphrases=("c1", "c2"), meta={"captions_equal": True})


def test_same_seed_epoch_and_id_give_the_same_texts() -> None:
    views = ("caption", "paraphrase", "negation", "absence", "rewrite")
    first = [draw_texts(PLAIN, views, 3, epoch) for epoch in range(20)]
    again = [draw_texts(PLAIN, views, 3, epoch) for epoch in reversed(range(20))]
    assert first == again[::-1]
    assert list(first[0]) == list(views)
    assert len({str(texts) for texts in first}) > 1
    assert first != [draw_texts(PLAIN, views, 4, epoch) for epoch in range(20)]


@pytest.mark.parametrize("subject", [PLAIN, EQUAL])
def test_a_draw_does_not_depend_on_the_other_views(subject: Example) -> None:
    for epoch in range(30):
        both = draw_texts(subject, ("paraphrase", "caption"), 0, epoch)
        assert draw_texts(subject, ("caption",), 0, epoch)["caption"] == both["caption"]
        assert draw_texts(subject, ("paraphrase",), 0, epoch)["paraphrase"] == both["paraphrase"]


def test_the_caption_is_the_caption_where_paraphrases_were_written() -> None:
    assert {draw_texts(PLAIN, ("caption",), 0, epoch)["caption"] for epoch in range(50)} == {"c0"}
    assert {draw_texts(PLAIN, ("paraphrase",), 0, e)["paraphrase"] for e in range(50)} == {"p0", "p1"}


def test_equal_captions_give_two_different_ones_uniformly() -> None:
    pairs = Counter()
    for epoch in range(6000):
        texts = draw_texts(EQUAL, ("caption", "paraphrase"), 0, epoch)
        pairs[texts["caption"], texts["paraphrase"]] += 1
    assert len(pairs) == 6  # all ordered pairs of different captions, and no other
    # Each expected 1000 times; five standard deviations are 144.
    assert all(abs(count - 1000) < 144 for count in pairs.values())


def test_a_caption_given_twice_is_no_paraphrase_of_itself() -> None:
    double = example(paraphrases=("c0", "c1"), meta={"captions_equal": True})
    for epoch in range(50):
        texts = draw_texts(double, ("caption", "paraphrase"), 0, epoch)
        assert texts["caption"] != texts["paraphrase"]


def test_negations_belong_to_the_drawn_caption_where_the_data_says_so() -> None:
    meta = {"captions_equal": True, "negation_of": [0, 1, 1], "absence_of": [2]}
    subject = example(paraphrases=("c1", "c2"), negations=("n0", "n1", "m1"), absences=("a2",), meta=meta)
    seen = set()
    for epoch in range(200):
        texts = draw_texts(subject, ("caption", "negation", "absence"), 0, epoch)
        seen.add((texts["caption"], texts["negation"]))
        assert texts["absence"] == "a2"  # none was made from the others: any
    # Made from c0: n0; from c1: n1 and m1; c2 has none of its own and takes any.
    assert seen == {("c0", "n0"), ("c1", "n1"), ("c1", "m1"), ("c2", "n0"), ("c2", "n1"), ("c2", "m1")}


def test_examples_draw_independently() -> None:
    draws = [
        draw_texts(example(id=str(i), negations=("n0", "n1")), ("negation",), 0, 0)["negation"] for i in range(400)
    ]
    assert 140 < draws.count("n0") < 260


@pytest.mark.parametrize("view", ["paraphrase", "negation", "absence", "rewrite", "negative_image"])
def test_a_missing_view_is_named_with_file_and_row(view: str) -> None:
    for subject in (example(), example(meta={"captions_equal": True})):
        with pytest.raises(UserError, match=f"no {view}") as caught:
            draw_texts(subject, (view,), 0, 0)
        assert caught.value.where == "x:1"


def test_unknown_view_has_a_hint() -> None:
    with pytest.raises(UserError) as caught:
        draw_texts(PLAIN, ("negatoin",), 0, 0)
    assert "negation" in caught.value.fix


def pairs(subject: Example, views: tuple[str, ...], epochs: int = 300) -> set[tuple[str, str]]:
    drawn = [draw_views(subject, views, 0, epoch) for epoch in range(epochs)]
    return {(d.texts["negation"], d.images["negative_image"].name) for d in drawn}


IMAGES = (ImageRef("i0"), ImageRef("i1"))


@pytest.mark.parametrize("views", [("negation", "negative_image"), ("negative_image", "caption", "negation")])
def test_negation_and_its_image_are_drawn_together(views: tuple[str, ...]) -> None:
    subject = example(negations=("n0", "n1", "n2"), negative_images=IMAGES)
    assert pairs(subject, views) == {("n0", "i0"), ("n1", "i1")}  # n2 has no image
    alone = {draw_texts(subject, ("negation",), 0, epoch)["negation"] for epoch in range(300)}
    assert alone == {"n0", "n1", "n2"}


def test_images_for_all_negations_change_no_draw() -> None:
    subject = example(negations=("n0", "n1"), negative_images=IMAGES)
    for epoch in range(50):
        both = draw_views(subject, ("negation", "negative_image"), 0, epoch)
        assert draw_texts(subject, ("negation",), 0, epoch)["negation"] == both.texts["negation"]
        assert draw_views(subject, ("negative_image",), 0, epoch).images == both.images


def test_the_drawn_caption_does_not_depend_on_the_negative_image() -> None:
    subject = example(
        paraphrases=("c1", "c2"),
        negations=("n0", "n1", "m1", "n2"),
        negative_images=(*IMAGES, ImageRef("i2")),
        meta={"captions_equal": True, "negation_of": [0, 1, 1, 2]},
    )
    seen = set()
    for epoch in range(300):
        drawn = draw_views(subject, ("caption", "negation", "negative_image"), 0, epoch)
        assert drawn.texts["caption"] == draw_texts(subject, ("caption",), 0, epoch)["caption"]
        seen.add((drawn.texts["caption"], drawn.texts["negation"]))
    # The negation of c2 has no image: any negation that has one.
    assert seen == {("c0", "n0"), ("c1", "n1"), ("c1", "m1"), ("c2", "n0"), ("c2", "n1"), ("c2", "m1")}


def test_an_image_without_negations_serves_its_view() -> None:
    subject = example(negative_images=IMAGES[:1])
    assert draw_views(subject, ("image", "negative_image"), 0, 0) == Drawn(
        {"image": ImageRef("1"), "negative_image": IMAGES[0]}, {}
    )
    with pytest.raises(UserError, match="no negation"):
        draw_views(subject, ("negation", "negative_image"), 0, 0)


def test_written_paraphrases_belong_to_the_drawn_caption_and_are_no_captions() -> None:
    meta = {"captions_equal": True, "paraphrase_of": [0, 0, 1]}
    subject = example(paraphrases=("c1", "c2", "p0", "q0", "p1"), meta=meta)
    seen = Counter()
    for epoch in range(400):
        texts = draw_texts(subject, ("caption", "paraphrase"), 0, epoch)
        assert texts["paraphrase"] == draw_texts(subject, ("paraphrase",), 0, epoch)["paraphrase"]
        seen[texts["caption"], texts["paraphrase"]] += 1
    # c2 has none that was written for it, and takes another caption.
    assert set(seen) == {("c0", "p0"), ("c0", "q0"), ("c1", "p1"), ("c2", "c0"), ("c2", "c1")}
    single = example(paraphrases=("p0", "p1"), meta={"paraphrase_of": [0, 0]})
    drawn = [draw_texts(single, ("caption", "paraphrase"), 0, epoch) for epoch in range(50)]
    assert {texts["caption"] for texts in drawn} == {"c0"} and {texts["paraphrase"] for texts in drawn} == {"p0", "p1"}
