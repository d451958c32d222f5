import pytest

from semclip.data.scenes.rows import make_row


@pytest.fixture(scope="session")
def rows():
    """300 rows of every split."""
    return {split: [make_row(7, split, index) for index in range(300)] for split in ("train", "val", "test")}


@pytest.fixture(scope="session")
def every_row(rows):
    return [row for split in rows.values() for row in split]
