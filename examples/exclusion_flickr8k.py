"""How well photo search keeps away what "without" excludes, on Flickr8k: every ranker, three seeds, val and test.

    python examples/exclusion_flickr8k.py FLICKR8K MINILM [--work FOLDER] [--seeds 0 1 2]

FLICKR8K holds captions.jsonl (image, captions, split) and a features file, row i of which belongs to line i. MINILM is
a folder of `sentence-transformers/all-MiniLM-L6-v2`. Both towers stay frozen; a linear head on each is trained with
CLIP's loss on the train split, 75 passes over the photos (15 over the captions). Configurations are listed in RANKERS;
the choice is made on val, test reports. What is computed is kept in --work.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from semclip.core.example import Example, ImageRef
from semclip.data.load import DataConfig, load_examples, select
from semclip.evaluation import RunOptions, evaluate
from semclip.evaluation.metrics.result import Result

SEEDS = (0, 1, 2)
SPLITS = ("val", "test")
FEATURES = "mobilenetv2_dinov2s_features_f16.npy"
FORMS = ("A without B", "A but neither B nor C", "not B")

#: What is compared: ranker and its options.
PLAIN = {"prompts": ["{}"], "neighbours": 0, "contrast": 0}
_PROMPTS = ["{}", "a photo of {}", "a photo with {}", "a picture with {} in it"]
RANKERS: dict[str, dict[str, object]] = {
    f"{name} {json.dumps(options)}": {"ranker": name, "options": options}
    for name, options in (
        *(("subtract", {"weight": w}) for w in (0.25, 0.5, 1.0, 1.5)),
        *(("veto", {"mode": "hard", "threshold": t}) for t in (0.5, 1.5)),
        *(("veto", {"threshold": t, "weight": w}) for t, w in ((0.0, 2.0), (0.0, 4.0), (1.0, 4.0))),
        *(("product", {"even": e}) for e in (0.5, 1.5)),
        *(("deo", {"steps": s, "away": a}) for s, a in ((20, 1.0), (60, 1.0))),
        ("feedback", PLAIN | {"prompts": _PROMPTS}),
        ("feedback", PLAIN | {"neighbours": 20}),
        ("feedback", PLAIN | {"contrast": 0.5}),
        ("feedback", {"contrast": 0}),
        ("feedback", {"neighbours": 0}),
        *(("feedback", {"weight": w}) for w in (0.5, 0.75, 1.0, 1.25, 1.5)),
    )
}


class Sentences:
    """MiniLM's mean-pooled, unit embeddings of texts; each text is embedded once and kept in a file."""

    def __init__(self, folder: Path, work: Path) -> None:
        self._folder, self._file = folder, work / "sentences.npz"
        self._rows: dict[str, np.ndarray] = {}
        if self._file.is_file():
            with np.load(self._file) as kept:
                self._rows = dict(zip(kept["texts"].tolist(), kept["rows"], strict=True))

    def rows(self, texts: Sequence[str]) -> Tensor:
        missing = sorted(set(texts) - self._rows.keys(), key=lambda t: (len(t), t))
        if missing:
            self._embed(missing)
        return torch.from_numpy(np.stack([self._rows[t] for t in texts]))

    @torch.no_grad()
    def _embed(self, texts: Sequence[str]) -> None:
        from transformers import AutoModel, AutoTokenizer

        tokenizer, model = AutoTokenizer.from_pretrained(self._folder), AutoModel.from_pretrained(self._folder).eval()
        for start in range(0, len(texts), 256):
            part = texts[start : start + 256]
            inputs = tokenizer(part, padding=True, truncation=True, max_length=77, return_tensors="pt")
            mask = inputs["attention_mask"][..., None]
            mean = (model(**inputs).last_hidden_state * mask).sum(1) / mask.sum(1)
            self._rows.update(zip(part, F.normalize(mean, dim=-1).numpy(), strict=True))
        np.savez(self._file, texts=np.array(list(self._rows)), rows=np.stack(list(self._rows.values())))


class Encoder(nn.Module):
    """A linear head on photo features and one on sentence embeddings."""

    name, context_length, embed_dim = "minilm_heads", 77, 512

    def __init__(self, features: np.ndarray, place: dict[str, int], sentences: Sentences) -> None:
        super().__init__()
        self.image = nn.Linear(features.shape[1], self.embed_dim)
        self.text = nn.Linear(384, self.embed_dim)
        self.log_scale = nn.Parameter(torch.tensor(2.66))
        self._features, self._place, self._sentences = features, place, sentences
        self._asked: list[str] = []

    @property
    def logit_scale(self) -> Tensor:
        return self.log_scale.exp()

    def load_image(self, ref: ImageRef) -> Tensor:
        return torch.from_numpy(self._features[self._place[ref.name]].astype(np.float32))

    def encode_image(self, inputs: Tensor) -> Tensor:
        return self.image(inputs)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        start = len(self._asked)
        self._asked += texts
        return torch.arange(start, len(self._asked))[:, None]

    def encode_text(self, tokens: Tensor) -> Tensor:
        return self.text(20 * self._sentences.rows([self._asked[int(t)] for t in tokens[:, 0]]))


def train(encoder: Encoder, examples: Sequence[Example], passes: int = 75, batch: int = 512) -> None:
    """CLIP's loss; each pass takes another caption of every photo."""
    images = torch.stack([encoder.load_image(e.image) for e in examples])
    every = [e.captions for e in examples]
    table = {text: i for i, text in enumerate(dict.fromkeys(t for texts in every for t in texts))}
    rows = encoder._sentences.rows(list(table))
    weights = [*encoder.image.parameters(), *encoder.text.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.1}, {"params": [encoder.log_scale], "weight_decay": 0.0}], lr=1e-3
    )
    steps = passes * (len(examples) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for number in range(passes):
        order = torch.randperm(len(examples))
        for start in range(0, len(examples) - batch + 1, batch):
            chosen = order[start : start + batch].tolist()
            texts = [table[every[i][(number + i) % len(every[i])]] for i in chosen]
            image = F.normalize(encoder.image(F.dropout(images[chosen], 0.3)), dim=-1)
            text = F.normalize(encoder.text(20 * rows[texts]), dim=-1)
            logits = encoder.logit_scale.clamp(max=100) * image @ text.T
            target = torch.arange(batch)
            loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("minilm", type=Path)
    parser.add_argument("--work", type=Path, default=Path("exclusion"), help="folder for embeddings, heads and results")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="to measure; the table is of all in --work")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    examples = load_examples(DataConfig(path=str(arguments.data / "captions.jsonl")))
    place = {name: i for i, name in enumerate(dict.fromkeys(e.image.name for e in examples))}
    features = np.load(arguments.data / FEATURES)
    sentences = Sentences(arguments.minilm, arguments.work)
    for seed in arguments.seeds:
        encoder = trained(Encoder(features, place, sentences), seed, select(examples, "train"), arguments.work)
        options = RunOptions(model=f"seed {seed}", identify=False)
        for split in SPLITS:
            config = {"exclusion": {"compare": RANKERS}}
            result = evaluate(encoder, config, select(examples, split), {"split": split}, options)
            result["exclusion"].save(arguments.work / f"{split}_{seed}.json")
            print(f"seed {seed}, {split}: done", flush=True)
    for split in SPLITS:
        print(table_of([Result.load(file) for file in sorted(arguments.work.glob(f"{split}_*.json"))], split))


def trained(encoder: Encoder, seed: int, examples: Sequence[Example], work: Path) -> Encoder:
    """The encoder with the heads of a seed, trained where the folder does not hold them yet."""
    file = work / f"heads_{seed}.pt"
    if file.is_file():
        encoder.load_state_dict(torch.load(file, weights_only=True))
        return encoder.eval()
    torch.manual_seed(seed)
    for head in (encoder.image, encoder.text):
        head.reset_parameters()
    train(encoder, examples)
    torch.save(encoder.state_dict(), file)
    return encoder.eval()


def table_of(results: Sequence[Result], split: str) -> str:
    """Markdown: average precision / violations at 10 in percent, mean over seeds, with the interval over both."""
    lines = [
        f"\n## {split}\n",
        f"| ranker | average precision | violations at 10 | {' | '.join(FORMS)} | A, A and B |",
        "|---" * (len(FORMS) + 4) + "|",
    ]
    for method in ("literal", "dropped", "subtraction", "default", *RANKERS):
        pair = [f"{method}_average_precision", f"{method}_violations_at_10"]
        cells = [both_intervals(results, metric) for metric in pair]
        for form in FORMS:
            shares = [np.mean([r.metric(metric).per_slice[form].value for r in results]) for metric in pair]
            cells.append(" / ".join(f"{100 * share:.1f}" for share in shares))
        wanted = np.mean([r.metric(f"{method}_wanted_average_precision").value for r in results])
        lines.append(f"| {method} | {' | '.join(cells)} | {100 * wanted:.1f} |")
    return "\n".join([*lines, "", *results[0].notes])


def both_intervals(results: Sequence[Result], metric: str) -> str:
    """The mean over seeds of the forms with something wanted; the interval draws seeds, and things excluded."""
    items = [r.items[metric] for r in results]
    kept = [i for i, form in enumerate(items[0]["slice"]) if form != "not B"]
    values = np.array([[item["outcome"][i] for i in kept] for item in items])  # (seeds, queries)
    names, cluster = np.unique([items[0]["cluster"][i] for i in kept], return_inverse=True)
    random, means = np.random.default_rng(0), []
    for _ in range(2000):
        weights = np.bincount(random.integers(0, len(names), len(names)), minlength=len(names))[cluster]
        drawn = values[random.integers(0, len(values), len(values))].mean(axis=0)
        if weights.sum():
            means.append(drawn @ weights / weights.sum())
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{100 * values.mean():.1f} [{100 * low:.1f}, {100 * high:.1f}]"


if __name__ == "__main__":
    main()
