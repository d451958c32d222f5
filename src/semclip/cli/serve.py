"""`semclip serve`: search photos on a page in the browser."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semclip.cli._photo_index import FOLDER, find_index, here, need_libraries, no_index
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from semclip.search.page.index import PhotoIndex, PhotoList

HERE = "127.0.0.1"


def command(
    index: Annotated[str, typer.Option(help=f"Which index. Default: {FOLDER} here or in a folder above.")] = "",
    host: Annotated[str, typer.Option(help="Address to listen on; others can come with a token.")] = HERE,
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8747,
    open_page: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Open it in the browser. Default: where there is a desktop.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.")] = "auto",
) -> None:
    """Search photos on a page: it says why each is shown, and sets a search without "not" beside it."""
    need_libraries()
    import webbrowser

    from semclip.core.console import make_console
    from semclip.search.page.server import listen
    from semclip.search.page.session import Session
    from semclip.search.place import is_remote

    place = find_index(index, here())
    if place is None:
        raise no_index(here())
    if not is_remote(place) and not Path(place).is_dir():  # the rest is checked behind the page, which is up first
        raise UserError(
            "no index of photos there", f"--index {place}", f"make one: semclip index FOLDER --index {place}"
        )
    server = listen(Session(lambda: _opened(place, device), place, lambda: _glance(place)), host, port)
    console = make_console()
    console.print(server.url, soft_wrap=True, highlight=False, markup=False)
    if server.token:
        console.print("Whoever has this address sees the photos, and nothing is encrypted on the way.", soft_wrap=True)
    console.print("Ctrl-C stops it.")
    if _has_desktop() if open_page is None else open_page:
        webbrowser.open(server.url)
    try:
        server.run()
    except KeyboardInterrupt:
        console.print("Stopped.")
        raise typer.Exit(130) from None


def _opened(place: str, device: str) -> "PhotoIndex":
    from semclip.search.index import Index

    return Index.open(place, device=device)


def _glance(place: str) -> "PhotoList | None":
    from semclip.search.listing import Glance

    return Glance.at(place)


def _has_desktop() -> bool:
    return sys.stdout.isatty() and (sys.platform != "linux" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()))
