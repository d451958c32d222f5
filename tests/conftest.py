"""What all tests stand on: room on the disk, and Ctrl-C where a test presses it."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Folders of tests that passed are removed at once, so the most that lies on the disk is what one test writes.
FREE_MB = 700


def pytest_sessionstart(session: pytest.Session) -> None:
    given = session.config.option.basetemp
    folder = Path(given).absolute().parent if given else Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < FREE_MB:
        pytest.exit(
            f"the tests need {FREE_MB:,} MB of disk, {free:,} MB are free\n"
            f"  where: {folder}\n"
            "  fix:   free some space there, or set TMPDIR to a folder with more",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C is listened to, here and in processes started meanwhile.

    A shell without job control, such as a script, has what it starts with `&` ignore it, and that is inherited.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
