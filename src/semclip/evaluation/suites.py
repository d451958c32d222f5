"""Named suites of benchmarks that are read together: `semclip evaluate --benchmarks negation-core`."""

#: Suite -> names of benchmarks, public ones and those of data files. A member that cannot be served is left out, said.
SUITES: dict[str, tuple[str, ...]] = {
    "negation-core": (
        "negbench_mcq_coco",
        "negbench_mcq_voc2007",
        "negbench_retrieval_coco",
        "ccneg",
        "negrefcocog",
        "valse_existence",
        "semclip_zeroshot",
    ),
    "no-regression": ("zeroshot_classification", "coco_retrieval", "flickr30k_retrieval"),
    "paraphrase": ("sugarcrepe", "sugarcrepe_pp", "semclip_protocol"),
}

MEANING: dict[str, str] = {
    "negation-core": "does the model read 'not', in both directions?",
    "no-regression": "can it still do what CLIP could do before?",
    "paraphrase": "is meaning told from wording?",
}
