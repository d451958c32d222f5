"""The record and its views."""

import dataclasses

import pytest

from semclip.core.example import IMAGE_VIEWS, TEXT_VIEWS, VIEWS, Example, ImageRef

FULL = Example(
    id="1",
    image=ImageRef("a.jpg"),
    caption="c",
    paraphrases=("p",),
    negations=("n",),
    absences=("a",),
    rewrites=("r",),
    negative_images=(ImageRef("b.jpg"),),
)


def test_every_view_is_of_images_or_of_texts() -> None:
    assert set(VIEWS) == {*IMAGE_VIEWS, *TEXT_VIEWS}
    assert [FULL.texts(view) for view in TEXT_VIEWS] == [("c",), ("p",), ("n",), ("a",), ("r",), ()]


def test_has_tells_what_a_record_can_serve() -> None:
    bare = Example(id="1", image=ImageRef("a.jpg"), caption="c")
    # No record holds a query: a data step makes it, of what else is in the batch.
    assert all(FULL.has(view) for view in VIEWS if view != "query") and not FULL.has("query")
    assert [view for view in VIEWS if bare.has(view)] == ["image", "caption"]


def test_records_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        FULL.caption = "other"  # type: ignore[misc]
