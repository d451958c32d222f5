"""Penn Treebank tags for the words of plain captions: a lexicon says what a word may be, its neighbours what it is."""

import functools
import re

from semclip.english import lexicon
from semclip.english.inflection import known_as, lemma_of, words
from semclip.english.lexicon import kind_of
from semclip.english.words.load import listed, table_of

TOKEN = re.compile(r"\w+(?:[-’'./&]\w+)*?(?=['’]s\b|n['’]t\b)|['’]s\b|n['’]t\b|\w+(?:[-’'&]\w+)*|[^\w\s]")
_OF_WORD = {word: tag for tag, of in table_of("tags").items() for word in of}
#: "snow covered slope", "a heart shaped pendant": what people write for "snow-covered".
COMPOUNDED = listed("compounded")
_NUMBERS = words("one two three four five six seven eight nine ten eleven twelve dozen hundred")
_BE = words("is are was were be been being")
_MORE_ADJECTIVES = words("several many few various multiple numerous other same more most own next front")
_PRONOUNS = words("one another others all both each some this that these those")
_BEFORE_CLAUSE = words("while whilst when before after")
_OPENS = frozenset({"DT", "PRP$", "CD", "JJ", "POS"})


def tags_of(tokens: list[str]) -> list[str] | None:
    """A tag for each token; None where a word may be a noun or a verb and nothing tells which."""
    found: list[str] = []
    for place in range(len(tokens)):
        tag = _tag(tokens, place, found)
        if tag is None:
            return None
        found.append(tag)
    return found


@functools.lru_cache(65536)
def _readings(word: str) -> frozenset[str]:
    """What an open word may be: N, V, J, R."""
    found = {{"NOUN": "N", "VERB": "V", "ADJ": "J", "ADV": "R", "PROPN": "N"}.get(of, "") for of in known_as(word)} - {
        ""
    }
    if word in lexicon.NOUNS:
        found.add("N")
    if word in lexicon.ADJECTIVES or word in _MORE_ADJECTIVES:
        found.add("J")
    if not found:
        last = word.rpartition("-")[2]
        if "-" in word:
            found = {"J"} if last.endswith("ed") else set(_readings(last)) | {"J"}
        else:
            found = {"V"} if word.endswith(("ing", "ed")) else {"R"} if word.endswith("ly") else {"N"}
    if word.endswith("ly") and "R" in found:
        found = {"R"} if "J" not in found else found
    return frozenset(found)


def closed_tag(word: str) -> str:
    """The tag of a word of a closed class, "" for all others."""
    return _OF_WORD.get(word, "")


def is_known(word: str) -> bool:
    """Whether a lexicon holds a word."""
    return word in _OF_WORD or word in lexicon.KNOWN or bool(known_as(word)) or word.isdigit() or word in _NUMBERS


def _tag(tokens: list[str], place: int, tags: list[str]) -> str | None:
    word = tokens[place].lower()
    before = tags[-1] if tags else ""
    following = tokens[place + 1].lower() if place + 1 < len(tokens) else ""
    if not word[0].isalnum() and word not in _OF_WORD:
        return word if word in (",", ":", ".") else "SYM"
    noun_follows = _is_nounish(following)
    if (
        word in _PRONOUNS
        and not (word == "that" and before.startswith("NN"))
        and not noun_follows
        and following != "of"
        and not (word == "all" and following in ("the", "his"))
    ):
        return "RB" if before.startswith("NN") and word in ("all", "both", "each") else "NN"
    if word in _NUMBERS or word[0].isdigit():
        return "CD"
    if word in ("can", "might", "will") and before in _OPENS:
        return "NN"
    if before == "IN" and tokens[place - 1].lower() in _BEFORE_CLAUSE and word.endswith("ing"):
        return "VBG"
    if word == "there" and following not in ("is", "are", "was", "were"):
        return "RB"
    if word == "that" and before.startswith("NN"):
        return "WDT"
    if word == "her" and (not following or following in _OF_WORD):
        return "PRP"
    if (
        word in ("up", "down", "off", "out", "over")
        and before.startswith("V")
        and (not following or (_OF_WORD.get(following) in ("IN", "TO", "CC", None) and not _is_nounish(following)))
    ):
        return "RP" if word != "out" or following != "of" else "IN"
    if word in ("outside", "inside", "next") and following in ("", "of", "to", ".", ",") and word != "next":
        return "RB" if following != "of" else "IN"
    if word in _OF_WORD:
        return _OF_WORD[word]
    readings = _readings(word)
    helper = [
        token.lower() for token in tokens[max(0, place - 2) : place] if token.lower() not in ("not", "n't", "n’t")
    ]
    if helper and helper[-1] in ("have", "has", "had") and "V" in readings and lemma_of(word, "VBN") != word:
        return "VBN"
    bare = before in ("TO", "MD") or (helper and helper[-1] in ("do", "does", "did"))
    if bare and "V" in readings and lemma_of(word, "VBZ") == word and not word.endswith("ing"):
        return "VB"
    if word in lexicon.COLOUR_WORDS and following in (",", "and", "&"):
        second = tokens[place + 2].lower() if place + 2 < len(tokens) else ""
        if second in lexicon.COLOUR_WORDS or second in lexicon.ADJECTIVES:
            return "JJ"
    opened = before in _OPENS or (before in ("CC", ",") and len(tags) > 1 and tags[-2] == "JJ")
    if opened:
        return _in_phrase(word, readings, following)
    if before == "PRP" and "V" in readings:
        return _verb_tag(word, participle=False)
    if before.startswith("NN"):
        return _behind_noun(tokens, place, tags, readings)
    if (
        tokens[place - 1].lower() in _BE
        and place
        and "V" in readings
        and (word.endswith(("ing", "ed")) or (lemma_of(word, "VBN") != word and "J" not in readings))
    ):
        return _verb_tag(word, participle=True)
    if tokens[place - 1].lower() in _BE and place and "J" in readings and not noun_follows:
        return "JJ"
    if (before == "RB" or before.startswith("V") or not before or before in (",", "CC")) and "V" in readings:
        participle = (
            word.endswith("ing") or (word.endswith("ed") and before != "") or (before == "CC" and "N" not in readings)
        )
        if participle and not (not before and _is_nounish(following)):
            return _verb_tag(word, participle=before.startswith("V"))
        if before == "CC" and word not in lexicon.NOUNS and any(tag in ("VBZ", "VBP") for tag in tags):
            return _verb_tag(word, participle=False)
    return _in_phrase(word, readings, following)


def _is_nounish(word: str) -> bool:
    return bool(word) and word not in _OF_WORD and bool(_readings(word) & {"N", "J"})


def _in_phrase(word: str, readings: frozenset[str], following: str) -> str:
    """Inside a noun phrase: an adjective before another word of it, else a noun."""
    goes_on = _is_nounish(following) and not (
        following not in lexicon.NOUNS and (following.endswith(("ing", "ed")) or following in lexicon.THIRD_FORMS)
    )
    listed = word in lexicon.ADJECTIVES or word in _MORE_ADJECTIVES
    if "J" in readings and ("N" not in readings or (goes_on and (listed or word not in lexicon.NOUNS))):
        return "JJ"
    if "R" in readings and "N" not in readings and "J" not in readings:
        return "RB"
    if word.endswith(("ing", "ed")) and goes_on and word not in lexicon.NOUNS:
        return "JJ"
    if "N" in readings or ("J" in readings and not goes_on and not listed and "V" not in readings):
        return noun_tag(word)
    if "V" in readings:
        return "JJ" if goes_on else _verb_tag(word, participle=True)
    return "JJ"


def noun_tag(word: str) -> str:
    """NN or NNS, for a word that is a noun."""
    if word in lexicon.NOUNS:
        return "NNS" if lexicon.NOUNS[word][1] else "NN"
    return "NNS" if word.endswith(("s", "men", "ren", "ople")) and lemma_of(word, "NNS") != word else "NN"


def _verb_tag(word: str, participle: bool) -> str:
    if word.endswith("ing"):
        return "VBG"
    if word.endswith("s") and lemma_of(word, "VBZ") != word:
        return "VBZ"
    if lemma_of(word, "VBN") == word and not participle:
        return "VBP"
    return "VBN" if participle or lemma_of(word, "VBN") != word else "VBP"


def _behind_noun(tokens: list[str], place: int, tags: list[str], readings: frozenset[str]) -> str | None:
    """Behind a noun: a verb that agrees with it, a participle, or a further noun."""
    word = tokens[place].lower()
    following = tokens[place + 1].lower() if place + 1 < len(tokens) else ""
    if "V" not in readings:
        return "RB" if readings == {"R"} else _in_phrase(word, readings, following)
    if word.endswith("ing") and (word not in lexicon.NOUNS or following in _OF_WORD):
        return "VBG"
    if word in COMPOUNDED and following not in _OF_WORD and _is_nounish(following):
        return "JJ"
    tag = _verb_tag(word, participle=False)
    after = following not in _OF_WORD and _is_nounish(following)
    if tag in ("VBN", "VBD") and (word not in lexicon.NOUNS or not after):
        by_itself = following in ("a", "an", "the", "his", "her", "its", "their") and not word.endswith("n")
        return "VBD" if by_itself else "VBN"
    start = _clause_start(tokens, tags)
    nouns = [i for i in range(start, place) if tags[i].startswith("NN") and tags[i + 1 : i + 2] != ["NN"]]
    subject = nouns[0] if nouns else place - 1
    subject = next((i for i in range(subject, place) if not tags[i + 1 : i + 2] or tags[i + 1][:2] != "NN"), subject)
    behind = tokens[subject + 1].lower()
    plural = tags[subject] == "NNS" or behind == "and"
    agrees = tag == ("VBP" if plural else "VBZ") or (behind == "of" and tag == ("VBP" if tags[-1] == "NNS" else "VBZ"))
    if tag == "VBP" and not following.strip(".,"):
        agrees = "N" not in readings or (plural and subject == place - 1 and kind_of(tokens[subject].lower()) != "")
    if not agrees or any(t in ("VBZ", "VBP", "VBD") for t in tags[start:]):
        return noun_tag(word) if "N" in readings else "JJ" if "J" in readings else None
    is_noun, is_verb = word in lexicon.NOUNS, word in lexicon.THIRD_FORMS or word in lexicon.BASE_FORMS
    if "N" not in readings or (is_verb and not is_noun) or _OF_WORD.get(following) in ("DT", "PRP$", "PRP"):
        return tag
    if is_noun and not is_verb:
        return noun_tag(word)
    return tag if kind_of(tokens[subject].lower()) or kind_of(tokens[place - 1].lower()) else None


def _clause_start(tokens: list[str], tags: list[str]) -> int:
    """Where the clause begins that the next word may be the verb of."""
    opens = ("while", "as", "when", "because", "where", "but")
    return max((i + 1 for i, tag in enumerate(tags) if tag in ("WP", "WDT") or tokens[i].lower() in opens or (
        tag == "CC" and any(t in ("VBZ", "VBP", "VBD") for t in tags[:i]))), default=0)  # fmt: skip
