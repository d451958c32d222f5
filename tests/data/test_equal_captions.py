"""Which photos are no negatives of each other because their captions say the same."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from semclip.core.example import Example, ImageRef
from semclip.data.collate import Collate
from semclip.data.dataset import CaptionDataset
from semclip.data.equal_captions import SharedCaptions, contrast_groups, folded, sentence
from semclip.objectives import Features, create


def example(number: int, *captions: str, group: str = "") -> Example:
    name = f"{number}.jpg"
    return Example(str(number), ImageRef(name), captions[0], paraphrases=captions[1:], group=group or name)


@pytest.mark.parametrize(
    "texts",
    [
        ("A dog.", "a dog", "a  DOG !", " a\tdog...", "a dog。"),
        ("a cat, a dog", "A cat a dog.", "a cat; a dog"),
        ("STRASSE", "straße"),
        ("ﬁne", "fine"),
    ],
)
def test_case_space_and_stops_are_folded(texts: tuple[str, ...]) -> None:
    assert len({folded(text) for text in texts}) == 1


@pytest.mark.parametrize(
    "pair", [("a dog", "a dogs"), ("1.5 kg", "15 kg"), ("no dog", "dog"), ("...", "?"), ("it's", "its")]
)
def test_what_says_something_else_stays_apart(pair: tuple[str, str]) -> None:
    assert folded(pair[0]) != folded(pair[1])


def test_numbers_are_those_of_naive_merging() -> None:
    random = np.random.default_rng(3)
    data = [
        example(i, *(f"text {random.integers(12)}" for _ in range(random.integers(1, 4))), group=f"g{i % 17}")
        for i in range(24)
    ]
    together = [
        [
            a.group == b.group or bool({folded(t) for t in a.captions} & {folded(t) for t in b.captions})
            for b in data
        ]
        for a in data
    ]  # fmt: skip
    reach = np.array(together)
    for k, i, j in itertools.product(range(24), repeat=3):
        reach[i, j] |= reach[i, k] and reach[k, j]
    numbers = contrast_groups(data)
    assert np.array_equal(np.equal.outer(numbers, numbers), reach)
    assert contrast_groups(data, mask_equal_captions=False) == [i % 17 for i in range(24)]


def test_a_written_paraphrase_is_no_caption() -> None:
    made = Example("1", ImageRef("1.jpg"), "a", paraphrases=("b",), group="1", meta={"paraphrase_of": [0]})
    assert contrast_groups([made, example(2, "b")]) == [0, 1]


def test_the_loss_of_eight_captions_on_forty_photos_can_reach_zero() -> None:
    """A perfect model of eight kinds of photos: without the mask its loss is that of guessing among five."""
    data = [example(i, f"kind {i % 8}" + "." * (i % 2)) for i in range(40)]
    kinds = torch.eye(8)

    def tokens(texts: object) -> Tensor:
        return torch.tensor([[int(text.rstrip(".")[-1])] for text in texts])  # type: ignore[attr-defined]

    def loss(mask: bool) -> float:
        dataset = CaptionDataset(
            data, ["image", "caption"], 0, lambda ref: kinds[int(ref.name[:-4]) % 8], mask_equal_captions=mask
        )
        batch = Collate(tokens)([dataset[0, i] for i in range(40)])
        caption = kinds[batch.tokens["caption"][:, 0]]
        features = Features(image=batch.images["image"], caption=caption, groups=batch.groups, logit_scale=100.0)
        return float(create("clip")(features).total)

    assert loss(True) == pytest.approx(0, abs=1e-6)
    assert loss(False) == pytest.approx(np.log(5), abs=1e-4)


def test_the_sampler_keeps_the_groups_of_the_data() -> None:
    """Eight captions must not shrink the batch to eight."""
    dataset = CaptionDataset(
        [example(i, "same") for i in range(9)], ["caption"], 0, lambda ref: torch.zeros(1), mask_equal_captions=True
    )
    assert dataset.groups == list(range(9)) and dataset.contrast_groups == [0] * 9


def test_what_is_said_before_training() -> None:
    data = [example(0, "A dog."), example(1, "a dog"), example(2, "a cat"), example(3, "a dog", group="1.jpg")]
    shared = SharedCaptions(data)
    assert {one.text: [e.group for e in one.first] for one in shared} == {"a dog": ["0.jpg", "1.jpg"]}
    assert sentence(shared, True).startswith("2 photos share a caption with others and are not each other's negatives")
    assert "NEGATIVES (train.mask_equal_captions=false)" in sentence(shared, False)
    assert sentence(SharedCaptions([]), True) == sentence(SharedCaptions(data[1:]), True) == ""


def test_shared_captions_are_those_of_a_naive_count() -> None:
    random = np.random.default_rng(5)
    data = [
        example(i, *(f"Text {random.integers(40)}." for _ in range(random.integers(1, 4))), group=f"g{i % 29}")
        for i in range(60)
    ]
    holders: dict[str, dict[str, Example]] = {}
    for one in data:
        for text in map(folded, one.captions):
            holders.setdefault(text, {}).setdefault(one.group, one)
    expected = {text: list(held.values()) for text, held in holders.items() if len(held) > 1}
    found = SharedCaptions(data)
    assert {one.text: (one.photos, one.first) for one in found} == {t: (len(h), h[:3]) for t, h in expected.items()}
    assert found.photos == len({one.group for held in expected.values() for one in held})
    assert found.most_shared().photos == max(map(len, expected.values()))
    assert [one.text for one in found] == list(expected)  # as they first occur, whatever the hashes of this process
