"""Processes that end with the one that started them, however it ends: SIGKILL and the out-of-memory killer included.

`python -m semclip.training.parent PID COMMAND...` runs a command that is asked to stop (SIGTERM) when PID is gone.
Linux only, where the kernel tells a child of its parent's death; elsewhere a child may outlive a killed parent.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, how: signal.Signals) -> None:
    """Have the kernel send `how` to this process when `parent` dies; it survives `exec`, not `fork`."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), how)


class EndWithParent:
    """A data loader's `worker_init_fn`: its workers hold nothing worth saving, so they are killed."""

    def __init__(self) -> None:
        self.parent = os.getpid()

    def __call__(self, worker: int) -> None:
        end_with_parent(self.parent, signal.SIGKILL)


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]), signal.SIGTERM)
    os.execvp(sys.argv[2], sys.argv[2:])
