"""LaCLIP: at every visit another text, drawn evenly among the caption and its rewrites.

    slots(i) = (caption_i, R_i1, ..., R_iK);  at each visit one slot, every one with probability 1 / (K + 1)
    R_ik is caption_i itself where it has fewer than `minimum_words` pieces between single spaces

Columns: caption and `rewrites`, or the rewrites come from `file`.
Paper: arXiv 2305.20088, its text augmentation. Deviations: rewrites are found by id, where the released code goes by
line number (a row skipped there shifts all that follow); the draw is seeded by (seed, epoch, example).
When to use: with the objective `laclip`, or any other that reads the view `rewrite`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.protocols import Embeddings
from semclip.data.steps._by_id import read_by_id, texts_of
from semclip.data.steps.base import Prepared, Step, require


class Rewrites(Step):
    """Makes each example's rewrites (caption, *rewrites), of which the data set draws one per visit.

    file: `.json` `{id: [texts]}` or `.jsonl` `{"id": ..., "rewrites": [texts]}`; "" takes the data's column `rewrites`.
    """

    gives = frozenset({"rewrite"})

    @dataclass(frozen=True, kw_only=True)
    class Config:
        file: str = ""
        minimum_words: int = 2

    def __init__(self, config: Config | None = None, seed: int = 0) -> None:
        super().__init__(config, seed)
        if self.config.minimum_words < 0:
            raise UserError("'minimum_words' is negative", where="step 'rewrites'", fix="set it to 0 or more")
        self.needs = frozenset({"caption"} if self.config.file else {"caption", "rewrite"})

    def prepare(self, examples: Sequence[Example], embeddings: Embeddings) -> Prepared:
        """Raises UserError for examples without rewrites, and for a file that does not fit the examples."""
        require(examples, self.needs, "rewrites")
        prepared, short = [], 0
        for example, rewrites in zip(examples, self._rewrites(examples), strict=True):
            long_enough = [text if self._counts(text) else example.caption for text in rewrites]
            short += sum(not self._counts(text) for text in rewrites)
            prepared.append(replace(example, rewrites=(example.caption, *long_enough)))
        total = sum(len(example.rewrites) - 1 for example in prepared)
        note = f"{total:,} rewrites for {len(prepared):,} captions; one of caption and rewrites is drawn per visit"
        if short:
            note += f"; {short:,} of fewer than {self.config.minimum_words} words, in their place the caption"
        return Prepared(prepared, note)

    def _counts(self, text: str) -> bool:
        # Pieces between single spaces, as in the released code, so that "  x " counts as four.
        return len(text.split(" ")) >= self.config.minimum_words

    def _rewrites(self, examples: Sequence[Example]) -> list[Sequence[str]]:
        if self.config.file:
            return [texts_of(entry, "rewrites") for entry in read_by_id(self.config.file, "rewrites", examples)]
        return [example.rewrites for example in examples]
