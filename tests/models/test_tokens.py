"""Tokenising: equal to open_clip's tokenizer, bounded for absurd texts, and honest about cuts."""

import random

import open_clip
import torch

from semclip.models.tokens import LONGEST_TEXT, Tokenizer


def test_equal_to_open_clip() -> None:
    texts = ["A photo of a cat!", "", "don't  stop\nnow", "Ünïcödé ☃ 猫", "x " * 300]
    assert torch.equal(Tokenizer(77)(texts), open_clip.get_tokenizer("ViT-B-32")(texts))


def test_shortening_a_long_text_changes_nothing() -> None:
    text = "a man, two dogs & a cat " * 2000
    assert len(text) > LONGEST_TEXT
    assert torch.equal(Tokenizer(77)([text]), open_clip.get_tokenizer("ViT-B-32")([text]))


def test_one_endless_word_is_cut() -> None:
    letters = random.Random(0)
    word = "".join(letters.choice("abcdefghij") for _ in range(100_000))
    tokens = Tokenizer(77)([word])
    assert tokens.shape == (1, 77) and tokens[0, -1] == 49407


def test_truncated_marks_exactly_the_cut_texts() -> None:
    tokenizer = Tokenizer(10)
    texts = ["one two three four five six seven eight", "one two three four five six seven eight not"]
    assert tokenizer.truncated(texts) == [False, True]
    assert tokenizer(texts)[0].tolist() == tokenizer(texts)[1].tolist()  # the "not" is lost
