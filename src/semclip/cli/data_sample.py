"""`semclip data sample`: the ten images with captions that ship in the package, to try every command on."""

from pathlib import Path
from typing import Annotated

import typer


def command(out: Annotated[Path, typer.Argument(help="A folder to write; it must not exist, or be empty.")]) -> None:
    """Copy the shipped sample: ten rendered images, a data file with every view, and masks."""
    import shutil
    from importlib import resources

    from semclip.core.errors import UserError

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError("the folder is not empty", where=str(out), fix="name a new folder")
    with resources.as_file(resources.files("semclip") / "sample") as sample:
        shutil.copytree(sample, out, dirs_exist_ok=True)
    print(f"ten images and their texts: {out / 'scenes.jsonl'}")
