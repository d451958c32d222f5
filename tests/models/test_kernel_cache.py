import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("given", "kept"), [({}, "64"), ({"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "7"}, "7")])
def test_few_compiled_kernels_are_kept_unless_the_user_says_how_many(given: dict[str, str], kept: str) -> None:
    code = "import os, semclip.training.loop; print(os.environ['ONEDNN_PRIMITIVE_CACHE_CAPACITY'])"
    env = {name: value for name, value in os.environ.items() if not name.startswith("ONEDNN")} | given
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == kept
