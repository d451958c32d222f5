"""The parts of a query side by side, and what of them belongs together."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from lark import Token

from semclip.core.query import Filter, Node, Not, Text
from semclip.search._query_tree import not_

PUNCTUATION = ("COMMA", "STOP")
JOINTS = (*PUNCTUATION, "AND", "OR", "NOR", "BUT", "ONLY")


@dataclass
class Said:
    """Words in a row with the weight after them."""

    tokens: list[Token]
    weight: float = 1.0


@dataclass
class Denied:
    """What a denial in English excludes.

    rest: words after a comma that turned out to be wanted again. joints: commas and conjunctions at its end.
    exception: whether it was said with "except". clause: whether the verb after it is of what is excluded, "where no
    car is parked".
    """

    nodes: list[Node]
    rest: list[Token] = field(default_factory=list)
    joints: list[Token] = field(default_factory=list)
    exception: bool = False
    clause: bool = False
    filters: list[tuple[Filter, Token]] = field(default_factory=list)


@dataclass
class Ready:
    """A finished piece: what it shows, and the filters in it with their places."""

    nodes: list[Node]
    filters: list[tuple[Filter, Token]] = field(default_factory=list)


Part = Said | Denied | Ready


def joined(children: list[Part]) -> list[Part]:
    """The parts of a run, words that belong together in one part and without the commas and conjunctions between."""
    parts: list[Part] = []
    for part in children:
        last = parts[-1] if parts else None
        if isinstance(part, Said):
            _say(parts, part)
        elif isinstance(part, Denied) and part.exception and _denies(last):
            # "no furniture except a chair" wants the chair, "nothing in it except a chair", too.
            parts.append(Ready([not_(node) for node in part.nodes]))
        elif isinstance(part, Denied):
            _end(parts, ["EVERYTHING"])  # "photos without people" says nothing about what is wanted
            parts.append(part)
            if part.rest:
                _say(parts, Said(part.rest))
        else:
            _end(parts)
            parts.append(part)
    for said in parts:
        if isinstance(said, Said):
            said.tokens = without_last(without_first(said.tokens, PUNCTUATION), PUNCTUATION)
    return parts


def _denies(part: Part | None) -> bool:
    """Whether an exception from it is wanted. "except cats, except dogs" goes on."""
    if isinstance(part, Said):
        return any(token.lower() in ("nothing", "nobody", "none") for token in part.tokens)
    return isinstance(part, Denied) and not part.exception


def _end(parts: list[Part], nothing: Collection[str] = ()) -> None:
    """Words before something else lose the conjunction between, and are gone where that, or `nothing`, was all."""
    last = parts[-1] if parts else None
    if isinstance(last, Said):
        # "with everything but", "of (cats OR dogs)"
        last.tokens = without_last(last.tokens, (*JOINTS, "WITH", "PREPOSITION"))
        if all(token.type in nothing for token in last.tokens[:1]) and len(last.tokens) < 2:
            parts.pop()


def _say(parts: list[Part], said: Said) -> None:
    last = parts[-1] if parts else None
    if isinstance(last, Denied):
        _say_after_denial(parts, said)
    elif isinstance(last, Ready):
        if tokens := _begun(said.tokens)[0]:
            parts.append(Said(tokens, said.weight))
    elif isinstance(last, Said) and last.weight == 1:
        last.tokens, last.weight = last.tokens + said.tokens, said.weight
    else:
        parts.append(Said(said.tokens, said.weight))


def _say_after_denial(parts: list[Part], said: Said) -> None:
    """A place, a time or a verb belongs to what was said before the denial: "a dog without a collar in the snow"."""
    tokens, new_sentence = _begun(said.tokens)
    if not tokens:
        return
    denials = len(parts)
    while denials and isinstance(parts[denials - 1], Denied):
        denials -= 1
    before = parts[denials - 1] if denials else None
    of_denied = any(map(_is_clause, parts[denials:])) or not isinstance(before, Said)
    if tokens[0].type == "FINITE" and of_denied and not new_sentence:
        _lengthen(parts[-1], tokens)
    elif tokens[0].type not in ("FINITE", "SCENE", "PLACE", "WITH"):
        parts.append(Said(tokens, said.weight))
    elif isinstance(before, Said) and before.weight == 1 and not new_sentence:
        before.tokens, before.weight = before.tokens + tokens, said.weight
    elif tokens[0].type == "PLACE":
        parts.insert(denials, Said(tokens, said.weight))
    else:
        parts.insert(denials, Said([*without_first_word(tokens[0]), *tokens[1:]], said.weight))


def _is_clause(part: Part) -> bool:
    return isinstance(part, Denied) and part.clause


def _lengthen(part: Part, tokens: list[Token]) -> None:
    """Let the last thing of a denial have the verb after it: "no faces are shown"."""
    last = part.nodes[-1] if isinstance(part, Denied) else None
    if isinstance(part, Denied) and isinstance(last, Not) and isinstance(last.child, Text):
        part.nodes[-1] = Not(replace(last.child, text=" ".join([last.child.text, *without_last(tokens, PUNCTUATION)])))


def _begun(said: list[Token]) -> tuple[list[Token], bool]:
    """Words without the conjunctions before them, and whether a full stop was among those."""
    tokens = without_first(said, JOINTS)
    new_sentence = any(token.type == "STOP" for token in said[: len(said) - len(tokens)])
    if tokens and tokens[0].type in ("AND_A", "AND_WITH"):
        kind = "WITH" if tokens[0].type == "AND_WITH" else "WORD"
        tokens = [*without_first_word(tokens[0], kind), *tokens[1:]]
    return tokens, new_sentence


def without_first(tokens: list[Token], types: Collection[str]) -> list[Token]:
    """The tokens from the first on that has none of the types."""
    return tokens[next((i for i, token in enumerate(tokens) if token.type not in types), len(tokens)) :]


def without_last(tokens: list[Token], types: Collection[str]) -> list[Token]:
    """The tokens up to the last that has none of the types."""
    return without_first(tokens[::-1], types)[::-1]


def without_first_word(token: Token, kind: str = "WORD") -> list[Token]:
    """What a token is without its first word, "on the" -> "the"; nothing if that was all."""
    rest = token.partition(" ")[2].strip()
    return [Token.new_borrow_pos(kind, rest, token)] if rest else []
