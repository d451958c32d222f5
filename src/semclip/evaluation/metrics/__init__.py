"""Metrics: choice scores with ties, retrieval ranks, intervals, paired tests. No torch."""
