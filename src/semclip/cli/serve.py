"""`semclip serve`: search photos on a page in the browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from semclip.search.page.index import PhotoIndex


def command(
    index: Annotated[Path | None, typer.Option(help="the index; default: the one `semclip search` would use")] = None,
    host: Annotated[str, typer.Option(help="address to listen on; others than this computer need the token")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one")] = 8747,
    open_page: Annotated[
        bool | None, typer.Option("--open/--no-open", help="open it in the browser; default: where there is a desktop")
    ] = None,
) -> None:
    """Open a page that searches your photos, says why each is shown, and sets a plain search beside it."""
    import webbrowser

    from rich.console import Console

    from semclip.search.page.server import listen
    from semclip.search.page.session import Session

    folder = _found(index)
    server = listen(Session(lambda: _opened(folder), str(folder)), host, port)
    console = Console()
    console.print(server.url, soft_wrap=True, highlight=False, markup=False)
    if server.token:
        console.print("Whoever has this address sees the photos; nothing is encrypted on the way.", soft_wrap=True)
    console.print("Ctrl-C stops it.")
    if _has_desktop() if open_page is None else open_page:
        webbrowser.open(server.url)
    server.run()


def _found(index: Path | None) -> Path:
    from semclip.search.index import find_index

    return find_index(index)


def _opened(folder: Path) -> "PhotoIndex":
    from semclip.search.index import Index

    return Index.open(folder)


def _has_desktop() -> bool:
    import os
    import sys

    return sys.stdout.isatty() and (sys.platform != "linux" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()))
