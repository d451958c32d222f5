"""What our word lists say of words: people, attributes, nouns, adjectives, verbs, function words."""

import functools

from semclip.english.inflection import by_rule, lemma_of, words
from semclip.english.things import NAMES
from semclip.english.words.load import lines_of, listed, rows_of, table_of

_LISTS = table_of("lists")
AGES, MANY_PEOPLE, MALE_SIGNS, FEMALE_SIGNS = map(listed, ("ages", "many people", "male signs", "female signs"))
#: person -> who may take their place.
OTHER_MEN = {who: others for who, others in table_of("counterparts").items() if who in MALE_SIGNS}
OTHER_WOMEN = {who: others for who, others in table_of("counterparts").items() if who in FEMALE_SIGNS}
#: sport -> words that tell it or one like it.
SPORTS = {sport: frozenset(signs) for sport, signs in table_of("sports").items()}

#: colour -> colours near enough that both may be said of one thing.
COLOURS = {colour: frozenset(near) for colour, near in table_of("colours").items()}
COLOUR_WORDS = frozenset(word for colour, near in table_of("colours").items() for word in (colour, *near))
FUR_COLOURS, CLOTH_COLOURS, HAIR_COLOURS = (_LISTS[f"{of} colours"] for of in ("fur", "cloth", "hair"))
MIXED_COLOURS = listed("mixed colours")

NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight")
NUMBER_WORDS = frozenset((*NUMBERS, "one", "nine", "ten", "dozen", "2", "3", "4", "5", "6"))
VAGUE_NUMBERS = listed("vague numbers")
#: attribute -> (opposite, categories it may describe, words in any caption of the image that forbid the swap).
OPPOSITES = {word: (opposite, words(of), words(forbidden)) for word, opposite, of, forbidden in rows_of("opposites", 4)}
#: Words that differ in form alone, so that a pair held out from training is held out in every form.
SAME = {other: word for word, others in table_of("variants").items() for other in others}

UNCOUNTED = listed("uncounted")
#: The same, and what is counted at times: a food, a rain.
MASS = UNCOUNTED | listed("also uncounted")
#: Several, or one.
ONE_OR_MORE = listed("plurals without s")
_PLURAL_NOUNS = listed("plural nouns")
_ANIMALS = ("dog", "cat", "horse", "cow", "sheep", "goat", "bird", "monkey", "elephant", "rabbit", "pig", "bear")
#: noun -> (categories, is it a plural).
NOUNS: dict[str, tuple[frozenset[str], bool]] = {}
for _category, _nouns in table_of("nouns").items():
    for _word in _nouns:
        _forms = [(_word, _word in _PLURAL_NOUNS)]
        if _word not in _PLURAL_NOUNS and _word not in UNCOUNTED:
            _forms.append((by_rule(_word, "NNS"), True))
        for _form, _is_plural in _forms:
            NOUNS[_form] = (NOUNS.get(_form, (frozenset(), False))[0] | {_category}, _is_plural)
for _word, (_of, _is_plural) in NAMES.items():
    if _of in _ANIMALS:
        NOUNS[_word] = (frozenset({"animal"}), _is_plural)
    else:
        NOUNS.setdefault(_word, (frozenset({"other"}), _is_plural))

ADJECTIVES = listed("adjectives") | frozenset(COLOURS)
BASE_FORMS = listed("verbs")
ING_FORMS = frozenset(by_rule(verb, "VBG") for verb in BASE_FORMS)
THIRD_FORMS = frozenset(by_rule(verb, "VBZ") for verb in BASE_FORMS)
DETERMINERS = listed("determiners") | frozenset(NUMBERS)
PREPOSITIONS, AUXILIARIES = listed("prepositions"), listed("auxiliaries")
#: Words that negate. A caption that holds one is left alone.
NEGATION_WORDS = listed("negations")
#: Every word of the lists above: a text that knows few of them is not taken for an English caption.
KNOWN = ADJECTIVES | PREPOSITIONS | AUXILIARIES | DETERMINERS | ING_FORMS | THIRD_FORMS | BASE_FORMS | NOUNS.keys()

_PEOPLE = frozenset(word for line in lines_of("people") for word in line.split())


@functools.lru_cache(65536)
def kind_of(word: str) -> str:
    """person, animal, or "" for a small word."""
    of, _ = NOUNS.get(word, (frozenset[str](), False))
    if of & {"adult", "person"} or word in _PEOPLE or lemma_of(word, "NNS") in _PEOPLE:
        return "person"
    return "animal" if "animal" in of else ""


def is_clothes(word: str) -> bool:
    """Whether a small word names what is worn."""
    return "clothes" in NOUNS.get(word, ((), False))[0]
