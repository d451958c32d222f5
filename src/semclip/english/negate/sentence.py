"""What a caption says denied: its verb (is not running), its subject (no dog is running), or the picture itself."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.edits import Change, Scene, rule
from semclip.english.inflection import PLURAL_ONLY, inflect, words
from semclip.english.negate.denied import BODY, DEPICTIONS, depicted_by, who_is
from semclip.english.pairs import ATTRIBUTES
from semclip.english.parse.clause import COLLECTIVES, SOMEBODY, Clause, clause_of, inside_collective
from semclip.english.parse.tree import FINITE, Tree
from semclip.english.words.load import listed

_NO_NO = listed("no no")
_COUNTS = words("a an the some several many two three four five six seven eight nine ten various multiple numerous one")
#: Without their places these say little or nothing.
NEEDS_A_PLACE = listed("needs a place")
#: "A dog running" is a caption, "a bus driving" is none.
_SAYS_ENOUGH = listed("says enough")
_LIMITS = words("only still just almost nearly hardly already")
#: What takes "do" though it has no plural form.
_PLURAL = COLLECTIVES | words("police staff crew people family they we you")
_DEFINITE = words("the this that these those his her its their our my")
_AUXILIARIES = words("is are was were has have had can could will would does do did may might must should")


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
    verb, be = clause.verb, clause.be
    others = tree.lower(clause.subject - 1) == "some" or tree.lower(clause.subject) in SOMEBODY
    if tree.child(verb, "neg") is not None or others:
        return  # some ... are not: others may
    if not _LIMITS.isdisjoint(tree.words) or _goes_on(tree, verb):
        return  # only eleven families still do not live there; does not sit and smokes
    if tree.tag(verb) == "VBD" and any(token.tag in ("VBZ", "VBP") for token in tree[:verb]):
        return  # balances with her arms stretched out
    if tree.tag(verb) == "VBD" and inflect(tree[verb].lemma, "VBN") == tree.lower(verb):
        if tree.children(verb, "prep", "agent") and not tree.children(verb, "dobj"):
            yield from _short_and_whole(scene, verb, (verb, verb, "not"))
        return  # "motorcycles lined up", which did nothing
    helper = be if be is not None else next(iter(tree.children(verb, "aux")), None)
    if helper is not None and tree.lower(helper) in _AUXILIARIES:
        new = {"can": "cannot"}.get(tree.lower(helper), f"{tree.lower(helper)} not")
        if scene.family == "B":
            new = {"can": "can't", "will": "won't"}.get(tree.lower(helper), f"{tree.lower(helper)}n't")
        yield from _short_and_whole(scene, verb, (helper, helper + 1, new))
        return
    do = {"VBZ": "does", "VBP": "do", "VBD": "did"}.get(tree.tag(verb))
    if do == "do" and not (tree.is_plural(clause.subject) or tree[clause.subject].lemma in _PLURAL):
        return
    if tree.words[clause.subject : verb].count(",") % 2:
        return  # a list, not a subject
    if do is None or (tree.tag(verb) == "VBZ" and clause.plural) or tree[verb].text[:1].isupper() or any(tree.style):
        return  # what has a capital may well be a name: "Villa Did Not Rosa"
    not_ = scene.by_family(f"{do} not", f"{do}n't")
    known = tree.determiner(clause.subject) in _DEFINITE or tree.tag(clause.subject) in ("NNP", "NNPS", "PRP")
    new = f"{not_} {tree[verb].lemma}"  # "a barber does not trim" speaks of nobody
    yield from _short_and_whole(scene, verb, (verb, verb + 1, new), contrived=not known)


def _short_and_whole(
    scene: Scene, verb: int, *parts: tuple[int, int, str], contrived: bool = False
) -> Iterator[Change]:
    """The edit, and the same without what the caption says at its end: it says "not" and no more."""
    tree, last = scene.tree, max(verb + 1, *(part[1] for part in parts))
    cuts = [cut for cut in endings_of(tree, last) if tree.span(verb)[0] <= cut < tree.span(verb)[1]]
    ends = [((cut, len(tree), ""),) for cut in cuts] + [()] * all(tree.lower(cut) == "," for cut in cuts)
    for end in ends:
        yield scene.change(*parts, *end, denied=tree[verb].lemma, contrived=contrived)


_CAN_GO = frozenset({"prep", "advcl", "npadvmod", "acl"})


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
        and (tree.determiner(cut - 1) not in _OWN or tree[cut - 1].lemma not in BODY)  # sleeps with his head
        and tree[tree[cut].head].lemma not in NEEDS_A_PLACE
        and (not tree.is_verb(cut - 1) or tree[cut - 1].lemma in _SAYS_ENOUGH)
    ]


def _goes_on(tree: Tree, verb: int) -> bool:
    """Whether another finite verb stands beside it, which would stay affirmed or lose its form."""
    return any(
        tree.is_verb(i) and tree[i].label in ("conj", "ccomp", "parataxis", "dep") and tree.tag(i) not in ("VBG", "VBN")
        for i in tree.under(verb)
    ) or any(tree.tag(i) in FINITE and tree.lower(i - 1) == "and" for i in range(verb + 2, len(tree)))


def _participle_denied(scene: Scene, verb: int | None) -> Iterator[Change]:
    tree = scene.tree
    if any(tree.style):
        return  # Not Made in Belgium
    behind_nouns = [i for i, token in enumerate(tree) if token.label == "acl" and tree.is_noun(tree.root)]
    for place in behind_nouns if verb is None else [verb]:
        if tree.tag(place) not in ("VBG", "VBN") or tree.tag(place - 1) in ("RB", "TO") or place == 0:
            continue
        if any(tree.is_verb(i) for i in tree.children(place, "conj")) or tree[tree[place].head].lemma in DEPICTIONS:
            continue
        if tree.tag(place) == "VBN" and not tree.children(place, "prep", "agent"):
            continue
        head = clause_noun(tree, place)
        if head is None or (scene.family == "B" and tree.tag(head) == "NNP"):
            continue
        not_, being = scene.by_family("not", f"{who_is(tree, head)}n't"), tree.lower(place - 1) == "being"
        yield from _short_and_whole(scene, place, (place - being, place - being, not_), contrived=True)


def clause_noun(tree: Tree, verb: int) -> int | None:
    """The noun that a participle says something of."""
    subject = tree.subject(verb)
    found = subject if subject is not None else tree[verb].head
    return found if tree.is_noun(found) else None


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
    if tree.lower(0) in ("someone", "somebody") and sum(token.label[:5] == "nsubj" for token in tree) == 1:
        yield scene.change((0, 1, scene.by_family("nobody", "no one")), denied="person")
    clause = clause_of(tree)
    if clause is None or _refers_back(tree) or another_clause(tree, clause):
        return
    if any(word in ("is", "are") and tree.lower(i - 1) == "and" for i, word in enumerate(tree.words)):
        return  # no couple got married and are riding
    subject = clause.subject
    start = tree.noun_start(subject)
    determiner = tree.lower(start) if start < subject else ""
    if tree.lower(start) in _NO_NO or tree.child(subject, "conj", "appos", "relcl") is not None or start > 0:
        return
    if tree[subject].lemma in DEPICTIONS or tree.tag(subject).startswith("NNP") or _is_a_name(tree, clause):
        return
    said = {tree.lower(i) for i in tree.children(subject, "amod")}
    if said & _ALONE or tree.lower(subject + 1) == "," or "one" in tree.words:
        return
    if determiner == "the" and not clause.finite:
        return  # the front cover of a book
    inner = inside_collective(tree, subject)
    head, first = subject, start + (determiner in _COUNTS or determiner.isdigit())
    counted = inner is not None and tree.is_plural(inner) and tree.lower(inner) not in PLURAL_ONLY
    if inner is not None and counted and (clause.plural or not clause.finite):
        head, first = inner, tree.noun_start(inner)
        first += tree.lower(first) in _COUNTS
    elif not determiner and tree.tag(subject) == "NN" and clause.finite and len(tree) < 4:
        return
    if tree.lower(first) in ("other", "more", "few", "only", "same", "of", "first", "last"):
        return
    plural = tree.tag(head) in ("NNS", "NNPS")
    if clause.finite:
        new = scene.by_family("no", "none of the" if plural else "not a single")
    else:
        new = scene.by_family(*(("there are no", "there aren't any") if plural else ("there is no", "there isn't a")))
    odd = clause.be is None or _says_much(tree, clause) or bool(said - _KINDS)  # no barber trims
    yield scene.change((0, first, new), denied=tree[head].lemma, contrived=odd)


@rule(
    "subject_denied",
    ("Container port at dusk", "No container port at dusk"),
    ("Feeding time as sun comes up", "No feeding time as sun comes up"),
)
def no_headline(scene: Scene) -> Iterator[Change]:
    """Container port at dusk -> no container port at dusk; only a phrase without article, name or list."""
    tree = scene.tree
    root = tree.root
    small = not any(token.text[:1].isupper() for token in tree[1:]) and not tree.tail_words
    alone = tree.tag(root) in ("NN", "NNS") and not tree.child(root, "conj", "appos", "acl", "relcl")
    plain = not tree.tags & {"DT", "CD", ",", ":", "PRP"} and tree.noun_start(root) == 0
    told = any(token.tag in FINITE and token.label != "advcl" for token in tree)
    if small and alone and plain and not told and len(tree) <= 10 and tree[root].lemma not in DEPICTIONS:
        none = scene.by_family("no", "not a single" if tree.tag(root) == "NN" else "not any")
        yield scene.change((0, 0, none), denied=tree[root].lemma, contrived=True)


def _says_much(tree: Tree, clause: Clause) -> bool:
    """Whether a sentence takes for granted that its subject is there: no horse waits for its driver, who is late."""
    told = tree.words[clause.subject :]
    return len(tree) > 14 or bool(tree.tail_words) or not _TOLD_BESIDE.isdisjoint(told)


_OWN = words("his her its their")
_TOLD_BESIDE = words("who whose which where when while after before because since as ,")


#: "No lone fisherman" denies that he is alone.
_ALONE = words("lone single sole only solitary little")
#: What tells one kind from another.
_KINDS = {*lexicon.COLOURS, *lexicon.OPPOSITES, *ATTRIBUTES} - words("little tiny huge")


def _is_a_name(tree: Tree, clause: Clause) -> bool:
    """Whether a caption names something for sale or in a file rather than saying what is seen, or says much of it."""
    told = clause.finite or (len(tree) <= 12 and not tree.tail_words and (clause.verb is not None or "DT" in tree.tags))
    listed = any(tree.style) and "DT" not in tree.tags
    return not told or listed or tree[0].text[:1].isdigit() or tree.tag(1) == "NNP"


def another_clause(tree: Tree, clause: Clause) -> bool:
    """Whether something else is said that would stay affirmed: "a man sings and a woman dances"."""
    return any(
        (token.label in ("nsubj", "nsubjpass") and i > clause.subject and tree.is_noun(i)
         and tree[token.head].label in ("ROOT", "conj", "ccomp", "parataxis", "advcl", "dep"))
        for i, token in enumerate(tree)
    ) or ";" in tree.words  # fmt: skip


def _refers_back(tree: Tree) -> bool:
    """Whether the next sentence speaks of the subject: "... . It is old ."."""
    return any(word in tree.tail.lower().split() for word in ("it", "he", "she", "they"))


def _existence_denied(scene: Scene) -> Iterator[Change]:
    tree, be = scene.tree, scene.tree.lower(1)
    noun = tree.child(tree.root, "attr", "nsubj", "dobj")
    if be not in ("is", "are") or noun is None or tree.child(noun, "conj") is not None:
        return
    if noun == 2 and tree.lower(2) in ("someone", "somebody"):
        yield scene.change((2, 3, scene.by_family("nobody", "no one")), denied="person")
    start = tree.noun_start(noun)
    another = any(token.label[:5] == "nsubj" and i > noun for i, token in enumerate(tree))
    if (
        start != 2
        or tree.lower(start) in _NO_NO | SOMEBODY
        or not tree.is_noun(noun)
        or (another and "and" in tree.words)
    ):
        return  # there is no bird on his arm and he looks at it
    end = start + (tree.lower(start) in _COUNTS or tree.lower(start).isdigit())
    end += tree.lower(end) == "dozen"
    singular = tree.lower(start) in ("a", "an") and be == "is"
    new = scene.by_family(f"{be} no", f"{be}n't {'a' if singular else 'any'}")
    yield scene.change((1, end, new), denied=tree[noun].lemma)


@rule("caption_denied", ("A photo of a dog on the grass", "A photo that does not show a dog on the grass"))
def not_shown(scene: Scene) -> Iterator[Change]:
    """a photo of -> a photo that does not show."""
    tree, of = scene.tree, depicted_by(scene.tree)
    if of is not None:
        do = "do" if tree.tag(tree.root) in ("NNS", "NNPS") else "does"
        not_ = scene.by_family(f"{do} not", f"{do}n't")
        yield scene.change((of, of + 1, f"that {not_} show"), denied=tree[tree.root].lemma)
