"""Values and gradients that the published code computes (xCLIP: the reconstructed formulas), to 1e-9 in float64."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from semclip.core.protocols import EncoderInfo
from semclip.objectives import Features, Objective, create

VECTORS = Path(__file__).parents[1] / "vectors"
TRIPLE = {"image": "image", "caption": "text", "paraphrase": "paraphrase", "negation": "negation"}


def load(system: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"{system}.json").read_text())


def cases(system: str, key: str = "cases", needs: str = "loss") -> list[Any]:
    """The cases that expect a loss; files hold cases for metrics and schedules, too."""
    found = [case for case in load(system)[key] if needs in case.get("expected", {})]
    return [pytest.param(case, id=case["name"]) for case in found]


def number(value: Any) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def close(actual: Tensor, expected: Any) -> None:
    torch.testing.assert_close(actual, number(expected), rtol=0, atol=1e-9)


def check(
    objective: Objective,
    views: Mapping[str, Any],
    expected: Mapping[str, Any],
    *,
    logit_scale: float,
    parts: Mapping[str, str],
    gradients: Mapping[str, str],
) -> None:
    """parts: ours -> name in the file; gradients: view -> name in the file. Names that the case lacks are left out."""
    leaves = {view: number(rows).requires_grad_() for view, rows in views.items()}
    log_scale = number(math.log(logit_scale)).requires_grad_()
    terms = objective(Features(logit_scale=log_scale.exp(), **leaves))
    terms.total.backward()
    close(terms.total, expected["loss"])
    for ours, theirs in parts.items():
        if theirs in expected:
            close(terms.parts[ours], expected[theirs])
    for view, theirs in gradients.items():
        if expected.get(theirs) is not None:
            close(leaves[view].grad, expected[theirs])
    for theirs in ("grad_log_logit_scale", "grad_logit_scale_log"):
        if theirs in expected:
            close(log_scale.grad, expected[theirs])


@pytest.mark.parametrize("case", cases("semclip"))
@pytest.mark.parametrize("learnable", [False, True])
def test_semclip(case: Any, learnable: bool) -> None:
    inputs, options = case["inputs"], case["options"]
    objective = create(
        "semclip",
        basis=inputs["basis_rows"],
        learnable_projections=learnable,
        normalize_contrastive=options["contrastive_normalized"],
        contrastive_weight=options["contrastive_weight"],
        paraphrase_weight=options["paraphrase_weight"],
        negation_weight=options["negation_weight"],
    )
    check(
        objective,
        {view: inputs[name] for view, name in TRIPLE.items()},
        case["expected"],
        logit_scale=inputs["logit_scale"],
        parts={part: f"{part}_loss" for part in ("contrastive", "paraphrase", "negation")},
        gradients={view: f"grad_{name}" for view, name in TRIPLE.items()},
    )


@pytest.mark.parametrize("case", cases("conclip"))
def test_conclip(case: Any) -> None:
    inputs = case["inputs"]
    names = {"image": "image", "caption": "text", "negation": "negation", "negative_image": "distractor_image"}
    check(
        create("conclip", distractors="distractor_image" in inputs),
        {view: inputs[name] for view, name in names.items() if name in inputs},
        case["expected"],
        logit_scale=inputs["logit_scale"],
        parts={
            "image_to_text": "L1_img_to_texts",
            "text_to_image": "L2_text_to_imgs",
            "distractor_to_text": "L3_distractor_to_texts",
        },
        gradients={
            "image": "grad_image",
            "caption": "grad_text",
            "negation": "grad_negation",
            "negative_image": "grad_distractor",
        },
    )


@pytest.mark.parametrize("case", cases("tripletclip"))
def test_tripletclip(case: Any) -> None:
    inputs = case["inputs"]
    names = {
        "image": "image",
        "caption": "text",
        "negation": "negative_text",
        "negative_image": "negative_image",
    }
    check(
        create({"negclip": "negclip", "triplet": "tripletclip"}[case["options"]["loss"]]),
        {view: inputs[name] for view, name in names.items()},
        case["expected"],
        logit_scale=inputs["logit_scale"],
        parts={"image_to_text": "ce_img_to_2N_texts", "text_to_image": "ce_text_to_N_imgs"},
        gradients={view: f"grad_{name}" for view, name in names.items()},
    )


@pytest.mark.parametrize("case", cases("negationclip"))
def test_negationclip(case: Any) -> None:
    check(
        create("negationclip"),
        {"image": case["inputs"]["image"], "absence": case["inputs"]["text"]},
        case["expected"],
        logit_scale=case["inputs"]["logit_scale"],
        parts={"image_to_text": "ce_image", "text_to_image": "ce_text"},
        gradients={"image": "grad_image", "absence": "grad_text"},
    )


@pytest.mark.parametrize("case", cases("tngclip"))
def test_tngclip(case: Any) -> None:
    inputs, expected = case["inputs"], case["expected"]
    flat = number(inputs["text_triplets_flat"]).unflatten(0, (-1, 3))
    gradient = number(expected["grad_text"]).unflatten(0, (-1, 3))
    temperature = case["options"]["temperature"]
    for how in ({"temperature": temperature}, {"temperature": None}):
        check(
            create("tngclip", image_labels=inputs["image_label"], **how),
            {"image": inputs["image"], "absence": flat[:, :2].tolist(), "caption": flat[:, 2].tolist()},
            {
                **expected,
                "grad_absence": gradient[:, :2].tolist(),
                "grad_caption": gradient[:, 2].tolist(),
            },
            logit_scale=1 / temperature,
            parts={"image_to_text": "loss_img", "text_to_image": "loss_txt"},
            gradients={"image": "grad_image", "absence": "grad_absence", "caption": "grad_caption"},
        )


def test_tngclip_multi_positive_and_aligned() -> None:
    by_name = {case["name"]: case for case in load("tngclip")["cases"]}
    inputs = by_name["ref_random_labels_a"]["inputs"]
    flat = number(inputs["text_triplets_flat"]).unflatten(0, (-1, 3))
    features = Features(image=number(inputs["image"]), absence=flat[:, :2], caption=flat[:, 2], logit_scale=1.0)
    several = create("tngclip", image_labels="multi_positive")(features)
    close(several.parts["image_to_text"], by_name["multi_positive_image_loss"]["expected"]["loss_img"])
    aligned = create("tngclip", image_labels="aligned")(features)
    close(aligned.total, by_name["intended_labels_pos_original"]["expected"]["loss"])


@pytest.mark.parametrize("case", cases("cyclip", "loss_cases"))
def test_cyclip(case: Any) -> None:
    inputs, options = case["inputs"], case["options"]
    check(
        create("cyclip", inmodal_weight=options["lambda_inmodal"], crossmodal_weight=options["lambda_crossmodal"]),
        {"image": inputs["image_features_raw"], "caption": inputs["text_features_raw"]},
        case["expected"],
        logit_scale=math.exp(inputs["logit_scale_log"]),
        parts={
            "contrastive": "contrastive_loss",
            "inmodal": "inmodal_cyclic_unweighted",
            "crossmodal": "crossmodal_cyclic_unweighted",
        },
        gradients={"image": "grad_image_features_raw", "caption": "grad_text_features_raw"},
    )


@pytest.mark.parametrize("case", cases("laclip", "loss_cases", "mean_loss"))
def test_laclip(case: Any) -> None:
    """Two ranks in one process: a gather that knows both halves. The gradient is that of the sum over ranks."""
    inputs, expected = case["inputs"], case["expected"]
    ranks = inputs["world_size"]
    image, text = (number(inputs[f"{kind}_features_raw"]).requires_grad_() for kind in ("image", "text"))
    totals = []
    for rank in range(ranks):
        unit = [nn.functional.normalize(x, dim=1) for x in (image, text)]
        labels = torch.arange(len(image))

        def gather(x: Tensor, rank: int = rank, everything: Any = (*unit, labels)) -> Tensor:
            return next(y for y in everything if torch.equal(x, y.chunk(ranks)[rank]))

        log_scale = number(inputs["logit_scale_log"]).requires_grad_()
        features = Features(
            image=image.chunk(ranks)[rank],
            rewrite=text.chunk(ranks)[rank],
            logit_scale=log_scale.exp(),
            gather=gather,
            offset=rank * len(image) // ranks,
        )
        total = create("laclip")(features).total
        close(total, expected["loss_per_rank"][rank])
        total.backward()
        close(log_scale.grad, expected["grad_logit_scale_log_per_rank"][rank])
        totals.append(total)
    close(torch.stack(totals).mean(), expected["mean_loss"])
    for leaf, kind in ((image, "image"), (text, "text")):
        close(leaf.grad, [row for rows in expected[f"grad_{kind}_local_per_rank"] for row in rows])


@pytest.mark.parametrize("case", cases("xclip", needs="nclip_loss"))
@pytest.mark.parametrize("name", ["xclip", "nclip"])
def test_xclip(case: Any, name: str) -> None:
    inputs, options, expected = case["inputs"], case["options"], case["expected"]
    weights = {"sharpness_weight": options["lambda1_EH"], "smoothness_weight": options["lambda2_HE"]}
    u, v = (number(inputs[f"{kind}_head_logits"]).requires_grad_() for kind in ("image", "text"))
    terms = create(name, **weights).terms(u, v)
    terms.total.backward()
    close(terms.total, expected["nclip_loss"])
    close(terms.parts["agreement"], expected["CE"])
    close(terms.parts["sharpness"], expected["EH_mean_of_entropies"])
    close(terms.parts["smoothness"], expected["HE_entropy_of_mean"])
    close(u.grad, expected["grad_image_logits_no_stopgrad"])
    close(v.grad, expected["grad_text_logits_no_stopgrad"])


def test_xclip_weights_both_losses() -> None:
    """The whole of xCLIP, with heads that return the logits of the vector."""
    case = next(case for case in load("xclip")["cases"] if "xclip_loss" in case["expected"])
    inputs, expected = case["inputs"], case["expected"]

    class Fixed(nn.Module):
        def __init__(self, rows: Any) -> None:
            super().__init__()
            self.rows = number(rows)

        def forward(self, x: Tensor) -> Tensor:
            return self.rows

    objective = create("xclip", contrastive_weight=inputs["weight_clip"], noncontrastive_weight=inputs["weight_nclip"])
    objective.heads["image"] = Fixed(inputs["image_head_logits"])
    objective.heads["caption"] = Fixed(inputs["text_head_logits"])
    terms = objective(
        Features(
            image=number(inputs["image_features_raw"]),
            caption=number(inputs["text_features_raw"]),
            logit_scale=inputs["logit_scale"],
        )
    )
    close(terms.total, expected["xclip_loss"])
    close(terms.parts["contrastive"], expected["clip_loss"])


def superclip_features(**views: Any) -> Features:
    vectors = load("superclip")
    return Features(
        image=number(vectors["image_features_raw"]),
        caption=number(vectors["text_features_raw"]),
        logit_scale=vectors["logit_scale"],
        **views,
    )


def test_superclip_steps() -> None:
    vectors = load("superclip")
    objective = create("superclip", special_tokens="as_released")
    objective.setup(EncoderInfo(embed_dim=3, vocab_size=12, image_width=4, special_ids=(0, 10, 11)))
    rows = 3
    for number_of_steps, step in enumerate(vectors["sequential_steps_single_rank"], start=1):
        expected, ids = step["expected"], torch.tensor(step["inputs"]["token_ids"])
        objective.update(superclip_features(caption_ids=ids))
        assert objective.documents == rows * number_of_steps
        close(objective.document_counts.double() / rows, expected["state_doc_freq_after"])
        idf = objective.idf_weights()
        close(idf, expected["idf_weights"])
        logits = number(step["inputs"]["logits"]).requires_grad_()
        loss = objective.class_losses(logits, ids, idf).mean()
        loss.backward()
        close(loss, expected["class_loss"])
        close(logits.grad, expected["grad_logits"])

        class Fixed(nn.Module):
            def __init__(self, logits: Tensor) -> None:
                super().__init__()
                self.logits = logits

            def forward(self, x: Tensor) -> Tensor:
                return self.logits

        fixed = create("superclip", special_tokens="as_released")
        fixed.setup(EncoderInfo(embed_dim=3, vocab_size=12, image_width=4, special_ids=(0, 10, 11)))
        fixed.load_state_dict(objective.state_dict())
        fixed.head = nn.Sequential(Fixed(logits.detach()))
        terms = fixed(superclip_features(caption_ids=ids, image_pooled=torch.zeros(3, 4, dtype=torch.float64)))
        close(terms.parts["contrastive"], expected["contrastive_loss"])
        close(terms.total, expected["total_loss"])


def test_superclip_head() -> None:
    case = load("superclip")["class_head"]
    inputs = case["inputs"]
    objective = create("superclip")
    objective.setup(EncoderInfo(embed_dim=3, vocab_size=5, image_width=4))
    objective.double()
    names = ("ln_weight", "ln_bias", "linear_weight", "linear_bias")
    with torch.no_grad():
        for parameter, name in zip(objective.head.parameters(), names, strict=True):
            parameter.copy_(number(inputs[name]))
    pooled = number(inputs["patch_tokens_after_ln_post"]).mean(1)
    close(pooled, case["expected"]["pooled"])
    close(objective.head(pooled), case["expected"]["logits"])


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("semclip", {"num_projections": 2, "contrastive_weight": 1, "paraphrase_weight": 1, "negation_weight": 1}),
        ("cyclip", {"inmodal_weight": 0.25, "crossmodal_weight": 0.25}),
        ("negationclip", {"absence_weight": 1.0}),
        ("superclip", {"class_weight": 1.0}),
        ("tngclip", {"temperature": 0.07}),
        ("xclip", {"contrastive_weight": 0.3, "noncontrastive_weight": 0.7}),
        ("nclip", {"contrastive_weight": 0.0, "noncontrastive_weight": 1.0}),
    ],
)
def test_the_defaults_are_the_published_numbers(name: str, published: dict[str, float]) -> None:
    config = create(name).config
    assert {option: getattr(config, option) for option in published} == published
