"""Where trees come from: a spaCy pipeline, or the built-in parser of plain captions."""

import importlib.util
import itertools
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from semclip.core.errors import UserError
from semclip.english.inflection import lemma_of
from semclip.english.parse import plain
from semclip.english.parse.clean import Sentence, sentence_of
from semclip.english.parse.mend import is_sound, mended
from semclip.english.parse.tree import Token, Tree

#: The name of the built-in parser.
BUILT_IN = "plain"
_PACKAGES = ("spacy", "threadpoolctl")  # that run a pipeline
_BATCH = 256  # texts parsed ahead
_KEPT = _BATCH


class Parser(ABC):
    """signature: what the trees depend on."""

    signature: str

    @abstractmethod
    def parse(self, texts: Sequence[str]) -> list[Tree | None]:
        """A tree for each text; None for what is not understood."""


class Plain(Parser):
    """The built-in parser: plain captions, nothing to install."""

    signature = f"{BUILT_IN} {plain.VERSION}"

    def parse(self, texts: Sequence[str]) -> list[Tree | None]:
        return [plain.parse(sentence_of(text)) for text in texts]


class Spacy(Parser):
    """Any English pipeline of spaCy with a tagger and a parser."""

    def __init__(self, pipeline: str) -> None:
        import spacy
        from thinc.api import use_ops
        from threadpoolctl import ThreadpoolController

        # Lemmas come from our lexicon: spaCy's own rules for them take half of its time. NumPy's matrix product takes
        # half the time of thinc's own, on one thread: the matrices of captions are too small for several.
        with use_ops("numpy", use_blis=False):
            self._nlp = spacy.load(pipeline, exclude=["ner", "lemmatizer", "attribute_ruler", "senter"])
        self._threads = ThreadpoolController()
        missing = " and no ".join(sorted({"tagger", "parser"} - set(self._nlp.pipe_names)))
        if missing or self._nlp.lang != "en":
            raise UserError(
                f"the pipeline '{pipeline}' is for '{self._nlp.lang}'" + (missing and f" and has no {missing}"),
                where="writer.parser",
                fix=f"name an English pipeline with a tagger and a parser, such as en_core_web_sm, or '{BUILT_IN}'",
            )
        self.signature = f"{pipeline} {self._nlp.meta['version']}"

    def parse(self, texts: Sequence[str]) -> list[Tree | None]:
        sentences = [sentence_of(text) for text in texts]
        with self._threads.limit(limits=1, user_api="blas"):
            docs = list(self._nlp.pipe((sentence.plain for sentence in sentences), batch_size=_BATCH))
        return [_sound(_tree(doc, sentence), sentence) for doc, sentence in zip(docs, sentences, strict=True)]


def as_words(text: str) -> Tree | None:
    """A text as words of which nothing is known: a title, or what no parser understands; None where it has none."""
    sentence = sentence_of(text)
    words = [*re.finditer(r"[^\s,]+|,", sentence.plain)]
    return sentence.tree(words, [""] * len(words), [0] * len(words), ["dep"] * len(words)) if words else None


def is_installed(pipeline: str) -> bool:
    """Whether a pipeline of that name is installed, and what runs it."""
    return not _missing(*_PACKAGES, pipeline)


def _missing(*packages: str) -> list[str]:
    return [package for package in packages if importlib.util.find_spec(package) is None]


def open_parser(name: str) -> Parser:
    """A spaCy pipeline by the name of its package or folder, or the built-in parser "plain".

    Raises UserError for a pipeline that is not installed or does not parse English.
    """
    if name == BUILT_IN:
        return Plain()
    if missing := _missing(*_PACKAGES):
        raise UserError(
            f"{' and '.join(missing)} not installed",
            where="writer.parser",
            fix=f"pip install 'semclip[captions]', or writer.parser={BUILT_IN}",
        )
    try:
        return Spacy(name)
    except (OSError, TypeError, AttributeError) as error:  # for a name it does not find, and for some other package
        raise UserError(
            f"spaCy has no pipeline '{name}'",
            where="writer.parser",
            fix=f"python -m spacy download {name}, or writer.parser={BUILT_IN}",
        ) from error


class Parses:
    """The trees of texts, parsed ahead in batches, since they are asked for in the order of the input."""

    def __init__(self, parser: Parser, texts: Sequence[str]) -> None:
        self._parser = parser
        self._texts = list(dict.fromkeys(texts))
        self._place = {text: i for i, text in enumerate(self._texts)}
        self._trees: dict[str, Tree | None] = {}

    def of(self, text: str) -> Tree | None:
        """The tree of one text; None where the parser does not understand it."""
        if text not in self._trees:
            place = self._place.get(text)
            batch = [text] if place is None else self._texts[place : place + _BATCH]
            for oldest in list(itertools.islice(self._trees, max(0, len(self._trees) - _KEPT))):
                del self._trees[oldest]  # not all: the views of a row ask for the same trees one after the other
            self._trees.update(zip(batch, self._parser.parse(batch), strict=True))
        return self._trees[text]


def _tree(doc: Any, sentence: Sentence) -> Tree | None:
    """The first sentence of a spaCy document; the rest goes to the tail. None without a word."""
    kept = [token for token in doc if not token.is_space]
    if not kept:
        return None
    first = next(iter(doc.sents))
    inside = [token for token in kept if token.i < first.end]
    # A caption is one sentence however it is cut: only a stop or a mark ends it.
    if len(inside) < len(kept) and inside and inside[-1].text not in (".", "!", ";", ":"):
        inside = kept
    place = {token.i: i for i, token in enumerate(inside)}
    root = next(i for i, token in enumerate(inside) if place.get(token.head.i, i) == i)
    tokens = []
    for i, token in enumerate(inside):
        text = sentence.body[token.idx : token.idx + len(token.text)]
        is_root = token.head.i == token.i
        head, label = root if is_root else place.get(token.head.i, root), "dep" if is_root and i != root else token.dep_
        space = bool(token.whitespace_) and i + 1 < len(inside)
        tokens.append(Token(text, lemma_of(text.lower(), token.tag_), token.tag_, head, label, space))
    end = inside[-1].idx + len(inside[-1].text)
    return Tree(tuple(mended(tokens)), sentence.body[end:] + sentence.tail)


def _sound(tree: Tree | None, sentence: Sentence) -> Tree | None:
    """The tree, or the built-in parser's where it cannot be right."""
    if tree is None or is_sound(tree):
        return tree
    other = plain.parse(sentence)
    return other if other is not None and is_sound(other) else None
