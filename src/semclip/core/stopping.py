"""Stopped by Ctrl-C, SIGTERM, SIGHUP or SIGQUIT: always one line that says what is kept and how to go on.

Imports nothing that takes time: from the first moment on, a command that is stopped says so.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from semclip.core.errors import UserError

#: The signals that ask a process to end. A signal that whoever started the process had it ignore stays ignored: a
#: script's `command &` does not hear Ctrl-C, and `nohup` hears no SIGHUP.
STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))
_DEFAULT = "nothing is left half written; the same command starts again"

_kept: list[str | Callable[[], str]] = [_DEFAULT]
_state: dict[str, str | int] = {"line": "", "number": 0}


@contextlib.contextmanager
def kept(sentence: str | Callable[[], str]) -> Iterator[None]:
    """What a stop within this block leaves, and how to go on: the innermost sentence is the one that is told."""
    _kept.append(sentence)
    try:
        yield
    finally:
        _kept.pop()


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Within it a stop unwinds what runs, once, and is told in one line; the second one ends the process at once."""
    _state.update(line="", number=0)
    with handled(interrupt):
        try:
            yield
        except Exception as error:
            if not _state["number"] or isinstance(error, UserError):
                raise
            # A library that was being imported, say, fails in its own way when it is stopped.
            raise SystemExit(128 + int(_state["number"])) from None
        finally:
            if _state["line"]:
                with contextlib.suppress(OSError, ValueError):  # a terminal that has gone
                    print(_state["line"], file=sys.stderr, flush=True)


@contextlib.contextmanager
def handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Have a handler hear every stop; in other threads than the main one, nothing changes."""
    before = {number: signal.getsignal(number) for number in STOPS} if _in_main_thread() else {}
    heard = [number for number, old in before.items() if old is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number] if before[number] is not None else signal.SIG_DFL)


def interrupt(number: int, frame: FrameType | None = None) -> None:
    """Stop what runs: KeyboardInterrupt for Ctrl-C, SystemExit with the code a shell would report for the others."""
    _state.update(line=_line(number), number=number)
    for other in STOPS:
        if signal.getsignal(other) is not signal.SIG_IGN:
            signal.signal(other, end_at_once)
    if _is_importing(frame):  # native code that is being loaded aborts the process where an exception reaches it
        end_at_once(number)
    end(number)


def end_at_once(number: int, _: FrameType | None = None) -> None:
    """End the process without unwinding, with the line: for a second stop, and before there is anything to unwind."""
    with contextlib.suppress(OSError):
        os.write(2, f"{_state['line'] or _line(number)}\n".encode("utf-8", "replace"))
    os._exit(128 + int(_state["number"] or number))


def end(number: int) -> None:
    """Raise what ends a process as this signal would."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def told() -> None:
    """What stops has told people itself what is kept."""
    _state.update(line="")


def ignore_in_worker() -> None:
    """For a process that ends with its parent, which is asked to stop as well and speaks for both."""
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)


def _line(number: int) -> str:
    sentence = _kept[-1]
    how = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
    return f"stopped by {how}: {sentence if isinstance(sentence, str) else sentence()}"


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame is not None


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
