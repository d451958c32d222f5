"""The result of a benchmark: one file each, read by reports and by scripts of users."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from semclip.core.errors import UserError
from semclip.core.files import read_json, write_json
from semclip.evaluation.metrics.result_shape import shaped_result

#: Raised when a field changes its meaning.
SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number with everything needed to trust it. Proportions are in [0, 1], never percent.

    value:      ties count as the expected score under random order.
    strict:     ties count as wrong.     optimistic: ties count as right.
    interval:   95 %, Wilson for proportions. None only for what is no proportion (see `unit`), as of one item.
    chance:     what guessing scores; None where guessing has no meaning.
    per_slice:  the same fields for each slice, keyed by its name (negation kind, class, template).
    kind:       "model"; "official" for the published script's own rule; "baseline" for a score to beat. The name of one
                by a method that sees no image begins with `blind_`.
    """

    name: str
    value: float
    n: int
    description: str
    ties: int = 0
    strict: float | None = None
    optimistic: float | None = None
    interval: tuple[float, float] | None = None
    chance: float | None = None
    unit: str = "share"
    kind: str = "model"
    higher_is_better: bool = True
    per_slice: Mapping[str, "Metric"] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One benchmark run on one model and one data set.

    primary: name of the metric that stands for the benchmark.
    data:    path, split, number of examples and images, sha256 of the file.
    items:   per-item outcomes by metric: {"id": [...], "outcome": [0..1, ...], "slice": [...]}, for paired tests.
    extra:   whatever else a figure needs, such as similarities per item.
    notes:   what the reader must know: skipped rows, truncated texts, defects of the data.
    encoder: how the embeddings came to be: weights, dtype, activation, preprocessing, as far as the model says.
    made:    command, date and commit. What changes the number is in `data` and `encoder`; see `metrics.identity`.
    """

    benchmark: str
    version: int
    model: str
    data: Mapping[str, Any]
    metrics: Sequence[Metric]
    primary: str
    protocol: str = "harness"
    items: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    encoder: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA_VERSION

    def metric(self, name: str) -> Metric:
        """The metric called `name`; UserError with the known names otherwise."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise UserError(
            f"benchmark '{self.benchmark}' has no metric '{name}'",
            where=self.model,
            fix=f"known: {', '.join(m.name for m in self.metrics)}",
        )

    def best_blind(self, slice_name: str = "") -> float | None:
        """The best score of a method that sees no image, on all items or on a slice; None where none was measured."""
        blind = [m for m in self.metrics if m.kind == "baseline" and m.name.startswith("blind_")]
        found = [m.per_slice[slice_name] for m in blind if slice_name in m.per_slice] if slice_name else blind
        return max((m.value for m in found), default=None)

    def save(self, path: Path) -> None:
        """Write as JSON, atomically."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> "Result":
        """Read what `save` wrote. Raises UserError for another schema or shape."""
        values = read_json(path)
        if not isinstance(values, dict) or values.get("schema") != SCHEMA_VERSION:
            raise UserError(
                "not a result file of this version of semclip", where=str(path), fix="evaluate the model again"
            )
        return shaped_result(cls, values, path)
