"""Options that several commands share, and how their values are parsed."""

from typing import Annotated, Any

import typer

from semclip.core.errors import UserError

Images = Annotated[str, typer.Option(help="Folder that image names are relative to. Default: the data's folder.")]
Columns = Annotated[
    str, typer.Option(help="Our name = column of the file, separated by commas: caption=text,image=photo.")
]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...")]
Split = Annotated[str, typer.Option(help="train, val, test or all")]

# How a model's dense features are read: `segment` and `distill`.
Threshold = Annotated[float, typer.Option(help="Background is where no class is this probable.", min=0, max=1)]
Templates = Annotated[str, typer.Option(help="Texts with {} for the name, | between; `published`: the 85 of MaskCLIP.")]
Variant = Annotated[str, typer.Option(help="paper, official, clearclip or clip.")]
Size = Annotated[int, typer.Option(help="Pixels of the input's shorter side; 0: the model's own.", min=0)]
SmoothKeys = Annotated[str, typer.Option(help="channels (as in the paper) or positions (as released).")]
Denoise = Annotated[float, typer.Option(help="Drop classes nowhere this probable: 0.5.", min=0, max=1)]


def names(text: str) -> list[str]:
    """Names with commas between."""
    return [name.strip() for name in text.split(",") if name.strip()]


def parse_columns(text: str) -> dict[str, str]:
    """`ours=theirs,ours=theirs` as a mapping. Raises UserError for anything else."""
    mapping: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        ours, equals, theirs = pair.partition("=")
        if not equals or not ours.strip() or not theirs.strip():
            raise UserError(
                f"'{pair}' is no column mapping", where="--columns", fix="write --columns caption=text,image=photo"
            )
        if ours.strip() in mapping:
            twice = f"'{ours.strip()}' is given twice: {mapping[ours.strip()]} and {theirs.strip()}"
            raise UserError(twice, where="--columns", fix="name one column for it")
        mapping[ours.strip()] = theirs.strip()
    return mapping


def on_device(module: Any, device: str) -> Any:
    """The module, moved. Raises UserError for a device that is not there."""
    try:
        return module.to(device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"cannot use this device: {error}", where=f"--device {device}", fix="--device cpu") from error
