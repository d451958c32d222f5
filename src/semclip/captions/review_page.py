"""Cards to judge as one self-contained HTML page, marked with the keyboard; the page hands out a file of marks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from semclip.captions.review import CLAIMS, REASONS, Card
from semclip.core.files import write_text


def write_page(path: Path, cards: Sequence[Card], title: str, thumbnail: Callable[[BinaryIO], str]) -> int:
    """Write the page; returns how many cards have no picture.

    title: also what the browser files unsaved marks under. thumbnail: opened file -> data URI; may raise OSError.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("semclip.captions", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pictures = [_picture(card, thumbnail) for card in cards]
    page = environment.get_template("review.html").render(
        cards=list(zip(cards, pictures, strict=True)),
        title=title,
        claims=CLAIMS,
        reasons=REASONS,
        total=sum(len(card.texts) for card in cards),
    )
    write_text(path, page)
    return pictures.count("")


def _picture(card: Card, thumbnail: Callable[[BinaryIO], str]) -> str:
    if card.image.path is None:
        return ""
    try:
        with card.image.open() as file:
            return thumbnail(file)
    except OSError:
        return ""  # counted by the caller, and the page says so
