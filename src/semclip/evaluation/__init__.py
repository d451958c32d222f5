"""Evaluation: benchmarks on any data (`own`) and official ones (`public`), one file each, and their shared code."""

from semclip.evaluation.base import Benchmark, Sources
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.run import RunOptions, evaluate, run_each

__all__ = ["Benchmark", "Encodings", "RunOptions", "Sources", "evaluate", "run_each"]
