"""Samples one text and image per view and visit, whatever the worker count, order of visits and choice of views."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import VIEWS, Example, ImageRef
from semclip.core.seeds import derive_seed


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one visit of an example shows, by view."""

    images: dict[str, ImageRef]
    texts: dict[str, str]


def draw_views(example: Example, views: Iterable[str], seed: int, epoch: int) -> Drawn:
    """One image or text for each view, seeded by (seed, epoch, example.id, view).

    Which caption is drawn does not depend on the other views asked for, so two objectives with different needs see
    the same captions. Where all captions are of equal standing, caption and paraphrase are two different ones of
    them; otherwise the caption is the caption. A paraphrase, negation or absence is one made from the drawn caption
    where the data says which were (`paraphrase_of`, `negation_of`, `absence_of`), else any. The negative image shows
    the drawn negation: where it is asked for, only negations with an image are drawn. Raises UserError for a view the
    example lacks.
    """
    views = list(views)
    for view in views:
        _check(example, view)
    captions = example.captions
    equal = bool(example.meta.get("captions_equal"))
    drawn = _draw(range(len(captions)), example, "caption", seed, epoch) if equal else 0

    def made(view: str, count: int) -> list[int]:
        of = example.meta.get(f"{view}_of") or ()
        return [index for index, source in enumerate(of[:count]) if source == drawn]

    def place(view: str, count: int) -> int:
        return _draw(made(view, count) or range(count), example, view, seed, epoch)

    images: dict[str, ImageRef] = {}
    texts: dict[str, str] = {}
    # Image and negation are drawn as one: by the same name, among the same number.
    pairs = len(example.negative_images[: len(example.negations) or None])
    for view in views:
        if view == "image":
            images[view] = example.image
        elif view == "negative_image":
            images[view] = example.negative_images[place("negation", pairs)]
        elif view == "negation" and "negative_image" in views:
            texts[view] = example.negations[place(view, pairs)]
        elif view == "caption":
            texts[view] = captions[drawn]
        elif view == "paraphrase" and made(view, len(example.paraphrases)):
            choices = example.paraphrases[-len(example.meta["paraphrase_of"]) :]
            texts[view] = choices[place(view, len(choices))]
        elif view == "paraphrase" and equal:
            others = [text for index, text in enumerate(captions) if index != drawn]
            # A caption given twice is no paraphrase of itself, unless there is nothing else.
            others = [text for text in others if text != captions[drawn]] or others
            texts[view] = others[_draw(range(len(others)), example, view, seed, epoch)]
        else:
            choices = example.texts(view)
            texts[view] = choices[place(view, len(choices))]
    return Drawn(images, texts)


def _draw(choices: Sequence[int], example: Example, view: str, seed: int, epoch: int) -> int:
    # 63 random bits modulo a handful of texts: the bias is below 1e-17.
    return choices[derive_seed("draw", seed, epoch, example.id, view) % len(choices)]


def _check(example: Example, view: str) -> None:
    if view not in VIEWS:
        raise UserError(f"unknown view '{view}'", where="draw_views", fix=did_you_mean(view, VIEWS))
    if not example.has(view):
        raise UserError(
            f"the example has no {view}",
            where=example.where or example.id,
            fix=f"add one to the column '{view}', or leave the view out",
        )
