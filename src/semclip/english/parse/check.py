"""Signs that a parser went wrong: "a technician repairs" read as a noun."""

from semclip.english.parse.tree import NOUNS, Tree


def is_sound(tree: Tree) -> bool:
    """Whether numbers agree and a noun or a verb is at the top."""
    for place, token in enumerate(tree.tokens):
        if token.tag in ("NNS", "NNPS") and tree.determiner(place) in ("a", "an", "another", "each", "every"):
            start = tree.noun_start(place)
            if not {"few", "lot", "couple", "dozen", "hundred", "bunch"} & set(tree.words[start:place]):
                return False
        if token.tag == "NNS" and token.label == "compound" and tree.tag(place + 1) == "NNS":
            return False  # "boots splashes", "dogs runs"
    return tree[tree.root].tag in NOUNS or tree.is_verb(tree.root) or tree[tree.root].tag in ("MD", "CD")
