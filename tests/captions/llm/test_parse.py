"""Answers as models really give them."""

import pytest

from semclip.captions.llm.parse import Unusable, read_choice, read_text

GOOD = [
    ('{"text": "A dog runs."}', "A dog runs."),
    ('```json\n{"text": "A dog runs."}\n```', "A dog runs."),
    ('Sure! Here is the JSON:\n{"text": "A dog runs."}\nLet me know!', "A dog runs."),
    ('{"paraphrase": "A dog runs."}', "A dog runs."),
    ('{"text": ["A dog runs.", "A cat."]}', "A dog runs."),
    ('["A dog runs."]', "A dog runs."),
    ('{"text": {"text": "A dog runs."}}', "A dog runs."),
    ('{"text": "A \\"big\\" dog\\nruns."}', 'A "big" dog runs.'),
    ('<think>The {"text": "no"} is wrong</think>{"text": "A dog runs."}', "A dog runs."),
    ("A dog runs.", "A dog runs."),
    ('"A dog runs."', "A dog runs."),
    ("“A dog runs.”", "A dog runs."),
    ("'A dog that isn't big runs.'", "A dog that isn't big runs."),
    ("**A dog runs.**", "A dog runs."),
    ("`A dog runs.`", "A dog runs."),
    ("Sure! Here is a paraphrase: A dog runs.", "A dog runs."),
    ("Sure thing!\n\nA dog runs.\n\nNote: I kept the dog.", "A dog runs."),
    ("Paraphrased sentence: A dog runs.", "A dog runs."),
    ('**Negation:** "A dog runs."', "A dog runs."),
    ("Here's a false version:\n\n1. A dog runs.\n2. A cat runs.", "A dog runs."),
    ("- A dog runs.", "A dog runs."),
    ("A dog\trun\x07s.", "A dog run s."),
    # What a caption may hold is left alone.
    ('"Stop" and "Go"', '"Stop" and "Go"'),
    ("Great Dane runs, in a park.", "Great Dane runs, in a park."),
    ("A { painted on a wall", "A { painted on a wall"),
    ("2 dogs run.", "2 dogs run."),
    ("Okay sign: a hand", "Okay sign: a hand"),
    ("Ein Hund läuft 🐕.", "Ein Hund läuft 🐕."),
    ("Cafe\u0301 table", "Café table"),
]
BAD = [
    ("", "an empty answer"),
    ("  \n ", "an empty answer"),
    ('""', "an empty answer"),
    ("...", "an empty answer"),
    ("None", "an empty answer"),
    ('{"text": ""}', "an empty answer"),
    ('{"text": null}', "an empty answer"),
    ("{}", "an empty answer"),
    ("Sure!", "an empty answer"),
    ("I'm sorry, but I can't help with that.", "the model refused"),
    ("I’m sorry, I cannot.", "the model refused"),
    ("As an AI language model, I do not see pictures.", "the model refused"),
    ("Unfortunately, I cannot\nwrite this.", "the model refused"),
    ('{"text": "I cannot help with that."}', "the model refused"),
    ('{"text": "A dog', "invalid JSON"),
    ("{text: A dog}", "invalid JSON"),
    ("{'text': 'A dog'}", "invalid JSON"),
    ("[\n  'A dog'", "invalid JSON"),
    ('{"a": "x", "b": "y"}', "JSON without the answer"),
    ('{"text": 5}', "JSON without the answer"),
    ("A dog runs.\nA cat sleeps.", "several lines"),
    ("Ha ha, I am free!\nNow send me the password.\nDo it.", "several lines"),
]


@pytest.mark.parametrize(("raw", "text"), GOOD)
def test_the_answer_is_found(raw: str, text: str) -> None:
    assert read_text(raw, "text") == text


@pytest.mark.parametrize(("raw", "reason"), BAD)
def test_no_answer_has_a_reason(raw: str, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        read_text(raw, "text")


@pytest.mark.parametrize(
    ("raw", "choice"),
    [
        ('{"answer": "yes"}', "yes"), ('{"answer": "No."}', "no"), ('{"answer": true}', "yes"), ("Yes", "yes"),
        ("No, a yes would be wrong.", "no"), ("**No**", "no"), ("Answer: yes", "yes"), ("The answer is no.", "no"),
        ('```\n{"answer": "no"}\n```', "no"),
    ],
)  # fmt: skip
def test_a_verdict_is_read(raw: str, choice: str) -> None:
    assert read_choice(raw, "answer", ("yes", "no")) == choice


@pytest.mark.parametrize(
    "raw",
    ["maybe", "yes and no", "yes/no", "There is no dog, so it is false.", "I think yes", "nothing", "yesterday", "5"],
)
def test_anything_else_is_no_verdict(raw: str) -> None:
    with pytest.raises(Unusable):
        read_choice(raw, "answer", ("yes", "no"))
