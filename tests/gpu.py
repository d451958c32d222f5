"""The mark of tests that need an NVIDIA GPU; elsewhere they are counted as skipped."""

import pytest
import torch

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
