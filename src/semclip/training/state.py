"""Everything that changes while training, as one checkpoint."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch

from semclip.core.seeds import derive_seed, seed_everything
from semclip.data.collate import Batch
from semclip.training.gradients import StreamedBatch
from semclip.training.guards import Guards
from semclip.training.optim import Ema
from semclip.training.random_states import random_states, restore_random_states
from semclip.training.ranks import SINGLE_PROCESS, Ranks
from semclip.training.sharding import cut_as, load_moments, moments, whole
from semclip.training.step import StepModule


class State:
    """Weights (encoder and objective), their average, optimizer, random states, and how far the run has come.

    The learning rate and the data position are functions of `step`, so they are in it. Ranks have random states of
    their own, and count what their rows lack (`missing_texts`); all else is the same on each.
    """

    def __init__(
        self,
        module: StepModule,
        optimizer: torch.optim.Optimizer,
        average: Ema,
        guards: Guards,
        ranks: Ranks = SINGLE_PROCESS,
    ) -> None:
        self.module, self.optimizer, self.average, self.guards = module, optimizer, average, guards
        self.ranks = ranks
        self.step = 0
        self.best_value = float("-inf")
        self.best_step = 0
        self.projection: dict[str, Any] = {}  # the points of the projection plot before training
        self.seen = {"images_seen": 0, "texts_seen": 0}
        self.missing_texts: Counter[str] = Counter()  # what data steps could not make -> visits
        self._seconds_before = 0.0  # of earlier sessions
        self._started = time.monotonic()

    def seconds(self) -> float:
        """Time spent on this run in all its sessions."""
        return self._seconds_before + time.monotonic() - self._started

    def count(self, batch: Batch | StreamedBatch) -> None:
        """Add a batch, of which this rank has one of equal parts, to what was seen."""
        images, texts = batch.counts()
        self.seen["images_seen"] += self.ranks.world_size * images
        self.seen["texts_seen"] += self.ranks.world_size * texts
        self.missing_texts.update(batch.missing_texts)

    def missing_texts_of_all_ranks(self) -> Counter[str]:
        """What data steps could not make, over all ranks. Collective."""
        return sum(self.ranks.all_gather(self.missing_texts), Counter[str]())

    def snapshot(self) -> dict[str, Any]:
        """Tensors and plain values. Collective; complete on rank 0."""
        return {
            "seen": self.seen,
            "unmade": dict(self.missing_texts_of_all_ranks()),
            "step": self.step,
            "best_value": self.best_value,
            "best_step": self.best_step,
            "plane": self.projection,  # as checkpoints have always called it
            "seconds": self.seconds(),
            "module": whole(self.module.state_dict()),
            "average": whole(self.average.state_dict()),
            "optimizer": whole(moments(self.optimizer, self.module)),
            "guards": self.guards.state_dict(),
            "random": self.ranks.all_gather(random_states()),
        }

    def restore(self, snapshot: Mapping[str, Any], seed: int) -> str:
        """Continue from a snapshot. Returns a sentence where it cannot be exact, else "".

        With another number of ranks than wrote the snapshot, everything continues but the random states, which are
        drawn anew from (seed, step, rank).
        """
        self.step = snapshot["step"]
        self.seen = snapshot["seen"]
        self.missing_texts = Counter(snapshot["unmade"] if self.ranks.first else ())
        self.best_value, self.best_step = snapshot["best_value"], snapshot["best_step"]
        self.projection, self._seconds_before = snapshot["plane"], snapshot["seconds"]
        self.module.load_state_dict(cut_as(snapshot["module"], self.module.state_dict()))
        self.average.load_state_dict(snapshot["average"])
        load_moments(snapshot["optimizer"], self.optimizer, self.module)
        self.guards.load_state_dict(snapshot["guards"])
        before, now = len(snapshot["random"]), self.ranks.world_size
        if before == now:
            restore_random_states(snapshot["random"][self.ranks.rank])
            return ""
        seed_everything(derive_seed("resumed", seed, self.step, self.ranks.rank))
        return (
            f"{now} processes continue what {before} began: weights, optimizer and data position are the "
            "same; dropout is drawn anew, and sums over ranks round differently"
        )
