"""Paraphrases, negations and absences for English captions by rules over a parse: deterministic, offline.

The split `test` gets other wordings, other pairs of words and further kinds than `train` and `val` do, so that a test
measures understanding, not recognition.
"""

import functools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from semclip.captions.writers._draw import Draw, Key
from semclip.captions.writers._kinds import CLAUSE, Plan, best_of, of_phrases, weights_of
from semclip.captions.writers.base import Candidate, Writer, Written
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.objects import objects_of
from semclip.core.seeds import derive_seed
from semclip.english.absences import forms_for, said_behind
from semclip.english.absent import Absent, deniable
from semclip.english.caption import Caption
from semclip.english.change import words_of
from semclip.english.edits import Edit, Scene, tried
from semclip.english.negate.sentence import endings_of
from semclip.english.parse import Parses, Tree, open_parser, phrases
from semclip.english.parse.clean import Sentence, sentence_of
from semclip.english.parse.source import BUILT_IN, as_words, is_installed
from semclip.english.parse.tag import is_known
from semclip.english.parse.tree import style_of
from semclip.english.reword import Paraphrase, paraphrase
from semclip.english.siblings import SILENT, Siblings

SHORTEST = 2  # words; one is a label
LONGEST = 60  # more is a paragraph
#: The pipeline that `parser: auto` takes where it is installed.
PIPELINE = "en_core_web_sm"
_PLURAL_SHARE = {"person": 0.7}  # of others 0.35: "no people" is more usual than "no person"
_NOT_UNDERSTOOD = "not understood by the parser"
_NO_RULE = "no rule applies"
_NOTHING_FITS = "nothing absent is known to fit the scene"
_NOT_KNOWN = f"what is missing cannot be known: add a column 'objects' or {SILENT} captions of the photo"


class Rules(Writer):
    """The embedded writer. Looks over all captions first: what occurs together, and what each group's captions name."""

    name = "rules"
    version = "17"
    views = ("paraphrase", "negation", "absence")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """kinds: a preset (balanced, ccneg, sugarcrepe, negbench) or `{kind: weight}`.

        clause: the share of negations without a negation word behind which a clause says what is missing, truly.
        parser: a spaCy pipeline, "plain" (built in), or "auto": en_core_web_sm where it is installed, else plain.
        """

        kinds: Any = "balanced"
        clause: float = 0.0
        parser: str = "auto"

    def __init__(self, config: Any, examples: Sequence[Example]) -> None:
        super().__init__(config, examples)
        if not 0 <= self.config.clause <= 1:
            raise UserError(f"a share of {self.config.clause}", where="writer.clause", fix="give 0 to 1")
        self._weights = {family: weights_of(self.config.kinds, family) for family in "AB"}
        texts: dict[str, list[str]] = defaultdict(list)
        made: dict[str, list[str]] = defaultdict(list)
        objects: dict[str, list[str]] = defaultdict(list)
        for example in examples:
            texts[_group(example)] += example.captions
            made[_group(example)] += (*example.paraphrases, *example.rewrites)
            objects[_group(example)] += objects_of(example) or ()
        self._groups = {group: Siblings(texts[group], objects[group], made[group]) for group in texts}
        self._common = Counter(word for siblings in self._groups.values() for word in siblings.bag)
        self._plausible = functools.lru_cache(64)(Absent(self._groups).plausible)
        self._parser = open_parser(self._pipeline())
        self._parses = Parses(self._parser, [text for example in examples for text in example.captions])
        # All views of a row are written one after the other, and share what the rules find.
        self._read = functools.lru_cache(64)(functools.partial(_Reading, self._parses))
        self._write: dict[str, Callable[[_Work], Edit | Paraphrase | str]] = {
            "paraphrase": self._paraphrase,
            "negation": self._negation,
            "absence": self._absence,
        }

    def _pipeline(self) -> str:
        if self.config.parser != "auto":
            return str(self.config.parser)
        if is_installed(PIPELINE):
            return PIPELINE
        self.notice = (
            f"captions are parsed by the built-in parser, which declines what is not plain: for more of them "
            f"pip install 'semclip[captions]' and python -m spacy download {PIPELINE}"
        )
        return BUILT_IN

    def signature(self) -> dict[str, Any]:
        kinds = self.config.kinds
        if not isinstance(kinds, str):
            kinds = {kind: float(weight) for kind, weight in kinds.items()}
        return {**super().signature(), "kinds": kinds, "clause": self.config.clause, "parser": self._parser.signature}

    async def write(self, example: Example, view: str, of: Sequence[int], seed: int, attempt: int) -> Written:
        if view not in self._write:
            raise UserError(
                f"the writer 'rules' writes no {view}", where="views", fix=f"choose among {','.join(self.views)}"
            )
        siblings, captions = self._groups[_group(example)], example.captions
        found: list[Candidate] = []
        refused: list[tuple[int, str]] = []
        for index in of:
            reading = self._read(siblings.captions[captions[index]], siblings, family_of_split(example.split))
            made = reading.unfit or self._write[view](_Work(example, reading, (seed, example.id, index, attempt)))
            if isinstance(made, str):
                refused.append((index, made))
            else:
                found.append(Candidate(made.text, made.kind, index, _provenance(view, made)))
        return Written(tuple(found), tuple(refused))

    def _plans(self, work: "_Work") -> Iterator[Plan]:
        """What may be written of the caption as parsed and of its noun phrases, which tell more of a title."""
        weights, reading = self._weights[work.reading.family], work.reading
        if (parsed := reading.scene) is not None and not reading.is_title:
            yield Plan(parsed, weights, self._common, work.key)
        if (few := reading.phrases) is not None:
            yield Plan(few, of_phrases(weights), self._common, work.key)
        if parsed is not None and reading.is_title:
            yield Plan(parsed, weights, self._common, work.key)

    def _paraphrase(self, work: "_Work") -> Paraphrase | str:
        reading = work.reading
        refused = _NOT_UNDERSTOOD
        for tree in reading.trees():
            draw = random.Random(derive_seed("rules", "paraphrase", *work.key))
            made = paraphrase(tree, reading.siblings, reading.family, draw)
            if made.text:
                return made
            refused = made.refused
        return refused

    def _negation(self, work: "_Work") -> Edit | str:
        scene = work.reading.scene
        if work.reading.is_negated:
            return _first("negation_removed", scene)
        further = self._denied_behind(work) if scene and self._weights[work.reading.family].get(CLAUSE) else {}
        found = best_of(one for plan in self._plans(work) for one in plan.false(further))
        if found is None:
            return _NO_RULE if scene else _NOT_UNDERSTOOD
        edit = found.edit()
        if edit.denied or Draw("clause", *work.key).unit() >= self.config.clause:
            return edit
        missing = self._missing(work)
        if not missing:
            return edit
        behind = self._behind(work, sentence_of(edit.text), missing)
        return edit._replace(text=behind, kind=f"{edit.kind}+object_absent")

    def _denied_behind(self, work: "_Work") -> Mapping[str, Edit]:
        """What other captions name denied behind this one."""
        false = deniable(work.reading.caption, work.reading.siblings)
        if not false:
            return {}
        thing = Draw("denied", *work.key).one(false)
        text = self._behind(work, work.reading.sentence, thing)
        return {CLAUSE: Edit(text, CLAUSE, denied=thing)}

    def _absence(self, work: "_Work") -> Edit | str:
        scene = work.reading.scene
        if work.reading.is_negated:
            return _first("denial_kept", scene)
        # What the verifiers turned down is said behind the caption at the next attempt, where something is missing.
        again = work.key[-1] != 0 and self._missing(work)
        found = None if again else best_of(one for plan in self._plans(work) for one in plan.true())
        if found and not found.contrived:
            return found.edit()
        if not (missing := self._missing(work)):
            if found:
                return found.edit()
            return _NOTHING_FITS if work.reading.siblings.silence_tells else _NOT_KNOWN
        sentence, end = work.reading.sentence, None
        if scene is not None and (cuts := endings_of(scene.tree, len(scene.tree) // 2)):
            end = Draw("short", *work.key).one(cuts)
            sentence = replace(sentence, body=scene.tree.text_of(0, end))
        return Edit(self._behind(work, sentence, missing, end), "object_absent", denied=missing)

    def _missing(self, work: "_Work") -> str:
        plausible = self._plausible(_group(work.example))
        return Draw("absence", *work.key).weighted(plausible) if plausible else ""

    def _behind(self, work: "_Work", sentence: Sentence, thing: str, end: int | None = None) -> str:
        draw = Draw("form", *work.key)
        tree = work.reading.tree
        form = draw.one(forms_for(tree, work.reading.family, len(tree) if tree and end is None else end or 0))
        return said_behind(sentence, thing, form, draw.unit() < _PLURAL_SHARE.get(thing, 0.35))


@dataclass(frozen=True)
class _Reading:
    """One caption as it is understood, each way when it is asked for. scene, phrases: None where there is no tree."""

    parses: Parses
    caption: Caption
    siblings: Siblings
    family: str

    @cached_property
    def sentence(self) -> Sentence:
        return sentence_of(self.caption.text)

    @cached_property
    def unfit(self) -> str:
        return unfit(self.caption)

    @cached_property
    def is_negated(self) -> bool:
        """Whether the sentence denies something, and not what follows it."""
        return self.caption.is_negated and Caption(self.sentence.body).is_negated

    @cached_property
    def is_title(self) -> bool:
        """Whether it is written Like This, or ALL IN CAPITALS."""
        return any(style_of(self.caption.text.split()))

    @cached_property
    def tree(self) -> Tree | None:
        return self.parses.of(self.caption.text)

    def trees(self) -> Iterator[Tree]:
        """Its tree, then its words alone, each where there is one: a title has no grammar."""
        if self.tree is not None:
            yield self.tree
        if (words := as_words(self.caption.text)) is not None:
            yield words

    @cached_property
    def scene(self) -> Scene | None:
        return None if self.tree is None else Scene(self.tree, self.siblings, self.family)

    @cached_property
    def phrases(self) -> Scene | None:
        """Its noun phrases alone."""
        tree = phrases.parse(self.sentence)
        return None if tree is None else Scene(tree, self.siblings, self.family)


class _Work(NamedTuple):
    """One text to write. key: what its draws depend on."""

    example: Example
    reading: _Reading
    key: Key


def _first(kind: str, scene: Scene | None) -> Edit | str:
    """The edit of a caption that denies something; only where it denies one thing that is understood."""
    found = tried(kind, scene) if scene else []
    return scene.edit(kind, found[0]) if scene and found else "already holds a negation"


def _provenance(view: str, made: Edit | Paraphrase) -> dict[str, str]:
    """The thing that an absence says is missing, for those who look for it; none where it is an action."""
    return {"object": made.denied} if view == "absence" and isinstance(made, Edit) and made.denied else {}


def unfit(caption: Caption) -> str:
    """Why a caption is left alone; "" when it is not."""
    letters = [word for word in caption.words if word[0].isalpha()]
    if not letters:
        return "empty"
    if len(letters) > LONGEST:
        return f"longer than {LONGEST} words"
    if len(letters) < SHORTEST:
        return "a single word"
    if "?" in caption.words:
        return "a question"
    # What has a capital may be a name, which no list of English words holds; units and sizes are no words.
    small = words_of(" ".join(word for word in caption.text.split() if word[0].islower()))
    known: list[str] = []
    unknown: list[str] = []
    for word in small if len(small) > 4 else letters:
        (known if is_known(word) else unknown).append(word)
    unknown = [word for word in unknown if len(word) > 2 and (word.isalpha() or "-" in word)]
    names = sum(word not in small for word in unknown)
    if len(known) < 1.5 * (len(unknown) - names / 2) or len(known) < min(3, len(known) + names):
        return "not recognised as English"
    return ""


def family_of_split(split: str | None) -> str:
    """B for test, A for all others: the two families share no wording and no pair of words."""
    return "B" if split == "test" else "A"


def _group(example: Example) -> str:
    return example.group or example.image.name
