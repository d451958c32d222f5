"""What metrics, views and numbers are called on a page for people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Skill:
    """A metric that every comparison is about: where it stands, its title, and what it means in plain words."""

    benchmark: str
    metric: str
    title: str
    meaning: str


#: Ordinary ability, the negation suite, and zero-shot naming: the rows of every summary.
MAIN = (
    Skill(
        "retrieval",
        "caption_r1",
        "Caption R@1",
        "Ordinary search: given the caption, the right picture is the first one found. This must not get worse.",
    ),
    Skill(
        "retrieval",
        "paraphrase_r1",
        "Paraphrase R@1",
        "Given a reworded caption, the right picture is the first one found.",
    ),
    Skill(
        "retrieval",
        "absence_r1",
        "Absence R@1",
        "Given a true text that says what is not there, its picture is the first one found. Many pictures may fit.",
    ),
    Skill(
        "original_over_negation",
        "caption_over_negation",
        "Original over negation",
        "Given a picture, the model likes its true caption better than a version that says something false.",
    ),
    Skill(
        "original_over_negation",
        "paraphrase_over_negation",
        "Paraphrase over negation",
        "Given a picture, the model likes a rewording of its caption better than the false version.",
    ),
    Skill(
        "absence",
        "absence_over_negation",
        "Absence over negation",
        "A true sentence with a negation word (“..., but no star”) is liked better than a false one. A model that "
        "merely learned “negation words are bad” fails here.",
    ),
    Skill(
        "triplet_choice",
        "itt",
        "Image-to-text choice (ITT)",
        "Given a picture, caption and paraphrase both score above the negation.",
    ),
    Skill(
        "triplet_choice",
        "tot",
        "Text-only choice (TOT)",
        "Without any picture, caption and paraphrase lie closer to each other than either lies to the negation.",
    ),
    Skill(
        "zeroshot",
        "original_accuracy",
        "Zero-shot accuracy",
        "“A photo of a ...”: naming what is in the picture without training for it. This must not get worse.",
    ),
    Skill(
        "zeroshot",
        "negated_accuracy",
        "Zero-shot accuracy, negated (lower is better)",
        "“Not a photo of a ...” still finds the label that it denies.",
    ),
    Skill(
        "zeroshot",
        "delta",
        "Zero-shot delta",
        "Accuracy with the ordinary sentence minus accuracy with its negated form: near zero for a model that is deaf "
        "to “not”. Large is no proof: guessing whenever “not” is read gives a large value, too.",
    ),
)
MAIN_BY_NAME = {(s.benchmark, s.metric): s for s in MAIN}

#: What stands beside the main skills in the page's table, though no summary counts it.
BESIDE = (
    Skill(
        "retrieval",
        "caption_true_r1",
        "Caption R@1, any fitting picture",
        "As above, but every picture of which the caption is true counts as right.",
    ),
    Skill(
        "retrieval",
        "paraphrase_true_r1",
        "Paraphrase R@1, any fitting picture",
        "As above, but every picture of which the reworded caption is true counts as right.",
    ),
    Skill(
        "retrieval",
        "absence_true_r1",
        "Absence R@1, any fitting picture",
        "As above, but every picture of which the absence is true counts as right.",
    ),
)

#: Units whose numbers are shown in hundredths: shares of items, and differences of them.
_SHARES = ("share", "difference")

#: The four numbers on top of the page.
HEADLINE = tuple(
    MAIN_BY_NAME[name]
    for name in (
        ("original_over_negation", "caption_over_negation"),
        ("retrieval", "paraphrase_r1"),
        ("retrieval", "caption_r1"),
        ("absence", "absence_over_negation"),
    )
)

VIEW_TITLES = {
    "caption": "caption",
    "paraphrase": "paraphrase",
    "negation": "negation (false)",
    "absence": "absence (true)",
    "rewrite": "rewrite",
}

BASELINE_TITLES = {
    "blind_negation_word": "Blind: counts negation words",
    "blind_text_only": "Blind: reads the texts, never the picture",
}


#: Public benchmarks by the names that their papers give them; others are called by their file's name, in words.
BENCHMARK_TITLES = {
    "aro_coco_order": "ARO COCO-Order",
    "aro_flickr_order": "ARO Flickr30k-Order",
    "aro_vg_attribution": "ARO VG-Attribution",
    "aro_vg_relation": "ARO VG-Relation",
    "ccneg": "CC-Neg",
    "coco_retrieval": "COCO retrieval",
    "crepe": "CREPE",
    "neg_ttoi": "Neg-TtoI, our judge",
    "negbench_mcq_coco": "NegBench MCQ, COCO",
    "negbench_mcq_msrvtt": "NegBench MCQ, MSR-VTT",
    "negbench_mcq_synthetic": "NegBench MCQ, synthetic",
    "negbench_mcq_voc2007": "NegBench MCQ, VOC2007",
    "negbench_retrieval_coco": "NegBench retrieval, COCO",
    "negrefcocog": "NegRefCOCOg",
    "semclip_protocol": "SemCLIP protocol",
    "semclip_zeroshot": "SemCLIP zero-shot",
    "sugarcrepe": "SugarCrepe",
    "sugarcrepe_pp": "SugarCrepe++",
    "valse_existence": "VALSE existence",
    "zeroshot_classification": "Zero-shot classification",
}


def benchmark_title(name: str) -> str:
    """A benchmark's name for people."""
    return BENCHMARK_TITLES.get(name, words(name))


def skill_of(benchmark: str, name: str) -> Skill | None:
    """Our words for a metric; None where we have none."""
    return next((s for s in (*MAIN, *BESIDE) if (s.benchmark, s.metric) == (benchmark, name)), None)


def metric_title(benchmark: str, name: str) -> str:
    """A title for a table row: ours for the main skills, else the name in words."""
    skill = skill_of(benchmark, name)
    if skill is not None:
        return skill.title
    return BASELINE_TITLES.get(name, words(name))


def words(name: str) -> str:
    """`paraphrase_over_negation` as "Paraphrase over negation", `caption_true_r10` as "Caption true R@10"."""
    parts = [f"R@{p[1:]}" if p[:1] == "r" and p[1:].isdigit() else p for p in name.split("_")]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]


def number(value: float, unit: str = "share") -> str:
    """A share as "81.2 %", a difference as "+3.1 points", a cosine as "0.312", else three digits and the unit."""
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "difference":
        return difference(value, unit)
    return minus(f"{value:.3f}" if unit in ("", "cosine") else f"{value:.3g} {unit}")


def difference(value: float, unit: str = "share") -> str:
    """A signed difference: "+21.3 points" for shares and differences of shares."""
    scale, digits, after = (100, 1, " points") if unit in _SHARES else (1, 3, "")
    rounded = round(scale * value, digits) + 0.0  # no "-0.0"
    return minus(f"{rounded:+.{digits}f}{after}")


def interval(bounds: Sequence[float] | None, unit: str = "share", signed: bool = False) -> str:
    """A 95 % interval as "[79.1, 83.0]"; "" where there is none."""
    if bounds is None:
        return ""
    scale, digits = (100, 1) if unit in _SHARES else (1, 3)
    sign = "+" if signed or unit == "difference" else ""
    low, high = (minus(f"{scale * b:{sign}.{digits}f}") for b in bounds)
    return f"[{low}, {high}]"


def minus(text: str) -> str:
    """Numbers with a true minus sign, which lines up with plus."""
    return text.replace("-", "\N{MINUS SIGN}")


def p_value(p: float) -> str:
    """A p-value as people write it: "p < 0.001" or "p = 0.032"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def count(value: float) -> str:
    """A whole number with thousands separated: 38,400."""
    return f"{value:,.0f}"


def listing(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def duration(seconds: float) -> str:
    """Seconds as people say them: "42 s", "12.5 min", "3.1 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


#: What a run cost: title, its key in run.json, how its number is written.
COSTS: Sequence[tuple[str, str, Callable[[float], str]]] = (
    ("Training time", "seconds", duration),
    ("Peak memory", "peak_memory_mb", lambda mb: f"{mb / 1024:.1f} GB"),
    ("Trainable parameters", "trainable_parameters", count),
    ("Parameters of the objective's own", "objective_parameters", count),
    ("Optimizer steps", "steps", count),
    ("Step that was kept", "best_step", count),
    ("Images seen", "images_seen", count),
    ("Texts seen", "texts_seen", count),
)
