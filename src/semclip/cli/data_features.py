"""`semclip data features`: a features file made by any open_clip or torchvision image tower."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semclip.cli._options import Columns, Device, Images, on_device, parse_columns
from semclip.core.counts import counted
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from semclip.core.example import ImageRef

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def command(
    file: Annotated[Path, typer.Argument(help="Data in any format of `semclip list readers`, or a folder of images.")],
    model: Annotated[str, typer.Option(help="ARCHITECTURE/TAG, a saved folder, hf:ID, or torchvision:NAME.")],
    out: Annotated[Path, typer.Option(help="The features file to write: X.npy.")],
    weights: Annotated[str, typer.Option(help="File of weights; torchvision networks need one.")] = "",
    images: Images = "",
    columns: Columns = "",
    batch_size: Annotated[int, typer.Option(min=1, help="Images encoded at once.")] = 64,
    device: Device = "cpu",
) -> None:
    """Encode every image once: X.npy, X.rows.json (image names), X.info.json (network, preprocessing, hash)."""
    if out.suffix != ".npy":
        raise UserError("a features file ends in .npy", where=f"--out {out}", fix=f"--out {out.with_suffix('.npy')}")
    for there in (out, out.with_suffix(".rows.json"), out.with_suffix(".info.json")):
        if there.exists():
            raise UserError("something is there already", where=str(there), fix="name a new file: --out OTHER.npy")
    refs = image_refs(file, images, parse_columns(columns))

    from concurrent.futures import ThreadPoolExecutor

    import numpy as np
    import torch
    from rich.progress import track

    from semclip.core.console import make_console
    from semclip.models.attention import fast_attention
    from semclip.models.features_file import write_features
    from semclip.models.image_towers import encode_batch, open_tower

    console = make_console()
    tower = open_tower(model, weights)
    on_device(tower.module, device)
    batches = [refs[i : i + batch_size] for i in range(0, len(refs), batch_size)]
    encoded = []
    # Decoding releases the interpreter's lock, so threads are enough.
    with ThreadPoolExecutor() as pool, fast_attention(device):
        for batch in track(batches, description="images", console=console, disable=not console.is_terminal):
            inputs = torch.stack(list(pool.map(tower.load_image, batch))).to(device)  # (B, 3, H, W)
            encoded.append(encode_batch(tower, inputs).numpy())
    features = np.concatenate(encoded)  # (N, W)
    info = {"network": tower.network, "preprocessing": tower.preprocessing, "fingerprint": tower.fingerprint}
    sizes = [ref.size() for ref in refs]
    write_features(out, features, [ref.key for ref in refs], info | {"picture_bytes": sizes})
    said = f"{out}: {counted(len(features), 'image')}, {features.shape[1]} features each, by {tower.network}"
    console.print(said, soft_wrap=True, markup=False, highlight=False)


def image_refs(file: Path, images: str, columns: dict[str, str]) -> "list[ImageRef]":
    """Every image once, by the name that training knows it by; of a folder that no reader knows, its pictures."""
    from semclip.core.rows import reader_for
    from semclip.data.load import DataConfig, load_examples
    from semclip.data.readers.folder import Folder

    if isinstance(reader_for(file), Folder):
        return pictures_in(file)
    refs: dict[str, ImageRef] = {}
    for example in load_examples(DataConfig(path=str(file), images=images, columns=columns)):
        for ref in (example.image, *example.negative_images):
            refs.setdefault(ref.key, ref)
    return list(refs.values())


def pictures_in(folder: Path) -> "list[ImageRef]":
    """The pictures in a folder and those below it, by the path inside it (`airplane/0001.png`)."""
    from semclip.core.example import ImageRef

    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _IMAGE_SUFFIXES)
    if not paths:
        raise UserError("no images", where=str(folder), fix=f"images end in {', '.join(_IMAGE_SUFFIXES)}")
    return [ImageRef(p.relative_to(folder).as_posix(), p) for p in paths]
