"""What every saved model says about itself beside weights and shapes: one section of its configuration."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from semclip.core.shape import shaped

#: The section's key, in `open_clip_config.json`, `semclip_config.json` or transformers' `config.json`.
SECTION = "semclip"
#: Where models saved before there was one section have the same facts: on the top level, under these names.
_OLDER = {
    "random_parts": ("semclip_random_parts",),
    "trained_on_queries": ("semclip_trained_on_queries", "trained_on_queries"),
}


@dataclass(frozen=True, kw_only=True)
class About:
    """architecture: what the model calls itself, "" where it does not. random_parts: those whose weights are random and
    nobody has trained. trained_on_queries: whether it was trained on "A without B" and its like.
    """

    architecture: str = ""
    random_parts: tuple[Literal["image", "text"], ...] = ()
    trained_on_queries: bool = False

    @classmethod
    def read(cls, configuration: Mapping[str, Any], where: str) -> Self:
        """What a model's configuration says, of today or before. Raises UserError where it says what nobody writes."""
        section = configuration.get(SECTION)
        if section is None:
            names = {field: next((n for n in older if n in configuration), "") for field, older in _OLDER.items()}
            section = {field: configuration[name] for field, name in names.items() if name}
        what = f"what a saved model says about itself ('{SECTION}')"
        return shaped(cls, section, what, where, "save the model again")

    def section(self) -> dict[str, Any]:
        """The key and what stands under it, ready for JSON."""
        return {SECTION: {**asdict(self), "random_parts": list(self.random_parts)}}
