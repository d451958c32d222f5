"""Small changes after which a caption contradicts its image: another attribute, object, relation or action.

Each rule takes a caption and its siblings (all captions of the image) and gives edits; the siblings must not hint that
the changed text is true as well. A rule that does not understand a phrase gives nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from semclip.english import lexicon, things
from semclip.english.caption import Caption
from semclip.english.inflection import ing_form, third_form, words
from semclip.english.siblings import Siblings


@dataclass(frozen=True, slots=True)
class Edit:
    """text: the changed caption. place: index of the changed word. pair: what became what."""

    text: str
    kind: str
    place: int
    pair: tuple[str, str]


# -- attributes ------------------------------------------------------------------------------------------------------


def attribute_swapped(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Another colour, number, size, age or state: a black dog -> a white dog; two men -> five men."""
    for index, word in enumerate(caption.words):
        if word not in lexicon.COLOURS and word not in lexicon.OPPOSITES and word not in lexicon.NUMBERS:
            continue
        head = _head_after(caption, index)
        if head is None:
            continue
        categories, plural = lexicon.NOUNS.get(caption.words[head], (frozenset({"clothes"}), False))
        news: Iterable[str]
        if word in lexicon.COLOURS:
            news = _other_colours(word, categories, siblings)
        elif word in lexicon.NUMBERS:
            news = (
                _other_numbers(word, siblings)
                if plural and categories & {"adult", "person", "animal", "object"}
                else ()
            )
        else:
            opposite, allowed, forbidden = lexicon.OPPOSITES[word]
            fits = categories & set(allowed.split()) and siblings.bag.isdisjoint((opposite, *forbidden.split()))
            news = (opposite,) if fits else ()
        for new in news:
            yield Edit(caption.replace(index, index + 1, new), "attribute_swapped", index, (word, new))


def _head_after(caption: Caption, index: int) -> int | None:
    """The noun that the adjective or number at `index` describes; None where the phrase is not understood."""
    place = index + 1
    if caption.word(index - 1) == "in" and caption.words[index] in lexicon.COLOURS and _ends_here(caption, index):
        return index  # a man in black
    while caption.word(place) in lexicon.ADJECTIVES or (
        caption.word(place) == "and" and {caption.word(place - 1), caption.word(place + 1)} <= lexicon.COLOUR_WORDS
    ):
        place += 1
    if caption.word(place) not in lexicon.NOUNS or not caption.is_head(place):
        return None
    return place if caption.phrase_start(place) is not None else None


def _ends_here(caption: Caption, index: int) -> bool:
    following = caption.word(index + 1)
    if following == "and":
        return caption.word(index + 2) not in lexicon.COLOUR_WORDS
    return (
        following in ("", ".", ",", "!")
        or following in lexicon.PREPOSITIONS | lexicon.AUXILIARIES
        or following in lexicon.THIRD_FORMS
        or (following in lexicon.ING_FORMS and following not in lexicon.ADJECTIVES)
    )


def _other_colours(colour: str, categories: frozenset[str], siblings: Siblings) -> Iterator[str]:
    palette: tuple[str, ...]
    if "animal" in categories:
        palette = lexicon.FUR_COLOURS
    elif "hair" in categories:
        palette = lexicon.HAIR_COLOURS
    elif categories & {"clothes", "object"}:
        palette = lexicon.CLOTH_COLOURS
    else:
        return
    if not siblings.bag.isdisjoint(lexicon.MIXED_COLOURS):
        return
    said = siblings.bag & lexicon.COLOUR_WORDS
    too_near = {colour, *lexicon.COLOURS[colour].split(), *said}
    for new in palette:
        if new not in too_near and said.isdisjoint(lexicon.COLOURS[new].split()):
            yield new


def _other_numbers(number: str, siblings: Siblings) -> Iterator[str]:
    # With a vague number in any caption the exact one is not known.
    if siblings.bag & lexicon.VAGUE_NUMBERS or len(siblings.bag & lexicon.NUMBER_WORDS) > 1:
        return
    for new in lexicon.NUMBERS:
        if new != number:
            yield new


# -- objects ---------------------------------------------------------------------------------------------------------


def object_replaced(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Another thing, person or sport in the place of one: a dog -> a cat; a man -> a woman; soccer -> tennis."""
    yield from _other_thing(caption, siblings)
    yield from _other_gender(caption, siblings)
    yield from _other_sport(caption, siblings)


_BEFORE_IN = words("in inside into")
_ON = words("on onto at down along up over")
_GROUND = words("in into through across on")
_NO_IN = words("in inside into")
_ON = words("on onto at down along up over")
_GROUND = words("wave waterfall puddle surf rapids tricycle unicycle wood branch twig log disc disk")
_BEFORE_GROUND = words("in into through across on")
_NO_GROUND = words("wave waterfall puddle surf rapids tricycle unicycle wood branch twig log disc disk")
_HOLDING = words("holding holds hold carrying carries carry with using waving waves")
_IN = words("in inside into")
_ON = words("on onto at down along up over")
_GROUND = words("water snow grass sand mud")


def _other_thing(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    for index, word in enumerate(caption.words):
        if word not in things.NAMES or word in _NO_GROUND:
            continue
        thing, plural = things.NAMES[word]
        if thing not in things.REPLACED_BY or not caption.is_head(index):
            continue
        start = caption.phrase_start(index)
        if start is None or caption.words[start] == "another" or caption.word(index + 1) == "of":
            continue
        has_determiner = caption.words[start] in lexicon.DETERMINERS
        before = caption.word(start - 1)
        if thing in _GROUND:
            adjectives = set(caption.words[start:index]) - {"the"}
            if before not in _BEFORE_GROUND or adjectives or plural:
                continue
        elif not plural and not has_determiner:
            continue
        if thing in things.HELD and before not in _HOLDING:
            continue
        for other in things.REPLACED_BY[thing]:
            misfit = (other in things.ON_PLACES and before in _IN) or (other in things.IN_PLACES and before in _ON)
            if other not in siblings.signs and not misfit:
                new = things.THINGS[other]
                text = caption.replace(index, index + 1, new.plural if plural else new.name)
                yield Edit(text, "object_replaced", index, (thing, other))


def _other_gender(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Only where all captions agree on one sex and no pronoun of this caption would be left behind."""
    for swaps, others, pronouns in (
        (lexicon.MALE_TO_FEMALE, lexicon.FEMALE_SIGNS, {"he": "she", "his": "her", "him": "her", "himself": "herself"}),
        (lexicon.FEMALE_TO_MALE, lexicon.MALE_SIGNS, {"she": "he", "herself": "himself"}),
    ):
        people = [i for i, word in enumerate(caption.words) if word in lexicon.MALE_SIGNS | lexicon.FEMALE_SIGNS]
        named = [i for i in people if caption.words[i] in swaps]
        rest = {caption.words[i] for i in people if i not in named}
        if len(named) != 1 or siblings.bag & others or siblings.bag & lexicon.MANY_PEOPLE or not rest <= set(pronouns):
            continue
        index = named[0]
        if not caption.is_head(index) or caption.phrase_start(index) is None:
            continue
        if rest and caption.bag & {"dog", "animal", "horse"}:
            continue
        new = swaps[caption.words[index]]
        text = caption.replace(index, index + 1, new)
        for pronoun in rest:
            changed = Caption(text)
            while pronoun in changed.words:
                place = changed.words.index(pronoun)
                changed = Caption(changed.replace(place, place + 1, pronouns[pronoun]))
            text = changed.text
        yield Edit(text, "object_replaced", index, (caption.words[index], new))


_WITH_SPORT = words("player players game match team uniform")


def _other_sport(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    for index, word in enumerate(caption.words):
        if word not in lexicon.SPORTS:
            continue
        modifies = caption.word(index + 1) in _WITH_SPORT
        played = caption.word(index - 1) in ("playing", "plays", "play") and caption.word(index + 1) != "ball"
        if not modifies and not (played and (index + 1 == len(caption.words) or caption.is_head(index))):
            continue
        for other, signs in lexicon.SPORTS.items():
            related = {other, *signs.split()} - {"player", "players", "ball", "ice"}
            if other != word and word not in signs.split() and siblings.bag.isdisjoint(related):
                if other == "golf" and not played:
                    continue
                yield Edit(caption.replace(index, index + 1, other), "object_replaced", index, (word, other))


# -- relations -------------------------------------------------------------------------------------------------------


def _forms(verbs: str) -> frozenset[str]:
    return frozenset(form for verb in verbs.split() for form in (verb, third_form(verb), ing_form(verb)))


_MOVES = _forms("jump leap hop dive climb walk run go step ride swim crawl")
_JUMPS = _forms("jump leap hop fly")
_REST = _forms("sit stand lie lay rest sleep") | {"seated"}
_SLOPES = words("hill hillside stairs steps staircase slope mountain ramp slide cliff ladder escalator mountainside")
_HOLLOW = words("bench table chair couch bed bridge desk")
_SOLID = words("rock boulder log wall motorcycle car boat surfboard fence")

#: words -> (new words, words in any caption that forbid the change, what the word before must be, what must follow).
_RELATIONS: tuple[tuple[tuple[str, ...], str, str, frozenset[str] | None, str], ...] = (
    (("in", "front", "of"), "behind", "behind", None, "phrase"),
    (("behind",), "in front of", "front", None, "phrase"),
    (("on", "top", "of"), "underneath", "under underneath beneath below", None, "phrase"),
    (("next", "to"), "far away from", "", None, "phrase"),
    (("close", "to"), "far away from", "", None, "phrase"),
    (("beside",), "far away from", "", None, "phrase"),
    (("near",), "far away from", "", None, "phrase"),
    (("outside", "of"), "inside", "inside in-side indoors into", None, "phrase"),
    (("outside",), "inside", "inside indoors indoor into", None, "phrase or end"),
    (("inside",), "outside", "outside outdoors outdoor", None, "phrase"),
    (("outdoors",), "indoors", "inside indoors indoor", None, "end"),
    (("indoors",), "outdoors", "outside outdoors outdoor", None, "end"),
    (("up",), "down", "down downhill", None, "slope"),
    (("down",), "up", "up uphill", None, "slope"),
    (("into",), "out of", "out from emerges emerging exits exiting", _MOVES, "phrase"),
    (("towards",), "away from", "away", None, "phrase"),
    (("toward",), "away from", "away", None, "phrase"),
    (("away", "from"), "towards", "toward towards", None, "phrase"),
    (("above",), "below", "below under underneath beneath", None, "phrase"),
    (("below",), "above", "above over on top", None, "phrase"),
    (("underneath",), "on top of", "above over top", None, "phrase"),
    (("under",), "above", "above over top", None, "phrase"),
    (("over",), "under", "under underneath below", _JUMPS, "phrase"),
    (("onto",), "off", "off from", _MOVES, "phrase"),
    (("off", "of"), "onto", "onto on", _MOVES, "phrase"),
    (("off",), "onto", "onto on", _MOVES, "phrase"),
    (("on",), "under", "under underneath below beneath", _REST, "hollow"),
    (("on",), "beside", "beside next near behind", _REST, "solid"),
)  # fmt: skip


_NO_RELATION_AFTER = words("from up while just very over right")


def relation_reversed(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Another place or direction: in front of -> behind; up the hill -> down the hill; inside -> outside."""
    taken: set[int] = set()
    for old, new, forbidden, before, after in _RELATIONS:
        for index in range(len(caption.words) - len(old) + 1):
            end = index + len(old)
            if tuple(caption.words[index:end]) != old or index in taken:
                continue
            taken.add(index)
            if before is not None and not (
                caption.word(index - 1) in before
                or (caption.word(index - 1) == "down" and caption.word(index - 2) in before)
            ):
                taken.discard(index)
                continue
            if caption.word(index - 1) in _NO_RELATION_AFTER or siblings.bag & words(forbidden):
                continue
            if not _follows(caption, end, after):
                taken.discard(index)
                continue
            yield Edit(caption.replace(index, end, new), "relation_reversed", index, (" ".join(old), new))


# -- actions ---------------------------------------------------------------------------------------------------------

_AT = words("in on near next by beside behind at outside inside under alone together")
_ALONG = words("through along across around towards toward down up")
#: verb -> (verbs that cannot hold at the same time, what may follow; None: the end of the sentence).
_ACTIONS: dict[str, tuple[str, frozenset[str] | None]] = {
    "stand": ("sit lie", _AT),
    "sit": ("stand jump", _AT),
    "lie": ("stand jump", _AT),
    "lay": ("stand jump", _AT),
    "sleep": ("stand jump", _AT),
    "rest": ("jump dance", _AT),
    "kneel": ("stand jump", _AT),
    "crouch": ("stand jump", _AT),
    "run": ("crawl walk", _ALONG),
    "walk": ("run crawl", _ALONG),
    "crawl": ("run walk", _ALONG),
    "jog": ("crawl", _ALONG),
    "play": ("sleep", _AT - {"on", "under", "by"}),
    "dance": ("sleep sit", _AT),
    "swim": ("stand", frozenset(["in"])),
    "smile": ("cry frown", None),
    "laugh": ("cry frown", None),
    "push": ("pull", lexicon.DETERMINERS),
    "pull": ("push", lexicon.DETERMINERS),
    "throw": ("kick", lexicon.DETERMINERS),
    "kick": ("throw", lexicon.DETERMINERS),
}


def action_replaced(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Another action that cannot happen at the same time: sitting on a bench -> standing on a bench."""
    said = {verb for word in siblings.bag for verb in [_lemma(word)] if verb}
    for index, word in enumerate(caption.words):
        lemma = _lemma(word)
        if lemma not in _ACTIONS or caption.word(index - 1) in lexicon.DETERMINERS | lexicon.ADJECTIVES | {
            "to",
            "swing",
            "while",
        }:
            continue
        news, after = _ACTIONS[lemma]
        following = caption.word(index + 1)
        if (following not in after) if after is not None else (following not in ("", ".", "at", "and", "while", "as")):
            continue
        if (
            following in lexicon.DETERMINERS
            and "ball" not in caption.words[index + 1 : index + 4]
            and lemma in ("throw", "kick")
        ):
            continue
        for new in news.split():
            if new in said or (new == "lie" and "lay" in said):
                continue
            form = (
                ing_form(new) if word in lexicon.ING_FORMS
                else third_form(new) if word in lexicon.THIRD_FORMS
                else new
            )  # fmt: skip
            yield Edit(caption.replace(index, index + 1, form), "action_replaced", index, (lemma, new))


def _lemma(word: str) -> str:
    return lexicon.ING_FORMS.get(word) or lexicon.THIRD_FORMS.get(word) or (word if word in lexicon.BASE_FORMS else "")


def _follows(caption: Caption, end: int, what: str) -> bool:
    following = caption.word(end)
    if what in ("end", "phrase or end") and following in ("", ".", "!"):
        return True
    if what == "end" or following not in lexicon.DETERMINERS - {
        "this",
        "that",
        "these",
        "those",
        "another",
        "one",
        "each",
    }:
        return False
    if what in ("phrase", "phrase or end"):
        return caption.word(end + 1) not in ("camera", "other", "air", "distance")
    head = end + 1
    while caption.word(head) in lexicon.ADJECTIVES:
        head += 1
    nouns = {"slope": _SLOPES, "hollow": _HOLLOW, "solid": _SOLID}[what]
    noun = caption.word(head)
    return noun in nouns and (noun not in lexicon.NOUNS or caption.is_head(head))


# -- verbs -----------------------------------------------------------------------------------------------------------

_SUBJECTS = {"adult", "person", "animal"}


def verb_negated(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """The first verb denied, with its auxiliary: is running -> is not running; runs -> does not run; two dogs run ->
    two dogs do not run. Refuses where a second finite verb would stay affirmative beside the first."""
    for index, word in enumerate(caption.words[:-1]):
        following = caption.words[index + 1]
        if word in ("is", "are") and following in lexicon.ING_FORMS:
            yield _negated(caption, index + 1, index + 1, "not", following)
            return
        if word in ("is", "are", "who", "that", "which", "and", ",", "while", "as"):
            return
        if word not in lexicon.NOUNS or not lexicon.NOUNS[word][0] & _SUBJECTS:
            continue
        plural = lexicon.NOUNS[word][1]
        if caption.phrase_start(index) is None:
            return
        if following in lexicon.ING_FORMS and caption.is_head(index):
            yield _negated(caption, index + 1, index + 1, "not", following)
            return
        verb = (
            lexicon.THIRD_FORMS.get(following) if not plural else following if following in lexicon.BASE_FORMS else None
        )
        if verb is not None:
            rest = caption.words[index + 2 :]
            if "and" in rest or "then" in rest or "," in rest or "but" in rest:
                return
            yield _negated(caption, index + 1, index + 2, f"{'do' if plural else 'does'} not {verb}", following)
            return
        if following not in lexicon.PREPOSITIONS and following not in ("is", "are"):
            return


def _negated(caption: Caption, start: int, end: int, new: str, verb: str) -> Edit:
    text = caption.replace(start, end, new) if end > start else caption.insert(start, new)
    changed = Caption(text)
    place = start + len(new.split())
    if changed.word(place + 1) == "some":  # "is not holding some" is another claim than "is not holding any"
        text = changed.replace(place + 1, place + 2, "any")
    return Edit(text, "verb_negated", start, (verb, f"not {verb}"))
