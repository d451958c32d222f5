"""From lark's parse tree of a query to its parts: what the grammar `query.lark` leaves to be decided."""

from dataclasses import dataclass, field, replace
from datetime import date

from lark import Token, Transformer, Tree
from lark.exceptions import VisitError

from semclip.core.query import And, Filter, Node, Not, Or, Picture, Text
from semclip.search._query_error import QueryError, pointing
from semclip.search._query_filters import BadValueError, condition

JOINTS = frozenset({"COMMA", "STOP", "AND", "OR", "NOR", "BUT", "ONLY"})
HEAVIEST, LIGHTEST = 1000.0, 0.001
Part = "Said | Denied | Ready"


@dataclass
class Said:
    """Words the photo should show."""

    tokens: list[Token]
    weight: float = 1.0


@dataclass
class Denied:
    """What a denial in English excludes, and words after a comma that turned out to be wanted again."""

    nodes: list[Node]
    rest: list[Token] = field(default_factory=list)


@dataclass
class Ready:
    """A finished piece: what it shows, and the filters in it with their places."""

    nodes: list[Node]
    filters: list[tuple[Filter, Token]] = field(default_factory=list)


class Reader(Transformer):
    """One method per rule of the grammar. text: the query the tokens come from."""

    def __init__(self, text: str, today: date) -> None:
        super().__init__()
        self.query, self.today = text, today

    def read(self, tree: Tree) -> Ready:
        """The whole query. Raises QueryError."""
        try:
            return self.transform(tree)
        except VisitError as error:
            if isinstance(error.orig_exc, QueryError):
                raise error.orig_exc from None
            raise

    # ---- structure ----
    def start(self, children: list) -> Ready:
        return children[-1]

    def either(self, children: list[Ready]) -> Ready:
        if len(children) == 1:
            return children[0]
        for child in children:
            for _, place in child.filters:
                raise self.error(
                    "A filter can't be one side of OR.",
                    place,
                    f"Put {place} outside the brackets: (beach OR mountain) {place}",
                )
        return Ready([or_([and_(child.nodes) for child in children])])

    def both(self, children: list[Ready]) -> Ready:
        nodes = [node for child in children for node in child.nodes]
        return Ready(nodes, [placed for child in children for placed in child.filters])

    def run(self, children: list) -> Ready:
        parts: list[Said | Denied | Ready] = []
        first = children[0].tokens[0] if isinstance(children[0], Said) else None
        for part in children:
            self._append(parts, part)
        if isinstance(parts[-1], Said):
            parts[-1].tokens = _stripped(parts[-1].tokens, frozenset({"COMMA", "STOP"}))
        ready = [self._ready(part) for part in parts]
        both = self.both(ready)
        if first is not None and not both.nodes and not both.filters:
            raise self.error("There is nothing to search for here.", first, "Type what the photo shows.")
        return both

    def group(self, children: list) -> Ready:
        inner = children[0]
        weight = self._weight(children[1:])
        return Ready([self._weighted(node, weight, children[-1]) for node in inner.nodes], inner.filters)

    # ---- operators ----
    def minus(self, children: list) -> Ready:
        return self._excluded(self._unit(children[1:]))

    def negation(self, children: list) -> Ready:
        count = sum(isinstance(child, Token) and child.type == "NOT_OPERATOR" for child in children)
        operand = self._unit(children[count:])
        return self._excluded(operand) if count % 2 else operand

    def picture(self, children: list[Token]) -> Ready:
        path = unquoted(children[0].partition(":")[2])
        if not path:
            raise self.error("`like:` has no path.", children[0], "Name a photo, as in like:photo.jpg.")
        return Ready([Picture(path, self._weight(children[1:]))])

    def filter(self, children: list[Token]) -> Ready:
        return Ready([], [(read_filter(children[0], self.query, self.today), children[0])])

    # ---- words ----
    def said(self, children: list[Token]) -> Said:
        weighted = children[-1].type == "WEIGHT"
        return Said(children[: len(children) - weighted], self._weight(children[len(children) - weighted :]))

    said_words = said_quoted = said

    def bare(self, children: list[Token]) -> Said:
        return Said(children)

    # ---- denials ----
    def thing(self, children: list[Token]) -> Text:
        said = self.said(children)
        return Text(self._text(said.tokens), said.weight), said.tokens

    def long_list(self, children: list) -> list:
        items = [child for child in children if not _is(child, "TAIL")]
        return items[: max(i for i, item in enumerate(items) if isinstance(item, tuple)) + 1]

    short_list = long_list

    def without(self, children: list) -> Denied:
        return Denied([Not(item[0]) for item in children[1] if isinstance(item, tuple)])

    def no(self, children: list) -> Denied:
        return self._short(children[1])

    def not_(self, children: list) -> Denied:
        items = children[2] if isinstance(children[1], Token) else children[1]
        if isinstance(children[1], Token) and children[1].type in ("SCENE", "PLACE"):
            # "not on the grass" excludes "the grass"; "not under a bridge" needs its preposition.
            place = children[1]
            kept = [_without_first(place)] if place.type == "SCENE" else [place]
            first, tokens = items[0]
            tokens = [token for token in kept if token] + tokens
            items = [(replace(first, text=self._text(tokens)), tokens), *items[1:]]
        return self._short(items)

    def nobody(self, children: list) -> Denied:
        thing = next((child[0] for child in children if isinstance(child, tuple)), None)
        if thing is None:
            return Denied([Not(Text("people"))])
        return Denied([Not(replace(thing, text=f"people {thing.text}"))])

    def denied_part(self, children: list) -> Ready:
        return self._excluded(children[1])

    # ---- helpers ----
    def _short(self, items: list) -> Denied:
        """A list after `no` or `not`: what follows a comma is excluded only where the list ends with `or` or `and`."""
        if any(_is(item, "AND", "OR", "NOR") for item in items):
            return Denied([Not(item[0]) for item in items if isinstance(item, tuple)])
        rest = [token for item in items[2:] for token in (item[1] if isinstance(item, tuple) else [item])]
        return Denied([Not(items[0][0])], rest)

    def _append(self, parts: list, part: "Said | Denied | Ready") -> None:
        last = parts[-1] if parts else None
        if isinstance(part, Said) and isinstance(last, Said) and last.weight == 1:
            parts[-1] = Said(last.tokens + part.tokens, part.weight)
        elif isinstance(part, Said) and isinstance(last, Denied):
            self._go_on(parts, part)
        elif isinstance(part, Denied):
            if isinstance(last, Said):
                last.tokens = _stripped_right(last.tokens, JOINTS)
                if not last.tokens or (len(last.tokens) == 1 and _is(last.tokens[0], "EVERYTHING")):
                    parts.pop()  # "photos without people" says nothing about what is wanted
            parts.append(part)
            if part.rest:
                rest, part.rest = part.rest, []
                self._go_on(parts, Said(rest))
        else:
            parts.append(part)

    def _go_on(self, parts: list, said: Said) -> None:
        """Words after a denial. A place or time belongs to what was said before: "a dog without a collar in the snow"."""
        tokens = _stripped_left(said.tokens, JOINTS)
        new_sentence = any(token.type == "STOP" for token in said.tokens[: len(said.tokens) - len(tokens)])
        if tokens and tokens[0].type == "AND_A":
            tokens = [_without_first(tokens[0], "WITH" if tokens[0].lower() == "and with" else "WORD"), *tokens[1:]]
        if not tokens:
            return
        denials = len(parts)
        while denials and isinstance(parts[denials - 1], Denied):
            denials -= 1
        before = parts[denials - 1] if denials else None
        if tokens[0].type not in ("SCENE", "PLACE", "WITH"):
            parts.append(Said(tokens, said.weight))
        elif isinstance(before, Said) and before.weight == 1 and not new_sentence:
            before.tokens, before.weight = before.tokens + tokens, said.weight
        else:
            first = tokens[0] if tokens[0].type == "PLACE" else _without_first(tokens[0])
            tokens = [token for token in (first, *tokens[1:]) if token]
            parts.insert(denials, Said(tokens, said.weight))

    def _ready(self, part: "Said | Denied | Ready") -> Ready:
        if isinstance(part, Denied):
            return Ready(part.nodes)
        if isinstance(part, Said):
            return Ready(self._texts(part))
        return part

    def _texts(self, said: Said) -> list[Node]:
        """One text, or several where two quotes stand side by side."""
        runs: list[list[Token]] = []
        for token in _stripped_left(said.tokens, frozenset({"COMMA", "STOP"})):
            touching = bool(runs) and _is(token, "QUOTED") and _is(runs[-1][-1], "QUOTED")
            if not runs or touching:
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
                raise self.error("There is nothing between these quotes.", token, "Put words there, or remove them.")
            text += ("" if end is None or token.start_pos == end else " ") + value
            end = token.end_pos
        return text

    def _unit(self, children: list) -> Ready:
        first = children[0]
        if isinstance(first, Token):
            return Ready([Text(self._text([first]), self._weight(children[1:]))])
        if isinstance(first, Said):
            first.tokens = _stripped_right(first.tokens, frozenset({"COMMA", "STOP"}))
        return self._ready(first)

    def _excluded(self, operand: Ready) -> Ready:
        if not operand.filters:
            return Ready([not_(and_(operand.nodes))])
        if operand.nodes or len(operand.filters) > 1:
            raise self.error(
                "A filter in brackets can't be excluded together with something else.",
                operand.filters[0][1],
                "Exclude each part on its own: -people -folder:work",
            )
        condition, place = operand.filters[0]
        return Ready([], [(replace(condition, negated=not condition.negated), place)])

    def _weight(self, tokens: list) -> float:
        if not tokens:
            return 1.0
        digits = tokens[0][1:]
        weight = float(digits) if digits.isascii() and digits.replace(".", "", 1).isdigit() else 0.0
        return self._checked(weight, tokens[0])

    def _checked(self, weight: float, place: Token) -> float:
        if not LIGHTEST <= weight <= HEAVIEST:
            raise self.error(
                f"A weight is a number from {LIGHTEST:g} to {HEAVIEST:g}.", place, "Write it as in beach^2 or people^0.5."
            )
        return weight

    def _weighted(self, node: Node, weight: float, place: object) -> Node:
        """Every leaf weighs as much more."""
        if weight == 1:
            return node
        if isinstance(node, Text | Picture):
            assert isinstance(place, Token)
            return replace(node, weight=self._checked(node.weight * weight, place))
        if isinstance(node, Not):
            return Not(self._weighted(node.child, weight, place))
        return type(node)(tuple(self._weighted(child, weight, place) for child in node.children))

    def error(self, what: str, place: Token, fix: str) -> QueryError:
        return pointing(what, self.query, place.start_pos or 0, fix)


def read_filter(token: Token, query: str, today: date) -> Filter:
    """The filter a token of type FILTER stands for."""
    at = next(i for i, character in enumerate(token) if character in ":=<>≤≥ ")
    rest = token[at:].lstrip()
    op = rest[: 2 if rest[1:2] == "=" and rest[0] in "<>" else 1]
    value = unquoted(rest[len(op) :].strip())
    try:
        if not value.strip():
            raise BadValueError("The filter has no value.", "Write a value after it, as in folder:holidays.")
        return condition(token[:at].lower(), {"≤": "<=", "≥": ">="}.get(op, op), value, today)
    except BadValueError as error:
        what, fix = error.args
        raise pointing(what, query, (token.start_pos or 0) + len(token) - len(rest) + len(op), fix) from error


def and_(nodes: list[Node]) -> Node:
    """All of them; no And in an And."""
    flat = [child for node in nodes for child in (node.children if isinstance(node, And) else (node,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def or_(nodes: list[Node]) -> Node:
    """One of them; no Or in an Or."""
    flat = [child for node in nodes for child in (node.children if isinstance(node, Or) else (node,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def not_(node: Node) -> Node:
    """Not it; two cancel out."""
    return node.child if isinstance(node, Not) else Not(node)


def unquoted(text: str) -> str:
    """What is between the quotes, if it has any; a doubled straight quote is one."""
    if text[:1] == '"':
        return text[1:-1].replace('""', '"')
    return text[1:-1] if text[:1] in "“„«'" and text[-1:] in "”“»'" and len(text) > 1 else text


def _is(item: object, *types: str) -> bool:
    return isinstance(item, Token) and item.type in types


def _stripped_left(tokens: list[Token], types: frozenset[str]) -> list[Token]:
    start = next((i for i, token in enumerate(tokens) if token.type not in types), len(tokens))
    return tokens[start:]


def _stripped_right(tokens: list[Token], types: frozenset[str]) -> list[Token]:
    return _stripped_left(tokens[::-1], types)[::-1]


def _stripped(tokens: list[Token], types: frozenset[str]) -> list[Token]:
    return _stripped_right(_stripped_left(tokens, types), types)


def _without_first(token: Token, kind: str = "WORD") -> Token | None:
    """The token without its first word: "on the" -> "the"."""
    rest = token.partition(" ")[2].strip()
    return Token.new_borrow_pos(kind, rest, token) if rest else None
