"""SemCLIP: train and measure CLIP-like models that understand negation and paraphrase."""

__version__ = "0.1.0"
