"""A language model that judges: yes or no, by the captions alone or looking at the picture.

    paraphrase: does it tell the same as its caption?      negation: does it contradict its caption?
    absence: can it be true where all captions are?        looking: is the thing, or the sentence, in the picture?

Who looks is asked about the picture alone, and reads no caption.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from semclip.captions.journal import Journal
from semclip.captions.llm.base import together
from semclip.captions.llm.connect import connect
from semclip.captions.llm.connection import ChatRequest
from semclip.captions.llm.image import UnreadableImage, data_url
from semclip.captions.llm.parse import Unusable, read_choice
from semclip.captions.llm.prompts import Prompt, load_prompt
from semclip.captions.llm.server import Server
from semclip.captions.verifiers.base import LoadEncoder, Verdict, Verifier, as_typed, need_pictures
from semclip.captions.writers.base import Candidate
from semclip.core.errors import UserError
from semclip.core.example import Example


@dataclass(frozen=True)
class _Case:
    """What is asked of a view. good: the answer that accepts. otherwise: the reason where it is the other one."""

    prompt: str
    good: str
    otherwise: str


_READING = {
    "paraphrase": _Case("judge_paraphrase", "yes", "does not tell the same"),
    "rewrite": _Case("judge_paraphrase", "yes", "does not tell the same"),
    "negation": _Case("judge_negation", "yes", "does not contradict the caption"),
    "absence": _Case("judge_absence", "yes", "cannot be true by the captions"),
}
_LOOKING = {
    "paraphrase": _Case("look_sentence", "yes", "not true of the picture"),
    "rewrite": _Case("look_sentence", "yes", "not true of the picture"),
    "negation": _Case("look_sentence", "no", "true of the picture"),
    "absence": _Case("look_absence", "no", "the absent thing is in the picture"),
}


class Judge(Verifier):
    """Asks `model` about every text; an answer that is neither yes nor no rejects.

    look:    the model sees the picture and judges by it, not by the captions. For an absence it is asked for the absent
             thing, which the writer must name (`object` in the text's provenance, as `llm` does).
    server, temperature, max_tokens, prompts: as in the writer `llm`. With an equal `server` section both share the
             connection and its budget.

    Published: the judge of arXiv 2511.16527 accepts an answer that holds "yes" anywhere, and leaves a regenerated text
    unjudged; that of arXiv 2501.10913 takes for absent whatever it is not told to be there. Ours wants a clear word.
    When to use: behind `lexical`, which costs nothing; with another model than the writer's.
    """

    version = "1"

    @dataclass(frozen=True, kw_only=True)
    class Config:
        model: str = ""
        look: bool = False
        server: Server = field(default_factory=Server)
        temperature: float = 0.0
        max_tokens: int = 200
        prompts: str = ""

    def __init__(self, config: Config, load_encoder: LoadEncoder) -> None:
        super().__init__(config, load_encoder)
        if not config.model:
            raise UserError("which model?", where="verifier judge", fix=as_typed("judge", "model: mistral"))
        self._cases = _LOOKING if config.look else _READING
        names = sorted({case.prompt for case in self._cases.values()})
        self._prompts = {name: load_prompt(name, config.prompts) for name in names}
        config.server.price(config.model)  # a budget without a price is refused before anything is asked
        self._client = connect(config.server, config.model)

    def look_over(self, examples: Sequence[Example]) -> None:
        if self.config.look:
            need_pictures(examples)

    async def check(self, example: Example, view: str, candidates: Sequence[Candidate]) -> list[Verdict]:
        asked = (self._why_not(example, view, candidate) for candidate in candidates)
        return [Verdict("judge", reason) for reason in await together(asked)]

    def signature(self) -> dict[str, Any]:
        return {
            **super().signature(),
            "model": self.config.model,
            "look": self.config.look,
            "temperature": self.config.temperature,
            "max_tokens": self.config.max_tokens,
            "prompts": {prompt.label: prompt.hash for prompt in self._prompts.values()},
        }

    def spent(self) -> str:
        return self._client.spent()

    def keep_in(self, journal: Journal) -> None:
        self._client.keep_in(journal)

    async def close(self) -> None:
        await self._client.close()

    async def _why_not(self, example: Example, view: str, candidate: Candidate) -> str:
        case = self._cases[view]
        data = {
            "judge_paraphrase": {"caption": example.captions[candidate.of], "rewording": candidate.text},
            "judge_negation": {"caption": example.captions[candidate.of], "second": candidate.text},
            "judge_absence": {"captions": "\n".join(example.captions), "sentence": candidate.text},
            "look_sentence": {"sentence": candidate.text},
            "look_absence": {"thing": str(candidate.provenance.get("object", ""))},
        }[case.prompt]
        if not all(data.values()):
            return "the writer names no absent thing to look for"
        try:
            image = await asyncio.to_thread(data_url, example.image) if self.config.look else ""
            answer = await self._ask(self._prompts[case.prompt], data, image)
        except UnreadableImage:
            return "the picture cannot be read"
        except Unusable as unusable:
            return f"no verdict: {unusable}"
        return "" if answer == case.good else case.otherwise

    async def _ask(self, prompt: Prompt, data: Mapping[str, str], image: str) -> str:
        question = ChatRequest(
            model=self.config.model,
            messages=prompt.messages(data, next(iter(prompt.kinds)), image=image),
            schema=prompt.schema(),
            temperature=self.config.temperature,
            max_tokens=self.config.max_tokens,
        )
        return read_choice(await self._client.ask(question), prompt.gives, prompt.choices)
