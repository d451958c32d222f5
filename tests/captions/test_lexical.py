"""The lexical verifier: each of its reasons on a text that deserves it, and none on texts that do not."""

import asyncio
from typing import Any

import pytest

from semclip.captions.verifiers._context import fits
from semclip.captions.verifiers.base import create
from semclip.captions.writers.base import Candidate
from semclip.core.example import Example, ImageRef

CAPTIONS = ("Two brown dogs run across a grassy field .", "A pair of dogs chase a red ball past a tree .")
PLAIN = Example(
    id="1", image=ImageRef("1.jpg"), caption=CAPTIONS[0], paraphrases=CAPTIONS[1:], meta={"captions_equal": True}
)


def reason(view: str, kind: str, text: str, example: Example = PLAIN, of: int = 0, **config: Any) -> str:
    verifier = create({"name": "lexical", **config}, lambda spec: pytest.fail(spec))
    verifier.look_over([example])
    (verdict,) = asyncio.run(verifier.check(example, view, [Candidate(text, kind, of)]))
    assert verdict.verifier == "lexical" and verdict.accepted == (not verdict.reason)
    return verdict.reason


@pytest.mark.parametrize(
    ("view", "kind", "text"),
    [
        ("negation", "verb_negated", "Two brown dogs do not run across a grassy field ."),
        ("negation", "verb_negated", "Two brown dogs don’t run across a grassy field ."),
        ("negation", "attribute_swapped", "Two white dogs run across a grassy field ."),
        ("negation", "object_replaced", "Two brown horses run across a grassy field ."),
        ("negation", "object_denied", "Two brown dogs run across a grassy field , but there is no ball ."),
        ("negation", "anything", "Three brown dogs run across a grassy field ."),
        ("absence", "object_absent", "Two brown dogs run across a grassy field , but there are no bicycles ."),
        ("absence", "object_absent", "A grassy field , free of umbrellas , with two brown dogs ."),
        ("absence", "object_contrasted", "Two brown dogs , not cats , run across a grassy field ."),
        ("paraphrase", "reordered", "Across a grassy field run two brown dogs ."),
        ("paraphrase", "synonyms", "A couple of brown dogs are running over a field of grass ."),
        ("paraphrase", "synonyms", "Two brown animals are running over some grass ."),
        ("rewrite", "", "The pets are happy ."),
    ],
)
def test_good_texts_are_accepted(view: str, kind: str, text: str) -> None:
    assert reason(view, kind, text) == ""


@pytest.mark.parametrize(
    ("view", "kind", "text", "said"),
    [
        ("negation", "verb_negated", "Two brown dogs run across a sandy field .", "no negation word added"),
        ("negation", "attribute_swapped", "Two brown dogs run across no grassy field .", "none is claimed"),
        ("negation", "object_replaced", "Two brown balls run across a grassy field .", "names what a caption names"),
        ("negation", "object_denied", "Two brown dogs run across a grassy field , but no boat is there .", "what no"),
        ("negation", "negated", "There is no elephant anywhere .", "keeps less than 25%"),
        ("absence", "object_absent", "Two brown dogs run across a grassy field , but there is no ball .", "mentions"),
        ("absence", "object_absent", "Two brown dogs run across a grassy field with a bicycle .", "no negation word"),
        ("paraphrase", "", "Two brown dogs run over a grassy field .", "too few words changed"),
        ("paraphrase", "", "Not one of two brown dogs stands still on grass .", "a negation added"),
        ("paraphrase", "", "Across a grassy field run three brown dogs .", "a number"),
        ("paraphrase", "", "Over a grassy field run two brown dogs with a bicycle .", "something added"),
        ("paraphrase", "", "Across a grassy field there is running .", "a number"),
        ("negation", "", CAPTIONS[1].upper(), "equal to a caption"),
        ("negation", "", "no dogs", "fewer than 3 words"),
        ("negation", "", "no dogs " * 30, "far more words"),
        ("negation", "", "Two brown dogs do not\nrun across a field .", "line breaks"),
        ("negation", "", "Two brown dogs do not\x07 run across a field .", "line breaks"),
        ("negation", "", "Two <b>brown</b> dogs do not run .", "markup"),
    ],
)  # fmt: skip
def test_each_fault_has_its_reason(view: str, kind: str, text: str, said: str) -> None:
    assert said in reason(view, kind, text)


def test_a_caption_with_a_negation() -> None:
    negated = Example(id="2", image=ImageRef("2.jpg"), caption="A street with no cars and a dog .")
    assert reason("negation", "verb_negated", "A street with no cars and not a dog .", negated) == "a second negation"
    assert reason("negation", "negation_removed", "A street with cars and a dog .", negated) == ""
    assert "taken away" in reason("negation", "negation_removed", "A street with no carts and a dog .", negated)
    assert reason("absence", "object_absent", "A street with no cars and a dog , but no umbrella .", negated) == ""
    assert "lost" in reason("paraphrase", "", "On a street there are cars and one dog .", negated)


def test_captions_of_other_rows_of_the_group_count() -> None:
    rows = [Example(id=str(i), image=ImageRef("1.jpg"), caption=text, group="1.jpg") for i, text in enumerate(CAPTIONS)]
    verifier = create({"name": "lexical"}, lambda spec: pytest.fail(spec))
    verifier.look_over(rows)
    text = Candidate("Two brown dogs run across a grassy field , but there is no ball .", "object_absent", 0)
    (verdict,) = asyncio.run(verifier.check(rows[0], "absence", [text]))
    assert verdict.reason == "denies what a caption mentions"


def test_thresholds_are_the_users() -> None:
    text = "Two brown dogs run over a grassy field ."
    assert reason("paraphrase", "", text, changed=0.1) == ""
    assert "longer than 9 tokens" in reason(
        "paraphrase", "", "Across a grassy field run two brown dogs .", context_length=9
    )


def test_fits_agrees_with_the_tokenizer() -> None:
    from open_clip.tokenizer import SimpleTokenizer

    tokenizer = SimpleTokenizer()
    words = ["dog", "frisbee", "skateboarder's", "xyzzyplugh", "42", "...", "🐕", "Schäferhund", "don't", "under_score"]
    for size in (5, 9, 20):
        for start in range(len(words)):
            for count in range(1, 12):
                text = " ".join((words * 3)[start : start + count])
                assert fits(text, size) == (len(tokenizer.encode(text)) + 2 <= size), text
    assert not fits("dog " * 76, 77) and fits("dog " * 75, 77)
    assert not fits("x" * 100_000, 77)
