"""Images that cannot be read: counted, named in a file of the run, and too many of them an error."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.core.files import write_text
from semclip.models.backends.base import Encoder

FILE = "unreadable.jsonl"


@dataclass(frozen=True)
class Fault:
    """An example that could not be read. what, where: of the error that reading it raised.

    left_out: found before the first step, and not among the examples of this run; else replaced at each visit.
    """

    id: str
    what: str
    where: str
    left_out: bool = False


class Unreadable:
    """All faults of a run, over its sessions, kept in RUN/unreadable.jsonl.

    examples: how many the training split has. share: of them that may be unreadable. writes: False for all processes
    but one of several that train together.
    """

    def __init__(self, run_folder: Path, examples: int, share: float, writes: bool = True) -> None:
        self.path, self.examples, self.share, self.writes = run_folder / FILE, examples, share, writes
        lines = self.path.read_text("utf-8").splitlines() if self.path.exists() else []
        self.faults = {fault.id: fault for fault in (Fault(**json.loads(line)) for line in lines)}

    def add(self, faults: Iterable[Fault]) -> None:
        """Note examples that could not be read. Raises UserError once they are more than the share."""
        new = {fault.id: fault for fault in faults if fault.id not in self.faults}
        if not new:
            return
        self.faults |= new
        if self.writes:
            lines = [json.dumps(asdict(f), ensure_ascii=False) + "\n" for f in self.faults.values()]
            write_text(self.path, "".join(lines))
        if len(self.faults) > self.share * self.examples:
            first = next(iter(new.values()))
            raise UserError(
                f"{len(self.faults):,} of {self.examples:,} training examples cannot be read, more than "
                f"{100 * self.share:g} %; the last: {first.what}",
                where=first.where,
                fix=f"mend the images named in {self.path} or remove their rows, or set guards.unreadable",
            )

    def readable(self, examples: Sequence[Example]) -> list[Example]:
        """The examples without those left out: a resumed run must see as many as before, mended or not."""
        return [e for e in examples if not (e.id in self.faults and self.faults[e.id].left_out)]

    def sentence(self) -> str:
        """What to tell people at the end, "" where every image could be read."""
        if not self.faults:
            return ""
        return (
            f"{len(self.faults):,} of {self.examples:,} training examples could not be read, and others were taken "
            f"in their place: {self.path}"
        )


def find_unreadable(encoder: Encoder, examples: Sequence[Example]) -> list[Fault]:
    """Every example one of whose images cannot be read; all images are decoded once."""
    errors: dict[ImageRef, UserError | None] = {}
    found = []
    for example in examples:
        refs = (example.image, *example.negative_images)
        for ref in refs:
            if ref not in errors:
                errors[ref] = _error_of(encoder, ref)
        bad = next((error for ref in refs if (error := errors[ref]) is not None), None)
        if bad is not None:
            found.append(Fault(example.id, bad.what, bad.where, left_out=True))
    return found


def _error_of(encoder: Encoder, ref: ImageRef) -> UserError | None:
    try:
        encoder.load_image(ref)
    except UserError as error:
        return error
    return None
