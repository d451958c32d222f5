"""LanceDB: how it is reached, and what it raises as errors for people."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from semclip.core.errors import UserError, first_line
from semclip.search.place import is_remote

#: What the system says where nothing more can be written: no space, a file's largest size, a quota.
_FULL = ("No space left", "os error 28", "File too large", "os error 27", "quota", "os error 122")
#: What has to be right for a place on object storage.
_REMOTE = (
    "check that the bucket exists and can be reached; for s3:// also AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
    "AWS_REGION, for a server of your own AWS_ENDPOINT_URL, too, and AWS_ALLOW_HTTP=true where it has no TLS; "
    "for gs:// GOOGLE_APPLICATION_CREDENTIALS, for az:// AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
)
#: Where in LanceDB's own source an error was raised: nothing for people who search photos.
_SOURCE = re.compile(r", \S+\.rs:[\d:]+")


def connect(place: str) -> Any:
    """The place as a database. Raises UserError where LanceDB is not installed."""
    try:
        import lancedb
    except ImportError as error:
        raise UserError(
            "the index needs LanceDB, which is not installed", where=place, fix="pip install 'semclip[search]'"
        ) from error
    return lancedb.connect(place)


@contextmanager
def told(place: str) -> Iterator[None]:
    """What LanceDB raises, as an error for people. A commit that failed left the table as it was."""
    try:
        yield
    except (RuntimeError, OSError, ValueError) as error:
        if any(sign in str(error) for sign in _FULL):
            fix = "free some space and type the same command again; what was committed is kept"
            raise UserError("the disk is full", where=place, fix=fix) from error
        said = _SOURCE.sub("", first_line(error))[:300]
        fix = _REMOTE if is_remote(place) else "check that the place exists and that you may write there"
        raise UserError(
            f"the index cannot be read or written: {said}",
            where=place,
            fix=f"{fix}; if a file in it is gone or damaged, delete the place and index again",
        ) from error
