"""Paraphrases, negations and absences for English captions by rules: no download, deterministic.

The split `test` gets other sentence forms, other pairs of words and further kinds than `train` and `val` do, so that a
test measures understanding, not recognition.
"""

import functools
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from semclip.captions.writers._balanced import Balanced, balanced
from semclip.captions.writers._draw import Key
from semclip.captions.writers.base import Candidate, Writer, Written
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.objects import objects_of
from semclip.core.seeds import derive_seed
from semclip.english import lexicon
from semclip.english.absent import Absent
from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.paraphrase import Paraphrase, paraphrase
from semclip.english.siblings import Siblings

LONGEST = 60  # words; more is a paragraph, no caption
_REMEMBERED = 256  # captions whose negation and absence are kept until the other view asks


class Rules(Writer):
    """The embedded writer. Looks over all captions first: what occurs together, and what each group's captions name."""

    name = "rules"
    version = "7"
    views = ("paraphrase", "negation", "absence")

    def __init__(self, config: Any, examples: Sequence[Example]) -> None:
        super().__init__(config, examples)
        texts: dict[str, list[str]] = defaultdict(list)
        objects: dict[str, list[str]] = defaultdict(list)
        for example in examples:
            texts[_group(example)] += [example.caption, *example.paraphrases, *example.rewrites]
            objects[_group(example)] += objects_of(example) or ()
        self._groups = {group: Siblings(captions, objects[group]) for group, captions in texts.items()}
        self._absent = Absent(self._groups)
        self._made: dict[Key, Balanced] = {}
        self._write: dict[str, Callable[[Example, Caption, Key], Edit | Paraphrase | str]] = {
            "paraphrase": self._paraphrase,
            "negation": self._negation,
            "absence": self._absence,
        }

    async def write(self, example: Example, view: str, of: Sequence[int], seed: int, attempt: int) -> Written:
        if view not in self._write:
            raise UserError(
                f"the writer 'rules' writes no {view}", where="views", fix=f"choose among {','.join(self.views)}"
            )
        siblings = self._groups[_group(example)]
        texts = (example.caption, *example.paraphrases)
        found: list[Candidate] = []
        refused: list[tuple[int, str]] = []
        for index in of:
            caption = siblings.captions[texts[index]]
            made = unfit(caption) or self._write[view](example, caption, (seed, example.id, index, attempt))
            if isinstance(made, str):
                refused.append((index, made))
            else:
                found.append(Candidate(made.text, made.kind, index, _provenance(view, made)))
        return Written(tuple(found), tuple(refused))

    def _paraphrase(self, example: Example, caption: Caption, key: Key) -> Paraphrase | str:
        draw = random.Random(derive_seed("rules", "paraphrase", *key))
        captions = self._groups[_group(example)].captions
        made = paraphrase(caption.text, captions, family_of_split(example.split), draw)
        return made if made.text else made.refused

    def _negation(self, example: Example, caption: Caption, key: Key) -> Edit | str:
        return self._balanced(example, caption, key).negation

    def _absence(self, example: Example, caption: Caption, key: Key) -> Edit | str:
        return self._balanced(example, caption, key).absence

    def _balanced(self, example: Example, caption: Caption, key: Key) -> Balanced:
        """Both texts of a caption; the second view that asks for them finds them made."""
        if key not in self._made:
            if len(self._made) >= _REMEMBERED:
                self._made.pop(next(iter(self._made)))
            group = _group(example)
            family = family_of_split(example.split)
            self._made[key] = balanced(caption, self._groups[group], self._absent.plausible(group), family, key)
        return self._made[key]


def _provenance(view: str, made: Edit | Paraphrase) -> dict[str, str]:
    """What an absence says is missing, for those who look for it in the picture."""
    if view != "absence" or isinstance(made, Paraphrase):
        return {}
    thing, other = made.pair
    return {"object": other or thing}


@functools.lru_cache(256)
def unfit(caption: Caption) -> str:
    """Why a caption is left alone; "" when it is not."""
    letters = [word for word in caption.words if word[0].isalpha()]
    if not letters:
        return "empty"
    if len(letters) > LONGEST:
        return f"longer than {LONGEST} words"
    if len(letters) < 3:
        return "fewer than three words"
    if "?" in caption.words:
        return "a question"
    if sum(word in lexicon.KNOWN for word in letters) < 0.4 * len(letters):
        return "not recognised as English"
    return ""


def family_of_split(split: str | None) -> str:
    """B for test, A for all others: the two families share no sentence form and no pair of words."""
    return "B" if split == "test" else "A"


def _group(example: Example) -> str:
    return example.group or example.image.name
