"""Ctrl-C and SIGTERM are requests, and what a process was told to ignore it does not hear."""

import os
import signal
import threading

import pytest

from semclip.training.stopping import StopRequest


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
