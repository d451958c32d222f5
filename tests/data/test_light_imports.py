"""Looking at data needs no torch."""

import subprocess
import sys


def test_reading_and_checking_data_imports_no_torch() -> None:
    modules = ["columns", "load", "splits", "draw", "check", "image_store", "readers.base"]
    code = (
        "import sys\n"
        + "".join(f"import semclip.data.{module}\n" for module in modules)
        + "import semclip.cli.data_check\n"
        + "from semclip.core.registry import FAMILIES\n"
        + "[FAMILIES[family].get(name) for family in ('readers', 'steps') for name in FAMILIES[family].names()]\n"
        + "heavy = {'torch', 'open_clip', 'pyarrow'} & set(sys.modules)\n"
        + "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
