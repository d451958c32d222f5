"""What a rule makes of a caption."""

from collections.abc import Callable, Iterator

from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.siblings import Siblings

Rule = Callable[[Caption, Siblings], Iterator[Edit]]


def texts_of(rule: Rule, caption: str, *siblings: str) -> set[str]:
    return {edit.text for edit in rule(Caption(caption), Siblings([caption, *siblings]))}
