"""`semclip demo`: trains, evaluates and reports on the built-in scenes world, without a download."""

from pathlib import Path
from typing import Annotated, Any

import typer

#: Size of the demo's world.
SCENES = {"train": 5000, "val": 250, "test": 500}
#: Test examples whose embeddings are compared with plain open_clip's.
SAMPLE = 64


def command(
    out: Annotated[Path, typer.Option(help="Folder for the data, the runs and the report.")] = Path("runs/demo"),
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0",
) -> None:
    """Render a small world, train a base CLIP, fine-tune it with CLIP, SemCLIP and SemCLIP+, compare, search."""
    import time

    from rich.text import Text

    from semclip.core.console import make_console
    from semclip.core.files import read_json, write_json
    from semclip.data.scenes.write import write_scenes

    started = time.monotonic()
    console = make_console()
    console.rule(Text("1. A world whose truth is known", style="bold"))
    write_scenes(out / "scenes", train=SCENES["train"], val=SCENES["val"], test=SCENES["test"])
    console.rule(Text("2. A base model, then the same steps with CLIP, SemCLIP, SemCLIP+ and queries", style="bold"))
    from semclip.cli.compare import command as compare_command

    compare_command("demo", [f"data.root={out}/scenes"], out=out, seeds=seeds)
    console.rule(Text("3. The saved model is an ordinary open_clip folder", style="bold"))
    first = out / f"seed{seeds.partition(',')[0].strip()}"
    parity = embedding_parity(first / "finetune" / "semclip" / "model", out / "scenes")
    write_json(out / "parity.json", parity)
    console.print(
        f"largest difference of embeddings against plain open_clip: image {parity['image']:.1e}, "
        f"text {parity['text']:.1e} ({out / 'parity.json'})"
    )
    console.rule(Text("4. Its test pictures can be searched", style="bold"))
    line = index_pictures(out, first / "finetune" / "semclip_plus_queries")  # the one that reads "without"
    peak = max(read_json(run)["peak_memory_mb"] for run in out.glob("seed*/*/*/run.json")) / 1024
    console.print(f"{time.monotonic() - started:.0f} seconds, peak memory {peak:.1f} GB; open {out / 'report.html'}")
    console.print(line, soft_wrap=True, markup=False, highlight=False)


def index_pictures(out: Path, run: Path) -> str:
    """An index of the test pictures by the run's model, made anew; returns the line that says how to search it."""
    import importlib.util
    import shutil

    if importlib.util.find_spec("lancedb") is None:
        return "To search the pictures: pip install 'semclip[search]', and run the demo again."
    from semclip.search.index import Index
    from semclip.search.table import is_there

    photos, place = out / "pictures", out / "pictures.index"
    if is_there(str(place)):  # perhaps by the model of another seed
        shutil.rmtree(place)
    photos.mkdir(exist_ok=True)
    for picture in sorted((out / "scenes" / "images").glob("test-*.png")):
        shutil.copy(picture, photos)
    added = Index.create(place, run).add(photos)
    return f"search its {added.new} test pictures: {_this_command()} serve --index {place}"


def _this_command() -> str:
    """How to call semclip again from here: it need not be on the PATH."""
    import shutil
    import sys

    called = Path(sys.argv[0])
    if called.name != "semclip":
        return f"{sys.executable} -m semclip"
    return "semclip" if shutil.which("semclip") else str(called)


def embedding_parity(model: Path, scenes: Path) -> dict[str, Any]:
    """Embed test images and captions with semclip and with open_clip alone; largest absolute differences.

    open_clip runs its own preprocessing and its untrimmed 77-token text pass.
    """
    import open_clip
    import torch
    from PIL import Image

    from semclip.data.load import DataConfig, load_examples, select
    from semclip.models.load import load

    examples = select(load_examples(DataConfig(path=str(scenes / "scenes.jsonl"))), "test")[:SAMPLE]
    refs = [e.image for e in examples]
    ours = load(str(model)).eval()
    theirs, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{model.resolve()}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{model.resolve()}")
    theirs.eval()
    with torch.no_grad():
        images = torch.stack([preprocess(Image.open(str(r.path)).convert("RGB")) for r in refs])
        image_difference = theirs.encode_image(images) - ours.encode_image(torch.stack([*map(ours.load_image, refs)]))
        captions = [e.caption for e in examples]
        text_difference = theirs.encode_text(tokenizer(captions)) - ours.encode_text(ours.tokenize(captions))
    return {
        "image": float(image_difference.abs().max()),
        "text": float(text_difference.abs().max()),
        "examples": len(examples),
        "model": str(model),
    }
