"""The review page: one self-contained HTML file; texts are marked with the keyboard, and marks are saved as a file."""

from collections.abc import Sequence
from pathlib import Path

from semclip.captions.review import CRITERIA, REASONS, Card
from semclip.core.files import write_text
from semclip.core.html import environment, thumbnail


def write_page(path: Path, cards: Sequence[Card], title: str) -> int:
    """Write the page; returns how many cards have no image.

    title: also what the browser files unsaved marks under.
    """
    images = [_thumbnail(card) for card in cards]
    page = environment("semclip.captions").get_template("review.html")
    text = page.render(
        cards=list(zip(cards, images, strict=True)),
        title=title,
        criteria=CRITERIA,
        reasons=REASONS,
        total=sum(len(card.texts) for card in cards),
    )
    write_text(path, text)
    return images.count("")


def _thumbnail(card: Card) -> str:
    if card.image.path is None:
        return ""
    try:
        with card.image.open() as file:
            return thumbnail(file)
    except OSError:
        return ""  # counted by the caller, and the page says so
