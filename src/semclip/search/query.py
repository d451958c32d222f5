"""The query language of photo search: operators (`beach -people`) and plain English ("a beach without people").

The grammar is `query.lark`. Its guide, with many examples, is docs/guides/search_queries.md.
"""

import re
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.resources import files

from lark import Lark, Token, UnexpectedToken

from semclip.core.errors import UserError, did_you_mean
from semclip.core.query import Filter, Query, Text
from semclip.search import _query_text
from semclip.search._query_error import QueryError, pointing
from semclip.search._query_filters import FIELDS
from semclip.search._query_reader import Reader, read_filter
from semclip.search._query_text import describe
from semclip.search._query_tree import and_, normal

__all__ = ["LONGEST", "QueryError", "as_sentence", "both_excluded", "describe", "parse", "unparse", "unread"]

LONGEST = 2_000  # characters; an encoder reads 77 tokens
DEEPEST = 30  # brackets within brackets
LITERALLY = 'Put "quotes" around what is meant literally.'
QUOTED = r"""(?:(?<=[\s(:\-−–—‑－﹣\u200b\u200e\u200f\ufeff])|^)(?:"(?:[^"]|"")*"|[“„][^“”]*[“”]|«[^«»]*»)"""
#: Denials that the grammar takes for words like any other, as what they deny may stand anywhere.
UNREAD = ("never", "none", "nothing", "hardly", "barely", "ohne", "sans", "senza", "zonder", "utan", "без")
_ENDS = ("MINUS", "NOT_OPERATOR", "_AND", "_OR", "_CLOSE", "FILTER", "PICTURE")  # what ends words that were excluded
# Outside quotes, white space is one space, and marks without a width, which phones and pages put in, are nothing;
# between quotes both stay as they are.
QUOTED_OR_SPACE = re.compile(rf"({QUOTED})|([\s\x00-\x1f\x7f-\x9f]+)|[\u200b\u200e\u200f\ufeff]+")


def parse(text: str, today: date | None = None) -> Query:
    """The tree and filters a query stands for.

    today: what dates like `yesterday` and `7d` count from; the computer's own by default.
    Raises QueryError, a UserError, that points at what can't be read.
    """
    text = _cleaned(text)
    tokens = list(_grammar().lex(text))
    _check(text, tokens)
    try:
        tree = _grammar().parse(text)
    except UnexpectedToken as error:
        raise _explained(text, error.token) from error
    ready = Reader(text, today or date.today()).read(tree)
    filters = tuple(placed[0] for placed in ready.filters)
    return Query(_without_filters(text, tokens), and_(ready.nodes) if ready.nodes else None, filters)


def as_sentence(text: str, today: date | None = None) -> Query:
    """The whole sentence as it is, as one text; only filters are still read."""
    text = _cleaned(text)
    tokens = list(_grammar().lex(text))
    filters: list[Filter] = []
    for i, token in enumerate(tokens):
        if token.type == "FILTER":
            condition = read_filter(token, text, today or date.today())
            negated = bool(_operators_before(tokens, i) % 2)
            filters.append(Filter(condition.field, condition.op, condition.value, negated))
    sentence = _without_filters(text, tokens)
    return Query(sentence, Text(sentence) if sentence else None, tuple(filters))


def unparse(query: Query) -> str:
    """Operators that `parse` reads as the same tree (in its normal form) and filters."""
    tree = None if query.tree is None else normal(query.tree)
    return _query_text.unparse(replace(query, tree=tree), _is_read_as_it_is)


def both_excluded(text: str) -> str | None:
    """`circle -"blue square"` for `circle -blue square`, whose dash takes `blue` alone: perhaps what was meant.

    None where no dash is followed by just two words. Raises UserError for what cannot be read.
    """
    text = _cleaned(text)
    parse(text)
    tokens = list(_grammar().lex(text))
    for minus, first, second, after in zip(tokens, tokens[1:], tokens[2:], [*tokens[3:], None], strict=False):
        kinds = (minus.type, first.type, second.type)
        if kinds == ("MINUS", "WORD", "WORD") and (after is None or after.type in _ENDS):
            start, end = first.start_pos or 0, second.end_pos or 0
            return f'{text[:start]}"{text[start:end]}"{text[end:]}'
    return None


def unread(text: str) -> str | None:
    """`never` of `a man who never smiles`, a denial that excludes nothing; None where there is none.

    Raises UserError for what cannot be read.
    """
    text = _cleaned(text)
    parse(text)
    return next((str(t) for t in _grammar().lex(text) if t.type == "WORD" and t.lower() in UNREAD), None)


def _is_read_as_it_is(text: str) -> bool:
    try:
        query = parse(text)
    except UserError:
        return False
    # A quote inside may close what stands behind it.
    alone = query.tree == Text(text) and not query.filters and '"' not in text
    return alone and all(t.type == "WORD" for t in _grammar().lex(text))


@cache
def _grammar() -> Lark:
    grammar = files("semclip.search").joinpath("query.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False)


def _cleaned(text: str) -> str:
    if len(text) > LONGEST:
        raise QueryError(
            f"The query has {len(text):,} characters; at most {LONGEST:,} can be read.",
            fix="Say in a sentence or two what the photo shows.",
        )
    text = QUOTED_OR_SPACE.sub(lambda match: match[1] or (" " if match[2] else ""), text).strip()
    if not text:
        raise QueryError("The query is empty.", fix='Type what to look for, as in "a beach without people".')
    return text


def _check(text: str, tokens: list[Token]) -> None:
    """What no grammar rule could explain well: open quotes and brackets, unknown filters."""
    opened: list[Token] = []
    for token in tokens:
        at = token.start_pos or 0
        if token.type in ("UNCLOSED", "UNCLOSED_VALUE"):
            at += len(token) - 1
            raise pointing("This quote isn't closed.", text, at, f"Add the closing quote, or remove {token[-1]}.")
        if token.type == "NO_VALUE":
            raise pointing(f"`{token}` has no value.", text, at, f"Write the value right after it: {token}value")
        if token.type == "UNKNOWN":
            name = re.split("[:<>=]", token)[0]
            raise pointing(
                f"There is no filter `{name}`.", text, at, f"{did_you_mean(name, [*FIELDS, 'like'])} {LITERALLY}"
            )
        if token.type == "_OPEN":
            opened.append(token)
            if len(opened) > DEEPEST:
                raise pointing(f"Brackets are more than {DEEPEST} deep.", text, at, "Remove some of them.")
        if token.type == "_CLOSE":
            if not opened:
                raise pointing("This bracket closes nothing.", text, at, f"Remove it. {LITERALLY}")
            opened.pop()
    if opened:
        raise pointing("This bracket isn't closed.", text, opened[-1].start_pos or 0, f"Add a ) for it. {LITERALLY}")


def _explained(text: str, token: Token) -> QueryError:
    if token.type == "$END":
        return pointing("The query ends too early.", text, len(text), f"Say what comes after it. {LITERALLY}")
    at = token.start_pos or 0
    what = {
        "_AND": "There is nothing before this AND.",
        "_OR": "There is nothing before this OR.",
        "_CLOSE": "There is nothing before this bracket.",
        "WEIGHT": "There is nothing here that a weight could count for.",
    }.get(token.type, f"`{token}` can't be read here.")
    return pointing(what, text, at, f"Remove it, or add what is missing. {LITERALLY}")


def _without_filters(text: str, tokens: list[Token]) -> str:
    kept, end = [], 0
    for i, token in enumerate(tokens):
        if token.type == "FILTER":
            first = tokens[i - _operators_before(tokens, i)]
            kept.append(text[end : first.start_pos].strip())
            end = token.end_pos or 0
    return " ".join(filter(None, [*kept, text[end:].strip()]))


def _operators_before(tokens: list[Token], i: int) -> int:
    count = 0
    while count < i and tokens[i - count - 1].type in ("MINUS", "NOT_OPERATOR"):
        count += 1
    return count
