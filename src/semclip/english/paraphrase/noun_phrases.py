"""Where noun phrases end, and what number their heads have."""

from semclip.english import lexicon
from semclip.english.inflection import article_of, words
from semclip.english.paraphrase import grammar as g
from semclip.english.paraphrase import verbs

_STOP = (
    g.PREPOSITIONS | g.BE | g.CONJUNCTIONS | g.SUBORDINATES | g.RELATIVES | g.PRONOUNS | words(", has have had very")
) - {"that", "front", "next", "close", "like"}


def _ends_with_beings(word: str, previous: str, following: str) -> bool:
    """Whether a noun phrase ends with a being although a word that may be a noun follows: protesters | picket."""
    if word in g.COMPOUNDS and (following in verbs.ING or following in verbs.THIRD):
        return True
    return g.is_plural(previous) and word[0].isalpha() and not g.is_noun(word) and word not in lexicon.ADJECTIVES


_LAST = words("people men women children")  # never before another noun


def noun_phrase(tokens: list[str], start: int, number: str) -> int:
    """Where the noun phrase that starts at `start` ends; `start` itself where there is none.

    number: of the subject that a verb behind it may have: "singular", "plural", "either"; "own" when the phrase is the
    subject; "" where no finite verb can follow.
    """
    tokens_before = tokens[start - 1] if start else ""
    end, i = len(tokens), start
    if start == 0 and tokens[:1] in (["someone"], ["somebody"]):
        return 1
    if i < end and tokens[i] in ("all", "both") and i + 1 < end and tokens[i + 1] in g.DETERMINERS:
        i += 1
    if i < end and tokens[i] in g.DETERMINERS:
        i += 1
        if i < end and (tokens[i] in lexicon.NUMBER_WORDS or tokens[i] == "few"):
            i += 1
    first = i
    while i < end:
        word = tokens[i]
        following = tokens[i + 1] if i + 1 < end else ""
        previous = tokens[i - 1] if i > first else ""
        if word == "'s" and previous:
            i += 1
            continue
        if word == "and" and previous.endswith("ed") and following.endswith("ed") and previous not in verbs.PARTICIPLES:
            i += 1
            continue
        if tokens[i : i + 2] == [",", "and"] and {previous, *tokens[i + 2 : i + 3]} <= lexicon.COLOUR_WORDS:
            i += 2  # black, brown, and white
            continue
        if word in (",", "and") and previous in lexicon.ADJECTIVES and following in lexicon.ADJECTIVES:
            after = tokens[i + 2] if i + 2 < end else ""
            if previous not in lexicon.NOUNS and (word == "," or previous in lexicon.COLOUR_WORDS) and after:
                i += 1
                continue
        if word == "very" and following.endswith("ly") and following not in lexicon.ADJECTIVES:
            break  # chases a white dog | very quickly
        if word in ("very", "brightly", "light", "dark") and following and following not in g.PREPOSITIONS:
            i += 1
            continue
        if previous and g.is_being(previous) and _ends_with_beings(word, previous, following):
            break
        if previous in _LAST or word in _STOP or word in g.DETERMINERS or (previous and is_adverb(word, following)):
            break
        coloured = (
            (start == first or tokens[start] == "all")
            and tokens_before in _BEFORE_COLOUR
            and _WORN.issuperset(tokens[first:i:2])
        )
        if previous and _is_verb_here(word, previous, following, number, coloured):
            break
        i += 1
    if i == first:
        return (
            i
            if i > start and tokens[start] in ("another", "one", "both", "several", "some", "many", *lexicon.NUMBERS)
            else start
        )
    while i > first and tokens[i - 1] in (",", "and"):
        i -= 1
    return i


def is_adverb(word: str, following: str) -> bool:
    return word in g.ADVERBS and not (word in lexicon.ADJECTIVES and g.is_noun(following))


#: A colour alone behind these is a noun: a man in red, people dressed in white.
_WORN = lexicon.COLOUR_WORDS | words("denim leather plaid camouflage")
_BEFORE_COLOUR = words("in wearing and of")


#: Participles that may stand between two nouns: a rock climbing wall.
_ATTRIBUTIVE = words(
    """climbing swimming diving skating parking sitting dining living racing hiking punching training fishing boxing
    shopping walking riding running jumping bathing playing washing sewing waiting dancing skateboarding wrestling
    cutting sailing rowing fighting building clothing sledding surfing skiing landing sporting viewing"""
)


_PLAYING = words("field fields card cards court area equipment ground surface")


def _is_verb_here(word: str, previous: str, following: str, number: str, coloured: bool) -> bool:
    noun_before = previous not in lexicon.ADJECTIVES or previous in lexicon.NOUNS
    noun_before |= coloured and previous in _WORN
    if word in verbs.ING:
        if not noun_before:
            return False
        if word == "playing" and following not in _PLAYING:
            return True
        if (
            word == "setting"
            and previous not in ("sun", "moon")
            and following not in g.ADVERBS | g.DETERMINERS | {"up"}
        ):
            return False  # in a winter setting
        return not (
            word in _ATTRIBUTIVE and g.is_noun(following) and not g.is_being(previous) and previous not in g.CLOTHES
        )
    core = number == "own"
    if core:
        number = "either" if previous in g.COLLECTIVES else "plural" if g.is_plural(previous) else "singular"
    noun_before |= previous.endswith("ed")  # her face painted | stands
    if number and noun_before and word in verbs.THIRD and not g.is_noun(word) and g.third(word):
        return True  # no noun at all; where it does not agree, the clause is not understood
    if not noun_before:
        return False
    if word in verbs.THIRD and number in ("singular", "either") and g.third(word):
        return following not in g.BE and following not in verbs.THIRD
    if word in verbs.VERBS and number in ("plural", "either"):
        if word == "ride" and previous in ("park", "carnival", "fair", "water"):
            return False
        if not g.is_noun(word):
            return True
        return following in g.DETERMINERS or (
            g.is_plural(previous) and previous not in _EITHER and (following in _BEHIND_VERB or not following)
        )
    if word in verbs.PARTICIPLES and word not in lexicon.ADJECTIVES:
        return number != "" or following in ("by", "with", "in", "on", "up")
    return number != "" and word in ("dressed", "covered", "painted") and following in ("in", "as", "with", "by", "up")


_BEHIND_VERB = g.PREPOSITIONS | g.ADVERBS | g.SUBORDINATES | words("and ,")


def with_complement(tokens: list[str], end: int, number: str) -> int:
    """The end of a noun phrase with its "of ...": a group of people, the side of a hill."""
    while end + 1 < len(tokens) and tokens[end] == "of":
        longer = noun_phrase(tokens, end + 1, number)
        if longer == end + 1:
            break
        end = longer
    return end


def is_countable(head: str) -> bool:
    """Whether a noun without article may get one: "Dog runs" -> "a dog runs"."""
    return (
        g.is_being(head) or head in g.DEPICTIONS or bool(lexicon.NOUNS.get(head, (frozenset(), False))[0] & {"object"})
    )


def with_articles(tokens: list[str], start: int) -> list[str]:
    """The tokens with "a" before each bare noun behind `start` that surely wants one: on street -> on a street.

    For captions in the style of headlines: once their subject has an article, the rest reads wrongly without.
    """
    found = tokens[:start]
    end = 0  # of the last noun that got one
    for i in range(start, len(tokens)):
        starts = _governs(tokens, i - 1) or (tokens[i - 1] == "and" and i - 1 == end)
        if starts and tokens[i] not in g.DETERMINERS:
            stop = noun_phrase(tokens, i, "")
            if stop > i and _wants_article(tokens, i, stop):
                found.append(article_of(tokens[i]))
                end = stop
        found.append(tokens[i])
    return found


def _governs(tokens: list[str], at: int) -> bool:
    """Whether a noun phrase may start behind a word: a preposition, or a participle that is no part of one itself."""
    if tokens[at] in _GOVERNS:
        return True
    before = tokens[at - 1]
    acts = (g.is_noun(before) and before not in g.COMPOUNDS) or before in _BEFORE_PARTICIPLE
    return tokens[at] in verbs.ING and acts


def _wants_article(tokens: list[str], start: int, stop: int) -> bool:
    phrase, head, before = tokens[start:stop], tokens[stop - 1], tokens[start - 1]
    categories, plural = lexicon.NOUNS.get(head, (frozenset(), True))
    if plural or head in _MASS or tokens[stop : stop + 1] == ["of"] or not {"'s", "and"}.isdisjoint(phrase):
        return False
    if any(map(g.is_plural, phrase)):
        return False
    by_car = before == "by" and "object" in categories
    if len(phrase) == 1 and (by_car or head in _FIXED or tokens[stop : stop + 1] == ["to"]):
        return False  # from couch to couch
    return bool(categories & {"adult", "person", "animal", "clothes", "object", "place"}) or head in _COUNTED


_BEFORE_PARTICIPLE = g.BE | g.SUBORDINATES | {"and", ","}
_GOVERNS = words(
    """in on at with of through over under near by for from into onto off up down along across around behind beside
    against toward towards above below underneath beneath inside outside past between amid"""
)
_MASS = words("clothing grass ground dirt hair wood paper police audience lightning tennis soccer plastic")
#: Alone behind a preposition: in bed, at school, on stage.
_FIXED = words("bed school church town court costume uniform stage market rope camera board leash chain tie water drum")
_COUNTED = words(
    """window pool stairway staircase dock pier waterfall playground forest desert ramp rail railing crosswalk
    lawn meadow hillside mountaintop intersection leotard backyard parade sunset stump doorway ledge boardwalk banner"""
)


def head_at(subject: list[str]) -> int:
    """The last word before "of"; for "a group of people" it is "group"."""
    end = subject.index("of") if "of" in subject else len(subject)
    head = end - 1
    return head if head >= 0 and subject[head] not in g.DETERMINERS | {"'s"} else -1


_ONE = words("a an one another this each every")
_SEVERAL = lexicon.NUMBER_WORDS | words("several many few these those both various multiple")
_EITHER = words("sheep fish deer police")  # one form for both numbers


def number_of(subject: list[str], head: str) -> str:
    """ "singular", "plural", "either" (a group of people); "" where determiner and noun do not agree."""
    first = subject[0]
    if subject[:2] == ["a", "few"] or ("and" in subject and not _colours_joined(subject)):
        return "plural"
    if first in _ONE:
        if head in g.COLLECTIVES:
            return "either"
        # An unknown word that ends in s is no noun after "a": "a windsurfer angles".
        agrees = (first == "one" or not g.is_plural(head)) and (not head.endswith("s") or g.is_noun(head))
        return "singular" if agrees else ""
    if first in _SEVERAL:
        return "plural" if g.is_plural(head) or head in _EITHER else ""
    if head in _EITHER:
        return ""
    if head in g.COLLECTIVES:
        return "either"
    return "plural" if g.is_plural(head) else "singular"


def _colours_joined(subject: list[str]) -> bool:
    """Whether every "and" joins adjectives: a black, white and brown dog."""
    plain = [word for word in subject if word != ","]
    return all({plain[i - 1], plain[i + 1]} <= lexicon.ADJECTIVES for i, word in enumerate(plain[:-1]) if word == "and")


def between_adjectives(tokens: list[str], at: int) -> bool:
    """Whether a comma stands in a list of adjectives: a white, black and red coat."""
    return {tokens[at - 1], *tokens[at + 1 : at + 2]} <= lexicon.ADJECTIVES
