"""Another thing, person or sport in the place of one: a dog -> a cat; a man -> a woman; soccer -> tennis."""

from collections.abc import Iterator

from semclip.english import lexicon, things
from semclip.english.caption import Caption
from semclip.english.edits import Edit
from semclip.english.inflection import words
from semclip.english.siblings import Siblings


def object_replaced(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Another thing, person or sport in the place of one: a dog -> a cat; a man -> a woman; soccer -> tennis."""
    yield from _other_thing(caption, siblings)
    yield from _other_gender(caption, siblings)
    yield from _other_sport(caption, siblings)


_NO_GROUND = words("wave waterfall puddle surf rapids tricycle unicycle wood branch twig log disc disk")
_BEFORE_GROUND = words("in into through across on")
_IN = words("in inside into")
_ON = words("on onto at down along up over")
_GROUND = words("water snow grass sand mud")
_MADE_OF = words("metal steel iron wire chain link chain-link wooden wood brick stone concrete plastic rubber glass")
_SCENERY = words("beach street forest desert")


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
        if sum(things.NAMES.get(word, ("",))[0] == thing for word in caption.words) > 1:
            continue  # one rabbit barks at two other dogs
        has_determiner = caption.words[start] in lexicon.DETERMINERS
        before = caption.word(start - 1)
        if thing in _GROUND:
            adjectives = set(caption.words[start:index]) - {"the"}
            if before not in _BEFORE_GROUND or adjectives or plural:
                continue
        elif not plural and not has_determiner:
            continue
        if start == index and (word in lexicon.THIRD_FORMS or word in lexicon.BASE_FORMS):  # she slides down
            continue
        if thing in things.HELD and before not in lexicon.HOLDING:
            continue
        if not _MADE_OF.isdisjoint(caption.words[start:index]) or (thing == "flag" and start + 1 < index):
            continue  # no log is of metal, no balloon American
        described = not lexicon.DETERMINERS.issuperset(caption.words[start:index])
        if thing in _SCENERY and (described or before == "at"):  # no beach is paved, no street sandy
            continue
        for other in things.REPLACED_BY[thing]:
            if things.is_misfit(caption.words, start, other):
                continue
            misfit = (other in things.ON_PLACES and before in _IN) or (other in things.IN_PLACES and before in _ON)
            if other not in siblings.signs and not misfit:
                new = things.THINGS[other]
                text = caption.replace(index, index + 1, new.plural if plural and word != "woods" else new.name)
                yield Edit(text, "object_replaced", index, (thing, other))


#: Words for somebody of that age and either sex: of "a boy" and "a kid" no girl is made.
_MAY_BE_EITHER = words("child children kid kids toddler toddlers baby babies infant adult adults")
_SEXED = lexicon.MALE_SIGNS | lexicon.FEMALE_SIGNS


def _other_gender(caption: Caption, siblings: Siblings) -> Iterator[Edit]:
    """Only where all captions agree on one sex and no pronoun of this caption would be left behind."""
    people = [i for i, word in enumerate(caption.words) if word in _SEXED]
    if not people or siblings.bag & lexicon.MANY_PEOPLE:
        return
    for swaps, others, pronouns in (
        (lexicon.MALE_TO_FEMALE, lexicon.FEMALE_SIGNS, {"he": "she", "his": "her", "him": "her", "himself": "herself"}),
        (lexicon.FEMALE_TO_MALE, lexicon.MALE_SIGNS, {"she": "he", "herself": "himself"}),
    ):
        named = [i for i in people if caption.words[i] in swaps]
        rest = {caption.words[i] for i in people if i not in named}
        if len(named) != 1 or siblings.bag & others or not rest <= set(pronouns):
            continue
        index = named[0]
        start = caption.phrase_start(index)
        if not caption.is_head(index) or start is None:
            continue
        if rest and caption.bag & {"dog", "animal", "horse"}:
            continue
        aged = not lexicon.AGES.isdisjoint(caption.words[start:index])
        same_age_only = aged or not siblings.bag.isdisjoint(_MAY_BE_EITHER)
        for new in swaps[caption.words[index]][: 1 if same_age_only else 2]:
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
