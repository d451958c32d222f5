"""From lark's parse tree of a query to what it stands for."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from lark import Token, Transformer, Tree
from lark.exceptions import VisitError

from semclip.core.query import Filter, Node, Not, Picture, Text
from semclip.search._query_error import QueryError, pointing
from semclip.search._query_filters import BadValueError, condition
from semclip.search._query_parts import (
    JOINTS,
    Denied,
    Part,
    Ready,
    Said,
    joined,
    without_first,
    without_first_word,
    without_last,
)
from semclip.search._query_tree import and_, not_, or_

HEAVIEST, LIGHTEST = 1000.0, 0.001
CLAUSES = ("there ", "where ", "that ", "in which ", "on which ", "at which ")  # "a street where no car is parked"


@dataclass(frozen=True)
class Thing:
    """One item of what is denied."""

    tokens: list[Token]
    text: Text


class Reader(Transformer[Token, Ready]):
    """One method per rule of the grammar. query: the text that was parsed; today: what `yesterday` counts from."""

    def __init__(self, query: str, today: date) -> None:
        super().__init__()
        self.query, self.today = query, today

    def read(self, tree: Tree[Token]) -> Ready:
        """The whole query. Raises QueryError."""
        try:
            return self.transform(tree)
        except VisitError as error:
            if isinstance(error.orig_exc, QueryError):
                raise error.orig_exc from None
            raise

    # ---- structure ----
    def start(self, children: list[Any]) -> Ready:
        ready: Ready = next(child for child in children if isinstance(child, Ready))
        return ready

    def either(self, children: list[Ready]) -> Ready:
        if len(children) == 1:
            return children[0]
        for child in children:
            for _, place in child.filters:
                raise self._filter_beside_or(place)
        return Ready([or_([and_(child.nodes) for child in children])])

    def both(self, children: list[Ready]) -> Ready:
        nodes = [node for child in children for node in child.nodes]
        return Ready(nodes, [placed for child in children for placed in child.filters])

    def run(self, children: list[Part]) -> Ready:
        self._refuse_or(children)
        ready = self.both([self._ready(part) for part in joined(children)])
        if isinstance(children[0], Said) and not ready.nodes and not ready.filters:
            place = children[0].tokens[0]
            raise self._error("There is nothing to search for here.", place, "Type what the photo shows.")
        return ready

    def _refuse_or(self, children: list[Part]) -> None:
        """A small `or` beside brackets, pictures and filters would be lost: the parts of a run are all to be met."""
        for before, after in pairwise(children):
            if isinstance(before, Denied) and isinstance(after, Ready):
                self._refuse_joint(before.joints, after, "Exclude each on its own: without cats, without (dogs)")
            said, edge = (before, -1) if isinstance(before, Said) else (after, 0)
            other = after if said is before else before
            if not isinstance(said, Said) or not isinstance(other, Ready):
                continue
            kept = without_last(said.tokens, JOINTS) if edge else without_first(said.tokens, JOINTS)
            between = said.tokens[len(kept) :] if edge else said.tokens[: len(said.tokens) - len(kept)]
            self._refuse_joint(between, other, "Write OR: (cats) OR (dogs)")

    def _refuse_joint(self, joints: list[Token], other: Ready, fix: str) -> None:
        if place := next((token for token in joints if token.type in ("OR", "NOR")), None):
            if other.filters:
                raise self._filter_beside_or(other.filters[0][1])
            raise self._error(f"A small `{place}` can't join this.", place, fix)

    def group(self, children: list[Any]) -> Ready:
        inner: Ready = children[0]
        if len(children) == 1:
            return inner
        return Ready([self._heavier(node, children[1]) for node in inner.nodes], inner.filters)

    # ---- operators ----
    def minus(self, children: list[Any]) -> Ready:
        return self._excluded(self._unit(children[1:]))

    def negation(self, children: list[Any]) -> Ready:
        count = sum(_is(child, "NOT_OPERATOR") for child in children)
        operand = self._unit(children[count:])
        return self._excluded(operand) if count % 2 else operand

    def picture(self, children: list[Token]) -> Ready:
        path = unquoted(children[0].partition(":")[2])
        if not path.strip():
            raise self._error("`like:` has no path.", children[0], "Name a photo, as in like:photo.jpg.")
        return Ready([Picture(path, self._weight(children[1:]))])

    def filter(self, children: list[Token]) -> Ready:
        return Ready([], [(read_filter(children[0], self.query, self.today), children[0])])

    # ---- words ----
    def said(self, children: list[Token]) -> Said:
        words = [token for token in children if token.type != "WEIGHT"]
        return Said(words, self._weight(children[len(words) :]))

    said_words = said_quoted = bare = said

    # ---- denials ----
    def thing(self, children: list[Token]) -> Thing:
        said = self.said(children)
        return Thing(said.tokens, Text(self._text(said.tokens), said.weight))

    def long_list(self, children: list[Thing | Token]) -> list[Thing | Token]:
        return [child for child in children if not _is(child, "TAIL")]

    short_list = either_list = long_list

    def without(self, children: list[Any]) -> Denied:
        """Excluded is every thing up to a comma with a place or a verb after it, and no `or` or `and` after that.

        "beds without pillows or sheets, in hotels", "a boy without a hat, riding a horse".
        """
        items, joints = _ended(children[1])
        last = max((i for i, item in enumerate(items) if _is(item, "AND", "OR", "NOR")), default=0)
        pairs = list(enumerate(pairwise(items)))[last:]
        end = next((i for i, (comma, item) in pairs if _is(comma, "COMMA") and _goes_on(item)), len(items))
        return Denied([Not(item.text) for item in items[:end] if isinstance(item, Thing)], _words(items[end:]), joints)

    def neither(self, children: list[Any]) -> Denied:
        """A filter, a picture or brackets after a comma alone are wanted: "neither cats nor dogs, after:2023"."""
        parts = []
        for before, item in pairwise([children[0], *children[1]]):
            if isinstance(item, Thing):
                parts.append(self._excluded(Ready([self.located([item]).text])))
            elif isinstance(item, Ready):
                parts.append(item if _is(before, "COMMA") else self._excluded(item))
        both = self.both(parts)
        return Denied(both.nodes, filters=both.filters)

    def no(self, children: list[Any]) -> Denied:
        """Excluded is what comes before the last `or` or `and`, and the thing after it; what follows a comma is not."""
        items, joints = _ended(children[-1])
        last = max((i for i, item in enumerate(items) if _is(item, "AND", "OR", "NOR")), default=-1)
        end = next(i for i, item in enumerate(items) if i > last and isinstance(item, Thing)) + 1
        said = children[0]
        clause = said is not None and said.lower().startswith(CLAUSES)
        return Denied(self.without([None, items[:end]]).nodes, _words(items[end:]), joints, clause=clause)

    def except_(self, children: list[Any]) -> Denied:
        return replace(self.without(children), exception=True)

    def not_(self, children: list[Any]) -> Denied:
        *where, (first, *more) = children[1:]
        return self.no([None, [self.located([*where, first]), *more]])

    def located(self, children: list[Any]) -> Thing:
        """ "not on the grass" excludes "the grass", but "not under a bridge" needs its preposition."""
        *where, first = children
        if where and where[0].type == "SCENE":
            where = without_first_word(where[0])
        tokens = [*where, *first.tokens]
        if tokens[0].type in ("PREPOSITION", "WITH") and len(tokens) > 1:
            del tokens[0]
        return Thing(tokens, replace(first.text, text=self._text(tokens)))

    def nobody(self, children: list[Any]) -> Denied:
        for thing in children:
            if isinstance(thing, Thing):
                return Denied([Not(replace(thing.text, text=f"people {thing.text}"))])
        return Denied([Not(Text("people"))])

    def denied_part(self, children: list[Any]) -> Ready:
        return self._excluded(children[1])

    # ---- helpers ----
    def _ready(self, part: Part) -> Ready:
        if isinstance(part, Denied):
            return Ready(part.nodes, part.filters)
        return Ready(self._texts(part)) if isinstance(part, Said) else part

    def _texts(self, said: Said) -> list[Node]:
        """One text, or several where two quotes stand side by side. The weight is the last one's."""
        runs: list[list[Token]] = []
        for token in said.tokens:
            if not runs or (_is(token, "QUOTED") and _is(runs[-1][-1], "QUOTED")):
                runs.append([])
            runs[-1].append(token)
        weights = [1.0] * (len(runs) - 1) + [said.weight]
        return [Text(self._text(run), weight) for run, weight in zip(runs, weights, strict=False)]

    def _text(self, tokens: list[Token]) -> str:
        """The tokens with spaces where the query has them; quotes are taken off."""
        text, end = "", None
        for token in tokens:
            value = unquoted(token) if token.type == "QUOTED" else str(token)
            if not value.strip():
                raise self._error("There is nothing between these quotes.", token, "Put words there, or remove them.")
            text += ("" if end is None or token.start_pos == end else " ") + value
            end = token.end_pos
        return text

    def _unit(self, children: list[Any]) -> Ready:
        first = children[0]
        if isinstance(first, Token):
            return Ready([Text(self._text([first]), self._weight(children[1:]))])
        if isinstance(first, Said):
            first.tokens = without_last(first.tokens, JOINTS) or first.tokens
        return self._ready(first)

    def _excluded(self, operand: Ready) -> Ready:
        if not operand.filters:
            return Ready([not_(and_(operand.nodes))])
        condition, place = operand.filters[0]
        if operand.nodes or len(operand.filters) > 1:
            fix = "Exclude each part on its own: -people -folder:work"
            raise self._error("A filter can't be excluded together with something else.", place, fix)
        return Ready([], [(replace(condition, negated=not condition.negated), place)])

    def _weight(self, tokens: list[Token]) -> float:
        if not tokens:
            return 1.0
        digits = tokens[0][1:]
        readable = digits.isascii() and digits.replace(".", "", 1).isdigit()
        return self._in_range(float(digits) if readable else 0.0, tokens[0])

    def _in_range(self, weight: float, place: Token) -> float:
        if not LIGHTEST <= weight <= HEAVIEST:
            what = f"A weight is a number from {LIGHTEST:g} to {HEAVIEST:g}."
            raise self._error(what, place, "Write it as in beach^2 or people^0.5.")
        return weight

    def _heavier(self, node: Node, place: Token) -> Node:
        """The node with the weight of its brackets on every leaf."""
        if isinstance(node, Text | Picture):
            return replace(node, weight=self._in_range(node.weight * self._weight([place]), place))
        if isinstance(node, Not):
            return Not(self._heavier(node.child, place))
        return type(node)(tuple(self._heavier(child, place) for child in node.children))

    def _filter_beside_or(self, place: Token) -> QueryError:
        fix = f"Put it beside the brackets: (beach OR mountain) {place}"
        return self._error("A filter can't be one side of OR.", place, fix)

    def _error(self, what: str, place: Token, fix: str) -> QueryError:
        return pointing(what, self.query, place.start_pos or 0, fix)


def read_filter(token: Token, query: str, today: date) -> Filter:
    """The filter that a token of type FILTER stands for."""
    at = next(i for i, character in enumerate(token) if character in ":=<>≤≥ ")
    rest = token[at:].lstrip()
    op = rest[: 2 if rest[1:2] == "=" and rest[0] in "<>" else 1]
    value = unquoted(rest[len(op) :].strip())
    try:
        return condition(token[:at].lower(), {"≤": "<=", "≥": ">="}.get(op, op), value, today)
    except BadValueError as error:
        what, fix = error.args
        raise pointing(what, query, (token.start_pos or 0) + len(token) - len(rest) + len(op), fix) from error


def unquoted(text: str) -> str:
    """What is between the quotes, if it has any; a doubled straight quote is one."""
    if text[:1] == '"':
        return text[1:-1].replace('""', '"')
    return text[1:-1] if text[:1] in tuple("“„«‘'") and text[-1:] in tuple("”“»’'") and len(text) > 1 else text


def _ended(items: list[Any]) -> tuple[list[Any], list[Token]]:
    """A list up to its last thing, and what comes after that."""
    end = max(i for i, item in enumerate(items) if isinstance(item, Thing)) + 1
    return items[:end], items[end:]


def _words(items: list[Thing | Token]) -> list[Token]:
    return [token for item in items for token in (item.tokens if isinstance(item, Thing) else [item])]


def _goes_on(item: object) -> bool:
    return isinstance(item, Thing) and item.tokens[0].type in ("PREPOSITION", "DOING")


def _is(item: object, *types: str) -> bool:
    return isinstance(item, Token) and item.type in types
