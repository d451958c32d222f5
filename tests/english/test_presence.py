"""What captions and lists of objects tell of a photo, and what they leave open."""

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.english.presence import NOT_THERE, THERE, UNSURE, one, presence, several


def photo(*captions: str, name: str = "1.jpg", objects: object = None) -> Example:
    meta = {} if objects is None else {"objects": objects}
    return Example(id=name, image=ImageRef(name), caption=captions[0], paraphrases=captions[1:], meta=meta)


def state(thing: str, *captions: str, objects: object = None) -> int:
    return int(presence([photo(*captions, objects=objects)]).of(thing)[0])


BENCH = ("A man sits on a bench", "A man in a hat", "Somebody rests", "An old man waits", "He waits for a bus")


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        ("man", THERE),  # three captions name him
        ("person", THERE),  # a man is one
        ("bench", UNSURE),  # one caption names it
        ("bus", UNSURE),
        ("couch", UNSURE),  # sitting hints at it
        ("elephant", NOT_THERE),
        ("snow", NOT_THERE),
        ("woman", UNSURE),  # "somebody"
    ],
)
def test_captions_tell_three_states(thing: str, expected: int) -> None:
    assert state(thing, *BENCH) == expected


def test_a_synonym_counts_as_the_thing() -> None:
    assert state("dog", "A puppy runs", "A terrier in the snow", "It runs") == THERE
    assert state("beach", "A beach", "People on a beach", "Waves") == THERE


def test_a_hypernym_or_a_part_leaves_it_open() -> None:
    for word in ("animal", "pet", "muzzle", "leash"):
        assert state("dog", "Grass", f"A {word} on the grass", "Something on the grass") == UNSURE


def test_what_is_denied_is_neither_there_nor_surely_absent() -> None:
    assert state("dog", "A street with no dog", "No dog on the street", "A street") == UNSURE


def test_silence_of_few_captions_tells_nothing() -> None:
    assert state("elephant", "A beach", "Waves") == UNSURE
    assert state("elephant", "A beach", "Waves", "The sea") == NOT_THERE
    assert state("dog", "A dog") == THERE


def test_the_same_caption_twice_is_one_witness() -> None:
    assert state("dog", "A dog", "A dog", "Grass", "A lawn", "Green") == UNSURE


def test_a_list_of_objects_is_complete() -> None:
    found = {t: state(t, "a picture", objects=["Zebra", "dog"]) for t in ("zebra", "dog", "snow", "elephant")}
    assert found == {"zebra": THERE, "dog": THERE, "snow": NOT_THERE, "elephant": NOT_THERE}
    assert state("dog", "a dog runs", "a dog", "dogs", objects=["ball"]) == UNSURE  # list and captions disagree
    assert state("cat", "an animal", objects=["ball"]) == UNSURE


def test_rows_of_one_photo_are_read_together_and_photos_are_sorted() -> None:
    rows = [photo("A dog", name="b.jpg"), photo("Snow", name="a.jpg"), photo("A brown dog", name="b.jpg")]
    known = presence(rows)
    assert [i.name for i in known.images] == ["a.jpg", "b.jpg"]
    assert known.of("dog").tolist() == [UNSURE, THERE]
    assert np.array_equal(known.state, presence(rows[::-1]).state)


def test_a_malformed_list_is_named() -> None:
    with pytest.raises(UserError, match="'objects' must be a list of nouns"):
        presence([photo("A dog", objects="dog")])


def test_things_read_well_in_a_query() -> None:
    assert [one(t) for t in ("dog", "umbrella", "water")] == ["a dog", "an umbrella", "water"]
    assert [several(t) for t in ("dog", "person", "bench", "snow")] == ["dogs", "people", "benches", "snow"]
