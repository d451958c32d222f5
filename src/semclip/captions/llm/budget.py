"""The cost of requests to a server, and the budget that limits it."""

import asyncio
from dataclasses import dataclass

from semclip.captions.llm.server import Server
from semclip.captions.writers.base import JobStopped


@dataclass(frozen=True, slots=True)
class Cost:
    """requests: tries sent. tokens: of prompt and answer. money: in the currency of the prices."""

    requests: int = 0
    tokens: int = 0
    money: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.requests + other.requests, self.tokens + other.tokens, self.money + other.money)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.requests - other.requests, self.tokens - other.tokens, self.money - other.money)


class Budget:
    """Reserves the maximum cost of a try, then books its real cost.

    Concurrent tries together therefore cannot exceed the budget. A try that might exceed it waits for those under way,
    which mostly cost less than was reserved; when none is under way, the job stops.
    guessed: tokens of tries of unknown cost (cut, timed out), booked as the most they can have been.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._reserved = Cost()
        self._changed = asyncio.Event()
        self.spent = Cost()
        self.guessed = 0

    async def reserve(self, most: Cost) -> None:
        """Raises JobStopped when the budget is spent."""
        while over := self._over(self.spent + self._reserved + most):
            if not self._reserved.requests:
                raise JobStopped(
                    f"the budget is spent: {self}",
                    where=self._server.place,
                    fix=f"every start has this budget anew; raise `{over}` to get further in one",
                )
            await self._changed.wait()
        self._reserved += most

    def book(self, most: Cost, real: Cost, guessed: bool = False) -> None:
        """End a reservation of `most`; `real` is what the try has cost."""
        self._reserved -= most
        self.spent += real
        self.guessed += real.tokens * guessed
        self._changed.set()
        self._changed = asyncio.Event()

    def _over(self, cost: Cost) -> str:
        limits = {
            "budget_requests": (cost.requests, self._server.budget_requests),
            "budget_tokens": (cost.tokens, self._server.budget_tokens),
            "budget_money": (cost.money, self._server.budget_money),
        }
        return next((name for name, (used, limit) in limits.items() if limit and used > limit), "")

    def __str__(self) -> str:
        words = f"{self.spent.requests:,} requests, {self.spent.tokens:,} tokens"
        if self.guessed:
            words += f" ({self.guessed:,} of them guessed)"
        return words + (f", {self.spent.money:,.3f}" if self._server.prices else "")
