"""The settings of a server: address, concurrency, retries, rate limits, prices and budgets."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from semclip.core.config import dump
from semclip.core.errors import UserError

#: Where Ollama listens; asked where neither `base_url` nor OPENAI_BASE_URL names a server.
LOCAL = "http://localhost:11434/v1"


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that speaks OpenAI's chat interface. The key is read from OPENAI_API_KEY; local servers need none.

    base_url:            "": OPENAI_BASE_URL, else Ollama on this machine.
    concurrency:         requests under way at once; of a model in this process (hf:, vllm:), questions in one call.
    batch:               most questions in one batch of the provider's batch interface, at its lower price; 0: at once.
    timeout:             seconds for one try, from the first byte sent to the last received.
    retries:             further tries after a failed one.
    structured:          ask for JSON by a schema where the server takes one; else the prompt alone asks for it.
    requests_per_minute, tokens_per_minute: 0: as fast as `concurrency` allows.
    budget_requests, budget_tokens, budget_money: what one start of the job may use; 0: no limit. Every try counts.
    prices:              model -> price of a million tokens of prompt and of answer, in any currency.
    """

    base_url: str = ""
    concurrency: int = 8
    batch: int = 0
    timeout: float = 120.0
    retries: int = 6
    structured: bool = True
    requests_per_minute: float = 0.0
    tokens_per_minute: float = 0.0
    budget_requests: int = 0
    budget_tokens: int = 0
    budget_money: float = 0.0
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = [f"{kind}_per_minute" for kind in ("requests", "tokens")]
        limits += [f"budget_{kind}" for kind in ("requests", "tokens", "money")]
        for name in ("concurrency", "timeout", "retries", "batch", *limits):
            value, positive = getattr(self, name), name in ("concurrency", "timeout")
            if value < 0 or (positive and value == 0):
                fix = "give a number above 0" if positive else "give 0 or more"
                raise UserError(f"'{name}' is {value}", where="section `server`", fix=fix)

    @property
    def url(self) -> str:
        return self.base_url or os.environ.get("OPENAI_BASE_URL") or LOCAL

    @property
    def place(self) -> str:
        """The address for messages: without a user name or password that it may hold."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @property
    def identity(self) -> str:
        """Equal for sections that say the same: they share one connection, rate limit and budget."""
        return json.dumps(dump(self) | {"base_url": self.url}, sort_keys=True)

    def price(self, model: str) -> tuple[float, float]:
        """Price of a million tokens of prompt and of answer. Raises UserError where a budget of money needs it."""
        if model not in self.prices and self.budget_money:
            raise UserError(
                f"a budget of money needs the price of '{model}'",
                where="section `server`",
                fix=f"add `prices: {{{model}: [PROMPT, ANSWER]}}`, per million tokens, or use budget_tokens",
            )
        return self.prices.get(model, (0.0, 0.0))
