"""Blind baselines: scores without the image, which a claim about negation must beat."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from semclip.core.seeds import derive_seed
from semclip.evaluation.metrics.outcomes import TIE

Array = NDArray[np.float64]

#: Words and phrases that deny. Deliberately wide: a weak detector would flatter the model.
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|w/o|isnt|arent|dont|doesnt"
    r"|lack|lacks|lacked|lacking|absent|absence|missing|devoid|excluding|excludes|except|minus|zero"
    r"|(?:free|empty|bare) of|free from|instead of|rather than|fails? to|non)\b|n['’]t\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w'’]+")
_FOLDS = 5


def has_negation_word(text: str) -> bool:
    """Whether a text holds a word that denies, such as no, not, n't, never, without, lacks, free of."""
    return _NEGATION.search(text) is not None


def negation_kind(text: str) -> str:
    """The slice of a negation whose kind nobody recorded."""
    return f"{'with' if has_negation_word(text) else 'without'} negation word"


def negation_word_scores(texts: Sequence[str]) -> Array:
    """(n,) a detector's belief that each text is true: 0 without a negation word, -1 with one; equal is a tie."""
    return np.array([-float(has_negation_word(t)) for t in texts])


@dataclass(frozen=True, slots=True)
class BlindItem:
    """True texts and a false one of one item, and the cluster it belongs to."""

    true: tuple[str, ...]
    false: str
    cluster: str


def text_only_scores(items: Sequence[BlindItem]) -> list[Array]:
    """What a model that reads no image learns from the texts alone: per item, (T,) s(true_t) - s(false).

    Logistic regression on words, word pairs and length, with s(t) = w . phi(t) and loss mean log(1 + exp(-w . x)) +
    |w|^2 / 2n over x = phi(true) - phi(false), cross-validated in five folds of whole clusters, so no item is scored by
    a model that saw its image. Deterministic, and independent of the order of items. Scores closer than 1e-6 to zero
    are zero: a tie. It learns from these items only, so it is a lower bound of what the texts give away.
    """
    order = sorted(range(len(items)), key=lambda i: (items[i].cluster, items[i].true, items[i].false))
    fitted = _cross_validated(tuple(items[i] for i in order))
    scores: list[Array] = [np.zeros(0)] * len(items)
    for place, i in enumerate(order):
        scores[i] = np.array(fitted[place])
    return scores


@lru_cache(maxsize=16)  # training evaluates the same texts again and again
def _cross_validated(items: tuple[BlindItem, ...]) -> list[tuple[float, ...]]:
    x, owner = _differences(items)  # (P, V), (P,)
    folds = np.array([derive_seed("fold", item.cluster) % _FOLDS for item in items])[owner]  # (P,)
    scores = np.zeros(len(owner))
    for fold in range(_FOLDS):
        inside = folds == fold
        if inside.any() and not inside.all():
            scores[inside] = x[inside] @ _fit(x[~inside])
    scores[np.abs(scores) < 1e-6] = 0.0
    ends = np.cumsum(np.bincount(owner, minlength=len(items)))  # rows stand in the order of the items
    return [tuple(own.tolist()) for own in np.split(scores, ends[:-1])]


def _fit(x: csr_matrix) -> Array:
    """(V,) weights. The loss is convex, so the start at zero decides nothing."""
    n, width = x.shape

    def loss(w: Array) -> tuple[float, Array]:
        margins = x @ w
        value = float(np.logaddexp(0.0, -margins).mean() + w @ w / (2 * n))
        gradient = -(x.T @ (1.0 / (1.0 + np.exp(margins)))) / n + w / n
        return value, gradient

    return np.asarray(minimize(loss, np.zeros(width), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x)


def _differences(items: Sequence[BlindItem]) -> tuple[csr_matrix, NDArray[np.int64]]:
    """(P, V) phi(true) - phi(false), one row per true text, and (P,) the item of each row."""
    columns: dict[str, int] = {}
    data, rows, cols, owner = [], [], [], []
    row = 0
    for i, item in enumerate(items):
        false = _features(item.false)
        for text in item.true:
            true = _features(text)
            for feature in sorted(true.keys() | false.keys()):
                difference = true.get(feature, 0.0) - false.get(feature, 0.0)
                if abs(difference) > TIE:
                    data.append(difference)
                    rows.append(row)
                    cols.append(columns.setdefault(feature, len(columns)))
            owner.append(i)
            row += 1
    matrix = csr_matrix((data, (rows, cols)), shape=(row, max(1, len(columns))))
    return matrix, np.array(owner, dtype=np.int64)


def _features(text: str) -> dict[str, float]:
    words = ["^", *_WORD.findall(text.lower()), "$"]
    features = dict.fromkeys(words[1:-1], 1.0)
    features |= {f"{a} {b}": 1.0 for a, b in pairwise(words)}
    features["(length)"] = len(words) / 10
    return features
