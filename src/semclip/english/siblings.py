"""All captions of one image (or group): what any of them says counts as being there."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from semclip.english.caption import Caption


class Siblings:
    """The captions of one group, repeated ones once."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.captions = {text: Caption(text) for text in texts}

    @cached_property
    def bag(self) -> frozenset[str]:
        """Every word of any caption."""
        return frozenset().union(*(caption.bag for caption in self.captions.values()))

    @cached_property
    def signs(self) -> frozenset[str]:
        """Every thing that any caption names or hints at."""
        return frozenset().union(*(caption.signs for caption in self.captions.values()))

    @cached_property
    def times_named(self) -> Counter[str]:
        """In how many captions each thing is named."""
        return Counter(thing for caption in self.captions.values() for thing in caption.named)
