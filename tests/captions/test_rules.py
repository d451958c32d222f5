"""The rules writer, on captions written for these tests: what it writes, what it leaves alone, how it balances."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from semclip.captions.writers import base
from semclip.captions.writers._negations import HELD_OUT_KINDS
from semclip.captions.writers.base import Candidate, Writer, Written
from semclip.captions.writers.rules import unfit
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.registry import FAMILIES
from semclip.english import contrasts, denials, things
from semclip.english.caption import Caption
from semclip.english.siblings import Siblings


def example(*captions: str, name: str = "1.jpg", split: str = "train", **meta: object) -> Example:
    return Example(
        id=name, image=ImageRef(name), caption=captions[0], paraphrases=captions[1:], group=name, split=split,
        meta={"captions_equal": True, **meta},
    )  # fmt: skip


def create(name: str, examples: Sequence[Example]) -> Writer:
    return base.create({"name": name}, examples)


def written(writer: Writer, item: Example, view: str, seed: int = 0, attempt: int = 0) -> Written:
    return asyncio.run(writer.write(item, view, range(1 + len(item.paraphrases)), seed, attempt))


def candidates(writer: Writer, item: Example, view: str, seed: int = 0) -> tuple[Candidate, ...]:
    return written(writer, item, view, seed).candidates


VIEWS = ("negation", "absence")


def world(split: str = "train") -> list[Example]:
    scenes = [
        ("A dog runs over the lawn .", "A brown dog runs after a ball .", "A dog chases a red ball ."),
        ("A man walks with a dog .", "A man and a dog walk through the snow .", "A man in the snow ."),
        ("A woman sits on a bench .", "A woman with a bicycle .", "A woman rests beside a bicycle ."),
        ("Two boys play in the park .", "Two boys kick a ball .", "Two boys beside a bench play with a ball ."),
        ("A cat sleeps on a couch .", "A gray cat on a couch next to a book .", "A cat naps ."),
        ("A man reads a book .", "A man on a bench reads a book .", "A man with a cat and a book ."),
        ("A boat on a lake .", "A man in a boat .", "A small boat floats on the water ."),
        ("A boy rides a bicycle .", "A boy on a bicycle passes a car .", "A boy cycles past a car ."),
    ]
    return [example(*texts, name=f"{i}-{k}.jpg", split=split) for k in range(6) for i, texts in enumerate(scenes)]


def texts(item: Example) -> list[str]:
    return [item.caption, *item.paraphrases]


def named_anew(item: Example, candidate: Candidate) -> set[str]:
    before = Caption(texts(item)[candidate.of]).bag
    return {things.NAMES[word][0] for word in Caption(candidate.text).bag - before if word in things.NAMES}


@pytest.mark.parametrize("split", ["train", "test"])
def test_what_is_called_absent_is_hinted_at_by_no_caption(split: str) -> None:
    examples = world(split)
    writer = create("rules", examples)
    seen: Counter[str] = Counter()
    for item in examples:
        siblings = Siblings(texts(item))
        for candidate in candidates(writer, item, "absence", seed=3):
            named = named_anew(item, candidate)
            assert len(named) == 1, candidate
            assert named == {candidate.provenance["object"]}  # who looks for it must know what to look for
            assert not named & (siblings.signs if candidate.kind == "object_absent" else siblings.times_named.keys())
            seen[candidate.kind] += 1
    assert seen["object_absent"] > len(examples) and seen["object_contrasted"] > 5


def test_what_is_listed_in_objects_is_never_called_absent() -> None:
    examples = [example("A man walks on the beach .", name=f"{i}.jpg") for i in range(40)]
    absent = {thing for item in examples for c in candidates(create("rules", examples), item, "absence")
              for thing in named_anew(item, c)}  # fmt: skip
    assert "kite" in absent
    listed = [example("A man walks on the beach .", name=f"{i}.jpg", objects=["kite"]) for i in range(40)]
    writer = create("rules", listed)
    assert not any("kite" in c.text for item in listed for c in candidates(writer, item, "absence"))


def test_malformed_objects_are_refused() -> None:
    with pytest.raises(UserError, match="'objects' must be a list of nouns"):
        create("rules", [example("A man walks on the beach .", objects="kite")])


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_caption_s_absence_and_denial_differ_in_the_thing_alone(split: str) -> None:
    examples = world(split)
    writer = create("rules", examples)
    compared: Counter[str] = Counter()
    allowed = {form for thing in things.THINGS.values() for form in (thing.name, thing.plural)}
    allowed |= {"a", "an", "any", "is", "are", "isn't", "aren't"}
    for item in examples:
        absences = {c.of: c for c in candidates(writer, item, "absence")}
        for candidate in candidates(writer, item, "negation"):
            absence = absences.get(candidate.of)
            if absence is None:
                continue
            ours, theirs = candidate.text.lower().split(), absence.text.lower().split()
            if (candidate.kind, absence.kind) == ("object_denied", "object_absent"):
                assert set(ours) ^ set(theirs) <= allowed, (absence, candidate)
                compared[candidate.kind] += 1
            if (candidate.kind, absence.kind) == ("contrast_reversed", "object_contrasted"):
                assert sorted(ours) == sorted(theirs), (absence, candidate)
                compared[candidate.kind] += 1
    assert compared["object_denied"] > 5 and compared["contrast_reversed"] > 2


def test_test_shares_no_form_and_no_held_out_kind_with_train() -> None:
    assert not set(denials.FORMS["A"]) & set(denials.FORMS["B"])
    assert not set(contrasts.FORMS["A"]) & set(contrasts.FORMS["B"])
    kinds = {}
    for split in ("train", "test"):
        examples = [*world(split), example("A dog chases a cat .", name="roles.jpg", split=split)]
        writer = create("rules", examples)
        kinds[split] = {c.kind for seed in range(3) for i in examples for c in candidates(writer, i, "negation", seed)}
    assert kinds["train"].isdisjoint(HELD_OUT_KINDS)
    assert kinds["test"] >= set(HELD_OUT_KINDS)


def test_texts_of_test_are_never_trained() -> None:
    caption = "A black dog carries a stick ."
    made = {}
    for split in ("train", "test"):
        examples = [example(caption, name=f"{split}{i}.jpg", split=split) for i in range(60)]
        writer = create("rules", examples)
        made[split] = {c.text for item in examples for view in VIEWS for c in candidates(writer, item, view)}
    assert len(made["train"]) > 5 and len(made["test"]) > 5 and not made["train"] & made["test"]


def test_most_test_negations_hold_no_negation_word() -> None:
    examples = world("test")
    writer = create("rules", examples)
    found = [c for item in examples for c in candidates(writer, item, "negation")]
    affirmative = [c for c in found if not Caption(c.text).is_negated]
    assert len(affirmative) >= 0.6 * len(found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A dog.", "fewer than three words"),
        ("!!! 123", "empty"),
        ("Is this a dog ?", "a question"),
        ("Ein Hund läuft schnell durch den dunklen Wald", "not recognised as English"),
        ("一只狗在草地上跑 很 快", "not recognised as English"),
        ("a dog " * 40, "longer than 60 words"),
        ("A dog naps.", ""),
        ("The 🐶 dog naps on <b>the</b> bed.", ""),
    ],
)
def test_unfit(text: str, reason: str) -> None:
    assert unfit(Caption(text)) == reason


def test_every_caption_gives_a_text_or_a_reason() -> None:
    item = example("Nobody without shoes naps.", "A dog naps. It is old.", "A dog naps on the bed .", name="r.jpg")
    writer = create("rules", [item])
    for view in VIEWS:
        result = written(writer, item, view)
        assert sorted([c.of for c in result.candidates] + [index for index, _ in result.refused]) == [0, 1, 2]
        assert (0, "already holds a negation") in result.refused
    assert (1, "more than one sentence") in written(writer, item, "absence").refused


def test_a_caption_that_denies_something_is_made_affirmative() -> None:
    item = example("A man without a hat naps .")
    assert candidates(create("rules", [item]), item, "negation") == (
        Candidate("A man with a hat naps .", "negation_removed", 0),
    )


def test_another_attempt_draws_anew_and_the_same_one_does_not() -> None:
    examples = world()
    writer = create("rules", examples)
    for view in VIEWS:
        first, again, second = ([written(writer, i, view, 0, attempt) for i in examples] for attempt in (0, 0, 1))
        assert first == again
        assert sum(a != b for a, b in zip(first, second, strict=True)) > len(examples) / 2


def test_a_caption_s_text_does_not_depend_on_which_others_are_asked_for() -> None:
    examples = world()
    writer = create("rules", examples)
    for view in VIEWS:
        whole = written(writer, examples[4], view)
        alone = asyncio.run(writer.write(examples[4], view, [1], 0, 0))
        assert all(c in whole.candidates for c in alone.candidates) and set(alone.refused) <= set(whole.refused)


def test_unknown_view_and_writer() -> None:
    item = example("A dog naps.")
    with pytest.raises(UserError, match="writes no rewrite"):
        written(create("rules", [item]), item, "rewrite")
    with pytest.raises(UserError, match="unknown writer 'rule'"):
        create("rule", [item])
    assert "by rules" in FAMILIES["writers"].summaries()["rules"]


def test_odd_texts_do_not_break_the_writer() -> None:
    odd = ["", " ", "\n", "'s", "A", "and , and , and", "a a a a", 'A "dog" \'s a "dog".', "in in in\nin front of",
           "{x} {0} %s a dog naps", "A dog — naps… on a\tbed", "no no no", "a man and", "some of the",
           "two of"]  # fmt: skip
    for split in ("train", "test"):
        items = [example(text, "A dog naps on the bed.", name=f"{i}.jpg", split=split) for i, text in enumerate(odd)]
        writer = create("rules", items)
        for item in items:
            for view in VIEWS:
                for candidate in candidates(writer, item, view):
                    assert candidate.text != texts(item)[candidate.of]
