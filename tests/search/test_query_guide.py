"""docs/guides/search_queries.md says what the parser does."""

import re
from pathlib import Path

import pytest

from semclip.search.query import describe, parse

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "search_queries.md"
ROWS = re.findall(r"^\| `(.+)` \| (.+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)


def test_the_guide_has_its_tables() -> None:
    assert len(ROWS) > 40


@pytest.mark.parametrize(("typed", "read"), ROWS)
def test_a_query_of_the_guide_is_read_as_it_says(typed: str, read: str) -> None:
    assert describe(parse(typed)) == read
