"""SuperCLIP's counts, token weights and class loss."""

import math

import pytest
import torch

from semclip.core.errors import UserError
from semclip.core.protocols import EncoderInfo
from semclip.objectives import Features, Objective, create
from tests.objectives.features import INFO, build, make_views

IDS = torch.tensor([[28, 3, 5, 3, 29, 0, 0], [28, 0, 5, 29, 0, 0, 0], [28, 7, 7, 7, 7, 7, 29]])  # a 0 inside row 1


def counted(ids: torch.Tensor = IDS, **config: object) -> Objective:
    objective = build("superclip", **config)
    objective.update(Features(logit_scale=1.0, caption_ids=ids))
    return objective


def test_counts_are_of_captions_not_of_tokens() -> None:
    objective = counted()
    counts = {i: n for i, n in enumerate(objective.document_counts.tolist()) if n}
    assert objective.documents == 3 and counts == {0: 1, 3: 1, 5: 2, 7: 1}
    assert objective.idf_weights()[5].item() == pytest.approx(math.log(4 / 3))


def test_as_released_counts_special_tokens_too() -> None:
    counts = counted(special_tokens="as_released").document_counts
    assert (counts[28], counts[29], counts[0]) == (3, 3, 2)


def test_padding_without_an_end_is_padding() -> None:
    assert counted(torch.tensor([[28, 4, 0, 0]])).document_counts.nonzero().flatten().tolist() == [4]


@pytest.mark.parametrize("special", ["masked", "as_released"])
def test_class_loss_equals_the_dense_form(special: str) -> None:
    objective = counted(special_tokens=special)
    weights = torch.rand(30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    logits = make_views(frozenset({"image"}), rows=3)["image"].repeat(1, 4)[:, :30].contiguous()
    present = torch.zeros(3, 30, dtype=torch.float64)
    for row, words in enumerate([{3, 5}, {0, 5}, {7}] if special == "masked" else [set(r.tolist()) for r in IDS]):
        present[row, list(words)] = 1
    targets = weights * present
    targets = targets / targets.sum(1, keepdim=True)
    dense = -(targets * logits.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(objective.class_losses(logits, IDS, weights).mean(), dense, rtol=0, atol=1e-12)


def test_captions_without_weight_cost_nothing() -> None:
    same = IDS[:1].repeat(3, 1)
    objective = counted(same)  # every token in every caption: all weights 0
    assert objective.class_losses(torch.randn(3, 30), same, objective.idf_weights()).mean() == 0


def test_the_corpus_is_counted_once() -> None:
    objective = build("superclip", idf="corpus")
    views = make_views(objective.needs, rows=3) | {"caption_ids": IDS}
    features = Features(logit_scale=1.0, **views)
    with pytest.raises(UserError, match="corpus"):
        objective(features)
    objective.count_corpus([IDS[:2], IDS[2:]])
    objective.update(features)
    assert objective.documents == 3
    assert objective.idf_weights()[3].item() == pytest.approx(math.log(3 / 2))
    assert objective.idf_weights()[5].item() == pytest.approx(0.0)  # log(3 / 3)
    terms = objective(features)
    assert terms.total.isfinite() and terms.parts.keys() == {"contrastive", "class"}


def test_a_token_of_every_caption_weighs_nothing_in_the_corpus() -> None:
    objective = build("superclip", idf="corpus")
    objective.count_corpus([IDS[:1].repeat(3, 1)])  # log(3 / 4) is below 0
    weights = objective.idf_weights()
    assert weights.dtype == torch.float64 and weights[3] == 0 and weights.max().item() == pytest.approx(math.log(3))


def test_two_halves_count_like_the_whole() -> None:
    halves = build("superclip")
    for ids in (IDS[:1], IDS[1:]):
        halves.update(Features(logit_scale=1.0, caption_ids=ids))
    assert torch.equal(halves.document_counts, counted().document_counts)


def test_a_tower_without_patch_tokens_is_refused() -> None:
    with pytest.raises(UserError, match="patch tokens"):
        create("superclip").setup(EncoderInfo(embed_dim=8))
    objective = create("superclip")
    features = Features(logit_scale=1.0, **make_views(objective.needs))
    for call in (lambda: objective(features), lambda: objective.class_part(features), objective.idf_weights):
        with pytest.raises(UserError, match="class head"):
            call()


def test_the_head_starts_as_published() -> None:
    head = build("superclip").head[1]
    assert head.weight.shape == (INFO.vocab_size, INFO.image_width) and not head.bias.any()
    assert head.weight.std().item() == pytest.approx(INFO.image_width**-0.5, rel=0.2)


def test_prepare_reads_the_corpus_only_where_it_counts() -> None:
    corpus, running = build("superclip", idf="corpus"), build("superclip")
    corpus.prepare(lambda: [IDS[:1], IDS[1:]])
    assert corpus.documents == 3
    running.prepare(lambda: pytest.fail("a running count reads no corpus"))
