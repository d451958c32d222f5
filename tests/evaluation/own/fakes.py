"""Examples and encoders whose scores are known beforehand."""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from semclip.core.example import Example, ImageRef
from semclip.core.protocols import DenseReading
from semclip.english.presence import THERE, one, presence, several
from semclip.evaluation.own._exclusion_queries import items

KINDS = ("object denied", "attribute swapped")
LABELS = ("red circle", "blue square", "green star")


#: Keeps the folder of masks for as long as the tests run.
_FOLDER = tempfile.TemporaryDirectory()


@cache
def mask(label: str) -> str:
    """A mask that is all of one label, with its classes file beside it."""
    folder = Path(_FOLDER.name)
    names = ["background", *LABELS]
    (folder / "classes.json").write_text(json.dumps(dict(enumerate(names))), "utf-8")
    Image.new("L", (3, 2), names.index(label)).save(folder / f"{label}.png")
    return str(folder / f"{label}.png")


def objects(i: int) -> list[str]:
    """What is in an image beside the table: of every nine things about half, no two things in the same images."""
    there = (i % 2, i % 4 > 1, i % 4 in (1, 2), i % 12 > 5, i % 12 in range(3, 9), i % 3, i % 3 != 1, i % 6 > 2)
    names = ("gem", "jug", "kit", "lid", "mug", "net", "oar", "pin")
    return ["table", *(name for name, is_there in zip(names, there, strict=True) if is_there)]


def question(i: int) -> dict[str, str]:
    """Three statements about a photo, as a CSV file holds them, of which its caption is the true one."""
    options = [f"no thing {i} on a table", f"thing {i} under a table"]
    options.insert(i % 3, f"thing {i} on a table")
    kind = ("positive", "hybrid")[i % 2]
    return {
        **{f"caption_{place}": text for place, text in enumerate(options)},
        "correct_answer": str(i % 3),
        "correct_answer_template": kind,
    }


def examples(count: int = 12) -> list[Example]:
    """Examples with every view and a mask; two negations, one with a negation word and one without, and an absence."""
    return [
        Example(
            id=f"e{i}",
            image=ImageRef(f"{i}.png"),
            caption=f"thing {i} on a table",
            paraphrases=(f"on a table lies thing {i}", f"a table with thing {i}"),
            negations=(f"no thing {i} on a table", f"thing {i} under a table"),
            absences=(f"thing {i} on a table but no lamp",),
            rewrites=(f"one can see thing {i}",),
            negative_images=(ImageRef(f"other{i}.png"),),
            group=f"{i}.png",
            split="test",
            meta={
                "negation_kinds": list(KINDS),
                "label": LABELS[i % 3],
                "mask": mask(LABELS[i % 3]),
                "objects": objects(i),
                **question(i),
            },
            where=f"data.jsonl:{i + 1}",
        )
        for i in range(count)
    ]


class FakeEncoder(nn.Module):
    """An encoder that looks embeddings up: image and text are functions of the name and of the string."""

    name = "fake"
    label = "a fake"
    context_length = 1

    def __init__(
        self, image: Callable[[str], np.ndarray], text: Callable[[str], np.ndarray], dtype: torch.dtype = torch.float64
    ) -> None:
        super().__init__()
        self._image, self._text, self._dtype = image, text, dtype
        self.embed_dim = len(text("this is a photo of a red circle"))
        self._names: list[str] = []
        self.batches: list[list[str]] = []
        self.image_calls: list[str] = []

    @property
    def logit_scale(self) -> Tensor:
        return torch.tensor(100.0)

    def load_image(self, ref: ImageRef) -> Tensor:
        self.image_calls.append(ref.name)
        return torch.from_numpy(self._image(ref.name)).to(self._dtype)

    def encode_image(self, inputs: Tensor) -> Tensor:
        return inputs

    def why_not_dense(self) -> str:
        return ""

    def load_whole_image(self, ref: ImageRef, size: int = 0) -> Tensor:
        return self.load_image(ref)

    def encode_dense(self, inputs: Tensor, variant: str) -> Tensor:
        return self.encode_image(inputs)[:, None, None]  # the same everywhere

    def class_scores(
        self, inputs: Tensor, classes: Tensor, background: Tensor, reading: DenseReading, size: tuple[int, int]
    ) -> Tensor:
        features = nn.functional.normalize(self.encode_dense(inputs, reading.variant).double(), dim=-1)
        return (features @ classes.T).permute(0, 3, 1, 2).expand(-1, -1, *size)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        self.batches.append(list(texts))
        start = len(self._names)
        self._names += texts
        return torch.arange(start, len(self._names))[:, None]

    def encode_text(self, tokens: Tensor) -> Tensor:
        rows = [self._text(self._names[int(t)]) for t in tokens[:, 0]]
        return torch.from_numpy(np.stack(rows)).to(self._dtype)


def constant() -> FakeEncoder:
    """Everything is the same."""
    return FakeEncoder(lambda name: np.full(7, 0.3), lambda text: np.full(7, 0.3))


def noise(seed: int = 0) -> FakeEncoder:
    """Everything is random, but the same whenever it is asked."""

    def draw(key: str) -> np.ndarray:
        return np.random.default_rng([seed, *key.encode()]).normal(size=6)

    return FakeEncoder(draw, draw)


def oracle(data: Sequence[Example]) -> FakeEncoder:
    """Knows the truth: true texts lie on their image, false ones opposite, class names on their images."""
    return _from_truth(data, reverse=False)


def reversed_oracle(data: Sequence[Example]) -> FakeEncoder:
    """Knows the truth and says the contrary: the image is nearer to every false text, true texts are far apart."""
    return _from_truth(data, reverse=True)


def _from_truth(data: Sequence[Example], reverse: bool) -> FakeEncoder:
    width = len(data) + 1
    texts: dict[str, np.ndarray] = {}
    images: dict[str, np.ndarray] = {}
    classes: dict[str, np.ndarray] = {}
    spare = np.eye(width)[-1]  # a direction that no image has
    for i, e in enumerate(data):
        axis = np.eye(width)[i]
        images[e.image.name] = axis
        for ref in e.negative_images:
            images[ref.name] = -axis
        if reverse:
            texts |= {e.caption: -axis + 2 * spare}
            texts |= dict.fromkeys((*e.paraphrases, *e.absences, *e.rewrites), -axis - 2 * spare)
            texts |= dict.fromkeys(e.negations, spare)
        else:
            texts |= dict.fromkeys((e.caption, *e.paraphrases, *e.absences, *e.rewrites), axis)
            texts |= dict.fromkeys(e.negations, -axis)
        label = str(e.meta.get("label", ""))
        classes[label] = classes.get(label, np.zeros(width)) + (-axis if reverse else axis)

    searched: dict[str, np.ndarray] = {}
    if all("objects" in e.meta for e in data):
        place = {e.image: np.eye(width)[i] for i, e in enumerate(data)}
        known = presence(data)
        holders = {t: np.flatnonzero(known.of(t) == THERE) for t in known.things}
        for item in items(known, 3, 100):
            asked = item.decided[item.right]
            sets = dict.fromkeys(item.sentences.values(), asked)
            sets |= {form(t): holders[t] for t in (*item.wanted, *item.excluded) for form in (one, several)}
            for string, photos in sets.items():
                total = sum((place[known.images[p]] for p in photos), np.zeros(width))
                searched[string] = total * (-1 if reverse else 1) + 0.01 * spare

    def text(string: str) -> np.ndarray:
        if string in texts:
            return texts[string]
        if string in searched or not any(string.endswith(label) for label in classes):
            # Sentences of `exclusion`; a prompt around one of its things means the thing.
            found = [part for part in searched if part == string or f" {part} " in f" {string} "]
            return searched[max(found, key=len)] if found else spare
        of = next(vector for label, vector in classes.items() if string.endswith(label))
        return -of if " not " in string or " no " in string else of

    return FakeEncoder(lambda name: images[name], text)


def without(data: Sequence[Example], view: str, keep: int = 0) -> list[Example]:
    """The examples, of which all but the first `keep` lack a view or the label."""
    empty: dict[str, object] = {
        "paraphrase": {"paraphrases": ()},
        "negation": {"negations": (), "meta": {"label": "red circle"}},
        "absence": {"absences": ()},
        "label": {"meta": {}},
        "mask": {"meta": {"label": "red circle"}},
        "correct_answer": {"meta": {"label": "red circle"}},
    }[view]  # type: ignore[assignment]
    return [e if i < keep else replace(e, **empty) for i, e in enumerate(data)]  # type: ignore[arg-type]
