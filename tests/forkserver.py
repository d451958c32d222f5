"""Processes that need not import torch and open_clip again, for seconds each: forked from one that has imported them.

They are processes like any other: killed, limited and waited for one by one. What must be proven of a real
`python -m semclip` (start of the process, its imports) is tested with subprocess.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

START_METHOD = "forkserver"
_CONTEXT = multiprocessing.get_context(START_METHOD)
_CONTEXT.set_forkserver_preload(
    ["semclip.training.loop", "semclip.reports.page", "semclip.cli.main", "tests.forkserver"]
)


@dataclass(frozen=True)
class Started:
    """A process that has a session of its own, and what it says."""

    process: BaseProcess
    stdout: Path
    stderr: Path

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def ended(self, timeout: float = 300) -> tuple[int, str, str]:
        """Wait for it: exit code, or the negative number of the signal that ended it; standard output; errors."""
        self.process.join(timeout)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
        assert code is not None, f"still running after {timeout} s"
        return code, self.stdout.read_text(), self.stderr.read_text()


def start(main: Callable[[], None], arguments: Sequence[str], folder: Path, cwd: Path | None = None) -> Started:
    """`main()` with these command line arguments and one thread, in a new process that writes its output to `folder`.

    main: importable by name. Whether Ctrl-C is ignored is inherited, as by any child.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stdout, stderr = folder / "stdout", folder / "stderr"
    ctrl_c = signal.SIG_IGN if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else signal.default_int_handler
    process = _CONTEXT.Process(target=_run, args=(main, tuple(arguments), stdout, stderr, cwd or Path.cwd(), ctrl_c))
    process.start()
    return Started(process, stdout, stderr)


def _run(
    main: Callable[[], None], arguments: tuple[str, ...], stdout: Path, stderr: Path, cwd: Path, ctrl_c: Any
) -> None:
    import torch

    signal.signal(signal.SIGINT, ctrl_c)
    multiprocessing.set_start_method(multiprocessing.get_all_start_methods()[0], force=True)  # the system's own
    os.setsid()
    for number, path in ((1, stdout), (2, stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
    os.chdir(cwd)
    torch.set_num_threads(1)
    sys.argv = ["semclip", *arguments]
    main()
