"""`semclip data scenes`: writes a synthetic dataset whose truth is known."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    out: Annotated[Path, typer.Argument(help="Folder to write; new, empty, or an older scenes folder.")],
    train: Annotated[int, typer.Option(help="Training images.")] = 6000,
    val: Annotated[int, typer.Option(help="Validation images.")] = 500,
    test: Annotated[int, typer.Option(help="Test images.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    image_size: Annotated[int, typer.Option(help="Pixels along each side.")] = 48,
    negated_captions: Annotated[
        float, typer.Option(help="Share of training captions that rightly deny something; on the web about 0.01.")
    ] = 0.3,
) -> None:
    """Write images of coloured shapes with true and false texts of every kind, masks and labels."""
    from rich.progress import Progress

    from semclip.core.console import make_console
    from semclip.data.scenes.write import DATA_FILE, UNSEEN_FILE, write_scenes

    console = make_console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("scenes", total=train + val + test)
        written = write_scenes(
            out,
            train=train,
            val=val,
            test=test,
            seed=seed,
            image_size=image_size,
            negated_captions=negated_captions,
            progress=lambda: progress.advance(task),
        )
    what = f"{train} training, {val} validation and {test} test images"
    console.print(f"{'Wrote' if written else 'Already there, reused:'} {what}", soft_wrap=True)
    console.print(f"  {out / DATA_FILE}", soft_wrap=True, highlight=False)
    console.print(f"  {out / UNSEEN_FILE}: the test images in wordings that no training text has", soft_wrap=True)
    console.print(
        f"  of the training captions a proportion of {negated_captions:g} rightly denies something", soft_wrap=True
    )
