"""How much of a text was changed: words and their order."""

import re

_WORD = re.compile(r"[^\W_]++(?:['’\-][^\W_]++)*+")


def words_of(text: str) -> list[str]:
    """The lower-case words of a text, without marks."""
    return _WORD.findall(text.lower())


def changed_share_of_words(before: list[str], after: list[str]) -> float:
    """The share of words that are not in the same order in both texts: 0 for equal ones, 1 for nothing in common.

    1 - |longest common subsequence of words| / |words of the longer text|. Bit-parallel (Hyyrö 2004): one step per
    word of `after`.
    """
    longer = max(len(before), len(after))
    if not longer:
        return 0.0
    places: dict[str, int] = {}
    for i, word in enumerate(before):
        places[word] = places.get(word, 0) | 1 << i
    everything = (1 << len(before)) - 1
    row = everything  # a zero bit: the common subsequence grows here
    for word in after:
        match = row & places.get(word, 0)
        row = ((row + match) | (row - match)) & everything
    return 1 - (len(before) - row.bit_count()) / longer
