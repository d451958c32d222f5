"""Timing that a busy machine cannot tilt: all variants in turn within every round, medians, ratios."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch
from rich.table import Table


def timed(variants: Mapping[str, Callable[[], object]], rounds: int, device: str = "cpu") -> dict[str, float]:
    """Median seconds of each variant; a first round warms up and does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for round_number in range(rounds + 1):
        for name, run in variants.items():
            synchronize(device)
            started = time.perf_counter()
            run()
            synchronize(device)
            if round_number > 0:
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in seconds.items()}


def synchronize(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def compared(title: str, medians: Mapping[str, float]) -> Table:
    """Milliseconds of each variant, and how many times faster than the first it is."""
    first = next(iter(medians.values()))
    result = Table(title, "milliseconds", "times faster")
    for name, median in medians.items():
        result.add_row(name, f"{1000 * median:,.1f}", f"{first / median:.2f}")
    return result
