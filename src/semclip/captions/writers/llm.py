"""Any language model: behind an OpenAI-compatible server (Ollama, vLLM, llama.cpp, OpenAI), or in this process.

Every text is asked for on its own, from one caption. A negation contradicts the caption, with a negation word or
without (kinds `negated` and `swapped`, drawn). An absence takes two questions: what is plausible but absent, looking at
all captions of the image, then the caption with that said. A rewrite sees answered examples, drawn for every text.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from semclip.captions.journal import Journal
from semclip.captions.llm.base import LanguageModel, together
from semclip.captions.llm.connect import connect
from semclip.captions.llm.connection import ChatRequest
from semclip.captions.llm.parse import Unusable, read_text
from semclip.captions.llm.prompts import Prompt, load_prompt
from semclip.captions.llm.server import Server
from semclip.captions.writers.base import Candidate, JobStopped, Writer, Written
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.seeds import derive_seed
from semclip.english.inflection import plural_of

#: Views whose prompt has the view's name and sees the caption alone.
_FROM_CAPTION = ("paraphrase", "negation", "rewrite")
_NAME = re.compile(r"[^\W\d_]{2,}(?:[ '-][^\W\d_]+){0,2}")  # one to three words
_ALL_GARBAGE = 40  # answers
_SHOWN = 100  # letters of each that is shown
_LONGEST = 120  # words; more is a page of text that a server would be paid to read


class Llm(Writer):
    """Asks `model`, and `fallback_model` where all texts of a caption were refused or rejected before.

    fallback_model:  "": the same model, drawing anew.
    server:          which, how hard, how much it may cost.
    fallback_server: where the fallback model is, if elsewhere.
    temperature, top_p, max_tokens: of every answer.
    texts:           asked for per caption and view, each with a draw of its own.
    examples:        answered examples shown at most, where the prompt holds any.
    prompts:         folder of own prompt files, which replace shipped ones of the same name.

    Captions are sent as values of a JSON object in the last message, never among the instructions. Answers are put into
    the caption's style (final stop, case), so that these give no view away.

    Equal seeds give equal texts only where the server keeps to the seed it is sent.
    Papers: paraphrase and negation arXiv 2511.16527 (its procedure is `--config semclip`), rewrite arXiv 2305.20088
    (`laclip`), absence arXiv 2501.10913 (`negationclip`). Deviations: the configs name them. The words are ours.
    """

    version = "1"
    views = ("paraphrase", "negation", "absence", "rewrite")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        model: str
        fallback_model: str = ""
        server: Server = field(default_factory=Server)
        fallback_server: Server | None = None
        temperature: float = 0.1
        top_p: float = 1.0
        max_tokens: int = 200
        texts: int = 1
        examples: int = 3
        prompts: str = ""

    def __init__(self, config: Config, examples: Sequence[Example]) -> None:
        super().__init__(config, examples)
        if not config.model:
            raise UserError("which model?", where="writer.model", fix="give writer.model=NAME, as the server lists it")
        self._prompts = {
            name: load_prompt(name, config.prompts) for name in (*_FROM_CAPTION, "absent_object", "absence")
        }
        later = config.fallback_server or config.server
        config.server.price(config.model)  # a budget without a price is refused before anything is asked
        later.price(self._model_of(1))
        self._first, self._later = connect(config.server, config.model), connect(later, self._model_of(1))
        self._place = config.server.place
        self.concurrency = config.server.batch or config.server.concurrency
        self._read, self._useless = 0, list[str]()  # answers that gave a text; the others, until one does

    async def write(self, example: Example, view: str, of: Sequence[int], seed: int, attempt: int) -> Written:
        found = await together(self._texts(example, view, index, seed, attempt) for index in of)
        candidates = tuple(candidate for texts, _ in found for candidate in texts)
        return Written(
            candidates, tuple((i, reason) for i, (texts, reason) in zip(of, found, strict=True) if not texts)
        )

    async def _texts(
        self, example: Example, view: str, index: int, seed: int, attempt: int
    ) -> tuple[list[Candidate], str]:
        """The texts for one caption, each once; and why there is none."""
        if reason := _unfit(example.captions[index]):
            return [], reason
        model = self._model_of(attempt)
        client = self._later if attempt else self._first
        draws = [_Draw(client, model, seed, view, example.id, index, attempt, n) for n in range(self.config.texts)]
        found: dict[str, Candidate] = {}
        for made in await together(self._candidate(example, view, index, attempt, draw) for draw in draws):
            if isinstance(made, Candidate):
                found.setdefault(made.text, made)
            else:
                reason = made
        return list(found.values()), reason

    def _model_of(self, attempt: int) -> str:
        return (self.config.fallback_model if attempt else "") or self.config.model

    def signature(self) -> dict[str, Any]:
        config: Llm.Config = self.config
        return {
            **super().signature(),
            "model": config.model,
            "fallback_model": config.fallback_model,
            "temperature": config.temperature,
            "top_p": config.top_p,
            "max_tokens": config.max_tokens,
            "texts": config.texts,
            "examples": config.examples,
            "prompts": {prompt.label: prompt.hash for prompt in self._prompts.values()},
        }

    def spent(self) -> str:
        return "; ".join(dict.fromkeys((self._first.spent(), self._later.spent())))

    def keep_in(self, journal: Journal) -> None:
        self._first.keep_in(journal)
        self._later.keep_in(journal)

    async def close(self) -> None:
        await self._first.close()
        await self._later.close()

    async def _candidate(self, example: Example, view: str, index: int, attempt: int, draw: "_Draw") -> Candidate | str:
        """A text, or why it is none."""
        try:
            return await self._asked(example, view, index, attempt, draw)
        except Unusable as unusable:
            return str(unusable)

    async def _asked(self, example: Example, view: str, index: int, attempt: int, draw: "_Draw") -> Candidate:
        caption = example.captions[index]
        data, found = {"caption": caption}, {}
        if view == "absence":
            thing = await self._absent_thing(example, draw)
            data, found = {**data, "absent": thing}, {"object": thing}
        prompt = self._prompts[view]
        kind, text = await self._ask(prompt, data, draw)
        if view == "absence" and not _mentions(text, thing):
            raise Unusable("does not say what is absent")
        provenance = {"model": draw.model, "prompt": prompt.label, "prompt_hash": prompt.hash, "attempt": attempt}
        return Candidate(in_style_of(caption, text), kind, index, {**provenance, **found})

    async def _absent_thing(self, example: Example, draw: "_Draw") -> str:
        prompt = self._prompts["absent_object"]
        _, thing = await self._ask(prompt, {"captions": "\n".join(example.captions)}, draw)
        thing = re.sub(r"^(?:an?|the|any|no)\s+", "", thing.rstrip(".").lower())
        if not _NAME.fullmatch(thing):
            raise Unusable("no plain name of a thing")
        if any(_mentions(caption, thing) for caption in example.captions):
            raise Unusable("the thing is mentioned")
        return thing

    async def _ask(self, prompt: Prompt, data: dict[str, str], draw: "_Draw") -> tuple[str, str]:
        """The kind that was drawn, and the answer's text."""
        kind, shown = prompt.draw(draw.random, self.config.examples)
        question = ChatRequest(
            model=draw.model,
            messages=prompt.messages(data, kind, shown),
            schema=prompt.schema(),
            temperature=self.config.temperature,
            top_p=self.config.top_p,
            max_tokens=self.config.max_tokens,
            seed=int(draw.random.random() * 2**31),
        )
        answer = await draw.client.ask(question)
        try:
            text = read_text(answer, prompt.gives)
        except Unusable:
            self._give_up_on_garbage(answer, draw.client)
            raise
        self._read += 1
        return kind, text

    def _give_up_on_garbage(self, answer: str, client: LanguageModel) -> None:
        """Stop where not one of the first answers gave a text: the model does not do what it is asked."""
        if self._read:
            return
        self._useless.append(" ".join(answer.split())[:_SHOWN] or "(nothing)")
        if len(self._useless) >= _ALL_GARBAGE:
            stopped = JobStopped(
                f"none of the first {_ALL_GARBAGE} answers held a text; the first were: "
                + " | ".join(dict.fromkeys(self._useless[:3])),
                where=self._place,
                fix="name another writer.model and add --restart, or look at samples with --limit 5 --dry-run",
            )
            client.stop(stopped)
            raise stopped


class _Draw:
    """Who is asked for one text, and draws that depend on names only."""

    def __init__(self, client: LanguageModel, model: str, *parts: str | int) -> None:
        self.client, self.model = client, model
        self.random = random.Random(derive_seed("llm", *parts))


def in_style_of(caption: str, text: str) -> str:
    """`text` with the final stop (or none) of `caption`, and in lower case where all of `caption` is."""
    end = re.search(r"\s*\.?\s*$", caption)
    assert end is not None  # the pattern matches the empty end
    text = re.sub(r"\s*\.$", "", text) if not text.endswith("..") else text
    if not text.endswith(("!", "?", "…", "..")):
        text += end[0].rstrip()
    return text.lower() if caption == caption.lower() and caption != caption.upper() else text


def _unfit(caption: str) -> str:
    """Why a caption is not sent; "" when it is."""
    if not any(letter.isalpha() for letter in caption):
        return "empty"
    return f"longer than {_LONGEST} words" if len(caption.split()) > _LONGEST else ""


def _mentions(text: str, thing: str) -> bool:
    """Whether a text holds the last word of a thing's name, in the singular or the plural."""
    noun = re.split(r"[ '-]", thing)[-1]
    return not {noun, plural_of(noun), noun.removesuffix("s")}.isdisjoint(re.findall(r"\w+", text.lower()))
