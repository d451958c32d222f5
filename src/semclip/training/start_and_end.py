"""What the start model could do, beside what the trained one can: for runs that no validation split watches."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.files import read_json, write_json
from semclip.evaluation import RunOptions, evaluate
from semclip.evaluation.metrics.result import Metric
from semclip.models.backends.base import Encoder
from semclip.training import ordinary_texts
from semclip.training.config import TrainConfig
from semclip.training.examples import find_unreadable
from semclip.training.goodness import goodness

FILE = "start_and_end.json"
TEXTS = "40 ordinary sentences find their rewordings"
#: Training examples that are looked at where there is no test split either.
_MOST = 1000
#: A fall by this much is called one.
_FALL = 0.05


@dataclass(frozen=True)
class StartAndEnd:
    """The same numbers of a run's first and last model, in RUN/start_and_end.json.

    examples: those of the test split; without one, of the training split. what: the same for people.
    tell: called with a sentence where something cannot be measured.
    """

    config: TrainConfig
    folder: Path
    examples: Sequence[Example]
    what: str
    tell: Callable[[str], None]

    @classmethod
    def of(
        cls,
        config: TrainConfig,
        folder: Path,
        encoder: Encoder,
        train: Sequence[Example],
        test: Sequence[Example],
        tell: Callable[[str], None],
    ) -> "StartAndEnd":
        """On the test split or, without one, on training photos that can be read, which were seen in training."""
        if test:
            return cls(config, folder, test, f"{len(test):,} test examples", tell)
        some = train[:: max(1, -(-len(train) // _MOST))]
        out = {fault.id for fault in find_unreadable(encoder, some)}
        some = [example for example in some if example.id not in out]
        return cls(config, folder, some, f"{len(some):,} TRAINING examples, there being no test split", tell)

    def start(self, encoder: Encoder, device: torch.device) -> None:
        """Measure the model before the first step."""
        found = {name: metric.value for name, metric in self._measured(encoder, device).items()}
        write_json(self.folder / FILE, {"of": self.what, "start": found})

    def end(self, encoder: Encoder, device: torch.device) -> list[str]:
        """Measure the exported model; lines for people, the last of which says what has fallen, if anything has.

        Nothing for a run that was begun without this.
        """
        path = self.folder / FILE
        if not path.exists():
            return []
        start, measured = read_json(path)["start"], self._measured(encoder, device)
        end = {name: metric.value for name, metric in measured.items()}
        write_json(path, {"of": self.what, "start": start, "end": end})
        lines = [f"start and end, on {self.what}, since no validation split chose the weights:"]
        lines += [f"  {100 * start[name]:5.1f} % -> {100 * end[name]:5.1f} %  {name}" for name in start if name in end]
        fallen = [
            name
            for name, metric in measured.items()
            if name in start and goodness(metric, metric.value) < goodness(metric, start[name]) - _FALL
        ]
        if fallen:
            lines.append(
                f"the model has LOST what it could do before: {', '.join(fallen)}. Lower train.learning_rate or "
                "train.steps, freeze a tower (model.freeze=[image]), or see docs/guides/do_no_harm.md"
            )
        return lines

    def _measured(self, encoder: Encoder, device: torch.device) -> Mapping[str, Metric]:
        encoder.eval()
        benchmarks = dict.fromkeys(["retrieval", self.config.evaluate.primary.partition(".")[0]])
        recall = ordinary_texts.recall(encoder)
        metrics = {TEXTS: Metric(name=TEXTS, value=recall, n=len(ordinary_texts.PAIRS), description=TEXTS)}
        wanted = {self.config.evaluate.primary, *self.config.guards.drop_metrics}
        for benchmark in benchmarks:
            try:
                found = evaluate(encoder, [benchmark], self.examples, {}, RunOptions(device=device))[benchmark]
            except UserError as error:  # training examples may lack what it needs; test examples, setup has refused
                self.tell(f"start and end are not compared by '{benchmark}': {error.what} ({error.where})")
                continue
            metrics |= {f"{benchmark}.{m.name}": m for m in found.metrics if f"{benchmark}.{m.name}" in wanted}
        return metrics
