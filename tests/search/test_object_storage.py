"""An index on object storage, against a server of our own on this machine, and what two machines do to one index."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.search import bucket_lock
from semclip.search import index as module
from semclip.search.index import Index
from semclip.search.lock import only_indexer
from tests.search.photos import asked, fill, model, new_index

AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP")


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket, reached as people reach theirs: by environment variables."""
    pytest.importorskip("flask", reason="needs moto[server], which is large: pip install 'moto[server]'")
    pytest.importorskip("moto", reason="needs moto[server], which is large: pip install 'moto[server]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    for name, value in zip(AWS, ("key", "secret", "us-east-1", url, "true"), strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(urllib.request.Request(f"{url}/photos", method="PUT"))
                break
            except OSError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.1)
        yield "s3://photos"
    finally:
        server.kill()
        server.wait()


@pytest.mark.slow
def test_an_index_in_a_bucket(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = f"{bucket}/one"
    fill(tmp_path / "photos", 6)
    index = Index.create(place, model())
    assert index.add(tmp_path / "photos").new == 6
    fill(tmp_path / "photos", 2, first=6)
    (tmp_path / "photos" / "a" / "000.png").unlink()
    added = index.add(tmp_path / "photos")
    assert (added.new, added.unchanged, added.deleted) == (2, 5, 1)
    here = Index.create(tmp_path / ".semclip", model())
    here.add(tmp_path / "photos")
    other = Index.open(place, model())
    found, expected = (one.search(asked("a dog", "-a cat"), top=3) for one in (other, here))
    assert [hit.file for hit in found] == [hit.file for hit in expected]
    assert not any(hit.missing for hit in found)
    assert other.thumbnail(found[0].id).startswith(b"\xff\xd8")
    assert other.folder.is_relative_to(tmp_path / "cache")
    with only_indexer(index.folder, index.place), pytest.raises(UserError, match="another process is indexing"):
        other.add(tmp_path / "photos")
    with pytest.raises(UserError, match="there is an index already"):
        Index.create(place, model())
    with pytest.raises(UserError, match=f"no index here(.|\n)*--index {bucket}/none"):
        Index.open(f"{bucket}/none")
    with pytest.raises(UserError, match=r"check that the bucket exists(.|\n)*AWS_ACCESS_KEY_ID"):
        Index.open("s3://no-such-bucket/one")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(UserError, match="AWS_ENDPOINT_URL"):
        Index.open(place)
    assert AWS[0] in os.environ


OTHER_MACHINE = """
import platform, sys, time
platform.node = lambda: "another-machine"
from semclip.search import bucket_lock
from semclip.search.bucket_lock import only_machine
bucket_lock.BEAT = 0.2
with only_machine(sys.argv[1]):
    print("holding", flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_two_machines_on_one_bucket(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is refused while the first gives signs of life, and goes on where it was killed."""
    place = f"{bucket}/one"
    fill(tmp_path / "photos", 4)
    index = Index.create(place, model())
    other = subprocess.Popen([sys.executable, "-c", OTHER_MACHINE, place], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None and other.stdout.readline() == "holding\n"
        for work in (index.add, index.forget):
            with pytest.raises(UserError, match=f"another process is indexing: process {other.pid} on another-machine"):
                work(tmp_path / "photos")
    finally:
        other.kill()
        other.wait()
    monkeypatch.setattr(bucket_lock, "SILENCE", 2.0)
    assert index.add(tmp_path / "photos").new == 4
    assert index.add(tmp_path / "photos").unchanged == 4


def test_two_machines_that_wrote_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One was taken for dead and was not: both write the same rows, and the next run keeps one of each."""
    fill(tmp_path / "photos", 9)
    first = new_index(tmp_path)
    first.add(tmp_path / "photos")
    alone = [(hit.path, hit.score) for hit in first.search(asked("a dog"), top=9)]
    some = [hit.id for hit in first.search(asked("a dog"), top=4)]
    rows = first._table.by_id(some, [name for name in first._table.schema.names if name != "id"]).values()
    first._table.write(list(rows), replacing=False)
    assert len(first) == 13
    second = Index.open(tmp_path / ".semclip", model())
    assert [(hit.path, hit.score) for hit in second.search(asked("a dog"), top=9)] == alone
    monkeypatch.setattr(module, "only_indexer", lambda folder, place: nullcontext())
    assert second.add(tmp_path / "photos").unchanged == 9
    ids = Counter(row["id"] for batch in second._table.batches(["id"]) for row in batch.to_pylist())
    assert len(second) == len(ids) == 9
    assert [(hit.path, hit.score) for hit in second.search(asked("a dog"), top=9)] == alone
