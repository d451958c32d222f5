"""LaCLIP: at every visit another text, drawn evenly among the caption and its rewrites.

    slots(i) = (caption_i, R_i1, ..., R_iK);  at each visit one slot, every one with probability 1 / (K + 1)
    R_ik is caption_i itself where it has fewer than `minimum_words` pieces between single spaces
    all_at_once: no draw; every visit brings R_i1, ..., R_iK (LaCLIP-MT, `laclip` with `multi_text=True`)

Columns: caption and `rewrites`, or the rewrites come from `file`.
Paper: arXiv 2305.20088, its text augmentation. Deviations: rewrites are found by id, where the released code goes by
line number (a row skipped there shifts all that follow); the draw is seeded by (seed, epoch, example).
When to use: with the objective `laclip`, or any other that reads the view `rewrite`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.protocols import Embeddings
from semclip.training.steps._by_id import read_by_id, texts_of
from semclip.training.steps.base import Prepared, Step, require

if TYPE_CHECKING:
    from semclip.data.dataset import Sample


class Rewrites(Step):
    """Makes each example's rewrites (caption, *rewrites), of which the data set draws one per visit.

    file: `.json` `{id: [texts]}` or `.jsonl` `{"id": ..., "rewrites": [texts]}`; "" takes the data's column `rewrites`.
    all_at_once: the view is all rewrites of the row, without the caption; every row must have equally many.
    """

    gives = frozenset({"rewrite"})

    @dataclass(frozen=True, kw_only=True)
    class Config:
        file: str = ""
        minimum_words: int = 2
        all_at_once: bool = False

    def __init__(self, config: Config | None = None, seed: int = 0) -> None:
        super().__init__(config, seed)
        if self.config.minimum_words < 0:
            raise UserError("'minimum_words' is negative", where="step 'rewrites'", fix="set it to 0 or more")
        self.gives_in_batch = self.gives if self.config.all_at_once else frozenset()
        self.needs = frozenset({"caption"} if self.config.file else {"caption", "rewrite"})

    def prepare(self, examples: Sequence[Example], embeddings: Embeddings) -> Prepared:
        """Raises UserError for examples without rewrites, and for a file that does not fit the examples."""
        require(examples, self.needs, "rewrites")
        texts: list[Sequence[str]] = [example.rewrites for example in examples]
        more = ""
        if self.config.file:
            entries, more = read_by_id(self.config.file, "rewrites", examples)
            texts = [texts_of(entry, "rewrites") for entry in entries]
        prepared = []
        for example, rewrites in zip(examples, texts, strict=True):
            long_enough = [text if self._counts(text) else example.caption for text in rewrites]
            slots = long_enough if self.config.all_at_once else [example.caption, *long_enough]
            prepared.append(replace(example, rewrites=tuple(slots)))
        total, short = sum(map(len, texts)), sum(not self._counts(text) for own in texts for text in own)
        way = "all at every visit" if self.config.all_at_once else "one of caption and rewrites is drawn per visit"
        note = f"{total:,} rewrites for {len(prepared):,} captions; {way}"
        if more:
            note += f"; {more}"
        if short:
            note += f"; {short:,} of fewer than {self.config.minimum_words} words, in their place the caption"
        return Prepared(prepared, note)

    def batch(self, samples: "Sequence[Sample]", examples: Sequence[Example]) -> "list[Sample]":
        if not self.config.all_at_once:
            return list(samples)
        return [replace(s, texts={**s.texts, "rewrite": examples[s.index].rewrites}) for s in samples]

    def _counts(self, text: str) -> bool:
        # Pieces between single spaces, as in the released code, so that "  x " counts as four.
        return len(text.split(" ")) >= self.config.minimum_words
