"""`semclip demo`: the whole story on the built-in scenes world, without a download."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    out: Annotated[Path, typer.Option(help="Folder for the data, the runs and the report.")] = Path("runs/demo"),
    seeds: Annotated[str, typer.Option(help="Comma-separated seeds.")] = "0",
) -> None:
    """Render a small world, train a base CLIP, fine-tune it with CLIP and with SemCLIP, compare, explain."""
    import time

    from rich.console import Console

    from semclip.core.files import read_json, write_json
    from semclip.data.scenes.write import write_scenes
    from semclip.training.parity import embedding_parity

    started = time.monotonic()
    console = Console()
    console.rule("[bold]1. A world whose truth is known")
    write_scenes(out / "scenes", train=SCENES["train"], val=SCENES["val"], test=SCENES["test"])
    console.rule("[bold]2. A base model, then the same steps with CLIP and with SemCLIP")
    from semclip.cli.compare import command as compare_command

    compare_command("demo", [f"data.root={out}/scenes"], out=out, seeds=seeds)
    console.rule("[bold]3. The saved model is an ordinary open_clip folder")
    first = out / f"seed{seeds.partition(',')[0].strip()}"
    parity = embedding_parity(first / "finetune" / "semclip" / "model", out / "scenes")
    write_json(out / "parity.json", parity)
    console.print(
        f"largest difference of embeddings against plain open_clip: image {parity['image']:.1e}, "
        f"text {parity['text']:.1e} ({out / 'parity.json'})"
    )
    peak = max(read_json(run)["peak_memory_mb"] for run in out.glob("seed*/*/*/run.json")) / 1024
    console.print(f"{time.monotonic() - started:.0f} seconds, peak memory {peak:.1f} GB; open {out / 'report.html'}")


#: Size of the demo's world.
SCENES = {"train": 5000, "val": 250, "test": 500}
