"""Processes side by side: in order of need, stopped on request and together, with their errors told."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from semclip.core.errors import UserError
from semclip.training.processes import Job, StopRequest, run_jobs
from tests.training.conftest import printed


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("how", "end"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_the_first_is_noted_and_the_second_ends(how: signal.Signals, end: type[BaseException]) -> None:
    before = signal.getsignal(how)
    with StopRequest() as stop:
        os.kill(os.getpid(), how)
        assert stop.asked is how
        with pytest.raises(end):
            os.kill(os.getpid(), how)
    assert signal.getsignal(how) is before


@pytest.mark.usefixtures("ctrl_c")
def test_started_in_the_background_it_does_not_hear_ctrl_c_but_sigterm() -> None:
    """A script's `semclip train ... &` shares the script's terminal: Ctrl-C there is meant for the script."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.asked is None and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.asked is signal.SIGTERM


def test_only_the_main_thread_is_asked() -> None:
    failed: list[Exception] = []

    def within() -> None:
        try:
            with StopRequest() as stop:
                assert stop.asked is None
        except Exception as error:  # noqa: BLE001 - told to the test
            failed.append(error)

    thread = threading.Thread(target=within)
    thread.start()
    thread.join()
    assert not failed


#: Prints when it starts; asked to stop it leaves a file, as a training run leaves a checkpoint.
SLEEPER = (
    "import os, signal, sys, time, pathlib\n"
    "def save(*_):\n    pathlib.Path(sys.argv[2]).open('a').write('saved'); sys.exit(143)\n"
    "signal.signal(signal.SIGTERM, save)\n"
    "print('ready', os.getpid(), flush=True)\n"
    "time.sleep(float(sys.argv[1]))\n"
)


def job(folder: Path, name: str, program: str, *arguments: str, after: str = "") -> Job:
    return Job(name, (sys.executable, "-c", program, *arguments), folder / f"{name}.txt", after)


def test_a_job_waits_for_the_one_it_needs_and_the_others_do_not(tmp_path: Path, console: Console) -> None:
    needs = "import pathlib, sys; assert pathlib.Path(sys.argv[1]).exists()"
    makes = "import pathlib, sys, time; time.sleep(0.5); pathlib.Path(sys.argv[1]).touch()"
    made = str(tmp_path / "made")
    jobs = [
        job(tmp_path, "base", makes, made),
        job(tmp_path, "arm", needs, made, after="base"),
        job(tmp_path, "other", "print('alone')", after="not among the jobs"),
    ]
    run_jobs(jobs, 2, console)
    said = printed(console)
    assert said.index("other: started") < said.index("arm: started")
    assert said.index("base: finished") < said.index("arm: started")
    assert (tmp_path / "other.txt").read_text() == "alone\n"


def test_no_more_than_asked_run_at_a_time(tmp_path: Path, console: Console) -> None:
    run_jobs([job(tmp_path, str(i), "pass") for i in range(4)], 1, console)
    states = [line.split(": ")[1].split()[0].rstrip(",") for line in printed(console).splitlines()]
    assert states == ["started", "finished"] * 4


def test_a_failure_names_the_log_and_stops_the_others_softly(tmp_path: Path, console: Console) -> None:
    fails = (
        "import pathlib, sys, time\n"
        "while 'ready' not in pathlib.Path(sys.argv[1]).read_text(): time.sleep(0.02)\n"
        "print('error: no such file\\n  where: x.jsonl'); sys.exit(2)"
    )
    saved = tmp_path / "saved"
    with pytest.raises(UserError, match=r"bad failed \(exit code 2\): no such file") as error:
        long = job(tmp_path, "long", SLEEPER, "600", str(saved))
        run_jobs([long, job(tmp_path, "bad", fails, str(long.log))], 2, console)
    assert error.value.where == str(tmp_path / "bad.txt")
    assert saved.read_text() == "saved"


def supervisor(tmp_path: Path) -> "subprocess.Popen[bytes]":
    """A process that runs one job, a sleeper, which has started when this returns."""
    log = tmp_path / "long.txt"
    program = (
        "import sys, pathlib\n"
        "from rich.console import Console\n"
        "from semclip.training.processes import Job, run_jobs\n"
        f"command = (sys.executable, '-c', {SLEEPER!r}, '600', {str(tmp_path / 'saved')!r})\n"
        f"run_jobs([Job('long', command, pathlib.Path({str(log)!r}))], 2, Console())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    while not (log.exists() and "ready" in log.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    return process


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
def test_ctrl_c_reaches_every_process_once(tmp_path: Path, how: signal.Signals, code: int) -> None:
    process = supervisor(tmp_path)
    process.send_signal(how)
    assert process.wait(timeout=300) == code
    assert (tmp_path / "saved").read_text() == "saved"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_jobs_end_when_the_one_that_runs_them_is_killed(tmp_path: Path) -> None:
    process = supervisor(tmp_path)
    sleeper = int((tmp_path / "long.txt").read_text().split()[1])
    os.kill(sleeper, 0)  # it runs
    process.kill()
    process.wait(timeout=300)
    with pytest.raises(ProcessLookupError):
        for _ in range(300):
            os.kill(sleeper, 0)
            time.sleep(0.1)
