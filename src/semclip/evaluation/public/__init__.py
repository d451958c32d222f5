"""Public benchmarks, one file each, read from their official files."""

from semclip.evaluation.public.base import PublicBenchmark, create

__all__ = ["PublicBenchmark", "create"]
