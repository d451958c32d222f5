"""Processes: stopped on request, ended with their parent, and several commands run side by side.

`python -m semclip.training.processes PID COMMAND...` runs a command that is asked to stop (SIGTERM) when PID is gone,
however it ends: SIGKILL and the out-of-memory killer included. Linux only, where the kernel tells a child of its
parent's death; elsewhere a command may outlive a killed parent.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Self

from rich.console import Console

from semclip.core import stopping
from semclip.core.errors import UserError
from semclip.core.launch import rank_of_process

#: What a shell reports for a process that SIGTERM ended.
TERMINATED = 128 + signal.SIGTERM
#: Seconds between two looks at the processes.
_PAUSE = 0.2
_PR_SET_PDEATHSIG = 1


class StopRequest:
    """Within it, the first Ctrl-C, SIGTERM, SIGHUP or SIGQUIT only sets `asked`: no checkpoint holds half a step.

    The second stops at once, without saving; the last checkpoint stands. Only the main thread can be asked, and a
    signal that whoever started the process had it ignore stays ignored: a script's `command &` does not hear Ctrl-C.
    """

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None

    def __enter__(self) -> Self:
        self._heard = stopping.handled(self._ask)
        self._heard.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._heard.__exit__(None, None, None)

    def stop(self, asked: signal.Signals | None = None) -> None:
        """End the process as the signal asked for would: KeyboardInterrupt (exit code 130), or exit code 128 + N.

        asked: of another process that trains together with this one.
        """
        stopping.end(asked or self.asked or signal.SIGINT)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            stopping.interrupt(number, frame)
        self.asked = signal.Signals(number)
        if rank_of_process() == 0:
            with contextlib.suppress(OSError):
                os.write(2, b"stopping: the step under way is finished and saved; once more stops at once\n")


def end_with_parent(parent: int, how: signal.Signals) -> None:
    """Have the kernel send `how` to this process when `parent` dies; it survives `exec`, not `fork`."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), how)


def end_worker_with_parent(worker: int) -> None:
    """A data loader's `worker_init_fn`: its workers hold nothing worth saving, so they are killed.

    On every system and for every way that Python starts processes: a fork server may stand between the two.
    """
    parent = multiprocessing.parent_process()
    stopping.ignore_in_worker()

    def die_with_it() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=die_with_it, name="end with parent", daemon=True).start()


@dataclass(frozen=True)
class Job:
    """log: takes all output of the command. after: name of the job that must end first, if it is among the jobs."""

    name: str
    command: Sequence[str]
    log: Path
    after: str = ""


def run_jobs(jobs: Sequence[Job], at_once: int, console: Console) -> None:
    """Run all jobs, at most `at_once` at a time, in order where nothing has to be waited for.

    Each process gets its share of the cores: on few cores, two processes of one thread do more than one of two.
    Killed itself, this process takes them with it: each is sent SIGTERM, upon which a training run saves and ends.
    Errors: UserError with the last line of the log when a job fails; the others are asked to stop in the same way.
    """
    waiting, running = list(jobs), list[tuple[Job, subprocess.Popen[bytes]]]()
    done = 0
    handler = signal.signal(signal.SIGTERM, _terminate)  # processes must not outlive this one
    try:
        while waiting or running:
            unfinished = {job.name for job in waiting} | {job.name for job, _ in running}
            for job in [job for job in waiting if job.after not in unfinished][: at_once - len(running)]:
                waiting.remove(job)
                running.append((job, _start(job, at_once)))
                console.print(f"{job.name}: started, see {job.log}", soft_wrap=True)
            time.sleep(_PAUSE)
            for job, process in [pair for pair in running if pair[1].poll() is not None]:
                running.remove((job, process))
                if process.returncode:
                    raise _failure(job, process.returncode)
                done += 1
                console.print(f"{job.name}: finished ({done} of {len(jobs)})", soft_wrap=True)
    except (KeyboardInterrupt, SystemExit):
        console.print("stopping the runs; the same command continues from here")
        stopping.told()
        raise
    finally:
        for _, process in running:
            process.terminate()  # not SIGINT, which processes started in the background ignore
        for _, process in running:
            process.wait()
        signal.signal(signal.SIGTERM, handler)


def _terminate(*_: object) -> None:
    raise SystemExit(TERMINATED)


def _start(job: Job, at_once: int) -> subprocess.Popen[bytes]:
    threads = str(max(1, (os.cpu_count() or 1) // at_once))
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with job.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "semclip.training.processes", str(os.getpid()), *job.command],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": threads},
            start_new_session=True,  # Ctrl-C reaches this process alone, which passes it on once
        )


def _failure(job: Job, code: int) -> UserError:
    lines = job.log.read_text("utf-8", errors="replace").strip().splitlines()
    said = next((line for line in lines[::-1] if line.startswith("error: ")), lines[-1] if lines else "it said nothing")
    return UserError(
        f"{job.name} failed (exit code {code}): {said.removeprefix('error: ')}",
        where=str(job.log),
        fix="mend what the log names; the same command continues with the runs that are not finished",
    )


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]), signal.SIGTERM)
    os.execvp(sys.argv[2], sys.argv[2:])
