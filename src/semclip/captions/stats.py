"""Statistics of written views: kinds, lengths, changed words, and whether a bag of words gives a view away."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit

from semclip.captions.config import COLUMNS
from semclip.captions.rows import written_texts
from semclip.core.example import Example
from semclip.core.seeds import derive_seed
from semclip.english.change import changed_share_of_words, words_of
from semclip.english.lexicon import NEGATION_WORDS

#: Pairs of views or kinds that should be told apart by meaning and not by a word.
PAIRS = (*combinations(("caption", *COLUMNS), 2), ("object_denied", "absence"))
FOLDS = 5
_STRENGTH = 1.0  # of the ridge, per text
_TELLING = 8


@dataclass(frozen=True)
class Written:
    """One text beside the caption it was made from, as words. group: its image or group."""

    view: str
    kind: str
    group: str
    caption: Sequence[str]
    words: Sequence[str]

    @property
    def negations(self) -> list[str]:
        """The negation words in it."""
        return [word for word in self.words if word in NEGATION_WORDS or word.endswith(("n't", "n’t"))]


@dataclass
class ViewStats:
    """One view. kinds: texts by kind. words: mean length; caption_words: of the captions they were made from.

    doubles: texts given more than once. equal: texts equal to their caption. changed: mean proportion of words changed.
    longer: share of texts with more words than their caption, equal ones half: what "the longer one was written" gets
    right, chance 0.5. with_negation: texts with a negation word; negation_words: which, counted once per text.
    """

    texts: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    words: float = 0.0
    caption_words: float = 0.0
    doubles: int = 0
    equal: int = 0
    changed: float = 0.0
    longer: float = 0.0
    with_negation: int = 0
    negation_words: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Separability:
    """How well a bag of words tells two views apart. Chance is a half: both views come from the same captions.

    longer: share of captions whose text of the second view has more words, equal ones half: the rule that takes the
    longer text for the second is right so often, the opposite rule else.
    right: (n,) whether each text was classified correctly by a model that never saw its group. groups: of each text.
    telling: the most predictive words, those of the second view with "+", of the first with "-".
    """

    first: str
    second: str
    longer: float
    right: NDArray[np.float64]
    groups: Sequence[str]
    telling: Sequence[str]


def written(examples: Sequence[Example]) -> list[Written]:
    """Every written text of the examples."""
    found = []
    for example in examples:
        captions = [words_of(text) for text in example.captions]
        for text in (text for view in COLUMNS for text in written_texts(example, view)):
            caption = captions[min(text.of, len(captions) - 1)]
            found.append(Written(text.view, text.kind, example.group, caption, words_of(text.text)))
    return found


def view_stats(texts: Sequence[Written]) -> dict[str, ViewStats]:
    """Statistics of each view that has a text."""
    found = {}
    for view in COLUMNS:
        own = [text for text in texts if text.view == view]
        if own:
            negations = [set(text.negations) for text in own]
            found[view] = ViewStats(
                texts=len(own),
                kinds=Counter(text.kind for text in own),
                words=float(np.mean([len(text.words) for text in own])),
                caption_words=float(np.mean([len(text.caption) for text in own])),
                doubles=len(own) - len({tuple(text.words) for text in own}),
                equal=sum(list(text.words) == list(text.caption) for text in own),
                changed=float(np.mean([changed_share_of_words(list(t.caption), list(t.words)) for t in own])),
                longer=_longer([(t.caption, t.words) for t in own]),
                with_negation=sum(map(bool, negations)),
                negation_words=Counter(word for words in negations for word in words),
            )
    return found


def measure_separability(
    texts: Sequence[Written], first: str, second: str, max_captions: int, seed: int = 0
) -> Separability | None:
    """How well words tell the views or kinds `first` and `second` apart; None where fewer than ten captions have both.

    Of every caption that has both views, one text of each is drawn (at most `max_captions` captions). A logistic
    regression on which words occur, with a ridge, is fitted on four fifths of the groups and judges the last, five
    times.
    """
    pairs = _pairs(texts, first, second)
    pairs = sorted(pairs, key=lambda pair: derive_seed("stats", seed, pair[0].group, *pair[0].words))[:max_captions]
    if len(pairs) < 10:
        return None
    items = [item for pair in pairs for item in pair]
    said = [
        [item.caption if view == "caption" else item.words for item, view in zip(pair, (first, second), strict=True)]
        for pair in pairs
    ]
    bags = [set(words) for texts_of_pair in said for words in texts_of_pair]
    labels = np.tile([0.0, 1.0], len(pairs))  # (n,)
    vocabulary = {word: i for i, word in enumerate(sorted(set().union(*bags)))}
    places = [(row, vocabulary[word]) for row, bag in enumerate(bags) for word in sorted(bag)]
    rows, columns = np.array(places).T
    table = csr_matrix((np.ones(len(places)), (rows, columns)), shape=(len(bags), len(vocabulary)))
    folds = np.array([derive_seed("fold", seed, item.group) % FOLDS for item in items])
    right = np.zeros(len(items))
    for fold in np.unique(folds):
        inside = folds == fold
        if inside.all():
            return None  # a single group: nothing to learn from
        weights = _fitted(table[~inside], labels[~inside])
        scores = table[inside] @ weights[:-1] + weights[-1]
        right[inside] = np.where(scores == 0, 0.5, (scores > 0) == (labels[inside] == 1))
    weights = _fitted(table, labels)[:-1]
    names = list(vocabulary)
    strongest = np.argsort(-np.abs(weights))[:_TELLING]
    telling = [("+" if weights[i] > 0 else "-") + names[i] for i in strongest]
    return Separability(first, second, _longer(said), right, [item.group for item in items], telling)


def _longer(pairs: Sequence[Sequence[Sequence[str]]]) -> float:
    """The share of pairs whose second text has more words, equal ones half."""
    return float(np.mean([(np.sign(len(second) - len(first)) + 1) / 2 for first, second in pairs]))


def _pairs(texts: Sequence[Written], first: str, second: str) -> list[tuple[Written, Written]]:
    """(text of `first`, text of `second`) of every caption that has both; a caption stands for itself."""
    by_caption: dict[tuple[str, tuple[str, ...]], dict[str, Written]] = {}
    for text in texts:
        views = by_caption.setdefault((text.group, tuple(text.caption)), {})
        views.setdefault("caption", text)
        views.setdefault(text.view, text)
        views.setdefault(text.kind, text)
    return [(views[first], views[second]) for views in by_caption.values() if first in views and second in views]


def _fitted(table: csr_matrix, labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the words, and the bias, of a ridge-penalised logistic regression; table: (n, words)."""
    signs = 2 * labels - 1

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (table @ weights[:-1] + weights[-1])  # (n,)
        pull = -signs * expit(-margins)  # (n,)
        gradient = np.append(table.T @ pull + _STRENGTH * weights[:-1], pull.sum())
        value = np.logaddexp(0, -margins).sum() + _STRENGTH / 2 * weights[:-1] @ weights[:-1]
        return float(value), gradient

    found = minimize(loss, np.zeros(table.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return np.asarray(found.x)
