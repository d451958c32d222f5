"""`semclip data features`: a features file made by any open_clip or torchvision image tower."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semclip.cli._options import Device, Images, on_device
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from semclip.core.example import ImageRef

_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def command(
    file: Annotated[Path, typer.Argument(help="Data file (csv, tsv, jsonl, parquet), or a folder of images.")],
    model: Annotated[str, typer.Option(help="ARCHITECTURE/TAG, a saved folder, hf:ID, or torchvision:NAME.")],
    out: Annotated[Path, typer.Option(help="The features file to write: X.npy.")],
    weights: Annotated[str, typer.Option(help="File of weights; torchvision networks need one.")] = "",
    images: Images = "",
    batch_size: Annotated[int, typer.Option(min=1, help="Images encoded at once.")] = 64,
    device: Device = "cpu",
) -> None:
    """Encode every image once: X.npy, X.rows.json (image names), X.info.json (network, preprocessing, hash)."""
    if out.suffix != ".npy":
        raise UserError("a features file ends in .npy", where=f"--out {out}", fix=f"--out {out.with_suffix('.npy')}")
    refs = image_refs(file, images)

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
    write_features(out, features, [ref.name for ref in refs], info)
    said = f"{out}: {len(features):,} images, {features.shape[1]} features each, by {tower.network}"
    console.print(said, soft_wrap=True, markup=False, highlight=False)


def image_refs(file: Path, images: str) -> "list[ImageRef]":
    """Every image once: of a data file, by its own name; of a folder, by the path inside it (`airplane/0001.png`)."""
    from semclip.core.example import ImageRef

    if file.is_dir():
        paths = sorted(p for p in file.rglob("*") if p.suffix.lower() in _IMAGE_SUFFIXES)
        refs = [ImageRef(p.relative_to(file).as_posix(), p) for p in paths]
    else:
        from semclip.data.load import DataConfig, load_examples

        by_name: dict[str, ImageRef] = {}
        for example in load_examples(DataConfig(path=str(file), images=images)):
            for ref in (example.image, *example.negative_images):
                by_name.setdefault(ref.name, ref)
        refs = list(by_name.values())
    if not refs:
        raise UserError("no images", where=str(file), fix=f"images end in {', '.join(_IMAGE_SUFFIXES)}")
    return refs
