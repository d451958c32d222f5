"""Requests are spread evenly over the minute."""

import asyncio

import pytest

from semclip.captions.llm import rate_limit as pace_module
from semclip.captions.llm.rate_limit import RateLimiter


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What `sleep` was asked for; nobody sleeps, so that hours take no time."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr(pace_module.asyncio, "sleep", sleep)
    return asked


def take(rate_limit: RateLimiter, *units: float) -> None:
    async def everything() -> None:
        for unit in units:
            await rate_limit.take(unit)

    asyncio.run(everything())


def test_one_a_minute(waits: list[float]) -> None:
    take(RateLimiter(1), 1, 1, 1)
    assert waits == pytest.approx([0, 60, 120], abs=20)


def test_units_count(waits: list[float]) -> None:
    take(RateLimiter(10), 30, 10, 0)
    assert waits == pytest.approx([0, 180, 240], abs=20)


def test_no_limit(waits: list[float]) -> None:
    take(RateLimiter(0), 1000, 1000)
    assert waits == [0, 0]


def test_what_was_not_used_is_given_back_and_a_pause_holds_for_all(waits: list[float]) -> None:
    async def everything() -> None:
        tokens = RateLimiter(1)
        await tokens.take(100)
        tokens.correct(-98)
        await tokens.take(1)
        unlimited = RateLimiter(0)
        unlimited.pause(500)
        await unlimited.take(1)
        await unlimited.take(1)

    asyncio.run(everything())
    assert waits == pytest.approx([0, 120, 500, 500], abs=20)
