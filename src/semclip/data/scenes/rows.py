"""One scene into one row of the data file: every view, with the claim that each text makes."""

import random
from typing import Any

from semclip.core.seeds import derive_seed
from semclip.data.scenes import world
from semclip.data.scenes.claims import absences, describe, negations
from semclip.data.scenes.phrasing import SHAPE_SYNONYMS, say
from semclip.data.scenes.render import class_name
from semclip.data.scenes.truth import Claim
from semclip.data.scenes.world import Scene, sample_scene


def make_row(
    seed: int, split: str, index: int, wordings: str = "", negated_captions: float = world.NEGATED_CAPTION_SHARE
) -> dict[str, Any]:
    """Row `index` of a split, ready for JSON; the same for the same arguments, whatever other rows are made.

    wordings: the split whose sentence patterns, synonyms and kinds of negation the texts have; empty: the row's own.
    negated_captions: share of captions and rewrites with a true negated clause.

    `negative_image` shows `negative_scene`, on which the first negation holds. Every negation and absence is about the
    image, whichever of its texts it is set against. `rewrites` are other true captions of the scene, which may mention
    other facts than the caption does; `objects` holds every noun that names a shape of the scene. `label` stands only
    where the scene has a single object.
    """
    scene = sample_scene(seed, split, index)
    name, key = f"{split}-{index:05d}", f"{split} in the wordings of {wordings}" if wordings else split
    split, told_as = wordings or split, split
    rng = random.Random(derive_seed("texts", seed, key, index))
    told = describe(scene, rng, negated_captions)
    wording = rng.getrandbits(63)
    caption = say(told.claim, split, random.Random(wording))
    paraphrases = _paraphrases(told.claim, caption, split, rng)
    false = negations(told, split, world.NEGATIONS[split], rng)
    true = absences(told, rng)
    row: dict[str, Any] = {
        "id": name,
        "split": told_as,
        "group": name,
        "image": f"images/{name}.png",
        "caption": caption,
        "paraphrases": paraphrases,
        "rewrites": _rewrites(
            scene, caption, split, negated_captions, random.Random(derive_seed("rewrites", seed, key, index))
        ),
        "negations": [_wording_of(negation.claim, split, wording, rng) for negation in false],
        "negation_kinds": [negation.kind for negation in false],
        "absences": [say(claim, split, rng) for _, claim in true],
        "absence_kinds": [kind for kind, _ in true],
        "negative_image": f"negative_images/{name}{'-seen' if wordings else ''}.png",
        "mask": f"masks/{name}.png",
        "objects": _nouns(scene),
        "scene": scene,
        "negative_scene": false[0].scene,
        "claims": {
            "caption": told.claim,
            "paraphrases": [told.claim] * len(paraphrases),
            "negations": [negation.claim for negation in false],
            "absences": [claim for _, claim in true],
        },
    }
    if len(scene["objects"]) == 1:
        row["label"] = class_name(scene["objects"][0])
    return row


def scenes_of(row: dict[str, Any]) -> tuple[Scene, Scene]:
    """The scene of a row's image and the one of its negative image."""
    return row["scene"], row["negative_scene"]


def _paraphrases(claim: Claim, caption: str, split: str, rng: random.Random) -> list[str]:
    found: list[str] = []
    while len(found) < world.PARAPHRASES:
        text = say(claim, split, rng, reworded=True)
        if text != caption and text not in found:
            found.append(text)
    return found


def _rewrites(scene: Scene, caption: str, split: str, negated: float, rng: random.Random) -> list[str]:
    """Captions that other people might write of the same picture: each describes it anew."""
    found: list[str] = []
    while len(found) < world.REWRITES:
        claim = describe(scene, rng, negated).claim
        text = say(claim, split, rng, reworded=rng.random() < world.REWRITE_REWORDED_SHARE)
        if text != caption and text not in found:
            found.append(text)
    return found


def _nouns(scene: Scene) -> list[str]:
    shapes = dict.fromkeys(thing["shape"] for thing in scene["objects"])
    return [noun for shape in shapes for noun in (shape, *SHAPE_SYNONYMS[shape])]


def _wording_of(claim: Claim, split: str, wording: int, rng: random.Random) -> str:
    """A negation's text: at times the caption's own wording (a minimal pair), else any wording."""
    kept = rng.random() < world.KEPT_WORDING_SHARE
    return say(claim, split, random.Random(wording) if kept else rng)
