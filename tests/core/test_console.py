"""What is printed is what was there: no markup, no escape sequences, no crash on what is no character."""

import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from semclip.core.console import harmless, make_console

ANY_TEXT = st.text() | st.text(st.sampled_from("[]/\\:bold red#\x1b\x07\x00\u202e\ud800\udcff🙂é\n"))


def printed(item: object, **settings: object) -> str:
    console = make_console(soft_wrap=True)
    console.file = io.StringIO()
    console.print(item, **settings)  # type: ignore[arg-type]
    return console.file.getvalue()


@settings(deadline=None, max_examples=50)
@given(ANY_TEXT)
def test_any_text_is_printed_as_it_is(text: str) -> None:
    assert printed(text, end="") == harmless(text, keep="\n\t").expandtabs(8) or "\t" in text
    assert printed(f"{text}|", style="bold").endswith("|\n")


@settings(deadline=None, max_examples=50)
@given(ANY_TEXT)
def test_what_is_printed_is_harmless_and_can_be_written(text: str) -> None:
    for item in (text, Text(text), Text(text, style="bold")):
        said = printed(item)
        said.encode("utf-8")
        assert not [c for c in said if unicodedata.category(c) == "Cc" and c != "\n"]


@settings(deadline=None, max_examples=50)
@given(ANY_TEXT)
def test_text_without_escapes_is_left_alone(text: str) -> None:
    if text.isprintable():
        assert harmless(text) == text
    assert harmless(harmless(text)) == harmless(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\x9b2Jb", r"a\x9b2Jb"),
        ("gnp.\u202egpj", r"gnp.\u202egpj"),
        ("nul\x00", r"nul\x00"),
        ("not \udcff text", r"not \udcff text"),
        ("[/bold] [red]x[/red] :smile:", "[/bold] [red]x[/red] :smile:"),
        ("family 👩‍👩‍👧, نمی‌دانم, no break", "family 👩‍👩‍👧, نمی‌دانم, no break"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert harmless(text) == shown
    assert printed(text) == f"{shown}\n"


def test_tables_titles_and_rules_are_no_markup() -> None:
    table = Table(title="[/bold]\x1b]0;title\x07")
    table.add_column("[/red]")
    table.add_row("[link=x]y[/link]\r")
    said = printed(table)
    for part in (r"[/bold]\x1b]0;title\x07", "[/red]", r"[link=x]y[/link]\r"):
        assert part in said


def test_a_name_of_5000_characters() -> None:
    assert printed("x" * 5000) == "x" * 5000 + "\n"
