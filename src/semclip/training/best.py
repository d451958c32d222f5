"""The best weights so far, in RUN/best, with the step they are of: one is never there without the other."""

from dataclasses import asdict, dataclass
from pathlib import Path

from semclip.core.files import read_json, write_json
from semclip.core.folders import new_folder
from semclip.core.shape import shaped
from semclip.models.backends.base import Encoder

_FILE = "validation.json"


@dataclass(frozen=True)
class Best:
    """Whose weights they are: the step, and how good they were then (`goodness` of `evaluate.primary`)."""

    step: int
    value: float

    def save(self, run_folder: Path, encoder: Encoder) -> None:
        """Replace RUN/best by the weights of an encoder, at once. Raises UserError where it cannot be written."""
        with new_folder(run_folder / "best", "cannot keep the best weights", there="replaced") as filling:
            encoder.save(filling)
            write_json(filling / _FILE, asdict(self))

    @classmethod
    def of(cls, run_folder: Path) -> "Best | None":
        """What RUN/best holds; None where there is none, or of a run that did not write it down.

        A run that was killed after a validation goes on from a checkpoint before it, which does not know of it.
        """
        file = run_folder / "best" / _FILE
        if not file.exists():
            return None
        return shaped(
            cls, read_json(file), "the step of the best weights", str(file), "delete this file, or put it back"
        )
