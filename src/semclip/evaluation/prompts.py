"""Prompts of classes: from class names to texts, and from the texts of a class to one embedding."""

from collections.abc import Sequence

import numpy as np

from semclip.core.errors import UserError
from semclip.evaluation.encodings import Array, Encodings


def check_templates(templates: Sequence[str], where: str) -> None:
    """Raise UserError for no templates, and for one without exactly one place for the class name."""
    if not templates:
        raise UserError("no templates", where=where, fix="give at least one")
    for template in templates:
        if template.count("{}") != 1:
            raise UserError(
                f"template '{template}' has no place for the class name, or several", where=where, fix="write {} once"
            )


def fill(template: str, name: str) -> str:
    """The text of a class; underscores of its name become spaces."""
    return template.replace("{}", name.replace("_", " "))


def class_rows(encodings: Encodings, templates: Sequence[str], classes: Sequence[str]) -> Array:
    """(C, D) unit rows: per class the mean of its templates' unit embeddings, normalised."""
    return mean_rows(encodings, [[fill(template, name) for name in classes] for template in templates])


def rows_of_classes(encodings: Encodings, texts: Sequence[Sequence[str]]) -> Array:
    """(C, D) unit rows: per class the mean of its own texts' unit embeddings, normalised. texts: of each class."""
    rows = np.stack([encodings.text(own).mean(axis=0) for own in texts])
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0))


def mean_rows(encodings: Encodings, texts: Sequence[Sequence[str]]) -> Array:
    """(C, D) unit rows: per class the mean of its texts' unit embeddings, normalised. texts: C per template."""
    rows = np.mean([encodings.text(own) for own in texts], axis=0)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0))
