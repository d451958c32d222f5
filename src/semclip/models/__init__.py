"""Dual encoders: loading, text passes, freezing, saving."""

import os

# On a CPU, oneDNN compiles a kernel for every new shape and keeps 1,024 of them. Batches of texts have a new shape
# nearly every time, and each kernel holds megabytes: memory grew by 15 MB a step. Compiling again costs no time that
# could be measured. Read at the first product, so it stands here, before any model is made.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
