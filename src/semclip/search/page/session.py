"""One index behind the page: opened and given its model in the background, searched by one question at a time."""

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from threading import Event, Thread
from typing import Literal

from semclip.core.console import harmless
from semclip.core.errors import UserError
from semclip.core.query import Picture, Query, leaves
from semclip.search.page import edit
from semclip.search.page.index import Hit, Photo, PhotoIndex, PhotoList
from semclip.search.page.pictures import Uploads, as_jpeg, for_screen
from semclip.search.page.wording import sentence
from semclip.search.query import as_sentence, parse, unparse

State = Literal["opening", "loading", "ready", "failed"]

#: The ranker that gives the encoder the sentence as typed, as other photo searches do.
LITERAL = "sentence"
#: Seconds that a picture waits for an index that is being opened.
_PATIENCE = 60.0
MOST_CHARACTERS = 2_000
#: How far down a result the page scrolls; beyond, a narrower question helps more.
MOST_ROWS = 5_000


class NotReadyError(Exception):
    """The index is not open yet, or the question needs the model and it is not loaded yet."""


class UnknownPhotoError(UserError):
    """An id that is not in the index, or no longer."""

    def __init__(self) -> None:
        super().__init__("the index has no such photo", fix="search again: the index has changed")


@dataclass(frozen=True)
class Question:
    """What the page asks. text: as in the search box. off: parts to leave out. plain: the whole sentence as it is."""

    text: str
    off: frozenset[int] = frozenset()
    plain: bool = False

    def understood(self) -> Query:
        """The query with all its parts, also those that are off. Raises UserError."""
        if len(self.text) > MOST_CHARACTERS:
            raise UserError(
                f"a query of {len(self.text):,} characters is too long",
                "search box",
                f"keep it below {MOST_CHARACTERS:,} characters",
            )
        if not self.text.strip():
            return Query("", None)
        return as_sentence(self.text) if self.plain else parse(self.text)

    def asked(self) -> Query:
        """The query without the parts that are off. Raises UserError."""
        query = self.understood()
        if not self.off:
            return query
        tree = edit.without(query.tree, self.off)
        return Query("" if tree is None else unparse(Query("", tree)), tree, query.filters)


class Session:
    """The index and the state it is in. open: opens the index; called once, in a thread of its own. glance: its photos
    at once, if they are to be had before it is open; called once before."""

    def __init__(
        self, open: Callable[[], PhotoIndex], where: str, glance: Callable[[], PhotoList | None] = lambda: None
    ) -> None:
        self.where = where
        self.uploads = Uploads()
        self.state: State = "opening"
        self.error: UserError | None = None
        self._open, self._glance = open, glance
        self._listed: PhotoList | None = None
        self._index: PhotoIndex | None = None
        self._opened = Event()

    def start(self) -> Thread:
        """Open the index, then load the model, without keeping anybody waiting."""
        thread = Thread(target=self._load, name="semclip-model", daemon=True)
        thread.start()
        return thread

    def _load(self) -> None:
        try:
            self._listed = self._glance()
            self._index = self._listed = self._open()
            self.state = "loading"
            self._opened.set()
            self._index.load_model()
            self.state = "ready"
        except UserError as error:
            # The page says it too, if it is looked at.
            print(harmless(f"error: {error}", keep="\n"), file=sys.stderr, flush=True)
            self.error, self.state = error, "failed"
        except Exception as error:
            self.error = UserError(
                f"the index could not be opened: {error}", self.where, "see the terminal for details"
            )
            self.state = "failed"
            raise  # the terminal shows the traceback
        finally:
            self._opened.set()

    @property
    def index(self) -> PhotoIndex:
        if self._index is None:
            raise self.error or NotReadyError()
        return self._index

    @property
    def listed(self) -> PhotoList:
        """The index, or before it is open what is known of its photos."""
        if self._listed is None or self.error:
            return self.index
        return self._listed

    @property
    def photos(self) -> int:
        """How many photos the index holds; 0 while that is not known."""
        return 0 if self._listed is None else len(self._listed)

    def search(self, query: Query, top: int, skip: int, literal: bool) -> Sequence[Hit]:
        """Raises UserError for what cannot be searched, NotReadyError while the model is missing."""
        if query.tree is None and self.state == "opening":
            return self.listed.listed(query, top, skip)
        index = self.index
        if skip == 0:  # later pages go on in what the first one saw
            index.refresh()
        if query.tree is not None and self.state != "ready":
            raise self.error or NotReadyError()
        # Only pictures that the page knows: a path typed here must not make the server read any file it can.
        pictures = {path: self.uploads.get(path) for path in self._pictures(query) if self.uploads.names(path)}
        missing = [path for path, picture in pictures.items() if picture is None]
        if missing:
            raise UserError("the picture you dropped is no longer in memory", missing[0], "drop it on the page again")
        held = {path: picture for path, picture in pictures.items() if picture is not None}
        ranker = None
        if literal and (words := sentence(query)):  # a picture alone has none, and no other ranking
            query, ranker = replace(query, text=words), LITERAL
        return index.search(query, top=top, ranker=ranker, skip=skip, pictures=held)

    def matching(self, query: Query) -> int:
        """How many photos a result of this query has, of which each page shows some."""
        return self.listed.matching(query)

    def thumbnail_of(self, path: str) -> str | None:
        """Id under which a picture of a query can be looked at."""
        return path if self.uploads.names(path) else self.index.find(path)

    def _pictures(self, query: Query) -> Collection[str]:
        paths = [leaf.path for leaf, _ in leaves(query.tree) if isinstance(leaf, Picture)]
        for path in paths:
            if not self.uploads.names(path) and self.index.find(path) is None:
                raise UserError(
                    "the index has no such photo",
                    f"like:{path}",
                    "press “More like this” on a photo, or drop a picture on the page",
                )
        return paths

    def edited(self, question: Question, part: int, weight: float | None) -> str:
        """The text of the query after a click on a part: weighed, or turned around where no weight is given."""
        query = replace(question, plain=False).understood()
        if not 0 <= part < sum(1 for _ in leaves(query.tree)):
            raise UserError(f"the query has no part {part + 1}", "search box", "search again")
        flip = edit.flipped(query.tree, part) if weight is None else edit.weighted(query.tree, part, weight)
        return unparse(replace(query, tree=flip))

    def more_like(self, question: Question, id: str, wanted: bool) -> str:
        """The text of the query with a photo of the index, or an upload, as one more part."""
        query = replace(question, plain=False).understood()
        path = id if self.uploads.names(id) else self.photo(id).path
        return unparse(replace(query, tree=edit.with_picture(query.tree, path, wanted)))

    def photo(self, id: str) -> Photo:
        """Raises UnknownPhotoError."""
        try:
            return self.listed.photo(id)
        except KeyError:
            raise UnknownPhotoError from None

    def thumbnail(self, id: str) -> bytes:
        """A small picture of a photo or of an upload. Raises UnknownPhotoError."""
        if self.uploads.names(id):
            return self.picture(id)
        if self._listed is not None:  # photos are shown already, so their pictures are on the way
            self._opened.wait(_PATIENCE)
        try:
            return self.index.thumbnail(id)
        except KeyError:
            raise UnknownPhotoError from None

    def picture(self, id: str) -> bytes:
        """A photo or an upload as JPEG for the screen. Raises UserError, UnknownPhotoError."""
        if not self.uploads.names(id):
            return for_screen(self.photo(id).file)
        held = self.uploads.get(id)
        if held is None:
            raise UnknownPhotoError
        return as_jpeg(held)
