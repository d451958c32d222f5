"""Measuring: metrics, benchmarks on any data (`own`), official benchmarks (`public`), and what both share."""
