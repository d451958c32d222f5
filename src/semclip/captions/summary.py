"""Counts of what a caption job did, row by row."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from semclip.core.example import Example


@dataclass
class Summary:
    """Counts over the rows that are settled.

    rows, captions: of the input. found: captions that an earlier run had settled.
    accepted: texts. kinds: texts by (split, view, kind).
    refused:  captions without a text in the end, by (view, reason).
    rejected: texts that a verifier turned down, by (view, reason); another attempt may have replaced them.
    covered:  captions that got a text, by view. complete: captions that got one in every view.
    without:  rows that got no text at all, by view.
    """

    rows: int = 0
    captions: int = 0
    found: int = 0
    complete: int = 0
    kinds: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    without: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        return self.kinds.total()

    def add(self, example: Example, results: Mapping[str, Mapping[str, Any]]) -> None:
        """Count one row. results: view -> what the journal holds."""
        captions = len(example.captions)
        self.rows += 1
        self.captions += captions
        complete = set(range(captions))
        for view, result in results.items():
            covered = {text["of"] for text in result["texts"]}
            complete &= covered
            self.covered[view] += len(covered)
            self.without[view] += not covered
            self.kinds.update((example.split or "", view, text["kind"]) for text in result["texts"])
            self.refused.update((view, refused["reason"]) for refused in result["refused"])
            self.rejected.update((view, rejected["reason"]) for rejected in result["rejected"])
        self.complete += len(complete)
