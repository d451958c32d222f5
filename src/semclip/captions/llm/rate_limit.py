"""A limit on requests or tokens per minute over all requests of a job; the openai client has none."""

import asyncio


class RateLimiter:
    """Spaces units evenly, without bursts: n units take n / per_minute minutes. 0: no spacing."""

    def __init__(self, per_minute: float) -> None:
        self._seconds = 60 / per_minute if per_minute else 0.0
        self._free = 0.0  # when the next unit may start, on the event loop's clock

    async def take(self, units: float) -> None:
        """Wait for the turn of `units`."""
        now = asyncio.get_running_loop().time()
        start = max(now, self._free)
        self._free = start + units * self._seconds
        await asyncio.sleep(start - now)

    def correct(self, units: float) -> None:
        """Add units that were used beyond those taken, or give back (negative) those that were not."""
        self._free += units * self._seconds

    def pause(self, seconds: float) -> None:
        """Let no request start before `seconds` have passed."""
        self._free = max(self._free, asyncio.get_running_loop().time() + seconds)
