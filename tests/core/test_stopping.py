"""However and whenever a command is stopped: one line says what is kept, and the exit code says how it ended."""

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from semclip.core import stopping
from semclip.core.errors import UserError


def stopped(program: Callable[[], object]) -> tuple[int, list[str]]:
    """(exit code, lines on stderr) of a program in a process of its own, in the foreground."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.dup2(write, 2)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        for number in stopping.STOPS:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        code = 0
        try:
            with stopping.telling():
                program()
        except SystemExit as end:
            code = int(str(end.code))
        except KeyboardInterrupt:
            code = 130
        os._exit(code)
    os.close(write)
    with os.fdopen(read) as file:
        said = file.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), said.splitlines()


def send(*numbers: int) -> None:
    for number in numbers:
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", stopping.STOPS)
def test_every_stop_is_told_with_what_is_kept(number: signal.Signals) -> None:
    def program() -> None:
        with stopping.kept("outer"), stopping.kept(lambda: "step 7 is kept; --resume continues"):
            send(number)

    name = "Ctrl-C" if number is signal.SIGINT else number.name
    assert stopped(program) == (128 + number, [f"stopped by {name}: step 7 is kept; --resume continues"])


def test_where_nothing_was_said_the_line_is_there_as_well() -> None:
    code, lines = stopped(lambda: send(signal.SIGHUP))
    assert code == 129 and lines == ["stopped by SIGHUP: nothing is left half written; the same command starts again"]


@pytest.mark.parametrize("again", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGINT), (signal.SIGINT,) * 5])
def test_ctrl_c_pressed_again_while_it_unwinds_is_one_line_and_no_traceback(again: tuple[int, ...]) -> None:
    def program() -> None:
        with stopping.kept("all is kept"):
            try:
                send(signal.SIGINT)
            finally:
                send(*again)

    assert stopped(program) == (130, ["stopped by Ctrl-C: all is kept"])


def test_what_is_ignored_stays_ignored() -> None:
    def program() -> None:
        for number in stopping.STOPS:
            signal.signal(number, signal.SIG_IGN)
        with stopping.telling():
            send(*stopping.STOPS)

    assert stopped(program) == (0, [])


def test_who_has_told_it_already_is_not_repeated() -> None:
    def program() -> None:
        try:
            send(signal.SIGTERM)
        finally:
            stopping.told()

    assert stopped(program) == (143, [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_fails_because_it_was_stopped_has_no_traceback(number: signal.Signals) -> None:
    def program() -> None:
        try:
            send(number)
        except (KeyboardInterrupt, SystemExit):
            raise RecursionError("a library that was half imported") from None

    name = "Ctrl-C" if number is signal.SIGINT else number.name
    rest = "nothing is left half written; the same command starts again"
    assert stopped(program) == (128 + number, [f"stopped by {name}: {rest}"])


def test_a_library_that_is_being_imported_is_not_unwound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swallows = "import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGTERM)\nexcept BaseException:\n    pass\n"
    (tmp_path / "half_imported.py").write_text(swallows)
    monkeypatch.syspath_prepend(tmp_path)

    def program() -> None:
        with stopping.kept("all is kept"):
            importlib.import_module("half_imported")

    assert stopped(program) == (143, ["stopped by SIGTERM: all is kept"])


def test_what_could_not_be_saved_is_told() -> None:
    def program() -> None:
        try:
            with stopping.telling():
                try:
                    send(signal.SIGTERM)
                finally:
                    raise UserError("the disk is full", where="run", fix="free some space")
        except UserError:
            sys.exit(7)

    assert stopped(program)[0] == 7


def test_a_block_that_ended_well_tells_nothing() -> None:
    def program() -> None:
        with stopping.kept("all"):
            pass

    assert stopped(program) == (0, [])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5, 1.5])
def test_the_command_can_be_stopped_while_it_is_still_being_loaded(number: signal.Signals, seconds: float) -> None:
    command = [sys.executable, "-m", "semclip", "train", "scenes/base", "--dry-run", "data.root=/nowhere"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    _, said = process.communicate(timeout=600)
    assert "Traceback" not in said
    # Before a line of ours has run, nobody can say anything.
    assert process.returncode in (128 + number, -number, 2)
