"""`python -m semclip`: the command `semclip`, as launchers such as torchrun start it."""

import os
import signal
import sys
import threading

from semclip.core.stopping import STOPS, end_at_once, handled


def main() -> None:
    """The command; stopped while it is still being loaded, it says so as well."""
    try:
        with handled(end_at_once):
            from semclip.cli.main import run

            run()
    except SystemExit as end:
        leave_threads(end.code)
        raise
    finally:
        for number in STOPS:  # what Python does last is not worth a traceback
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)


def leave_threads(code: object) -> None:
    """End the process at once where a thread is still at work, as the page's that loads the model.

    Libraries crash in a thread that goes on while Python takes itself apart.
    """
    if isinstance(code, int) and any(thread.daemon for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
