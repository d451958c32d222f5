"""Ctrl-C and SIGTERM as requests: the step under way ends and is saved before the process does."""

import signal
import threading
from typing import Self

#: What a shell reports for a process that SIGTERM ended.
TERMINATED = 128 + signal.SIGTERM


class StopRequest:
    """Within it, the first SIGINT or SIGTERM only sets `asked`, so that a checkpoint never holds half a step.

    The second stops at once, without saving; the last checkpoint stands. Only the main thread can be asked, and a
    signal that whoever started the process had it ignore stays ignored: a script's `command &` does not hear Ctrl-C.
    """

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        heard = [s for s in (signal.SIGINT, signal.SIGTERM) if main and signal.getsignal(s) is not signal.SIG_IGN]
        self._before = {s: signal.signal(s, self._ask) for s in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def stop(self, asked: signal.Signals | None = None) -> None:
        """End the process as the signal asked for would: KeyboardInterrupt (exit code 130), or exit code 143.

        asked: of another process that trains together with this one.
        """
        raise SystemExit(TERMINATED) if (asked or self.asked) is signal.SIGTERM else KeyboardInterrupt

    def _ask(self, number: int, _: object) -> None:
        if self.asked:
            self.stop()
        self.asked = signal.Signals(number)
