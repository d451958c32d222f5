"""The page as a Starlette application: one HTML file, its script and style, and what they ask for as JSON."""

import os
import re
from collections.abc import Callable
from functools import partial
from importlib import resources
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from semclip.core.errors import UserError
from semclip.core.query import Query
from semclip.search.page import pictures, wire
from semclip.search.page.session import MOST_CHARACTERS, MOST_ROWS, NotReadyError, Question, Session, UnknownPhotoError
from semclip.search.page.wording import joined, sentence, understood
from semclip.search.query import both_excluded, unread

T = TypeVar("T")

_STATIC = resources.files("semclip.search.page") / "static"
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_THUMBNAIL_TYPES = ((b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png"), (b"RIFF", "image/webp"))
_EXPORTS = {"csv": ("text/csv", wire.as_csv), "txt": ("text/plain", wire.as_text)}


def create_app(session: Session) -> Starlette:
    """The application without its guard. The session is started by the caller."""
    page = _Page(session)
    return Starlette(
        routes=[
            Route("/", page.static),
            Route("/static/{name}", page.static),
            Route("/api/status", page.status),
            Route("/api/search", page.search),
            Route("/api/edit", page.edit),
            Route("/api/export", page.export),
            Route("/api/photo/{id}", page.photo),
            Route("/api/pictures", page.upload, methods=["POST"]),
            Route("/thumbnail/{id}", page.thumbnail),
            Route("/picture/{id}", page.picture),
        ],
        exception_handlers={UserError: _mistake, NotReadyError: _not_ready},
    )


class _Page:
    """The handlers. Searches run one after another, pictures are unpacked two at a time: both fill memory."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._searching = anyio.CapacityLimiter(1)
        self._unpacking = anyio.CapacityLimiter(2)

    async def static(self, request: Request) -> Response:
        name = request.path_params.get("name", "page.html")
        if not re.fullmatch(r"[a-z]+\.(html|css|js|svg)", name) or not (_STATIC / name).is_file():
            raise HTTPException(404)
        headers = {"Cache-Control": "no-cache"}
        return Response((_STATIC / name).read_bytes(), media_type=_TYPES[name.rpartition(".")[2]], headers=headers)

    async def status(self, request: Request) -> Response:
        problem = self._session.error
        return JSONResponse(
            {
                "state": self._session.state,
                "photos": self._session.photos,
                "where": self._session.where,
                "error": wire.error(problem) if problem else None,
                "most_characters": MOST_CHARACTERS,
                "most_bytes": pictures.MOST_BYTES,
                "most_rows": MOST_ROWS,
            }
        )

    async def search(self, request: Request) -> Response:
        question = _question(request)
        top = _number(request, "top", 60, 1, 200)
        skip = _number(request, "skip", 0, 0, MOST_ROWS)
        literal = _literally(request, question)
        told = partial(self._answer, question, top, skip, literal)
        return JSONResponse(await self._slowly(told, self._searching))

    def _answer(self, question: Question, top: int, skip: int, literal: bool) -> dict[str, Any]:
        query, asked = question.understood(), question.asked()
        rows = self._session.search(asked, top, skip, literal)
        read = bool(question.text.strip()) and not question.plain
        return {
            "understood": understood(query) if question.text.strip() else "",
            "chips": wire.chips(query, question.off, self._session.thumbnail_of),
            "conditions": [understood(Query("", None, (one,))) for one in query.filters],
            "joined": joined(asked),
            "sentence": sentence(asked),
            "instead": both_excluded(question.text) if read else None,
            "unread": unread(question.text) if read else None,
            "hits": [wire.hit(row, asked) for row in rows],
            "matching": self._session.matching(asked),
            "ranked": asked.tree is not None,
            "more": len(rows) == top and skip + top < MOST_ROWS,
        }

    async def edit(self, request: Request) -> Response:
        """The query's text after a click: `part` turned around or weighed, or a photo `like` or `unlike` added."""
        question, given = _question(request), request.query_params
        for name, wanted in (("like", True), ("unlike", False)):
            if name in given:
                added = partial(self._session.more_like, question, given[name], wanted)
                return JSONResponse({"q": await self._slowly(added)})
        weight = _weight(given["weight"]) if "weight" in given else None
        return JSONResponse({"q": self._session.edited(question, _number(request, "part", 0, 0, 999), weight)})

    async def export(self, request: Request) -> Response:
        """The first `top` photos as a file to keep."""
        top = _number(request, "top", 60, 1, MOST_ROWS)
        kind = request.query_params.get("format", "csv")
        if kind not in _EXPORTS:
            raise HTTPException(404)
        question = _question(request)
        search = partial(self._session.search, question.asked(), top, 0, _literally(request, question))
        rows = await self._slowly(search, self._searching)
        media_type, write = _EXPORTS[kind]
        headers = {"Content-Disposition": f'attachment; filename="photos.{kind}"', "Cache-Control": "no-store"}
        return Response(write(rows), media_type=media_type, headers=headers)

    async def photo(self, request: Request) -> Response:
        id = request.path_params["id"]
        if self._session.uploads.names(id):
            return JSONResponse({"id": id, "name": "your picture", "path": "", "file": "", "width": 0, "height": 0})
        found = await self._slowly(lambda: self._session.photo(id))
        name = found.path.rpartition("/")[2]
        return JSONResponse(
            {
                "id": id,
                "name": name,
                "path": found.path,
                "file": os.fsencode(found.file).decode("utf-8", "replace"),
                "width": found.width,
                "height": found.height,
            }
        )

    async def thumbnail(self, request: Request) -> Response:
        id = request.path_params["id"]
        data = await self._slowly(lambda: self._session.thumbnail(id))
        media_type = next((kind for magic, kind in _THUMBNAIL_TYPES if data.startswith(magic)), None)
        if media_type is None:
            raise HTTPException(404)
        return _picture(data, media_type)

    async def picture(self, request: Request) -> Response:
        id = request.path_params["id"]
        return _picture(await self._slowly(lambda: self._session.picture(id), self._unpacking), "image/jpeg")

    async def upload(self, request: Request) -> Response:
        """A picture as the request's body. What is too large is refused while it arrives, before it fills memory."""
        declared = request.headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > pictures.MOST_BYTES:
            return _too_large()
        async with self._unpacking:
            data = bytearray()
            try:
                async for piece in request.stream():
                    data += piece
                    if len(data) > pictures.MOST_BYTES:
                        return _too_large()
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is there to read it
            name = await self._slowly(lambda: self._session.uploads.add(bytes(data)))
        return JSONResponse({"id": name})

    async def _slowly(self, work: Callable[[], T], limiter: anyio.CapacityLimiter | None = None) -> T:
        return await to_thread.run_sync(work, limiter=limiter)


def _question(request: Request) -> Question:
    given = request.query_params
    off = frozenset(int(piece) for piece in given.get("off", "").split(",") if re.fullmatch(r"[0-9]{1,3}", piece))
    return Question(given.get("q", ""), off, plain=given.get("plain") == "1")


def _literally(request: Request, question: Question) -> bool:
    """Whether the encoder is to be given one sentence: beside our ranking, or as the only one."""
    return question.plain or request.query_params.get("literal") == "1"


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    given = request.query_params.get(name, "")
    return min(most, max(least, int(given))) if re.fullmatch(r"[0-9]{1,9}", given) else default


def _weight(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) or not 0 < float(text) <= 100:
        raise UserError("a weight is a number above 0, at most 100", f"weight={text[:20]}", "try 2, or 0.5")
    return float(text)


def _picture(data: bytes, media_type: str) -> Response:
    return Response(data, media_type=media_type, headers={"Cache-Control": "private, max-age=3600"})


def _too_large() -> Response:
    most = f"{pictures.MOST_BYTES // 1_000_000} MB"
    problem = UserError("the picture is too large", fix=f"give one of at most {most}")
    # The rest of the body is not read, so the connection cannot be used again.
    return JSONResponse({"error": wire.error(problem)}, status_code=413, headers={"Connection": "close"})


async def _mistake(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, UserError)
    status = 404 if isinstance(problem, UnknownPhotoError) else 400
    return JSONResponse({"error": wire.error(problem)}, status_code=status)


async def _not_ready(request: Request, problem: Exception) -> Response:
    return JSONResponse({"state": "loading"}, status_code=503, headers={"Retry-After": "1"})
