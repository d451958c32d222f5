"""Verifiers with a model: thresholds on known scores, and real (tiny, random) networks against a plain computation."""

import asyncio
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from semclip.captions.config import CaptionsConfig
from semclip.captions.verifiers import _hf
from semclip.captions.verifiers.base import Verdict, create
from semclip.captions.verifiers.image import Image
from semclip.captions.verifiers.nli import Nli
from semclip.captions.verifiers.sentence import Sentence
from semclip.captions.writers.base import Candidate
from semclip.core.config import find_config, load_config, parse
from semclip.core.errors import UserError
from semclip.core.example import Example, ImageRef

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "no", "not", "man", "runs", "on", "grass", "the", "naps"]
EXAMPLE = Example(
    id="1", image=ImageRef("1.jpg"), caption="a dog runs", paraphrases=("a man naps",), meta={"captions_equal": True}
)


def no_encoder(spec: str) -> Any:
    pytest.fail(spec)


def check(verifier: Any, view: str, *texts: str, of: int = 0) -> list[Verdict]:
    return asyncio.run(verifier.check(EXAMPLE, view, [Candidate(text, "", of) for text in texts]))


def save_tiny(folder: Path, labels: Sequence[str] = ()) -> Path:
    """A BERT of two layers with random weights: a pair classifier with `labels`, or an encoder without."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32, initializer_range=1.0, **({"id2label": dict(enumerate(labels))} if labels else {}),
    )  # fmt: skip
    torch.manual_seed(0)
    kind = transformers.BertForSequenceClassification if labels else transformers.BertModel
    kind(config).save_pretrained(folder)
    return folder


# -- nli ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def nli_folder(tmp_path: Path) -> Path:
    return save_tiny(tmp_path / "nli", ["contradiction", "entailment", "neutral"])


class Logits:
    """In place of tokenizer and network: the logits that a table gives for each (premise, hypothesis)."""

    def __init__(self, table: dict[tuple[str, str], list[float]]) -> None:
        self.table = table

    def __call__(self, *texts: Any, rows: Any = None, **settings: Any) -> Any:
        if rows is not None:
            return type("Output", (), {"logits": rows})
        pairs = zip(*texts, strict=True)
        logits = torch.tensor([self.table[pair] for pair in pairs])

        class Inputs(dict[str, Any]):
            def to(self, device: str) -> "Inputs":
                return self

        return Inputs(rows=logits)


def nli_with(folder: Path, table: dict[tuple[str, str], list[float]], **config: Any) -> Nli:
    verifier = Nli(Nli.Config(model=str(folder), **config), no_encoder)
    verifier._tokenizer = verifier._network = Logits(table)
    return verifier


def test_nli_on_known_logits(nli_folder: Path) -> None:
    contradiction, entailment, neutral = [9.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]
    c = EXAMPLE.caption
    verifier = nli_with(
        nli_folder,
        {
            (c, "not"): contradiction, (c, "other"): neutral, (c, "same"): entailment, ("same", c): entailment,
            (c, "less"): entailment, ("less", c): neutral,
        },
        batch_size=1,
    )  # fmt: skip
    assert [v.reason for v in check(verifier, "negation", "not", "other", "same")] == [
        "", "does not contradict the caption", "does not contradict the caption",
    ]  # fmt: skip
    assert [v.reason for v in check(verifier, "absence", "other", "not")] == ["", "contradicts the caption"]
    assert [v.reason for v in check(verifier, "paraphrase", "same", "less")] == ["", "does not mean the same"]
    (verdict,) = check(verifier, "negation", "not")
    assert verdict.score == pytest.approx(float(torch.tensor(contradiction).softmax(-1)[0]))


def test_nli_of_a_saved_model_reads_caption_then_text(nli_folder: Path) -> None:
    transformers = pytest.importorskip("transformers")
    verifier = create({"name": "nli", "model": str(nli_folder), "batch_size": 2}, no_encoder)
    texts = ["no dog runs", "a dog", "the man not on grass"]
    verdicts = check(verifier, "negation", *texts, of=1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(nli_folder)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(nli_folder).eval()
    with torch.inference_mode():
        for text, verdict in zip(texts, verdicts, strict=True):
            logits = network(**tokenizer("a man naps", text, return_tensors="pt")).logits[0]
            assert verdict.score == pytest.approx(float(logits.softmax(-1)[0]), abs=1e-5)
            assert verdict.accepted == (float(logits.softmax(-1)[0]) >= 0.5)
    asyncio.run(verifier.close())


def test_nli_refuses_classes_without_names(tmp_path: Path) -> None:
    folder = str(save_tiny(tmp_path / "m", ["LABEL_0", "LABEL_1", "LABEL_2"]))
    with pytest.raises(UserError, match="LABEL_0"):
        create({"name": "nli", "model": folder}, no_encoder)
    named = create({"name": "nli", "model": folder, "labels": ["entailment", "neutral", "contradiction"]}, no_encoder)
    assert isinstance(named, Nli)
    assert named.probabilities([("a dog", "no dog")])[0].keys() == {"entailment", "neutral", "contradiction"}
    with pytest.raises(UserError, match="3 classes"):
        create({"name": "nli", "model": folder, "labels": ["entailment", "contradiction"]}, no_encoder)


@pytest.mark.parametrize("name", ["nli", "sentence", "image", "judge"])
def test_a_model_that_is_not_there(name: str, tmp_path: Path) -> None:
    thresholds = {"paraphrase": 0.5} if name == "sentence" else {}
    with pytest.raises(UserError, match="which model") as refused:
        create({"name": name, **thresholds}, no_encoder)
    typed = shlex.split(refused.value.fix)[1].removesuffix(",")  # what to type is understood as it stands
    _, section = parse(CaptionsConfig, load_config(find_config("rules", "captions"), [typed], "captions"), "").verify
    assert section["name"] == name and section["model"]
    if name not in ("image", "judge"):
        with pytest.raises(UserError, match="cannot load"):
            create({"name": name, "model": str(tmp_path / "none"), **thresholds}, no_encoder)


# -- sentence ----------------------------------------------------------------------------------------------------------


def test_sentence_embeddings_are_means_under_the_mask(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    folder = str(save_tiny(tmp_path / "s"))
    verifier = Sentence(Sentence.Config(model=folder, paraphrase=0.0, batch_size=4), no_encoder)
    texts = ["a dog", "the man not on the grass runs", "naps"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        for text, row in zip(texts, verifier.embeddings(texts), strict=True):  # one at a time: no padding to mask
            alone = network(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(0)
            assert torch.allclose(row, alone / alone.norm(), atol=1e-5)
    assert verifier.cosines(["a dog"], ["a dog"]) == pytest.approx([1.0], abs=1e-5)


def test_sentence_thresholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(save_tiny(tmp_path / "s"))
    verifier = Sentence(Sentence.Config(model=folder, paraphrase=0.8, negation=0.9), no_encoder)
    known = {"far": 0.1, "near": 0.85, "equal": 0.95}
    monkeypatch.setattr(verifier, "cosines", lambda first, second: [known[text] for text in second])
    texts = ("far", "near", "equal")
    assert [v.accepted for v in check(verifier, "paraphrase", *texts)] == [False, True, True]
    assert [v.accepted for v in check(verifier, "negation", *texts)] == [True, True, False]
    assert [v.accepted for v in check(verifier, "absence", *texts)] == [True, True, True]
    with pytest.raises(UserError, match="no threshold"):
        create({"name": "sentence", "model": folder}, no_encoder)


# -- image -------------------------------------------------------------------------------------------------------------


class Eyes:
    """A dual encoder of two dimensions: pictures point along the first, texts as their number says."""

    embed_dim, context_length, name = 2, 8, "eyes"
    logit_scale = torch.tensor(100.0)

    def __init__(self) -> None:
        self.read: list[str] = []

    def load_image(self, ref: ImageRef) -> torch.Tensor:
        self.read.append(ref.name)
        if ref.name == "lost.jpg":
            raise UserError("image file not found", where=ref.name, fix="")
        return torch.tensor([3.0, 0.0])

    def encode_image(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs

    def tokenize(self, texts: Sequence[str]) -> torch.Tensor:
        return torch.tensor([[float(text.split()[-1])] for text in texts])

    def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
        return torch.cat([tokens, (1 - tokens**2).sqrt()], -1) * 7  # cosine with the picture: the number


SEEN = Example(
    id="1", image=ImageRef("1.jpg"), caption="dog 0.5", paraphrases=("cat 0.3",), meta={"captions_equal": True}
)


def image_verdicts(view: str, *texts: str, example: Example = SEEN, of: int = 0, **config: Any) -> list[Verdict]:
    eyes = Eyes()
    verifier = create({"name": "image", "model": "eyes", **config}, lambda spec: eyes)
    return asyncio.run(verifier.check(example, view, [Candidate(text, "", of) for text in texts]))


def test_a_negation_scores_below_its_caption_by_the_margin() -> None:
    verdicts = image_verdicts("negation", "no 0.2", "no 0.6", "no 0.45")
    assert [v.accepted for v in verdicts] == [True, False, True]
    assert [v.score for v in verdicts] == pytest.approx([0.3, -0.1, 0.05], abs=1e-6)
    assert [v.accepted for v in image_verdicts("negation", "no 0.2", "no 0.45", margin=0.1)] == [True, False]
    assert [v.accepted for v in image_verdicts("negation", "no 0.4", of=1)] == [False], "0.3 is the other caption's"


@pytest.mark.parametrize("view", ["paraphrase", "absence"])
def test_true_texts_may_score_a_little_lower(view: str) -> None:
    verdicts = image_verdicts(view, "x 0.9", "x 0.46", "x 0.2")
    assert [v.accepted for v in verdicts] == [True, True, False]
    assert [v.accepted for v in image_verdicts(view, "x 0.2", slack=0.4)] == [True]


def test_an_image_is_read_once_and_a_lost_one_is_a_reason() -> None:
    eyes = Eyes()
    verifier = Image(Image.Config(model="eyes"), lambda spec: eyes)

    async def twice() -> None:
        for view in ("negation", "absence"):
            await verifier.check(SEEN, view, [Candidate("no 0.1", "", 0)])

    asyncio.run(twice())
    assert eyes.read == ["1.jpg"]
    lost = Example(id="2", image=ImageRef("lost.jpg"), caption="dog 0.5")
    assert "image file not found" in image_verdicts("negation", "no 0.2", example=lost)[0].reason


def test_models_run_beside_the_event_loop() -> None:
    async def both() -> list[str]:
        order, aside = [], _hf.Aside()

        def slow() -> None:
            while "fast" not in order:
                pass
            order.append("slow")

        async def fast() -> None:
            order.append("fast")

        await asyncio.gather(aside(slow), fast())
        return order

    assert asyncio.run(both()) == ["fast", "slow"]
