"""Bringing an index up to date: what is new is encoded, what is known is not, what is gone leaves."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.search import indexing
from semclip.search.added import Added
from semclip.search.index import Index
from semclip.search.lock import only_indexer
from semclip.search.model import Model
from tests import gloo
from tests.search.photos import Sum as Plain
from tests.search.photos import asked, contents, fill, model, new_index, picture


class Counting:
    """A model that says how many pictures it was given."""

    def __init__(self) -> None:
        self.model, self.seen = model(), 0
        encode = self.model.pictures

        def counted(inputs: list[object]) -> np.ndarray:
            self.seen += len(inputs)
            return encode(inputs)

        self.model.pictures = counted  # type: ignore[method-assign,assignment]


def counts(added: Added) -> tuple[int, int, int, int, int]:
    assert not added.unreadable, added.unreadable
    return added.new, added.changed, added.moved, added.unchanged, added.deleted


def test_embeddings_are_those_of_the_model(tmp_path: Path) -> None:
    paths, own = fill(tmp_path / "photos", 21), model()
    index = new_index(tmp_path)
    assert counts(index.add(tmp_path / "photos", batch_size=8)) == (21, 0, 0, 0, 0) and len(index) == 21
    from semclip.core.example import ImageRef

    inputs = [own.encoder.load_image(ImageRef(path.name, path)) for path in paths]
    wanted = dict(zip([p.relative_to(tmp_path).as_posix() for p in paths], own.pictures(inputs), strict=True))
    found = contents(index)
    assert found.keys() == wanted.keys()
    for path, embedding in found.items():
        np.testing.assert_allclose(embedding, wanted[path], atol=6e-4)  # one step of float16 below 1


def test_new_changed_moved_touched_and_deleted(tmp_path: Path) -> None:
    paths, counting = fill(tmp_path / "photos", 10), Counting()
    index = Index.create(tmp_path / ".semclip", counting.model)
    index.add(tmp_path / "photos")
    before = contents(index)
    assert counting.seen == 10

    assert counts(index.add(tmp_path / "photos")) == (0, 0, 0, 10, 0) and counting.seen == 10
    picture(77).save(paths[0])  # changed
    paths[1].rename(tmp_path / "photos" / "moved.png")
    os.utime(paths[2], (1, 1))  # touched
    paths[3].unlink()
    shutil.copy(paths[4], tmp_path / "photos" / "copy.png")
    picture(78).save(tmp_path / "photos" / "new.png")
    assert counts(index.add(tmp_path / "photos")) == (2, 1, 1, 7, 1)
    assert counting.seen == 12, "only what has new pixels is encoded"

    after = contents(index)
    np.testing.assert_array_equal(after["photos/moved.png"], before["photos/b/001.png"])
    np.testing.assert_array_equal(after["photos/copy.png"], before["photos/a/004.png"])
    assert not np.allclose(after["photos/a/000.png"], before["photos/a/000.png"], atol=1e-3)
    assert len(after) == len(index) == 11 and "photos/b/003.png" not in after
    assert counts(index.add(tmp_path / "photos")) == (0, 0, 0, 11, 0), "the touched photo is known by its new time"


def test_a_content_goes_where_another_comes(tmp_path: Path) -> None:
    """Photo 0 moves to a new name while another takes its place: neither gets the other's embedding."""
    paths = fill(tmp_path / "photos", 3)
    index = new_index(tmp_path)
    index.add(tmp_path / "photos")
    before = contents(index)
    paths[0].rename(tmp_path / "photos" / "z.png")
    picture(99).save(paths[0])
    added = index.add(tmp_path / "photos")
    assert (added.new, added.changed, added.moved, added.unchanged) == (1, 1, 0, 2)
    after = contents(index)
    np.testing.assert_allclose(after["photos/z.png"], before["photos/a/000.png"], atol=6e-4)
    assert np.abs(after["photos/a/000.png"] - before["photos/a/000.png"]).max() > 1e-2


def test_folders_are_looked_after_one_by_one(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 6)
    fill(tmp_path / "others", 2, first=50)
    index = new_index(tmp_path)
    index.add(tmp_path / "photos")
    assert counts(index.add(tmp_path / "others")) == (2, 0, 0, 0, 0) and len(index) == 8
    shutil.rmtree(tmp_path / "photos" / "a")
    assert counts(index.add(tmp_path / "photos")) == (0, 0, 0, 3, 3)
    (tmp_path / "others" / "b" / "051.png").rename(tmp_path / "photos" / "051.png")
    assert counts(index.add(tmp_path / "photos")) == (0, 0, 1, 3, 0) and len(index) == 5


def test_photos_and_index_are_moved_together(tmp_path: Path) -> None:
    fill(tmp_path / "one" / "photos", 4)
    new_index(tmp_path / "one").add(tmp_path / "one" / "photos")
    (tmp_path / "one").rename(tmp_path / "two")
    index = Index.open(tmp_path / "two" / ".semclip", model())
    assert counts(index.add(tmp_path / "two" / "photos")) == (0, 0, 0, 4, 0)
    assert all(hit.file.is_file() for hit in index.search(asked("a dog"), ranker=Plain()))


def test_a_folder_that_is_gone_or_empty_keeps_its_photos(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 4)
    index = new_index(tmp_path)
    index.add(tmp_path / "photos")
    for path in (tmp_path / "photos").rglob("*.png"):
        path.unlink()
    with pytest.raises(UserError, match="holds no photo, and the index has 4 of it") as caught:
        index.add(tmp_path / "photos")
    assert "mount" in caught.value.fix and "--forget" in caught.value.fix
    shutil.rmtree(tmp_path / "photos")
    with pytest.raises(UserError, match="no such folder"):
        index.add(tmp_path / "photos")
    assert len(index) == 4
    hits = index.search(asked("a dog"), ranker=Plain())
    assert len(hits) == 4 and all(hit.missing for hit in hits)
    assert index.forget(tmp_path / "photos") == 4 and len(index) == 0
    assert index.search(asked("a dog"), ranker=Plain()) == []


def test_what_was_encoded_is_kept_when_it_is_stopped(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 12)
    counting = Counting()
    index = Index.create(tmp_path / ".semclip", counting.model)

    def stop(count: int, path: Path) -> None:
        if counting.seen == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.add(tmp_path / "photos", batch_size=4, advance=stop)
    assert 4 <= len(index) < 12
    kept = len(index)
    assert counts(index.add(tmp_path / "photos", batch_size=4)) == (12 - kept, 0, 0, kept, 0)


def test_another_indexer_is_refused_by_name(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 2)
    index = new_index(tmp_path)
    with (
        only_indexer(tmp_path / ".semclip", "elsewhere"),
        pytest.raises(UserError, match="another process is indexing") as caught,
    ):
        Index.open(tmp_path / ".semclip", model()).add(tmp_path / "photos")
    assert f"process {os.getpid()} on " in caught.value.what
    assert counts(index.add(tmp_path / "photos")) == (2, 0, 0, 0, 0)


def test_another_model_is_another_index(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 2)
    new_index(tmp_path).add(tmp_path / "photos")
    with pytest.raises(UserError, match=r"belongs to the model .*tiny 0.*you gave .*tiny 1") as caught:
        Index.open(tmp_path / ".semclip", model(1))
    assert "--index" in caught.value.fix
    same_name = Model(model(1).encoder, "tiny 0")
    with pytest.raises(UserError, match="whose weights are others by now"):
        Index.open(tmp_path / ".semclip", same_name)
    with pytest.raises(UserError, match="there is an index already"):
        new_index(tmp_path)


def test_an_index_that_another_process_has_just_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, True])
    new_index(tmp_path)
    monkeypatch.setattr("semclip.search.table.is_there", lambda place: next(answers))
    with pytest.raises(UserError, match="there is an index already"):
        new_index(tmp_path)


def test_a_python_object_is_known_by_what_it_makes(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    code = (
        "import numpy as np\n"
        "class Mine:\n"
        "    def encode_image(self, images): return np.array([[np.asarray(i).mean(), 1.0, {}] for i in images])\n"
        "    def encode_text(self, texts): return np.array([[float(len(t)), 1.0, 2.0] for t in texts])\n"
    )
    file.write_text(code.format(2.0))
    fill(tmp_path / "photos", 5)
    index = Index.create(tmp_path / ".semclip", f"{file}:Mine")
    assert index.add(tmp_path / "photos").new == 5
    assert len(Index.open(tmp_path / ".semclip").search(asked("a dog"), ranker=Plain())) == 5
    file.write_text(code.format(200.0))
    with pytest.raises(UserError, match="belongs to the model"):
        Index.open(tmp_path / ".semclip").search(asked("a dog"), ranker=Plain())


def test_a_newer_index_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "photos", 1)
    monkeypatch.setattr("semclip.search.table.FORMAT", 99)
    new_index(tmp_path)
    monkeypatch.undo()
    with pytest.raises(UserError, match="format 99") as caught:
        Index.open(tmp_path / ".semclip")
    assert "update semclip" in caught.value.fix
    with pytest.raises(UserError, match="no index here"):
        Index.open(tmp_path / "nothing")


@pytest.mark.parametrize("place", ["write", "rows"])
def test_a_full_disk_leaves_the_index_good(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "photos", 4)
    index = new_index(tmp_path)
    index.add(tmp_path / "photos")
    fill(tmp_path / "photos", 4, first=4)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if place == "write":
        monkeypatch.setattr(type(index._table._table), "add", full)
    else:
        monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UserError, match=r"disk is full|No space left") as caught:
        index.add(tmp_path / "photos")
    assert "space" in caught.value.fix
    monkeypatch.undo()
    again = Index.open(tmp_path / ".semclip", model())
    assert len(again.search(asked("a dog"), ranker=Plain())) == len(again) == (4 if place == "write" else 8)
    again.add(tmp_path / "photos")
    assert len(contents(again)) == 8


def test_a_folder_that_cannot_be_listed_hides_its_photos_and_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "photos", 6)
    index = new_index(tmp_path)
    index.add(tmp_path / "photos")
    listing = os.scandir

    def refused(path: Path) -> object:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(os, "scandir", refused)
    added = index.add(tmp_path / "photos")
    assert [(one.path.name, one.reason) for one in added.unreadable] == [
        ("a", "the folder cannot be listed: Permission denied")
    ]
    assert (added.unchanged, added.deleted, len(index)) == (3, 0, 6)


def _on_rank(rank: int, folder: str) -> tuple[object, ...]:
    indexing.COMMIT_PHOTOS = 3
    index = Index.open(Path(folder) / ".semclip", model())
    added = index.add(Path(folder) / "photos", batch_size=2)
    return counts(added), len(index)


def test_two_processes_make_the_index_of_one(tmp_path: Path) -> None:
    fill(tmp_path / "photos", 23)
    new_index(tmp_path)
    assert gloo.run(_on_rank, str(tmp_path)) == [((23, 0, 0, 0, 0), 23)] * 2
    alone = Index.create(tmp_path / "alone", model())
    alone.add(tmp_path / "photos")
    found, wanted = contents(Index.open(tmp_path / ".semclip")), contents(alone)
    assert found.keys() == wanted.keys()
    for path, embedding in wanted.items():
        np.testing.assert_allclose(found[path], embedding, atol=2e-3)
    files = sorted((tmp_path / "photos").rglob("*.png"))
    files[0].unlink()
    files[1].rename(files[1].with_name("moved.png"))
    fill(tmp_path / "photos", 5, first=50)
    assert gloo.run(_on_rank, str(tmp_path)) == [((5, 0, 1, 21, 1), 27)] * 2
