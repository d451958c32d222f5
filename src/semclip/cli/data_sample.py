"""`semclip data sample`: the ten images with captions that ship in the package, to try every command on."""

from pathlib import Path
from typing import Annotated

import typer


def command(out: Annotated[Path, typer.Argument(help="A folder to write; it must not exist, or be empty.")]) -> None:
    """Copy the shipped sample: ten rendered images, a data file with every view, and masks."""
    from semclip.api import sample

    print(f"ten images and their texts: {sample(out)}")
