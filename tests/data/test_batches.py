"""Dataset, collate and sampler together: the stream that training sees."""

import dataclasses
import itertools
import pickle
from collections import Counter
from collections.abc import Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import DataLoader

from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef
from semclip.data.collate import Batch, Collate
from semclip.data.dataset import CaptionDataset, Sample
from semclip.data.draw import draw_views
from semclip.data.sampler import GroupBatchSampler


def load_image(ref: ImageRef) -> Tensor:
    return torch.full((2, 3), float(ref.name))


def tokenize(texts: Sequence[str]) -> Tensor:
    return torch.tensor([[len(text), ord(text[0]), ord(text[-1])] for text in texts], dtype=torch.int64)


def examples(count: int = 24, per_group: int = 2) -> list[Example]:
    return [
        Example(
            id=str(i),
            image=ImageRef(str(i)),
            caption=f"c{i}",
            negations=(f"n{i}", f"mm{i}"),
            negative_images=(ImageRef(str(i + 1000)), ImageRef(str(i + 2000))),
            group=str(i // per_group),
            where=f"x:{i}",
        )
        for i in range(count)
    ]


VIEWS = ("image", "negative_image", "caption", "negation")


def test_sample_holds_what_its_address_says() -> None:
    dataset = CaptionDataset(examples(), VIEWS, 5, load_image)
    sample = dataset[2, 7]
    assert sample.index == 7
    assert sample.group == dataset.groups[7] == dataset.groups[6] == 3
    assert sample.images["image"].eq(7).all()
    assert sample.epoch == 2
    assert sample.texts == draw_views(examples()[7], VIEWS, 5, 2).texts
    assert len(dataset) == 24


def test_the_negative_image_shows_the_drawn_negation() -> None:
    dataset = CaptionDataset(examples(), VIEWS, 5, load_image)
    seen = set()
    for epoch in range(20):
        sample = dataset[epoch, 7]
        seen.add((sample.texts["negation"], int(sample.images["negative_image"][0, 0])))
    assert seen == {("n7", 1007), ("mm7", 2007)}


def test_missing_view_is_refused_before_anything_is_loaded() -> None:
    def never(ref: ImageRef) -> Tensor:
        raise AssertionError("loaded")

    some = [*examples(2), Example(id="z", image=ImageRef("9"), caption="c", where="x:99")]
    with pytest.raises(UserError, match="1 of 3 examples have no negation") as caught:
        CaptionDataset(some, VIEWS[2:], 0, never)
    assert caught.value.where == "x:99"
    with pytest.raises(UserError, match="unknown view"):
        CaptionDataset(some, ("captoin",), 0, never)


def test_batch_shapes_and_values() -> None:
    dataset = CaptionDataset(examples(), VIEWS, 0, load_image)
    batch = Collate(tokenize)([dataset[0, i] for i in (3, 0)])
    assert batch.indices.tolist() == [3, 0]
    assert batch.indices.dtype == batch.groups.dtype == torch.int64
    assert batch.groups.tolist() == [1, 0]
    assert batch.images["image"].shape == (2, 2, 3)
    assert batch.tokens["caption"].tolist() == [[2, ord("c"), ord("3")], [2, ord("c"), ord("0")]]
    assert set(batch.tokens) == {"caption", "negation"}
    assert len(batch) == 2
    assert batch.to("meta").images["image"].device.type == "meta"


def test_each_text_is_tokenized_once_and_right_when_cached() -> None:
    asked: Counter[str] = Counter()

    def counting(texts: Sequence[str]) -> Tensor:
        asked.update(texts)
        return tokenize(texts)

    def sample(i: int, text: str) -> Sample:
        return Sample(i, {"image": torch.zeros(1)}, {"caption": text, "negation": text + "x"}, i, 0)

    collate = Collate(counting)
    collate([sample(0, "a"), sample(1, "b"), sample(2, "a")])
    batch = collate([sample(0, "b"), sample(1, "d"), sample(2, "a")])
    assert set(asked.values()) == {1}
    assert batch.tokens["caption"].equal(tokenize(["b", "d", "a"]))
    assert batch.tokens["negation"].equal(tokenize(["bx", "dx", "ax"]))


def several(*texts: str | tuple[str, ...]) -> list[Sample]:
    return [Sample(i, {"image": torch.zeros(1)}, {"absence": text}, i, 0) for i, text in enumerate(texts)]


def test_several_texts_per_sample_are_stacked() -> None:
    batch = Collate(tokenize)(several(("a", "bb"), ("ccc", "a")))
    assert batch.tokens["absence"].shape == (2, 2, 3)
    assert batch.tokens["absence"][1, 0].equal(tokenize(["ccc"])[0])
    assert batch.tokens["absence"][0, 0].equal(batch.tokens["absence"][1, 1])


@pytest.mark.parametrize("texts", [("a", ("b",)), (("a", "b"), ("c",)), ((), ())])
def test_samples_with_unequal_numbers_of_texts_are_refused(texts: tuple[str | tuple[str, ...], ...]) -> None:
    with pytest.raises(UserError, match="differ in their number of absences"):
        Collate(tokenize)(several(*texts))


def test_what_steps_could_not_make_is_counted() -> None:
    samples = [dataclasses.replace(s, missing_texts=("x",) * (s.index > 0)) for s in several("a", "b", "c")]
    batch = Collate(tokenize)(samples)
    assert batch.missing_texts == batch.to("cpu").missing_texts == {"x": 2}


def stream(workers: int) -> list[Batch]:
    dataset = CaptionDataset(examples(), VIEWS, 1, load_image)
    batches = []
    for epoch in (0, 1):
        sampler = GroupBatchSampler(dataset.groups, 5, seed=1, epoch=epoch)
        loader: DataLoader[Sample] = DataLoader(
            dataset, batch_sampler=sampler, collate_fn=Collate(tokenize), num_workers=workers
        )
        batches += list(loader)
    return batches


def test_any_worker_count_gives_the_same_stream() -> None:
    alone, helped = stream(0), stream(2)
    assert len(alone) == len(helped) == 8
    for one, two in zip(alone, helped, strict=True):
        assert one.indices.equal(two.indices)
        assert all(one.tokens[view].equal(two.tokens[view]) for view in one.tokens)
        assert all(one.images[view].equal(two.images[view]) for view in one.images)


def test_user_errors_survive_the_way_out_of_a_worker() -> None:
    def broken(ref: ImageRef) -> Tensor:
        raise UserError("cannot decode", where="x:3", fix="mend it")

    dataset = CaptionDataset(examples(4, 1), VIEWS, 0, broken)
    loader: DataLoader[Sample] = DataLoader(
        dataset, batch_sampler=GroupBatchSampler(dataset.groups, 2, 0, 0), collate_fn=Collate(tokenize), num_workers=1
    )
    caught: Exception | None = None
    try:
        list(loader)
    except UserError as error:
        # Without its traceback, which refers to itself: a loader left to the garbage collector takes 5 s to end.
        caught = error.with_traceback(None)
    assert caught is not None and "cannot decode" in str(caught)


@settings(deadline=None, max_examples=60)
@given(
    groups=st.lists(st.integers(0, 12), min_size=1, max_size=80),
    batch_size=st.integers(1, 6),
    seed=st.integers(0, 5),
    epoch=st.integers(0, 3),
)
def test_batches_are_full_of_different_groups(groups: list[int], batch_size: int, seed: int, epoch: int) -> None:
    if len(set(groups)) < batch_size:
        with pytest.raises(UserError, match="no full batch"):
            GroupBatchSampler(groups, batch_size, seed, epoch)
        return
    sampler = GroupBatchSampler(groups, batch_size, seed, epoch)
    batches = list(sampler)
    assert len(batches) == len(sampler) >= 1
    assert all(len(batch) == batch_size for batch in batches)
    assert all(len({groups[index] for _, index in batch}) == batch_size for batch in batches)
    indices = [index for batch in batches for _, index in batch]
    assert len(indices) == len(set(indices)) == len(groups) - sampler.left_out
    assert {e for batch in batches for e, _ in batch} == {epoch}
    assert batches == list(GroupBatchSampler(groups, batch_size, seed, epoch))


def test_every_epoch_has_the_most_batches_there_can_be() -> None:
    assert GroupBatchSampler(range(512), 64, 0, 0).left_out == 0
    assert GroupBatchSampler([i // 5 for i in range(5000)], 50, 0, 0).left_out == 0
    # Sizes 4, 1, 1: a batch of two holds one of the small groups each time, so two batches; two examples are left.
    uneven = [0, 0, 0, 0, 1, 2]
    assert {len(GroupBatchSampler(uneven, 2, seed, epoch)) for seed in range(20) for epoch in range(5)} == {2}
    assert GroupBatchSampler(uneven, 2, 0, 0).left_out == 2


def most_batches_by_trying(sizes: list[int], batch_size: int) -> int:
    """Naive: fill one batch after the other from the groups with the most examples left."""
    count = 0
    while True:
        sizes = sorted(sizes, reverse=True)
        if len(sizes) < batch_size or sizes[batch_size - 1] == 0:
            return count
        sizes = [size - 1 for size in sizes[:batch_size]] + sizes[batch_size:]
        count += 1


@settings(deadline=None, max_examples=100)
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=12), batch_size=st.integers(1, 5))
def test_number_of_batches_equals_the_naive_one(sizes: list[int], batch_size: int) -> None:
    groups = [group for group, size in enumerate(sizes) for _ in range(size)]
    expected = most_batches_by_trying(sizes, batch_size)
    if expected:
        assert len(GroupBatchSampler(groups, batch_size, 0, 0)) == expected


def test_number_of_batches_for_every_small_data_set() -> None:
    for sizes in itertools.combinations_with_replacement(range(1, 7), 3):
        groups = [group for group, size in enumerate(sizes) for _ in range(size)]
        for batch_size in (1, 2, 3):
            expected = most_batches_by_trying(list(sizes), batch_size)
            assert len(GroupBatchSampler(groups, batch_size, 0, 0)) == expected


def test_batches_mix_groups_differently_each_epoch() -> None:
    groups = [i // 5 for i in range(500)]
    together = Counter()
    for epoch in range(40):
        for batch in GroupBatchSampler(groups, 10, 0, epoch):
            present = {groups[index] for _, index in batch}
            together.update((a, b) for a in present for b in present if a < b)
    # 40 epochs x 50 batches x 45 pairs over 4950 pairs of groups: 18 times each on average, and never far from it.
    assert len(together) == 4950
    assert max(together.values()) < 50


def test_every_example_is_left_out_about_as_often() -> None:
    visits = Counter(i for epoch in range(300) for batch in GroupBatchSampler(range(10), 4, 0, epoch) for _, i in batch)
    assert all(abs(visits[i] - 240) < 45 for i in range(10))  # five standard deviations are 35


def test_epochs_and_seeds_differ_and_start_resumes() -> None:
    full = list(GroupBatchSampler(range(40), 4, seed=0, epoch=2))
    assert full != list(GroupBatchSampler(range(40), 4, seed=0, epoch=3))
    assert [[i for _, i in b] for b in full] != [
        [i for _, i in b] for b in GroupBatchSampler(range(40), 4, seed=1, epoch=2)
    ]
    rest = GroupBatchSampler(range(40), 4, seed=0, epoch=2, start=7)
    assert list(rest) == full[7:]
    assert len(rest) == 3


def test_one_giant_group_is_refused_quickly() -> None:
    with pytest.raises(UserError, match="1 groups"):
        GroupBatchSampler([0] * 20_000, 2, 0, 0)
    with pytest.raises(UserError):
        GroupBatchSampler([0, 1], 0, 0, 0)


def test_dataset_pickles_for_spawned_workers() -> None:
    dataset = CaptionDataset(examples(), VIEWS, 1, load_image)
    again = pickle.loads(pickle.dumps(dataset))
    assert again[0, 3].texts == dataset[0, 3].texts
