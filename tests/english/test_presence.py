"""What captions and lists of objects tell of a photo, and what they leave open."""

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.english.caption import Caption
from semclip.english.inflection import one_of, plural_of
from semclip.english.presence import NOT_THERE, THERE, UNSURE, Nouns, named_often, one, presence, several


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


def test_articles_in_a_list_are_no_part_of_its_nouns() -> None:
    assert state("cat", "A photo .", objects=["a cat", "The sun"]) == THERE
    assert "sun" in presence([photo("A photo .", objects=["a cat", "The sun"])]).things


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


NOUNS = Nouns(["disc", "circle", "Ring", "traffic light"])


def test_things_are_named_by_any_of_their_names_as_heads_only() -> None:
    assert NOUNS.named(Caption("Two puppies chase a ball .")) == {"dog", "ball"}
    assert NOUNS.named(Caption("A dog house by a toy car .")) == set()


def test_listed_nouns_are_named_where_the_caption_says_them_in_any_number() -> None:
    caption = Caption("two discs below a traffic light")
    assert NOUNS.named(caption, ["disc", "circle", "traffic light"]) == {"disc", "traffic light"}
    assert NOUNS.named(caption) == {"frisbee"}  # without a list, "disc" is what people call a frisbee
    assert NOUNS.named(Caption("rings"), ["Ring"]) == {"Ring"}


def test_a_caption_that_denies_something_names_only_what_its_list_confirms() -> None:
    assert NOUNS.named(Caption("a man without a dog")) == set()
    assert NOUNS.named(Caption("no ring but a disc"), ["disc", "circle"]) == {"disc"}


@pytest.mark.parametrize(
    ("captions", "noun"),
    [
        (["A dog barks ."], "dog"),
        (["Two dogs bark ."], "dog"),
        (["A puppy naps ."], "dog"),
        (["An animal naps ."], "dog"),
        (["A cat naps .", "A cat beside a collie ."], "dog"),
        (["A surfer waits ."], "man"),
        (["A car with no dog ."], "dog"),
        (["three rings"], "Ring"),
        (["many traffic lights"], "traffic light"),
    ],
)
def test_what_is_named_or_hinted_at_is_possible(captions: list[str], noun: str) -> None:
    assert noun in NOUNS.possible(captions)


def test_of_a_list_of_thousands_just_what_is_named_is_possible() -> None:
    listed = [*(f"thing{i}" for i in range(3000)), *(f"red thing{i}" for i in range(3000)), "light", "traffic light"]
    said = ["two thing7s wait", "a traffic light over red thing8"], ["thing9"]
    found = Nouns(listed).possible(*said) - Nouns([]).possible(*said)
    assert found == {"thing7", "thing8", "thing9", "red thing8", "light", "traffic light"}


def test_what_a_list_names_is_possible_and_a_part_of_a_word_is_not() -> None:
    assert {"disc", "circle"} <= NOUNS.possible(["something"], ["disc", "circle"])
    assert "dog" in NOUNS.possible(["something"], ["puppy"])
    assert not {"dog", "cat", "Ring", "bus"} & NOUNS.possible(["A catalogue of earrings and business doggerel ."])


@pytest.mark.parametrize(
    ("noun", "expected"), [("scissors", "scissors"), ("owl", "an owl"), ("wool tights", "wool tights")]
)
def test_what_has_no_singular_has_no_article(noun: str, expected: str) -> None:
    assert one_of(noun) == expected
    assert expected == noun or plural_of(noun) != noun


SHELF = ("Three jars on a wooden shelf", "Honey in jars on a shelf", "The wall of a shop")


def test_nouns_that_captions_name_often_are_found_in_any_wording() -> None:
    photos = [photo(*SHELF, name=name) for name in ("1.jpg", "2.jpg")]
    assert named_often(photos, 2) == {"shelf", "jar"}  # honey and the wall are named by one caption of each photo
    assert named_often(photos, 3) == set()
    assert named_often(photos[:1], 1) == {"shelf", "jar"}


def test_nouns_named_often_are_no_measures_people_denials_or_parts_of_compounds() -> None:
    def found(*captions: str) -> set[str]:
        return named_often([photo(*captions)], 1)

    assert found("A pile of leaflets", "A pile of new leaflets") == {"leaflet"}
    assert found("Two plumbers at a sink", "Plumbers repair the sink") == {"sink"}
    assert found("A table with no lamp", "A table without the lamp") == set()
    assert found("A garden hose", "The garden hose") == {"hose"}
    assert found("Ladders in the background", "A ladder in the background") == {"ladder"}
    assert named_often([photo(*SHELF, objects=["shelf"])], 1) == set()  # its list tells, and no caption


def test_further_nouns_are_told_by_silence_where_several_captions_keep_it() -> None:
    photos = [photo(*SHELF), photo(*BENCH, name="2.jpg"), photo("A street", name="3.jpg")]
    assert "jar" not in presence(photos).things
    assert presence(photos, {"jar"}).of("jar").tolist() == [THERE, NOT_THERE, UNSURE]


def test_the_form_in_which_a_further_noun_is_said() -> None:
    assert [one(noun) for noun in ("jar", "clothing", "scissors")] == ["a jar", "clothing", "scissors"]
    assert [several(noun) for noun in ("jar", "clothing", "scissors")] == ["jars", "clothing", "scissors"]
