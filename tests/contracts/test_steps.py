"""What every data step must do, run on each one that the registry finds."""

import dataclasses
import pickle
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from semclip.core.errors import UserError
from semclip.core.example import IMAGE_VIEWS, VIEWS, Example
from semclip.core.registry import FAMILIES
from semclip.data.collate import Batch, Collate
from semclip.data.dataset import CaptionDataset, Sample
from semclip.data.sampler import GroupBatchSampler
from semclip.training.steps.base import Step, create, views_of_data, views_to_draw
from tests.training.steps.worlds import Hashed, no_image, scenes, visits

# A new step that works with no options needs no line here.
OPTIONS: dict[str, dict[str, Any]] = {}
NAMES = FAMILIES["steps"].names()
EXAMPLES = scenes(24)[0]


def made(name: str, seed: int = 3) -> tuple[Step, list[Example]]:
    """The step, prepared, and the examples as it leaves them."""
    step = create({"name": name, **OPTIONS.get(name, {})}, seed)
    return step, step.prepare(EXAMPLES, Hashed()).examples


def batch(step: Step, examples: list[Example], indices: Sequence[int], epoch: int = 0) -> list[Sample]:
    views = sorted(views_to_draw([step], step.gives | {"caption"}))
    return step.batch(visits(examples, views, indices, epoch), examples)


def content(samples: Sequence[Sample]) -> dict[int, Any]:
    return {
        s.index: (s.texts, {view: x.tolist() for view, x in s.images.items()}, s.group, s.epoch, s.missing_texts)
        for s in samples
    }


def test_the_published_steps_are_there() -> None:
    assert {"rewrites", "distractors", "batch_absences"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name: str) -> None:
    step = create({"name": name, **OPTIONS.get(name, {})}, 0)
    assert FAMILIES["steps"].summaries()[name]
    assert step.name == name
    assert step.gives and step.gives <= set(VIEWS)
    assert step.gives_in_batch <= step.gives
    assert step.needs <= set(VIEWS)


@pytest.mark.parametrize("name", NAMES)
def test_views_given_are_given(name: str) -> None:
    step, examples = made(name)
    samples = batch(step, examples, range(8))
    for sample in samples:
        for view in step.gives:
            if view in IMAGE_VIEWS:
                assert view in sample.images
            else:
                texts = sample.texts[view]
                assert all(text.strip() for text in ([texts] if isinstance(texts, str) else texts))
    assert {"caption", *step.gives - set(IMAGE_VIEWS)} <= set(Collate(tokenize)(samples).tokens)


@pytest.mark.parametrize("name", NAMES)
def test_examples_stay_the_same_in_number_order_and_identity(name: str) -> None:
    step, examples = made(name)
    for before, after in zip(EXAMPLES, examples, strict=True):
        assert (before.id, before.image, before.caption, before.group, before.where) == (
            after.id, after.image, after.caption, after.group, after.where
        )  # fmt: skip
        assert before.paraphrases == after.paraphrases or "paraphrase" in step.gives


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_result_after_any_journey(name: str) -> None:
    step, examples = made(name)
    again, examples_again = made(name)
    sent = pickle.loads(pickle.dumps(step))
    assert examples == examples_again
    for epoch in (0, 1):
        first = content(batch(step, examples, range(9), epoch))
        assert first == content(batch(step, examples, range(9), epoch))  # a pure function: nothing was used up
        assert first == content(batch(again, examples, range(9), epoch))
        assert first == content(batch(sent, examples, range(9), epoch))


@pytest.mark.parametrize("name", NAMES)
def test_visits_differ_over_epochs(name: str) -> None:
    step, examples = made(name)
    given = [e.negative_images if v in IMAGE_VIEWS else e.texts(v) for e in examples for v in step.gives]
    if not step.gives_in_batch and max(map(len, given)) < 2:
        pytest.skip("gives one text or image, at every visit")
    over_epochs = [
        [(s.texts, {v: x.tolist() for v, x in s.images.items()}) for s in batch(step, examples, range(9), epoch)]
        for epoch in range(4)
    ]
    assert any(one != over_epochs[0] for one in over_epochs)


@pytest.mark.parametrize("name", NAMES)
def test_the_batch_is_all_that_counts(name: str) -> None:
    step, examples = made(name)
    forwards = content(batch(step, examples, range(9)))
    assert forwards == content(batch(step, examples, range(8, -1, -1)))
    if not step.gives_in_batch:  # else a sample may speak of its neighbours
        assert content(batch(step, examples, range(4))).items() <= forwards.items()


@pytest.mark.parametrize("name", NAMES)
def test_samples_keep_what_the_step_does_not_give(name: str) -> None:
    step, examples = made(name)
    views = sorted(views_to_draw([step], {"image", "caption", "paraphrase", "absence"} | step.gives))
    before = visits(examples, views, range(6))
    for old, new in zip(before, step.batch(before, examples), strict=True):
        assert (old.index, old.group, old.epoch) == (new.index, new.group, new.epoch)
        assert old.images.keys() == new.images.keys()
        assert all(new.texts[view] == text for view, text in old.texts.items() if view not in step.gives_in_batch)


class _Collated:
    def __init__(self, step: Step, examples: list[Example]) -> None:
        self.step, self.examples, self.collate = step, examples, Collate(tokenize)

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        return self.collate(self.step.batch(samples, self.examples))


def tokenize(texts: Sequence[str]) -> Tensor:
    return torch.tensor([[len(t), *(sum(map(ord, t[i::7])) for i in range(7))] for t in texts])


@pytest.mark.parametrize("name", NAMES)
def test_any_worker_count_gives_the_same_batches(name: str) -> None:
    step, examples = made(name)
    dataset = CaptionDataset(examples, sorted(views_to_draw([step], step.gives | {"caption"})), 5, no_image)
    streams = []
    for workers in (0, 2):
        sampler = GroupBatchSampler(dataset.groups, 6, seed=1, epoch=2)
        loader: Any = DataLoader(
            dataset, batch_sampler=sampler, collate_fn=_Collated(step, examples), num_workers=workers
        )
        streams.append(list(loader))
    for alone, helped in zip(*streams, strict=True):
        assert alone.tokens.keys() == helped.tokens.keys()
        assert all(alone.tokens[view].equal(helped.tokens[view]) for view in alone.tokens)
        assert alone.missing_texts == helped.missing_texts


@pytest.mark.parametrize("name", NAMES)
def test_a_needed_view_that_is_missing_is_refused(name: str) -> None:
    emptied: dict[str, dict[str, Any]] = {
        "paraphrase": {"paraphrases": ()},
        "negation": {"negations": (), "meta": {}},
        "absence": {"absences": ()},
        "rewrite": {"rewrites": ()},
        "negative_image": {"negative_images": ()},
    }
    step = create({"name": name, **OPTIONS.get(name, {})}, 0)
    for view in step.needs & set(emptied):
        bare = dataclasses.replace(EXAMPLES[5], **emptied[view])
        with pytest.raises(UserError, match=f"1 of 24 .*'{bare.id}'") as caught:
            step.prepare([*EXAMPLES[:5], bare, *EXAMPLES[6:]], Hashed())
        assert caught.value.where == "scenes.jsonl:6"
        assert view in caught.value.what


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="unknown key 'colour'") as caught:
        create({"name": name, "colour": 1}, 0)
    assert name in caught.value.where


def test_a_step_without_a_name_or_with_another_is_refused() -> None:
    with pytest.raises(UserError, match="no name") as caught:
        create({"file": "x"}, 0)
    assert "rewrites" in caught.value.fix
    with pytest.raises(UserError, match="unknown step 'rewrite'") as caught:
        create({"name": "rewrite"}, 0)
    assert "rewrites" in caught.value.fix


def test_views_of_data_and_views_to_draw() -> None:
    steps = [create({"name": name}, 0) for name in ("distractors", "batch_absences")]
    wanted = {"image", "caption", "negation", "negative_image", "absence"}
    assert views_of_data(steps, wanted) == {"image", "caption", "negation"}
    assert views_to_draw(steps, wanted) == {"image", "caption", "negation", "negative_image"}
    assert views_to_draw(steps, {"absence"}) == {"image", "caption"}
    assert views_of_data([], wanted) == views_to_draw([], wanted) == wanted
