"""The rank of this process under a launcher such as torchrun, without importing torch."""

import os


def rank_of_process() -> int:
    """0 for a process by itself, and for the one of several that speaks for all."""
    return int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")))


def processes_started() -> int:
    """How many the launcher started, 1 without one."""
    return int(os.environ.get("WORLD_SIZE", "1"))
