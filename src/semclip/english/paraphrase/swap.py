"""One change of a few words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Swap:
    """Words start..end-1 become `new`."""

    start: int
    end: int
    new: tuple[str, ...]
    kind: str

    def touches(self, other: "Swap") -> bool:
        return self.start == other.start or (self.start < other.end and other.start < self.end)
