"""An index of photos: made once from folders, kept up to date, searched by what photos show and what they do not."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from typing import Any
from uuid import uuid4

from PIL import Image

from semclip.core.errors import UserError
from semclip.core.files import write_text
from semclip.core.query import Query, Ranker, default_ranker
from semclip.search import candidates
from semclip.search.added import Added
from semclip.search.best import best
from semclip.search.candidates import Candidates
from semclip.search.filters import meeting
from semclip.search.hits import Hit, hit
from semclip.search.index_gallery import IndexGallery
from semclip.search.indexing import Indexer
from semclip.search.listing import Listing
from semclip.search.lock import only_indexer
from semclip.search.model import DEFAULT_MODEL, Model, file_of, found_at, load_model, portable, refuse_another
from semclip.search.names import Names, shown
from semclip.search.place import folder_of, place_of
from semclip.search.ranks import Alone, ranks
from semclip.search.rows import Rows
from semclip.search.table import PhotoTable


class Index(Listing):
    """An index in a folder, or on object storage (`s3://bucket/photos`).

    `Index.create("photos.index", model).add("photos")`, then `Index.open("photos.index").search("beach -people")`.
    When to use: for searching the same photos more than once; for one pass over some pictures, use rankers directly.

    >>> data = semclip.sample("photos")
    >>> index = semclip.Index.create("photos.index", "semclip-tiny-48/random", device="cpu")
    >>> index.add("photos").new >= 10
    True
    >>> len(index.search("circle -blue", top=3))
    3
    """

    def __init__(self, table: PhotoTable, model: Model | None) -> None:
        self._table, self._model = table, model
        self._folder = folder_of(table.place)
        self._names = Names.beside(table.place)
        self._rows: Rows | None = None
        self._device = "auto"

    @classmethod
    def open(cls, path: str | Path, model: Any = None, device: str = "auto") -> "Index":
        """An index that is there. model: only where it is not to be loaded by what the index says of it.

        Raises UserError where there is none, for one of a newer version, and for another model than its own.
        """
        index = cls(PhotoTable.open(place_of(path)), None)
        index._device = device
        if model is not None:
            given = _model(model, device)
            refuse_another({**index.about["model"], "spec": index.model_spec}, given, index.place)
            index._model = given
        return index

    @classmethod
    def create(
        cls, path: str | Path, model: Any = DEFAULT_MODEL, device: str = "auto", keep_gps: bool = False
    ) -> "Index":
        """A new, empty index. model: a name, or a loaded encoder. keep_gps: keep where photos were taken, too.

        Raises UserError where an index is there already, and for a model that cannot be loaded.
        """
        given, place = _model(model, device), place_of(path)
        stamp = {**given.stamp(), "spec": portable(given.spec, Names.beside(place).base)}
        about = {"id": uuid4().hex[:16], "dimension": given.dimension, "model": stamp, "keep_gps": keep_gps}
        return cls(PhotoTable.create(place, given.dimension, about), given)

    @property
    def place(self) -> str:
        """Where the index is."""
        return self._table.place

    @property
    def folder(self) -> Path:
        """Where this machine keeps what goes with the index: lock, mapped rows, lists."""
        return self._folder

    def stored(self, file: Path) -> str:
        """The path that `find` and `like:` know a file by, if it is indexed. file: absolute."""
        return shown(self._names.stored(file))

    def file(self, path: str) -> Path:
        """The file of a photo with this path, as results write it."""
        return self._names.path(os.fsencode(path))

    @property
    def about(self) -> Mapping[str, Any]:
        """What the index says of itself: `format`, `id`, `dimension`, `keep_gps`, `model` (spec, name, fingerprint)."""
        return self._table.about

    @property
    def model_spec(self) -> str:
        """Where its model is, for `load_model`: where it was when last named to `add` on this machine, or at first."""
        noted = self._model_file.read_text("utf-8").strip() if self._model_file.is_file() else ""
        return found_at(noted or self.about["model"]["spec"], self._names.base)

    @property
    def _model_file(self) -> Path:
        """Where this machine's note is that the model lies elsewhere than the table says; there may be none."""
        return self._folder / "-".join(filter(None, ("model", self.about.get("id", ""), "place.txt")))

    def __len__(self) -> int:
        return len(self._table)

    def add(
        self,
        folder: str | Path,
        batch_size: int = 64,
        advance: Callable[[int, Path], None] = lambda count, path: None,
        together: Alone | None = None,
    ) -> Added:
        """Bring the index up to date with a folder: new, changed, moved and deleted photos below it.

        Killed at any moment and called again, it goes on. Processes that torchrun started share the files; all get the
        counts of all. advance: called after each file of this process. Raises UserError for a folder that is not
        there or holds no photo, where another process is indexing, and on a full disk.
        """
        place = Path(folder).resolve()
        if not place.is_dir():
            raise UserError(
                "this is a file, not a folder" if place.exists() else "no such folder",
                where=str(folder),
                fix="name the folder that holds the photos; if they are gone for good: semclip index FOLDER --forget",
            )
        self.load_model()
        group = together or ranks()
        with ExitStack() as held:
            group.lead(lambda: held.enter_context(only_indexer(self._folder, self.place)))
            group.lead(self._note_model)
            self._table.refresh()
            keep_gps = bool(self.about["keep_gps"])
            part = Indexer(self._table, self.model, place, self._names, keep_gps, batch_size, advance)
            gone = part.run(group.rank, group.size)
            added = Added()
            parts = group.gather((part.added, gone))
            for one, _ in parts:
                added += one
            ids = sorted({i for _, some in parts for i in some})
            added.deleted = len(ids) - added.moved
            group.lead(lambda: self._finish(place, added, ids))
        self._table.refresh()
        self._rows = None
        return added

    def forget(self, folder: str | Path) -> int:
        """Take a folder's photos out of the index, whether the folder is still there or not. Returns how many."""
        place = Path(folder).resolve()
        with only_indexer(self._folder, self.place):
            self._table.refresh()
            ids = [i for i, path in self._ids_and_paths() if self._names.below(path, place)]
            self._table.delete(ids)
        self._rows = None
        return len(ids)

    def search(
        self,
        query: str | Query,
        top: int = 20,
        ranker: str | Ranker | None = None,
        skip: int = 0,
        pictures: Mapping[str, Image.Image] | None = None,
    ) -> list[Hit]:
        """The photos that answer best, from number `skip` on; equal scores in the order of paths.

        query: as people type it, or parsed. ranker: a name from `semclip list rankers`, or one of your own; None: the
        default for the index's model. pictures: what `like:NAME` may stand for beside photos of the index and files.
        A query of filters alone lists what meets them and needs no model. Raises UserError for a query that cannot be
        read, and for a number below 0.
        """
        if top < 0 or skip < 0:
            raise UserError(f"top is {top} and skip is {skip}", where="Index.search", fix="give 0 or more of each")
        if isinstance(query, str):
            from semclip.search.query import parse

            query = parse(query)
        rows = self.rows
        if query.tree is None or not len(rows):
            return self.listed(query, top, skip)
        kept = meeting(query.filters, rows.columns)
        gallery = IndexGallery(self.model, Candidates(rows, self._table, os.cpu_count() or 1), pictures or {})
        ranking, found = best(query, self._ranker(ranker), gallery, kept, skip + top)
        return [hit(rows, self._names, row, ranking, at) for row, at in found[skip:]]

    def _ranker(self, ranker: str | Ranker | None) -> Any:
        if ranker is not None and not isinstance(ranker, str):
            return ranker
        from semclip.search import rankers

        return rankers.create(ranker or default_ranker(self.model.trained_on_queries))

    def thumbnail(self, id: str) -> bytes:
        """A JPEG of at most 256 pixels. Raises KeyError for an id that is not in the index."""
        if not id.isalnum():
            raise KeyError(id)
        found = self._table.by_id([id], ["thumbnail"])
        return bytes(found[id]["thumbnail"])

    def load_model(self) -> None:
        """Load the encoder; a search that needs it does so by itself. Raises UserError for one that has changed."""
        if self._model is None:
            spec = self.model_spec
            if spec.startswith("/") and not file_of(spec).exists():
                raise UserError(
                    f"the model of this index is no longer at {spec}",
                    where=self.place,
                    fix=f"put it back; or, where it was moved, once: semclip index FOLDER --index {quote(self.place)} "
                    "--model MODEL, with a folder of photos of this index and where the model is now",
                )
            model = load_model(spec, self._device)
            refuse_another({**self.about["model"], "spec": spec}, model, self.place)
            self._model = model

    @property
    def model(self) -> Model:
        self.load_model()
        assert self._model is not None
        return self._model

    @property
    def rows(self) -> Rows:
        """Embeddings and columns of the table as it was when this index was opened or last added to."""
        if self._rows is None:
            self._rows = Rows.of(self._table, self._folder)
        return self._rows

    def refresh(self) -> None:
        """See what other processes have added since; an index that was made anew brings its own model."""
        before, about = self._table.version, self.about
        self._table.refresh()
        if (self._table.version, self.about) != (before, about):
            self._rows = None
        if self.about["model"] != about["model"]:
            self._model = None

    def _finish(self, folder: Path, added: Added, gone: Sequence[str]) -> None:
        """What one process does when all files are settled."""
        self._table.refresh()
        if not added.photos and not added.unreadable:
            raise _nothing_in(folder, len(gone), self.place)
        self._table.delete(gone)
        self._table.drop_repeated()
        self._table.tidy()
        if len(self._table) > candidates.EXACT and not self._table.has_vector_index:
            self._table.build_vector_index()
        self._rows = Rows.of(self._table, self._folder)

    def _note_model(self) -> None:
        """Where an equal model was named, for the next time that none is."""
        if self.model.spec != self.model_spec and file_of(self.model.spec).exists():
            write_text(self._model_file, portable(self.model.spec, self._names.base) + "\n")

    def _ids_and_paths(self) -> list[tuple[str, bytes]]:
        return [(row["id"], row["path"]) for batch in self._table.batches(["id", "path"]) for row in batch.to_pylist()]


def _nothing_in(folder: Path, known: int, place: str) -> UserError:
    if not known:
        fix = "name a folder with photos; `semclip data sample DIR` makes one"
        return UserError("the folder holds no photo", where=str(folder), fix=fix)
    return UserError(
        f"the folder holds no photo, and the index has {known:,} of it",
        where=str(folder),
        fix="if it is on a disk that is not mounted, mount it; "
        f"if the photos are gone for good: semclip index {quote(str(folder))} --forget --index {quote(place)}",
    )


def _model(model: Any, device: str) -> Model:
    if isinstance(model, Model):
        return model
    if isinstance(model, str | Path):
        return load_model(str(model), device)
    return Model(model, str(getattr(model, "label", type(model).__name__)))
