"""One text per view per visit, the same for any worker count, order of visits and choice of views."""

from collections.abc import Iterable, Sequence

from semclip.core.errors import UserError, did_you_mean
from semclip.core.example import TEXT_VIEWS, Example
from semclip.core.seeds import derive_seed


def draw_texts(example: Example, views: Iterable[str], seed: int, epoch: int) -> dict[str, str]:
    """One text for each text view, seeded by (seed, epoch, example.id, view).

    Which caption is drawn does not depend on the other views asked for, so two objectives with different needs see
    the same captions. Where all captions are of equal standing, caption and paraphrase are two different ones of
    them; otherwise the caption is the caption. A negation or absence is one made from the drawn caption where the
    data says which were (`negation_of`, `absence_of`), else any. Raises UserError for a view the example lacks.
    """
    captions = (example.caption, *example.paraphrases)
    equal = bool(example.meta.get("captions_equal"))
    drawn = _draw(range(len(captions)), example, "caption", seed, epoch) if equal else 0
    texts: dict[str, str] = {}
    for view in views:
        if view not in TEXT_VIEWS:
            raise UserError(f"'{view}' is no text view", where="draw_texts", fix=did_you_mean(view, TEXT_VIEWS))
        if view == "caption":
            texts[view] = captions[drawn]
        elif view == "paraphrase" and equal:
            others = [text for index, text in enumerate(captions) if index != drawn]
            # A caption given twice is no paraphrase of itself, unless there is nothing else.
            others = [text for text in others if text != captions[drawn]] or others
            texts[view] = others[_draw(_some(range(len(others)), example, view), example, view, seed, epoch)]
        else:
            choices = example.texts(view)
            of = example.meta.get(f"{view}_of") or ()
            fitting = [index for index, source in enumerate(of) if source == drawn] or range(len(choices))
            texts[view] = choices[_draw(_some(fitting, example, view), example, view, seed, epoch)]
    return texts


def _draw(choices: Sequence[int], example: Example, view: str, seed: int, epoch: int) -> int:
    # 63 random bits modulo a handful of texts: the bias is below 1e-17.
    return choices[derive_seed("draw", seed, epoch, example.id, view) % len(choices)]


def _some(choices: Sequence[int], example: Example, view: str) -> Sequence[int]:
    if not choices:
        raise UserError(
            f"the example has no {view}",
            where=example.where or example.id,
            fix=f"add one to the column '{view}', or leave the view out",
        )
    return choices
