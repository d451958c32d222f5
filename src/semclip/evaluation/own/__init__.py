"""Benchmarks on any data, one file each."""

from semclip.evaluation.own.base import DataBenchmark, create

__all__ = ["DataBenchmark", "create"]
