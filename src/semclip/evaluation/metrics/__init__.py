"""Counting right: one right answer among several with ties, retrieval ranks, intervals, paired tests. No torch."""
