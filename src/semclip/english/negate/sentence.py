"""What a caption says denied: its verb (is not running), its subject (no dog is running), or the picture itself."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.edits import Change, Scene, rule
from semclip.english.inflection import inflect, words
from semclip.english.negate.denied import BODY, DEPICTIONS, OWN, is_indefinite, not_behind, who_is
from semclip.english.pairs import ATTRIBUTES
from semclip.english.parse.clause import COLLECTIVES, SOMEBODY, Clause, clause_of, inside_collective, is_being
from semclip.english.parse.tree import FINITE, NOUNS, VERBS, Tree
from semclip.english.words.load import listed

_NO_NO = listed("no no")
#: Without their places these say little or nothing.
NEEDS_A_PLACE = listed("needs a place")
#: "A dog running" is a caption, "a bus driving" is none.
_SAYS_ENOUGH = listed("says enough")
_LIMITS = words("only still just almost nearly hardly already")
#: What takes "do" though it has no plural form.
_PLURAL = COLLECTIVES | words("police staff crew people family they we you")
_DEFINITE = OWN | words("the this that these those")
_AUXILIARIES = words("is are was were has have had can could will would does do did may might must should")
_NO_PARTICIPLES = VERBS - {"VBG", "VBN"}
_BESIDE = frozenset({"conj", "ccomp", "parataxis", "dep"})
_CAN_GO = frozenset({"prep", "advcl", "npadvmod", "acl"})
_SOMEONE = ("someone", "somebody")
_TOLD_BESIDE = words("who whose which where when while after before because since as ,")
#: "No lone fisherman" denies that he is alone.
_ALONE = words("lone single sole only solitary little")
#: What tells one kind from another.
_KINDS = {*lexicon.COLOURS, *lexicon.OPPOSITES, *ATTRIBUTES} - words("little tiny huge")
_CLAUSES = frozenset({"ROOT", "conj", "ccomp", "parataxis", "advcl", "dep"})


@rule(
    "verb_negated",
    ("A dog is running on the beach .", "A dog is not running on the beach ."),
    ("A dog runs on the beach .", "A dog does not run on the beach ."),
    ("Two dogs run on the beach .", "Two dogs do not run on the beach ."),
    ("A dog running on the beach", "A dog not running on the beach"),
    ("A bus parked on the street", "A bus not parked on the street"),
    ("She throws the ball .", "She does not throw the ball ."),
)
def not_doing(scene: Scene) -> Iterator[Change]:
    """is running -> is not running; runs -> does not run; running -> not running."""
    tree = scene.tree
    clause = clause_of(tree, pronouns=True)
    if clause is None or clause.verb is None or not clause.finite:
        yield from _participle_denied(scene, clause.verb if clause else None)
        return
    verb, subject, tag = clause.verb, clause.subject, tree.tag(clause.verb)
    if (
        (tree.lower(subject - 1) == "some" or tree.lower(subject) in SOMEBODY)  # some ... are not: others may
        or (tree.child(verb, "neg") is not None or not _LIMITS.isdisjoint(tree.words))  # still do not live there
        or _goes_on(tree, verb)  # does not sit and smokes
        or tree.child(verb, "mark") is not None  # lunch before the rain came
    ):
        return
    if tag == "VBD" and inflect(tree[verb].lemma, "VBN") == tree.lower(verb):
        if tree.children(verb, "prep", "agent") and not tree.children(verb, "dobj"):
            yield from _short_and_whole(scene, verb, (verb, verb, "not"))
        return  # "motorcycles lined up", which did nothing
    helper = clause.be if clause.be is not None else tree.child(verb, "aux")
    if helper is not None and tree.lower(helper) in _AUXILIARIES:
        new = not_behind(tree.lower(helper), short=scene.family == "B")
        yield from _short_and_whole(scene, verb, (helper, helper + 1, new))
        return
    do = {"VBZ": "does", "VBP": "do", "VBD": "did"}.get(tag)
    if do is None or (do == "do" and not (tree.is_plural(subject) or tree[subject].lemma in _PLURAL)):
        return
    if tree.words[subject:verb].count(",") % 2:
        return  # a list, not a subject
    if tree[verb].text[:1].isupper() or any(tree.style):
        return  # what has a capital may well be a name: "Villa Did Not Rosa"
    known = tree.determiner(subject) in _DEFINITE or tree.tag(subject) in ("NNP", "NNPS", "PRP")
    # "a barber does not trim"; the two players do not go up, one to hit
    odd = not known or "one" in tree.words
    new = f"{not_behind(do, short=scene.family == 'B')} {tree[verb].lemma}"
    yield from _short_and_whole(scene, verb, (verb, verb + 1, new), contrived=odd)


def _short_and_whole(scene: Scene, verb: int, part: tuple[int, int, str], contrived: bool = False) -> Iterator[Change]:
    """The edit, and the same without what the caption says at its end: it says "not" and no more."""
    tree, (first, behind) = scene.tree, scene.tree.span(verb)
    cuts = [cut for cut in endings_of(tree, max(verb + 1, part[1])) if first <= cut < behind]
    for cut in (*cuts, *[len(tree)] * all(tree.lower(cut) == "," for cut in cuts)):
        yield scene.change(part, (cut, len(tree), ""), denied=tree[verb].lemma, contrived=contrived)


def endings_of(tree: Tree, last: int) -> list[int]:
    """Where something starts, behind `last`, with which a caption ends and without which it is a caption still."""
    if "(" in tree.tail:
        return []  # the years of somebody's life need their name
    return [
        cut - (tree.lower(cut - 1) == ",")
        for cut in tree.ends
        if cut > max(last, 3)
        and tree[cut].label in _CAN_GO
        and tree.lower(cut) not in ("of", "to")
        and (tree.is_noun(cut - 1) or tree.is_verb(cut - 1) or tree.lower(cut - 1) in (",", "them", "him", "her"))
        and tree.lower(cut - 1) not in ("all", "both", "high", "low", "halfway")
        and tree.lower(tree.noun_start(cut - 1) - 1) not in (";", ":", "as", "while", "with")  # "as shares" did what?
        and "," not in tree.words[last : cut - 1]  # "is rowing, all of the oars" out of the water
        and (tree.determiner(cut - 1) not in OWN or tree[cut - 1].lemma not in BODY)  # sleeps with his head
        and tree[tree[cut].head].lemma not in NEEDS_A_PLACE
        and (not tree.is_verb(cut - 1) or (tree[cut - 1].lemma in _SAYS_ENOUGH and tree[cut - 1].label != "advcl"))
    ]


def _goes_on(tree: Tree, verb: int) -> bool:
    """Whether another finite verb stands beside it, which would stay affirmed or lose its form."""
    finite = [i for i, token in enumerate(tree) if token.label in _BESIDE and token.tag in _NO_PARTICIPLES]
    joined = any(tree.tag(i) in FINITE and tree.lower(i - 1) == "and" for i in range(verb + 2, len(tree)))
    return joined or not set(finite).isdisjoint(tree.under(verb))


def _participle_denied(scene: Scene, verb: int | None) -> Iterator[Change]:
    tree = scene.tree
    if any(tree.style):
        return  # Not Made in Belgium
    behind_nouns = [i for i, token in enumerate(tree) if token.label == "acl" and tree.is_noun(tree.root)]
    for place in behind_nouns if verb is None else [verb]:
        token, subject = tree[place], tree.subject(place)
        head = token.head if subject is None else subject
        if token.tag not in ("VBG", "VBN") or tree.tag(place - 1) in ("RB", "TO") or not tree.is_noun(head):
            continue
        bare = token.tag == "VBN" and not tree.children(place, "prep", "agent")
        faces = token.lemma == "look" and not is_being(tree, head)  # a street looking north
        several = any(map(tree.is_verb, tree.children(place, "conj")))
        if bare or faces or several or tree[token.head].lemma in DEPICTIONS:
            continue
        if scene.family == "A" or tree.tag(head) != "NNP":
            at = place - (tree.lower(place - 1) == "being")
            new = scene.by_family("not", f"{who_is(tree, head)}n't")
            yield from _short_and_whole(scene, place, (at, at, new), contrived=True)


@rule(
    "subject_denied",
    ("A dog runs on the beach .", "No dog runs on the beach ."),
    ("Two dogs are running .", "No dogs are running ."),
    ("There is a cat on the couch .", "There is no cat on the couch ."),
    ("A plate of food on a table", "There is no plate of food on a table"),
    ("A group of people stand on a beach .", "No people stand on a beach ."),
    ("Someone is painting a fence .", "Nobody is painting a fence ."),
    ("There is someone on the pier", "There is nobody on the pier"),
    ("There are a dozen jars on a shelf", "There are no jars on a shelf"),
)
def no_subject(scene: Scene) -> Iterator[Change]:
    """A dog runs -> no dog runs; a dog on a bed -> there is no dog on a bed; there is a cat -> there is no cat."""
    tree = scene.tree
    if tree.lower(0) == "there":
        yield from _existence_denied(scene)
        return
    if tree.lower(0) in _SOMEONE and sum(token.label[:5] == "nsubj" for token in tree) == 1:
        yield scene.change((0, 1, scene.by_family("nobody", "no one")), denied="person")
    clause = scene.clause
    back = not {"it", "he", "she", "they"}.isdisjoint(tree.tail.lower().split())  # "... . It is old ."
    if clause is None or back or _another_clause(tree, clause):
        return
    subject, start = clause.subject, tree.noun_start(clause.subject)
    determiner = tree.lower(start) if start < subject else ""
    said, short = {tree.lower(i) for i in tree.children(subject, "amod")}, len(tree) <= 12 and not tree.tail_words
    if (
        (start > 0 or tree.lower(start) in _NO_NO or tree.child(subject, "conj", "appos", "relcl") is not None)
        or (tree[subject].lemma in DEPICTIONS or tree.tag(subject).startswith("NNP"))
        or (said & _ALONE or tree.lower(subject + 1) == "," or "one" in tree.words)
        or (determiner == "the" and not clause.finite)  # the front cover of a book
        # something for sale or in a file is named rather than said to be seen
        or (tree.tag(1) == "NNP" or (any(tree.style) and "DT" not in tree.tags))
        or not (clause.finite or (short and (clause.verb is not None or "DT" in tree.tags)))
        or ("#" in tree.text or not DEPICTIONS.isdisjoint(tree.words[-1:]))  # stock photo
    ):
        return
    head, inner = subject, inside_collective(tree, subject)
    if inner is not None and tree.is_plural(inner) and (clause.plural or not clause.finite):
        head, start = inner, tree.noun_start(inner)
    first = start + _is_counted(tree.lower(start))
    if tree.lower(first) in ("other", "more", "few", "only", "same", "of", "first", "last"):
        return
    many = tree.tag(head) in ("NNS", "NNPS")
    if clause.finite:
        new = scene.by_family("no", "none of the" if many else "not a single")
    else:
        new = scene.by_family(*(("there are no", "there aren't any") if many else ("there is no", "there isn't a")))
    # No barber trims; no horse waits for its driver, who is late: it takes for granted that the horse is there.
    much = len(tree) > 14 or not _TOLD_BESIDE.isdisjoint(tree.words[subject:])
    odd = clause.be is None or much or bool(said - _KINDS)
    yield scene.change((0, first, new), denied=tree[head].lemma, contrived=odd)


def _is_counted(determiner: str) -> bool:
    """Whether "no" takes the place of a determiner."""
    return is_indefinite(determiner) or determiner in ("the", "one")


@rule(
    "subject_denied",
    ("Container port at dusk", "No container port at dusk"),
    ("Feeding time as sun comes up", "No feeding time as sun comes up"),
)
def no_headline(scene: Scene) -> Iterator[Change]:
    """Container port at dusk -> no container port at dusk; only a phrase without article, name or list."""
    tree = scene.tree
    root = tree.root
    small = not any(token.text[:1].isupper() for token in tree[1:]) and not tree.tail_words and "_" not in tree.text
    alone = tree.tag(root) in ("NN", "NNS") and not tree.child(root, "conj", "appos", "acl", "relcl")
    plain = not tree.tags & {"DT", "CD", ",", ":", "PRP"} and tree.noun_start(root) == 0
    told = any(token.tag in FINITE and token.label != "advcl" for token in tree)
    if small and alone and plain and not told and len(tree) <= 10 and tree[root].lemma not in DEPICTIONS:
        none = scene.by_family("no", "not a single" if tree.tag(root) == "NN" else "not any")
        yield scene.change((0, 0, none), denied=tree[root].lemma, contrived=True)


def _another_clause(tree: Tree, clause: Clause) -> bool:
    """Whether something else is said that would stay affirmed: a man sings and a woman dances, or and is dancing."""
    if ";" in tree.words or any(tree.words[i - 1 : i + 1] in (["and", "is"], ["and", "are"]) for i in range(len(tree))):
        return True
    behind = tree[clause.subject + 1 :]
    subjects = (token for token in behind if token.label in ("nsubj", "nsubjpass") and token.tag in NOUNS)
    return any(tree[token.head].label in _CLAUSES for token in subjects)


def _existence_denied(scene: Scene) -> Iterator[Change]:
    tree, be = scene.tree, scene.tree.lower(1)
    noun = tree.child(tree.root, "attr", "nsubj", "dobj")
    if be not in ("is", "are") or noun is None or tree.child(noun, "conj") is not None:
        return
    if noun == 2 and tree.lower(2) in _SOMEONE:
        yield scene.change((2, 3, scene.by_family("nobody", "no one")), denied="person")
    behind = range(noun + 1, len(tree))
    another = "and" in tree.words and any(tree[i].label[:5] == "nsubj" for i in behind)
    beside = any(tree[i].label == "conj" and is_being(tree, i) and not is_being(tree, tree[i].head) for i in behind)
    counted = tree[noun].lemma in ("number", "lot", "couple") or tree.lower(2) in ("about", "around", "nearly", "over")
    if tree.noun_start(noun) != 2 or tree.lower(2) in _NO_NO | SOMEBODY or another or beside or counted:
        return  # there is no bird on his arm and he looks at it
    end = 2 + _is_counted(tree.lower(2))
    end += tree.lower(end) == "dozen"
    some = "a" if tree.lower(2) in ("a", "an") and be == "is" else "any"
    yield scene.change((1, end, scene.by_family(f"{be} no", f"{be}n't {some}")), denied=tree[noun].lemma)


@rule("caption_denied", ("A photo of a dog on the grass", "A photo that does not show a dog on the grass"))
def not_shown(scene: Scene) -> Iterator[Change]:
    """a photo of -> a photo that does not show."""
    tree, root = scene.tree, scene.tree.root
    of = root + 1 + (tree.lower(root + 1) == "up")  # a close up of
    if tree.is_noun(root) and tree[root].lemma in DEPICTIONS and tree.lower(of) == "of":
        do = "do" if tree.tag(root) == "NNS" else "does"
        not_ = not_behind(do, short=scene.family == "B")
        yield scene.change((of, of + 1, f"that {not_} show"), denied=tree[root].lemma)
