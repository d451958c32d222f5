"""A query as words for the user, and as what they could have typed."""

from collections.abc import Callable

from semclip.core.query import And, Filter, Leaf, Node, Not, Or, Picture, Query, Text

WORDS = {"<": "below", "<=": "at most", "=": "", ">=": "at least", ">": "above"}


def describe(query: Query) -> str:
    """How the query was understood, in words: `beach, minus people`."""
    parts = [] if query.tree is None else [_described(query.tree, top=True)]
    if isinstance(query.tree, Not):
        parts.insert(0, "everything")
    return ", ".join(parts + [_described_filter(f) for f in query.filters])


def _described(node: Node, top: bool = False) -> str:
    if isinstance(node, Not):
        return f"minus {_described(node.child)}"
    if isinstance(node, And):
        # Wanted parts first (`sorted` is stable): "a man, minus hat, a beard" would seem to exclude the beard.
        children = ", ".join(_described(part) for part in sorted(node.children, key=lambda part: isinstance(part, Not)))
        if not top:
            return f"({children})"
        return f"everything, {children}" if all(isinstance(part, Not) for part in node.children) else children
    if isinstance(node, Or):
        children = " or ".join(_described(child) for child in node.children)
        return children if top else f"({children})"
    return f"{node} (×{_number(node.weight)})" if node.weight != 1 else str(node)


def _described_filter(condition: Filter) -> str:
    name, value, op = condition.field, condition.value, condition.op
    if name == "taken":
        words = f"taken {({'<': 'before', '>=': 'from', '=': 'in'} | {'>': 'after', '<=': 'up to'})[op]} {value}"
        words += " on" if op == ">=" else ""
    elif isinstance(value, str):
        words = f"{name} {value}"
    else:
        amount = _bytes(value) if name == "size" else f"{_number(value)} pixels"
        words = " ".join(filter(None, (name, WORDS[op], amount)))
    return f"not {words}" if condition.negated else words


def unparse(query: Query, bare: Callable[[str], bool]) -> str:
    """Operators that parse back to the same tree and filters. bare: whether a text needs no quotes."""
    # A filter beside an `OR` would be read as one of its alternatives.
    top = not (query.filters and isinstance(query.tree, Or))
    parts = [] if query.tree is None else [_typed(query.tree, bare, top)]
    return " ".join(parts + [_typed_filter(f) for f in query.filters])


def _typed(node: Node, bare: Callable[[str], bool], top: bool = False) -> str:
    if isinstance(node, Not):
        return "-" + _typed(node.child, lambda text: bare(text) and text.isalpha())
    if isinstance(node, And | Or):
        children = [_typed(child, bare) for child in node.children]
        if isinstance(node, Or):
            return " OR ".join(children) if top else f"({' OR '.join(children)})"
        joined = children[0]
        for child, before, after in zip(children[1:], node.children, node.children[1:], strict=False):
            touching = isinstance(before, Text) and isinstance(after, Text)  # would be read as one text
            joined += (" AND " if touching else " ") + child
        return joined if top else f"({joined})"
    return _typed_leaf(node, bare)


def _typed_leaf(leaf: Leaf, bare: Callable[[str], bool]) -> str:
    weight = "" if leaf.weight == 1 else f"^{_number(leaf.weight)}"
    if isinstance(leaf, Picture):
        return f"like:{quoted(leaf.path)}{weight}"
    return (leaf.text if bare(leaf.text) else quoted(leaf.text)) + weight


def _typed_filter(condition: Filter) -> str:
    op = ":" if condition.op == "=" else condition.op
    if condition.field == "taken" and op in (">=", "<"):
        name, op = ("after" if op == ">=" else "before"), ":"
    else:
        name = condition.field
    value = condition.value
    typed = value if isinstance(value, str) and value.replace("-", "").isalnum() and value.isascii() else None
    if typed is None:
        typed = quoted(value) if isinstance(value, str) else _number(value)
    return f"{'-' * condition.negated}{name}{op}{typed}"


def quoted(text: str) -> str:
    """The text between straight quotes; a quote inside is doubled."""
    return '"' + text.replace('"', '""') + '"'


def _number(value: float) -> str:
    """The shortest digits that read back as the same number."""
    return repr(float(value)).removesuffix(".0")


def _bytes(value: float) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if value >= factor:
            return f"{value / factor:.4g} {unit}"
    return f"{_number(value)} bytes"
