"""Penn Treebank tags for the words of plain captions: a lexicon says what a word may be, its neighbours what it is."""

import functools
import re

from semclip.english import lexicon
from semclip.english.inflection import known_as, lemma_of, words
from semclip.english.lexicon import kind_of
from semclip.english.words.load import listed, table_of

TOKEN = re.compile(r"\w+(?:[-’'./&]\w+)*?(?=['’]s\b|n['’]t\b)|['’]s\b|n['’]t\b|\w+(?:[-’'&]\w+)*|[^\w\s]")
#: What stands before a noun and can stand for none.
ARTICLES = words("a an the his her its their")
#: Word of a closed class -> its tag, or the one that it has most often.
CLOSED = {word: tag for tag, of in table_of("tags").items() for word in of}
#: "snow covered slope", "a heart shaped pendant": what people write for "snow-covered".
COMPOUNDED = listed("compounded")
_NUMBERS = words("one two three four five six seven eight nine ten eleven twelve dozen hundred")
_BE = words("is are was were be been being")
_ADJECTIVES = lexicon.ADJECTIVES | words(
    "several many few various multiple numerous other same more most own next front"
)
_PRONOUNS = words("one another others all both each some this that these those")
_PARTICLES = words("up down off out over")
_OPENS_CLAUSE = words("while as when because where but who which whose whom")
_OPENS_PHRASE = frozenset({"DT", "PRP$", "CD", "JJ", "POS"})
_FINITE = frozenset({"VBZ", "VBP", "VBD"})


def tags_of(tokens: list[str]) -> list[str] | None:
    """A tag for each small word; None where one may be a noun or a verb and nothing tells which."""
    padded = [*tokens, "", ""]  # so that there is a word before the first and behind the last
    found: list[str] = []
    for place in range(len(tokens)):
        tag = _tag(padded, place, found)
        if tag is None:
            return None
        found.append(tag)
    return found


@functools.lru_cache(65536)
def _readings(word: str) -> frozenset[str]:
    """What an open word may be: some of NOUN, VERB, ADJ, ADV."""
    found = known_as(word) - {"AUX"}
    found |= {of for of, listed in (("NOUN", lexicon.NOUNS), ("ADJ", _ADJECTIVES)) if word in listed}
    if not found and "-" in word:
        last = word.rpartition("-")[2]
        return frozenset({"ADJ"}) if last.endswith("ed") else _readings(last) | {"ADJ"}
    if not found:
        return frozenset({"VERB" if word.endswith(("ing", "ed")) else "ADV" if word.endswith("ly") else "NOUN"})
    return found & {"ADV"} if word.endswith("ly") and "ADJ" not in found and "ADV" in found else found


@functools.lru_cache(65536)
def is_known(word: str) -> bool:
    """Whether a lexicon holds a word."""
    return word in CLOSED or word in lexicon.KNOWN or bool(known_as(word)) or word.isdigit() or word in _NUMBERS


def _tag(tokens: list[str], place: int, tags: list[str]) -> str | None:
    word, following, before = tokens[place], tokens[place + 1], tags[-1] if tags else ""
    if not word[0].isalnum() and word not in CLOSED:
        return word if word in (",", ":", ".") else "SYM"
    if word == "that" and before[:2] == "NN":
        return "WDT"
    if word in _PRONOUNS and not _is_nounish(following) and following not in ("of", "the", "his"):
        return "RB" if before[:2] == "NN" and word in ("all", "both", "each") else "NN"
    if word in _NUMBERS or word[0].isdigit():
        return "CD"
    return _closed(word, following, before) if word in CLOSED else _open(tokens, place, tags)


def _closed(word: str, following: str, before: str) -> str:
    """The tag of a word of a closed class, which its neighbours tell where there are several."""
    if word in ("can", "might", "will") and before in _OPENS_PHRASE:
        return "NN"
    if word == "there" and following not in _BE:
        return "RB"
    if word == "her" and (not following or following in CLOSED):
        return "PRP"
    goes_on = _is_nounish(following) or CLOSED.get(following) not in ("IN", "TO", "CC", None)
    if word in _PARTICLES and before[:1] == "V" and not goes_on:
        return "IN" if word == "out" and following == "of" else "RP"
    if word in ("outside", "inside") and following in ("", "of", "to", ".", ","):
        return "IN" if following == "of" else "RB"
    return CLOSED[word]


def _open(tokens: list[str], place: int, tags: list[str]) -> str | None:
    word, following, before = tokens[place], tokens[place + 1], tags[-1] if tags else ""
    readings, previous = _readings(word), tokens[place - 1]
    may_be_verb, is_ing, is_form = "VERB" in readings, word.endswith("ing"), word.endswith(("ing", "ed"))
    helper = tokens[place - 2] if previous in ("not", "n't", "n’t") else previous
    if helper in ("have", "has", "had") and may_be_verb and lemma_of(word, "VBN") != word:
        return "VBN"
    is_bare = may_be_verb and not is_ing and lemma_of(word, "VBZ") == word
    if is_bare and (before in ("TO", "MD") or helper in ("do", "does", "did")):
        return "VB"
    if is_ing and previous in ("while", "whilst", "before", "after"):
        return "VBG"
    if word in lexicon.COLOUR_WORDS and following in (",", "and", "&") and tokens[place + 2] in lexicon.ADJECTIVES:
        return "JJ"
    if before in _OPENS_PHRASE or (before in ("CC", ",") and tags[-2:-1] == ["JJ"]):
        return _in_phrase(word, following)
    if before == "PRP" and may_be_verb:
        return _verb_tag(word)
    if before[:2] == "NN":
        return _behind_noun(tokens, place, tags)
    if previous in _BE:
        if may_be_verb and (is_form or (lemma_of(word, "VBN") != word and "ADJ" not in readings)):
            return _verb_tag(word, participle=True)
        if "ADJ" in readings and not _is_nounish(following):
            return "JJ"
    if may_be_verb and (before in ("", "RB", ",", "CC") or before[0] == "V"):
        participle = is_ing or (is_form and before != "") or (before == "CC" and "NOUN" not in readings)
        if participle and (before or not _is_nounish(following)):
            return _verb_tag(word, participle=before[:1] == "V")
        if before == "CC" and word not in lexicon.NOUNS and not {"VBZ", "VBP"}.isdisjoint(tags):
            return _verb_tag(word)
    return _in_phrase(word, following)


@functools.lru_cache(65536)
def _is_nounish(word: str) -> bool:
    return bool(word) and word not in CLOSED and not _readings(word).isdisjoint({"NOUN", "ADJ"})


@functools.lru_cache(65536)
def _in_phrase(word: str, following: str) -> str:
    """Inside a noun phrase: an adjective before another word of it, else a noun."""
    readings, is_noun, is_form = _readings(word), word in lexicon.NOUNS, word.endswith(("ing", "ed"))
    may_be_verb = following.endswith(("ing", "ed")) or following in lexicon.THIRD_FORMS
    goes_on = _is_nounish(following) and (following in lexicon.NOUNS or not may_be_verb)
    if "ADJ" in readings and ("NOUN" not in readings or (goes_on and (word in _ADJECTIVES or not is_noun))):
        return "JJ"
    if "NOUN" in readings:
        return "JJ" if is_form and goes_on and not is_noun else noun_tag(word)
    return "RB" if "ADV" in readings else "JJ" if goes_on else _verb_tag(word, participle=True)


_INSIDE = {"DT": "det", "PRP$": "poss", "CD": "nummod", "POS": "case", "CC": "cc", ",": "punct", "RB": "advmod"}


def label_inside(tags: list[str], place: int) -> str:
    """The label of a word in the phrase of a noun behind it."""
    if tags[place][:2] == "NN":
        return "poss" if tags[place + 1 : place + 2] == ["POS"] else "compound"
    return _INSIDE.get(tags[place], "amod")


def noun_tag(word: str) -> str:
    """NN or NNS, for a word that is a noun."""
    if word in lexicon.NOUNS:
        return "NNS" if lexicon.NOUNS[word][1] else "NN"
    return "NNS" if word.endswith(("s", "men", "ren", "ople")) and lemma_of(word, "NNS") != word else "NN"


def _verb_tag(word: str, participle: bool = False) -> str:
    if word.endswith("ing"):
        return "VBG"
    if word.endswith("s") and lemma_of(word, "VBZ") != word:
        return "VBZ"
    return "VBN" if participle or lemma_of(word, "VBN") != word else "VBP"


def _behind_noun(tokens: list[str], place: int, tags: list[str]) -> str | None:
    """Behind a noun: a verb that agrees with it, a participle, or a further noun."""
    word, following = tokens[place], tokens[place + 1]
    readings, is_noun = _readings(word), word in lexicon.NOUNS
    if "VERB" not in readings:
        return "RB" if readings == {"ADV"} else _in_phrase(word, following)
    if word.endswith("ing") and (not is_noun or following in CLOSED):
        return "VBG"
    goes_on = _is_nounish(following)
    if word in COMPOUNDED and goes_on:
        return "JJ"
    tag = _verb_tag(word)
    if tag == "VBN" and (not is_noun or not goes_on):
        return "VBD" if following in ARTICLES and not word.endswith("n") else "VBN"
    start = _clause_start(tokens, tags)
    subject = next(i for i in range(start, place) if tags[i][:2] == "NN" and (*tags, "")[i + 1][:2] != "NN")
    behind = tokens[subject + 1]
    plural = tags[subject] == "NNS" or behind == "and"
    agrees = tag == ("VBP" if plural else "VBZ") or (behind == "of" and tag == ("VBP" if tags[-1] == "NNS" else "VBZ"))
    being = kind_of(tokens[subject]) != ""
    if tag == "VBP" and following in ("", ",", "."):
        agrees = "NOUN" not in readings or (plural and subject == place - 1 and being)
    if not agrees or not _FINITE.isdisjoint(tags[start:]):
        return noun_tag(word) if "NOUN" in readings else "JJ" if "ADJ" in readings else None
    is_verb = word in lexicon.THIRD_FORMS or word in lexicon.BASE_FORMS
    if "NOUN" not in readings or (is_verb and not is_noun) or CLOSED.get(following) in ("DT", "PRP$", "PRP"):
        return tag
    if is_noun and not is_verb:
        return noun_tag(word)
    return tag if being or kind_of(tokens[place - 1]) else None


def _clause_start(tokens: list[str], tags: list[str]) -> int:
    """Where the clause begins that the next word may be the verb of."""
    for i in range(len(tags) - 1, -1, -1):
        if tokens[i] in _OPENS_CLAUSE or tags[i] == "WDT" or (tags[i] == "CC" and not _FINITE.isdisjoint(tags[:i])):
            return i + 1
    return 0
