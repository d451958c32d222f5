"""Processes that end with the one that started them, however it ends: SIGKILL and the out-of-memory killer included.

`python -m semclip.training.parent PID COMMAND...` runs a command that is asked to stop (SIGTERM) when PID is gone.
Linux only, where the kernel tells a child of its parent's death; elsewhere a command may outlive a killed parent.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, how: signal.Signals) -> None:
    """Have the kernel send `how` to this process when `parent` dies; it survives `exec`, not `fork`."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), how)


class EndWithParent:
    """A data loader's `worker_init_fn`: its workers hold nothing worth saving, so they are killed.

    On every system and for every way that Python starts processes: a fork server may stand between the two.
    """

    def __call__(self, worker: int) -> None:
        threading.Thread(target=_die_with_parent, name="end with parent", daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]), signal.SIGTERM)
    os.execvp(sys.argv[2], sys.argv[2:])
