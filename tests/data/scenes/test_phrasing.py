"""Nothing in a text gives away whether it is true, and test texts are worded as no training text is."""

import random
import re
from collections import Counter, defaultdict
from dataclasses import fields

import numpy as np
import pytest

from semclip.data.scenes import phrasing, world
from semclip.data.scenes.phrasing import HELD_OUT, TRAINING, held_out, say
from tests.data.scenes.reading import NOUN

NEGATION_WORD = re.compile(r"\b(no|not|without|never|none|neither|nor)\b|n't\b")


def texts(row):
    return [row["caption"], *row["paraphrases"], *row["negations"], *row["absences"]]


def pairs_of_synonyms(text):
    """(colour word, shape word) of every object that the text names by two synonyms."""
    found = [(m["colour"] or m["colour2"], m["shape"]) for m in NOUN.finditer(text)]
    return {(c, s) for c, s in found if c not in world.COLOURS and s not in world.SHAPES}


def test_no_pattern_is_on_both_sides():
    for field in fields(TRAINING):
        trained, tested = set(getattr(TRAINING, field.name)), set(getattr(HELD_OUT, field.name))
        assert len(trained) == len(getattr(TRAINING, field.name))
        assert not trained & tested, field.name


#: What stands in held-out patterns only: something of it is in every test text, nothing is in any training text.
MARKS = re.compile(
    r"in this picture|this image|what (we see )?is|\bhere\b|this is a picture|image that|stands|and also|we see no\b"
    r"|and then|isn't|^without|there is not|in all (two|three|\{)|in all there|^there are"
)


def marked(text):
    return MARKS.search(text) is not None


def test_test_wordings_never_occur_in_training(rows):
    for split in ("train", "val"):
        for row in rows[split]:
            for text in texts(row):
                assert not marked(text), text
    for row in rows["test"]:
        for text in texts(row):
            assert marked(text), text


def test_every_held_out_pattern_bears_a_mark():
    for group in ("frame", "title", "relation", "place", "denial", "alone", "count"):
        for pattern in getattr(HELD_OUT, group):
            assert marked(pattern), pattern


def test_test_pairs_of_synonyms_never_occur_in_training(rows):
    trained = {pair for s in ("train", "val") for row in rows[s] for t in texts(row) for pair in pairs_of_synonyms(t)}
    tested = {pair for row in rows["test"] for text in texts(row) for pair in pairs_of_synonyms(text)}
    assert len(trained) > 60 and len(tested) > 60  # of 120 on either side
    assert not trained & tested
    assert all(held_out(*pair) for pair in tested)


def test_every_synonym_is_seen_in_training(rows):
    words = {word for row in rows["train"] for text in texts(row) for word in text.replace(",", "").split()}
    synonyms = (phrasing.COLOUR_SYNONYMS, phrasing.SHAPE_SYNONYMS, phrasing.SIZE_SYNONYMS)
    for word in (word for group in synonyms for plain in group.values() for word in plain):
        assert word in words


def test_no_word_names_two_things():
    groups = (phrasing.COLOUR_SYNONYMS, phrasing.SHAPE_SYNONYMS, phrasing.SIZE_SYNONYMS)
    words = Counter(w for group in groups for plain, others in group.items() for w in (plain, *others))
    assert max(words.values()) == 1
    assert set(phrasing.COLOUR_SYNONYMS) == set(world.COLOURS) and set(phrasing.SHAPE_SYNONYMS) == set(world.SHAPES)


def test_no_text_of_a_row_is_both_true_and_false(every_row):
    for row in every_row:
        assert len({row["caption"], *row["paraphrases"], *row["negations"]}) == 1 + 3 + len(row["negations"])
        assert row["caption"] not in row["absences"]


def test_same_claim_and_generator_give_the_same_text():
    claim = {"objects": [{"shape": "ring", "colour": "red"}, {"shape": "star", "colour": "blue"}]}
    assert [say(claim, "test", random.Random(3)) for _ in range(2)] == [say(claim, "test", random.Random(3))] * 2


def test_articles_fit(every_row):
    for row in every_row:
        for text in texts(row):
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|  |^ | $|[{}]", text), text


def detector_score(row, kinds=None):
    """Per negation, how a detector of negation words does on caption against negation; a tie is one half."""
    caption = bool(NEGATION_WORD.search(row["caption"]))
    for text, kind in zip(row["negations"], row["negation_kinds"], strict=True):
        yield kind, 0.5 + 0.5 * (bool(NEGATION_WORD.search(text)) - caption)


@pytest.fixture(scope="module")
def many_test_rows():
    from semclip.data.scenes.rows import make_row

    return [make_row(11, "test", index) for index in range(1000)]


def test_a_detector_of_negation_words_does_not_win(many_test_rows):
    scores = defaultdict(list)
    for row in many_test_rows:
        for kind, score in detector_score(row):
            scores[kind].append(score)
            scores["all"].append(score)
    assert {kind: np.mean(s) for kind, s in scores.items() if np.mean(s) >= 0.6} == {}
    assert 0.4 < np.mean(scores["all"]) < 0.6


def test_no_bag_of_words_tells_an_absence_from_a_denied_negation(many_test_rows):
    true = [text for row in many_test_rows for text in row["absences"]]
    false = [
        text
        for row in many_test_rows
        for text, kind in zip(row["negations"], row["negation_kinds"], strict=True)
        if kind in ("object_denied", "roles_exchanged")
    ]
    assert len(false) > 300
    assert bag_of_words_auc(true, false) < 0.6
    lengths = [np.mean([len(t.split()) for t in group]) for group in (true, false)]
    assert abs(lengths[0] - lengths[1]) < 1.5


def test_no_bag_of_words_tells_a_caption_from_a_negation(many_test_rows):
    captions = [row["caption"] for row in many_test_rows]
    assert bag_of_words_auc(captions, [text for row in many_test_rows for text in row["negations"]]) < 0.6


def test_the_bag_of_words_does_find_what_is_there():
    rng = np.random.default_rng(0)
    words = np.array(["a", "b", "c", "d"])
    group = [" ".join(rng.choice(words, 5)) for _ in range(400)]
    assert bag_of_words_auc([f"{t} really" for t in group[:200]], group[200:]) > 0.95


def bag_of_words_auc(true, false):
    """Held-out area under the curve of naive Bayes over words, trained on every other text; 1/2 is chance."""
    seen = [Counter(w for t in group[::2] for w in set(t.split())) for group in (true, false)]
    sizes = [len(group[::2]) for group in (true, false)]
    vocabulary = set(seen[0]) | set(seen[1])

    def score(text):
        return sum(
            np.log((seen[0][w] + 1) / (sizes[0] + 2)) - np.log((seen[1][w] + 1) / (sizes[1] + 2))
            for w in set(text.split()) & vocabulary
        )

    a, b = (np.array([score(t) for t in group[1::2]]) for group in (true, false))
    return float(np.mean(a[:, None] > b[None]) + 0.5 * np.mean(a[:, None] == b[None]))
