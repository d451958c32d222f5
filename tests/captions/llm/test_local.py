"""Models in this process: a tiny one of transformers that the tests make, and vLLM's interface as it is documented."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from semclip.captions.llm.base import LanguageModel
from semclip.captions.llm.connect import connect
from semclip.captions.llm.connection import ChatRequest
from semclip.captions.llm.local import Local, Said
from semclip.captions.llm.parse import Unusable
from semclip.captions.llm.server import Server
from semclip.captions.writers.base import JobStopped
from semclip.core.errors import UserError
from tests.captions.llm.test_presets import semclip
from tests.captions.test_job import rows_of, write_rows

TEMPLATE = "{% for m in messages %}{{ m['role'] }} {{ m['content'] }} {% endfor %}assistant"
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TEMPLATE


def save_model(folder: Path, template: str | None = TEMPLATE) -> Path:
    """A chat model of random weights and a vocabulary of a few words."""
    pytest.importorskip("transformers")
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["<end>", "<odd>", *"system user assistant a dog cat runs on the grass red blue ball , . not".split()]  # noqa: SIM905
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<odd>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", unk_token="<odd>")
    fast.chat_template = template
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=512, eos_token_id=0, bos_token_id=0, pad_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("model"))


def asked(text: str, **options: Any) -> ChatRequest:
    messages = [{"role": "system", "content": "the dog"}, {"role": "user", "content": text}]
    return ChatRequest(model="m", messages=messages, schema={"type": "object"}, **{"max_tokens": 12} | options)


def answers(model: LanguageModel, questions: Sequence[ChatRequest]) -> list[Any]:
    async def everything() -> list[Any]:
        try:
            return await asyncio.gather(*map(model.ask, questions), return_exceptions=True)
        finally:
            await model.close()

    return asyncio.run(everything())


def drawn(folder: Path, questions: Sequence[ChatRequest], at_once: int) -> list[str]:
    """What the model says, cut off or not."""
    model: Any = connect(Server(concurrency=at_once), f"hf:{folder}")
    engine = model._engine
    return [said.text for start in range(0, len(questions), at_once)
            for said in engine.answer(questions[start : start + at_once])]  # fmt: skip


def test_an_answer_does_not_depend_on_what_is_answered_with_it(folder: Path) -> None:
    questions = [asked("a red ball " * n, temperature=1.0, seed=n) for n in range(1, 7)]
    together, alone = drawn(folder, questions, 6), drawn(folder, questions, 1)
    assert together == alone and len(set(together)) > 1
    other = drawn(folder, [asked("a red ball " * n, temperature=1.0, seed=n + 100) for n in range(1, 7)], 6)
    assert other != together


def test_without_temperature_and_by_a_tiny_nucleus_the_likeliest_words_are_written(folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    prompt = tokenizer(TEMPLATE and "system the dog user a cat runs assistant", return_tensors="pt")
    with torch.inference_mode():
        written = model.generate(**prompt, do_sample=False, max_new_tokens=12)[0, prompt["input_ids"].shape[1] :]
    expected = tokenizer.decode(written, skip_special_tokens=True)
    assert drawn(folder, [asked("a cat runs"), asked("a cat runs", temperature=2.0, top_p=1e-6, seed=5)], 2) == [
        expected, expected,
    ]  # fmt: skip


def test_words_are_drawn_as_often_as_they_are_likely() -> None:
    torch = pytest.importorskip("torch")
    from semclip.captions.llm.hf import _Draws

    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    count = 4000
    draws = _Draws([asked("", temperature=0.5, top_p=0.99, seed=seed) for seed in range(count)])
    chosen = draws(None, logits.expand(count, 4)).argmax(-1)
    likely = (logits / 0.5).softmax(-1)  # 0.865, 0.117, 0.016, 0.002; the last is beyond the nucleus
    share = torch.bincount(chosen, minlength=4) / count
    assert share[3] == 0 and torch.allclose(share[:3], likely[:3] / likely[:3].sum(), atol=0.02)


def test_an_answer_that_reaches_max_tokens_is_refused(folder: Path) -> None:
    model = connect(Server(concurrency=3), f"hf:{folder}")
    found = answers(model, [asked("a cat", max_tokens=1), asked("a dog", max_tokens=2)])
    assert [str(one) for one in found if isinstance(one, Unusable)] == ["cut at max_tokens"] * 2
    assert model.spent() == f"hf:{folder}: 2 answers, 3 tokens"


def test_a_template_without_system_gets_it_with_the_first_message(tmp_path: Path) -> None:
    assert drawn(save_model(tmp_path, NO_SYSTEM), [asked("a cat runs")], 1)


def test_models_that_cannot_be_used_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match="no chat template") as caught:
        connect(Server(), f"hf:{save_model(tmp_path / 'base', None)}")
    assert "-Instruct" in (caught.value.fix or "")
    with pytest.raises(UserError, match="cannot load the model"):
        connect(Server(), f"hf:{tmp_path}/nothing")
    for scheme, module, extra in (("hf", "transformers", "hf"), ("vllm", "vllm", "vllm")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(UserError, match="not installed") as caught:
            connect(Server(), f"{scheme}:never-loaded")
        assert f"pip install 'semclip[{extra}]'" in (caught.value.fix or "")


def test_the_command_asks_a_model_in_this_process(folder: Path, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "in.jsonl", [{"image": f"{i}.jpg", "caption": f"a red ball {i}"} for i in range(80)])
    result = semclip(
        str(data), "--writer", "llm", f"writer.model=hf:{folder}", "writer.max_tokens=16", "writer.temperature=1",
        "views=[paraphrase]", "verify=[]", "--out", str(tmp_path / "out.jsonl"),
    )  # fmt: skip
    # Random weights end an answer now and then, and what they say before is text.
    assert result.exit_code == 0, result.output
    rows = rows_of(tmp_path / "out.jsonl")
    assert {reason["reason"] for row in rows for reason in row.get("paraphrase_refused", ())} <= {
        "cut at max_tokens", "an empty answer",
    }  # fmt: skip
    assert any(row["paraphrases"] for row in rows)


class Engine:
    """Answers by a rule; sizes: of the calls."""

    def __init__(self, fails: bool = False) -> None:
        self.sizes: list[int] = []
        self.fails = fails

    def answer(self, questions: Sequence[ChatRequest]) -> list[Said]:
        self.sizes.append(len(questions))
        if self.fails:
            raise RuntimeError("out of memory")
        return [Said(str(question.messages[-1]["content"]).upper(), 2) for question in questions]


def test_questions_that_wait_are_answered_in_one_call() -> None:
    engine = Engine()
    model = Local("x", engine, 4)
    assert answers(model, [asked(f"dog {i}") for i in range(10)]) == [f"DOG {i}" for i in range(10)]
    assert engine.sizes == [4, 4, 2]
    assert answers(model, [asked("again")]) == ["AGAIN"]


def test_a_model_that_fails_or_is_stopped_tells_all_who_wait() -> None:
    found = answers(Local("x", Engine(fails=True), 2), [asked("a")] * 5)
    assert all(isinstance(one, JobStopped) and "out of memory" in one.what for one in found)
    model = Local("x", Engine(), 2)
    model.stop(JobStopped("enough", "here", "rest"))
    assert [str(one.what) for one in answers(model, [asked("a")] * 2)] == ["enough"] * 2


class Mistaken(Engine):
    def answer(self, questions: Sequence[ChatRequest]) -> list[Said]:
        raise UserError("this model reads no pictures", "x", "ask a server")


def test_an_engine_that_ends_in_any_other_way_keeps_nobody_waiting() -> None:
    model = Local("x", Mistaken(), 2)
    for _ in range(2):
        found = answers(model, [asked("a")] * 5)
        assert [type(one) for one in found] == [UserError] * 5 and "no pictures" in found[0].what


def test_what_nobody_waits_for_any_more_is_not_answered_later() -> None:
    engine = Engine()
    model = Local("x", engine, 2)

    async def given_up() -> None:
        waiting = [asyncio.ensure_future(model.ask(asked(f"old {i}"))) for i in range(6)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await model.close()

    asyncio.run(given_up())
    assert answers(model, [asked("new")]) == ["NEW"]
    assert sum(engine.sizes) <= 3  # the new one, and at most one call that was under way


@dataclass
class SamplingParams:
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    structured_outputs: Any


@dataclass
class StructuredOutputsParams:
    json: dict[str, Any]


@dataclass
class FakeLLM:
    """As much of `vllm.LLM` as is used."""

    model: str
    calls: list[Any] = field(default_factory=list)

    def chat(self, messages: Any, sampling_params: Any, use_tqdm: bool) -> list[Any]:
        assert len(messages) == len(sampling_params) and not use_tqdm
        self.calls.append((messages, sampling_params))
        said = [SimpleNamespace(text=f'{{"text": "{m[-1]["content"]}!"}}', token_ids=[1, 2, 3],
                                finish_reason="length" if p.max_tokens < 5 else "stop")
                for m, p in zip(messages, sampling_params, strict=True)]  # fmt: skip
        return [SimpleNamespace(outputs=[one]) for one in said]


def test_vllm_is_asked_as_it_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    vllm, params = ModuleType("vllm"), ModuleType("vllm.sampling_params")
    vllm.LLM, vllm.SamplingParams = FakeLLM, SamplingParams  # type: ignore[attr-defined]
    params.StructuredOutputsParams = StructuredOutputsParams  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vllm", vllm)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", params)
    model: Any = connect(Server(), "vllm:some/model")
    found = answers(model, [asked("a", seed=7), asked("b", max_tokens=4)])
    assert found[0] == '{"text": "a!"}' and str(found[1]) == "cut at max_tokens"
    assert model._engine._llm.model == "some/model"
    ((messages, sampling),) = model._engine._llm.calls
    assert messages[0] == list(asked("a").messages)
    assert sampling[0] == SamplingParams(0.0, 1.0, 12, 7, StructuredOutputsParams({"type": "object"}))
    assert connect(Server(), "vllm:some/model") is model  # one model, loaded once


@pytest.mark.parametrize(
    ("missing", "name", "fix"),
    [
        ({"accelerate"}, "model.gguf", "pip install accelerate, "),
        ({"gguf", "accelerate"}, "model.gguf", "pip install gguf accelerate, "),
        (set(), "modell.gguf", "Did you mean model.gguf?"),
        (set(), "model.gguf", "llama-server -m "),
    ],
)
def test_of_a_gguf_the_advice_is_about_what_is_wrong(
    missing: set[str], name: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers")
    (tmp_path / "model.gguf").write_bytes(b"GGUF\3\0\0\0")  # cut short
    monkeypatch.setattr("semclip.captions.llm.hf.find_spec", lambda package: None if package in missing else package)
    with pytest.raises(UserError, match="cannot load the model") as caught:
        connect(Server(), f"hf:{tmp_path / name}")
    assert fix in caught.value.fix
