"""What bringing an index up to date did, in counts and in what could not be read."""

from dataclasses import dataclass, field

from semclip.search.scan import Unreadable


@dataclass
class Added:
    """What `Index.add` found. unreadable: files and folders with the reason, in the order of the walk."""

    new: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    deleted: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)

    def __iadd__(self, other: "Added") -> "Added":
        for name in ("new", "changed", "moved", "unchanged", "deleted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.unreadable += other.unreadable
        return self

    @property
    def photos(self) -> int:
        """How many photos of the folder are in the index now."""
        return self.new + self.changed + self.moved + self.unchanged
