"""Another action that cannot happen at the same time: sitting on a bench -> standing on a bench."""

from collections.abc import Iterator

from semclip.english import lexicon
from semclip.english.caption import Caption
from semclip.english.clause import parse
from semclip.english.edits import Edit
from semclip.english.inflection import ing_form, third_form, words
from semclip.english.siblings import Siblings

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


#: The last of them make one action of two words: break dancing, arm wrestling.
_NO_VERB_AFTER = lexicon.DETERMINERS | lexicon.ADJECTIVES | {"to", "swing", "while", "or", "break", "pole", "line"}
_STOPS = words("at and while as .") | {""}


def action_replaced(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Another action that cannot happen at the same time: sitting on a bench -> standing on a bench."""
    for index, word in enumerate(caption.words):
        lemma = _lemma(word)
        if lemma not in _ACTIONS or caption.word(index - 1) in _NO_VERB_AFTER or not _is_being(caption, index):
            continue
        news, after = _ACTIONS[lemma]
        following = caption.word(index + 1)
        if following not in (_STOPS if after is None else after):
            continue
        if caption.word(index + 2) in ("his", "her", "its", "their", "back", "backs"):  # nobody jumps on their back
            continue
        if lemma in ("smile", "laugh") and following == "and":
            continue
        if "wheelie" in caption.words[index + 1 : index + 4]:
            continue
        if lemma in ("throw", "kick") and "ball" not in caption.words[index + 1 : index + 4]:
            continue
        said = {_lemma(other) for other in siblings.bag}
        for new in news.split():
            if new in said or (new == "lie" and "lay" in said):
                continue
            text = caption.replace(index, index + 1, _in_form_of(word, new))
            yield Edit(text, "action_replaced", index, (lemma, new))
            break  # the first is the most likely one


def _in_form_of(word: str, verb: str) -> str:
    if word in lexicon.ING_FORMS:
        return ing_form(verb)
    return third_form(verb) if word in lexicon.THIRD_FORMS else verb


def _is_being(caption: Caption, index: int) -> bool:
    """Whether a person or an animal does it: a sign that sits by the road stands there, too."""
    clause = parse(caption)
    places = [clause.head] if clause else range(index - 1, -1, -1)
    nouns = [lexicon.NOUNS[caption.words[i]][0] for i in places if caption.words[i] in lexicon.NOUNS]
    return bool(nouns and nouns[0] & {"adult", "person", "animal"})


def _lemma(word: str) -> str:
    return lexicon.ING_FORMS.get(word) or lexicon.THIRD_FORMS.get(word) or (word if word in lexicon.BASE_FORMS else "")
