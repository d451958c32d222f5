"""Text on the page can be read: contrast of the palette, light and dark."""

import re
from importlib import resources

import pytest

STYLE = (resources.files("semclip.search.page") / "static" / "page.css").read_text("utf-8")
PAIRS = [
    ("ink", "page"), ("ink", "card"), ("ink", "tint"), ("quiet", "page"), ("quiet", "card"), ("quiet", "tint"),
    ("on-accent", "accent"), ("good", "good-tint"), ("bad", "bad-tint"), ("ink", "bad-tint"), ("good", "page"),
    ("bad", "page"), ("page", "bad"),
]  # fmt: skip


def palettes() -> list[dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", text)) for text in (light, dark)]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of #rrggbb."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out(theme: int, text: str, ground: str) -> None:
    palette = palettes()[theme]
    assert contrast(palette[text], palette[ground]) >= 4.5
