"""Zero-shot classification with "this is a photo of a {}", and how "this is not a photo of a {}" changes it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.data.findings import short
from semclip.evaluation.base import Scores
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.metrics.choice import chance, choice
from semclip.evaluation.metrics.summary import alike, average, item_record, macro, proportion
from semclip.evaluation.own.base import DataBenchmark, cluster
from semclip.evaluation.prompts import check_templates, class_rows, fill


class ZeroShot(DataBenchmark):
    """Classes are the labels in the data (a folder per class, or a column `label`); each image counts once.

    original_accuracy: the label's text is the nearest of all classes, template "this is a photo of a {}".
    negated_accuracy:  the same with "this is not a photo of a {}": low is good, since that text denies the label.
    delta:             original - negated. A model deaf to "not" has 0; one that guesses when it reads "not" already
                       has original - 1/C, so delta alone proves no understanding.

    Protocol of arXiv 2511.16527, on the examples given (its script reads training splits), with underscores of class
    names written as spaces. Several templates: their unit embeddings are averaged, then normalised.
    """

    needs = frozenset({"image", "label"})
    primary = "original_accuracy"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """templates, negated_templates: texts with `{}` where the class name goes."""

        templates: tuple[str, ...] = ("this is a photo of a {}",)
        negated_templates: tuple[str, ...] = ("this is not a photo of a {}",)

        def __post_init__(self) -> None:
            check_templates(self.templates, "benchmark 'zeroshot', option 'templates'")
            check_templates(self.negated_templates, "benchmark 'zeroshot', option 'negated_templates'")

    def texts(self, examples: Sequence[Example]) -> list[str]:
        templates = (*self.config.templates, *self.config.negated_templates)
        return [fill(template, name) for template in templates for name in _classes(_one_per_image(examples))]

    def score(self, examples: Sequence[Example], encodings: Encodings) -> Scores:
        classes = _classes(examples)
        own = _one_per_image(examples)
        names = [_label(e) for e in own]
        labels = np.array([classes.index(name) for name in names])
        images = encodings.image([e.image for e in own])  # (n, D)
        clusters, ids = [cluster(e) for e in own], [e.id for e in own]
        guess = chance(len(classes))
        original, negated = (
            choice(images @ class_rows(encodings, templates, classes).T, labels)
            for templates in (self.config.templates, self.config.negated_templates)
        )
        drop = original.expected - negated.expected
        return Scores(
            metrics=[
                proportion("original_accuracy", "the label is the nearest class", original, clusters, guess, names),
                proportion(
                    "negated_accuracy",
                    "the label is the nearest class although the text denies it",
                    negated,
                    clusters,
                    guess,
                    names,
                    higher_is_better=False,
                ),
                average("delta", "original minus negated accuracy", drop, clusters, "difference", chance=0.0),
                macro(
                    "mean_per_class_recall",
                    "mean of the classes' recalls: classes count the same however many images they have (macro)",
                    original,
                    clusters,
                    guess,
                    alike(names),
                ),
            ],
            items={
                "original_accuracy": item_record(ids, original, clusters, names),
                "negated_accuracy": item_record(ids, negated, clusters, names),
            },
            extra={"classes": classes},
            notes=[
                f"{len(classes)} classes; slices are the recalls of the classes",
                *(
                    ["the labels are numbers, and texts say them as such; name the classes if they are others"]
                    if all(name.isdecimal() for name in classes)
                    else []
                ),
                *_alike_in_texts(classes),
            ],
        )


def _label(example: Example) -> str:
    """The name of an example's class, with single spaces. Raises UserError where the label is several, or a mapping."""
    label = example.meta["label"]
    if isinstance(label, list | tuple | Mapping):
        raise UserError(
            f"the label of '{example.image.name}' is no one name: {short(str(label))}",
            where=example.where,
            fix="give each image one class; of several, `multilabel_classification` measures the ranking",
        )
    return " ".join(str(label).split())


def _alike_in_texts(classes: Sequence[str]) -> list[str]:
    """A note on classes whose names a text model reads as one; they always tie."""
    said = Counter(fill("{}", name).lower() for name in classes)
    same = [name for name in classes if said[fill("{}", name).lower()] > 1]
    return (
        [f"the names of {', '.join(same[:3])} are one text but for case and _: write one in the data"] if same else []
    )


def _classes(examples: Sequence[Example]) -> list[str]:
    classes = sorted(set(map(_label, examples)))
    if len(classes) < 2:
        raise UserError(
            f"all images are labelled '{classes[0]}'",
            where=examples[0].where,
            fix="give images of two classes or more, or leave the benchmark 'zeroshot' out",
        )
    return classes


def _one_per_image(examples: Sequence[Example]) -> list[Example]:
    """The first example of each image. Raises UserError when two examples label one image differently."""
    first: dict[Any, Example] = {}
    for e in examples:
        known = first.setdefault(e.image, e)
        if _label(known) != _label(e):
            raise UserError(
                f"image '{e.image.name}' is labelled '{_label(known)}' and '{_label(e)}'",
                where=f"{known.where} and {e.where}",
                fix="give each image one label",
            )
    return list(first.values())
