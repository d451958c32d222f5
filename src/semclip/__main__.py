"""`python -m semclip`: the command `semclip`, as launchers such as torchrun start it."""

import signal

from semclip.core.stopping import STOPS, end_at_once, handled


def main() -> None:
    """The command; stopped while it is still being loaded, it says so as well."""
    try:
        with handled(end_at_once):
            from semclip.cli.main import run

            run()
    finally:
        for number in STOPS:  # what Python does last is not worth a traceback
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    main()
