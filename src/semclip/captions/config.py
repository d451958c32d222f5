"""The config of a caption job: the YAML of `semclip captions write --config`."""

from dataclasses import dataclass, field
from typing import Any

from semclip.core.errors import UserError, did_you_mean

#: What can be written; column of the texts by view. `VIEW_kinds` and `VIEW_of` run parallel to it.
COLUMNS = {"paraphrase": "paraphrases", "negation": "negations", "absence": "absences", "rewrite": "rewrites"}


@dataclass(frozen=True, kw_only=True)
class CaptionsConfig:
    """A job.

    writer:   `{name: rules}` or `{name: llm, model: phi4, ...}`: the writer's name and its own keys.
    views:    what to write.
    verify:   verifiers with their own keys, in order; the first that rejects a text ends its way.
    attempts: how often a caption is written for until a text of it is accepted.
    seed:     of the writer's draws, and of the split of data that names none.
    """

    writer: dict[str, Any] = field(default_factory=lambda: {"name": "rules"})
    views: tuple[str, ...] = ("paraphrase", "negation", "absence")
    verify: tuple[dict[str, Any], ...] = ({"name": "lexical"},)
    attempts: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        for view in self.views:
            if view not in COLUMNS:
                raise UserError(f"'{view}' cannot be written", where="views", fix=did_you_mean(view, COLUMNS))
        if not self.views:
            raise UserError("no view to write", where="views", fix=f"name some of {', '.join(COLUMNS)}")
        if len(set(self.views)) < len(self.views):
            raise UserError(f"a view is named twice: {', '.join(self.views)}", where="views", fix="name each once")
        if self.attempts < 1:
            raise UserError(f"{self.attempts} attempts", where="attempts", fix="give 1 or more")
        for section, where in [(self.writer, "writer"), *((entry, "verify") for entry in self.verify)]:
            if not isinstance(section.get("name"), str):
                raise UserError(f"no name in {section}", where=where, fix=f"write `{where}: ...name: NAME...`")
