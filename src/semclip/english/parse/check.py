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
    top, subject = tree[tree.root], tree.subject(tree.root)
    if top.tag == "VB" or (tree.root == 0 and top.tag in ("VBN", "VBP")) or (subject is not None and tree.tag(subject) == "JJ"):
        return False  # nobody is told to do something
    return top.tag in NOUNS or tree.is_verb(tree.root) or top.tag in ("MD", "CD")
