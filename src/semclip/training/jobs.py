"""Commands as processes, some at a time, each after the one it needs; a failure or Ctrl-C stops all, resumably."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from semclip.core.errors import UserError
from semclip.training.stopping import TERMINATED

#: Seconds between two looks at the processes.
_PAUSE = 0.2


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
            [sys.executable, "-m", "semclip.training.parent", str(os.getpid()), *job.command],
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
