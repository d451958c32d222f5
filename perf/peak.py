"""Memory: bytes of tensors that live at once, the same on every run, and bytes of a process, as the system has them."""

from collections.abc import Callable
from pathlib import Path

import torch


def peak_bytes(work: Callable[[], object]) -> int:
    """The most bytes allocated at once on the CPU during `work()`, above what was there before."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        work()
    assert profile.profiler is not None
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    live = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak


def resident(what: str) -> int:
    """A line of /proc/self/status of Linux in bytes: VmRSS now, VmHWM at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))
