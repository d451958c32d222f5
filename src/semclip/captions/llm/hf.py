"""`hf:NAME`: a chat model of transformers, run in this process."""

import shlex
import struct
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from semclip.captions.llm.connection import ChatRequest
from semclip.captions.llm.local import Said
from semclip.core.errors import UserError, did_you_mean, first_line

HF = "hf:"
#: What transformers raises for files that are missing, damaged or of a kind that it does not read.
_UNREADABLE = (
    *(ImportError, OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError),
    *(ArithmeticError, MemoryError, struct.error),
)


class HfEngine:
    """Writes with `generate`. name: an id, a folder, or FOLDER/FILE.gguf.

    Each answer is drawn by its own question's seed, so that it does not depend on what is answered along with it: a job
    that was killed and continued writes what one that was not writes. When to use: a small model, no server at hand.
    Raises UserError without the extra `hf`, for a model that is not there, and for one that does not chat.
    """

    def __init__(self, name: str) -> None:
        self._where = f"{HF}{name}"
        try:
            import torch
            import transformers
        except ImportError as error:
            fix = "install it: pip install 'semclip[hf]'"
            raise UserError("transformers is not installed", where=self._where, fix=fix) from error
        folder, file = (str(Path(name).parent), Path(name).name) if name.endswith(".gguf") else (name, "")
        options: dict[str, Any] = {"gguf_file": file} if file else {}
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.float32 if self._device.type == "cpu" else torch.bfloat16
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left", **options)
            load: Any = transformers.AutoModelForCausalLM.from_pretrained
            self._model = load(folder, dtype=dtype, **options).to(self._device).eval()
        except _UNREADABLE as error:
            fix = "name a folder that `save_pretrained` wrote, or download the model where there is a network"
            raise UserError(
                f"cannot load the model: {first_line(error)}",
                where=self._where,
                fix=_how_to_read_gguf(Path(folder), file) if file else fix,
            ) from error
        if not self._tokenizer.chat_template:
            fix = "name a model that was trained to chat (-Instruct, -it)"
            raise UserError("the model has no chat template", where=self._where, fix=fix)
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token

    def answer(self, questions: Sequence[ChatRequest]) -> list[Said]:
        import torch
        from transformers import LogitsProcessorList

        prompts = [self._prompt(question.messages) for question in questions]
        inputs = self._tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False).to(self._device)
        longest = max(question.max_tokens for question in questions)
        with torch.inference_mode():
            written = self._model.generate(
                **inputs,
                do_sample=False,  # `_Draws` draws
                num_beams=1,
                max_new_tokens=longest,
                logits_processor=LogitsProcessorList([_Draws(questions)]),
                pad_token_id=self._tokenizer.pad_token_id,
            )
        ends = self._model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends]) | {self._tokenizer.eos_token_id}
        rows = written[:, inputs["input_ids"].shape[1] :].tolist()
        return [self._said(row, ends, question) for row, question in zip(rows, questions, strict=True)]

    def _said(self, row: list[int], ends: set[int], question: ChatRequest) -> Said:
        end = next((place for place, token in enumerate(row) if token in ends), len(row))
        kept = row[: min(end, question.max_tokens)]
        return Said(
            self._tokenizer.decode(kept, skip_special_tokens=True), len(kept), end > len(kept) or end == len(row)
        )

    def _prompt(self, messages: Sequence[Mapping[str, Any]]) -> str:
        from jinja2 import TemplateError

        if any(not isinstance(message["content"], str) for message in messages):
            fix = "ask a server for what looks at pictures"
            raise UserError("this model reads no pictures", where=self._where, fix=fix)
        try:
            return str(self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
        except TemplateError:  # some templates know no system message
            first, second, *others = messages
            together = {"role": "user", "content": f"{first['content']}\n\n{second['content']}"}
            merged = [together, *others]
            return str(self._tokenizer.apply_chat_template(merged, tokenize=False, add_generation_prompt=True))


class _Draws:
    """Draws each row's next token by its question's own generator: the highest of logits / T + Gumbel noise.

    That token has the probability softmax(logits / T), cut to the nucleus of top_p. T = 0: the highest logit.
    """

    def __init__(self, questions: Sequence[ChatRequest]) -> None:
        import torch

        self._questions = questions
        self._generators = [torch.Generator().manual_seed(question.seed) for question in questions]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """scores: (B, V) logits, returned as what the highest is taken of."""
        import torch

        drawn = []
        for row, question, generator in zip(scores.float().cpu(), self._questions, self._generators, strict=True):
            if question.temperature:
                row = row / question.temperature
                order = row.argsort(descending=True)
                before = row[order].softmax(-1).cumsum(-1) - row[order].softmax(-1)
                row[order[before > question.top_p]] = -torch.inf
                row = row - torch.log(torch.empty_like(row).exponential_(generator=generator))
            drawn.append(row)
        return torch.stack(drawn).to(scores.device)


def _how_to_read_gguf(folder: Path, file: str) -> str:
    """What to do about a .gguf that cannot be loaded: what is missing, or another way to run the same model."""
    missing = [package for package in ("gguf", "accelerate") if find_spec(package) is None]
    if missing:
        return f"pip install {' '.join(missing)}, by which transformers reads this format"
    if folder.is_dir() and not (folder / file).is_file():
        return did_you_mean(file, (path.name for path in folder.glob("*.gguf")))
    return (
        "download the file again where it is cut short; where transformers cannot read its kind of model, run "
        f"`llama-server -m {shlex.quote(str(folder / file))} --port 8080` and take the server: "
        "writer.server.base_url=http://localhost:8080/v1"
    )
