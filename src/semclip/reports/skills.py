"""The main metrics of a comparison, and the titles of metrics, benchmarks and views on a page for people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from semclip.reports import formatting


@dataclass(frozen=True)
class Skill:
    """A metric that every comparison is about: where it stands, its title, and what it means in plain words."""

    benchmark: str
    metric: str
    title: str
    meaning: str = ""


#: Ordinary ability, the negation suite, and zero-shot naming: the rows of every summary.
MAIN = (
    Skill("retrieval", "caption_r1", "Caption R@1",
          "Ordinary search: given the caption, the right image is the first one found. This must not get worse."),
    Skill("retrieval", "paraphrase_r1", "Paraphrase R@1",
          "Given a reworded caption, the right image is the first one found."),
    Skill("retrieval", "absence_r1", "Absence R@1",
          "Given a true text that says what is not there, its image is the first one found. Many images may fit."),
    Skill("original_over_negation", "caption_over_negation", "Original over negation",
          "Given an image, the model likes its true caption better than a version that says something false."),
    Skill("original_over_negation", "paraphrase_over_negation", "Paraphrase over negation",
          "Given an image, the model likes a rewording of its caption better than the false version."),
    Skill("absence", "absence_over_negation", "Absence over negation",
          "A true sentence with a negation word (“..., but no star”) is liked better than a false one. A model that "
          "merely learned “negation words are bad” fails here."),
    Skill("explicit_negation", "caption_over_explicit_negation", "Original over explicit negation",
          "The same where the false version alone denies: “a ring but no star”, where there is a star. "
          "A detector of negation words is always right here without looking; read it with absence over negation."),
    Skill("triplet_choice", "itt", "Image-to-text choice (ITT)",
          "Given an image, caption and paraphrase both score above the negation."),
    Skill("triplet_choice", "tot", "Text-only choice (TOT)",
          "Without any image, caption and paraphrase lie closer to each other than either lies to the negation."),
    Skill("zeroshot", "original_accuracy", "Zero-shot accuracy",
          "“A photo of a ...”: naming what is in the image without training for it. This must not get worse."),
    Skill("zeroshot", "negated_accuracy", "Zero-shot accuracy, negated (lower is better)",
          "“Not a photo of a ...” still finds the label that it denies."),
    Skill("zeroshot", "delta", "Zero-shot delta",
          "Accuracy with the ordinary sentence minus accuracy with its negated form: near zero for a model that is "
          "deaf to “not”. Large is no proof: guessing whenever “not” is read gives a large value, too."),
    Skill("exclusion", "literal_average_precision", "Search “A without B”, average precision",
          "Given “A without B” as it stands, the images that hold A and not B come first."),
    Skill("exclusion", "literal_violations_at_10", "Search “A without B”, violations (lower is better)",
          "Of the first ten images found for “A without B”, the share that hold B."),
)  # fmt: skip

#: What stands beside the main skills in the page's table, though no summary counts it.
BESIDE = tuple(
    Skill("retrieval", f"{view}_true_r1", f"{view.capitalize()} R@1, any fitting image",
          f"As above, but every image of which the {text} is true counts as right.")
    for view, text in (("caption", "caption"), ("paraphrase", "reworded caption"), ("absence", "absence"))
)  # fmt: skip

_BY_NAME = {f"{s.benchmark}.{s.metric}": s for s in (*MAIN, *BESIDE)}


def on_test_set(skill: Skill, name: str) -> Skill:
    """A skill as measured on a further test set of the run; "" is the test split."""
    return replace(skill, benchmark=f"{name}.{skill.benchmark}") if name else skill


def test_set_of(benchmark: str) -> str:
    """The further test set that results called so are measured on; "" for the test split."""
    return benchmark.rpartition(".")[0]


def skills(*names: str) -> tuple[Skill, ...]:
    """The skills called `benchmark.metric`."""
    return tuple(_BY_NAME[name] for name in names)


#: The four numbers on top of the page.
HEADLINE = skills(
    "original_over_negation.caption_over_negation",
    "retrieval.paraphrase_r1",
    "retrieval.caption_r1",
    "absence.absence_over_negation",
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
    "blind_text_only": "Blind: reads the texts, never the image",
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
    "multilabel_classification": "Multi-label classification",
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

#: What a run cost: title, its key in run.json, how its number is written.
COSTS: Sequence[tuple[str, str, Callable[[float], str]]] = (
    ("Training time", "seconds", formatting.duration),
    ("Peak memory", "peak_memory_mb", lambda mb: f"{mb / 1024:.1f} GB"),
    ("Trainable parameters", "trainable_parameters", formatting.count),
    ("Parameters of the objective's own", "objective_parameters", formatting.count),
    ("Optimizer steps", "steps", formatting.count),
    ("Step that was kept", "best_step", formatting.count),
    ("Images seen", "images_seen", formatting.count),
    ("Texts seen", "texts_seen", formatting.count),
)


def benchmark_title(name: str) -> str:
    """A benchmark's name for people, with the test set where it is a further one."""
    test_set, _, own = name.rpartition(".")
    title = BENCHMARK_TITLES.get(own, formatting.words(own))
    return f"{title}, {formatting.words(test_set).lower()}" if test_set else title


def skill_of(benchmark: str, metric: str) -> Skill | None:
    """Our words for a metric; None where we have none."""
    return _BY_NAME.get(f"{benchmark.rpartition('.')[2]}.{metric}")


def metric_title(benchmark: str, metric: str) -> str:
    """A title for a table row: ours for the main skills, else the name in words."""
    skill = skill_of(benchmark, metric)
    return skill.title if skill else BASELINE_TITLES.get(metric, formatting.words(metric))


def full_title(benchmark: str, metric: str) -> str:
    """Benchmark and metric; one of them where both are called the same."""
    return ": ".join(dict.fromkeys((benchmark_title(benchmark), metric_title(benchmark, metric))))
