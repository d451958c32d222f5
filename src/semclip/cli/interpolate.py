"""`semclip interpolate`: models between a base model and its fine-tune; the best that loses nothing is kept."""

import math
from pathlib import Path
from typing import Annotated

import typer

from semclip.cli._made_from import claim
from semclip.cli._options import Images, names
from semclip.core.errors import UserError


def command(
    base: Annotated[str, typer.Argument(help="The model that the fine-tune started from.")],
    tuned: Annotated[str, typer.Argument(help="The fine-tune: a run, or a saved model.")],
    out: Annotated[Path, typer.Option(help="Folder for the chosen model, the numbers and the plot.")],
    alphas: Annotated[str, typer.Option(help="Numbers with commas between, or FIRST..LAST in steps of 0.1.")] = "0..1",
    data: Annotated[str, typer.Option(help="The data file. Default: the one the fine-tune was trained on.")] = "",
    images: Images = "",
    negation: Annotated[str, typer.Option(help="BENCHMARK.METRIC with commas between. Default: see the guide.")] = "",
    ordinary: Annotated[str, typer.Option(help="The same, for what must not be lost.")] = "",
    tolerance: Annotated[float, typer.Option(help="Loss allowed in each ordinary metric.", min=0, max=1)] = 0.01,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.")] = "auto",
) -> None:
    """Evaluate weights (1 - alpha) BASE + alpha TUNED on the validation split, keep the best point, test it once."""
    numbers = parse_alphas(alphas)

    from dataclasses import asdict

    from rich.table import Table

    from semclip.core.console import make_console
    from semclip.core.files import sha256_file, write_json
    from semclip.data.load import data_file, load_examples, select
    from semclip.evaluation import RunOptions, evaluate
    from semclip.evaluation.identify import identified_model
    from semclip.evaluation.selection import data_config
    from semclip.models.device import find_device
    from semclip.models.interpolate import interpolate, refuse_unlike
    from semclip.models.load import load
    from semclip.reports.interpolation import draw_interpolation
    from semclip.training.interpolation import Aim, choose, refuse_unknown_metrics, sweep

    given = {"negation": tuple(names(negation)), "ordinary": tuple(names(ordinary))}
    aim = Aim(tolerance=tolerance, **{key: value for key, value in given.items() if value})
    config = data_config(tuned, data, images)
    examples = load_examples(config)
    val = select(examples, "val")
    refuse_unknown_metrics(aim, val)
    place = find_device(device)
    first, second = load(base), load(tuned)
    refuse_unlike(first, second)
    file = data_file(config)
    described = {"path": str(file), "split": "test", "sha256": sha256_file(file) if file.is_file() else ""}
    made_from = {
        "base": identified_model(first)["weights_sha256"],
        "tuned": identified_model(second)["weights_sha256"],
        "alphas": numbers,
        "data": described["sha256"] or described["path"],
        **asdict(aim),
    }
    claim(out, made_from, ("model", "interpolation.json", "interpolation.png", "results"))

    console = make_console()
    points = sweep(first, second, numbers, aim, val, place)
    kept = choose(points, aim)
    table = Table("alpha", title=f"validation split, {len(val):,} examples; %")
    for name in (*aim.ordinary, *aim.negation):
        table.add_column(name.replace(".", "\n"), justify="right")
    for point in points:
        cells = [f"{100 * point.values[name]:.1f}" for name in (*aim.ordinary, *aim.negation)]
        table.add_row(f"{point.alpha:g}", *cells, style="bold" if point is kept else "")
    console.print(table)
    console.print(
        f"kept: alpha {kept.alpha:g}, the best at negation ({100 * kept.negation:.1f} %) among those at most "
        f"{100 * aim.tolerance:g} points worse than the base at any ordinary metric (mean {100 * kept.ordinary:.1f} %)",
        soft_wrap=True,
    )
    model = interpolate(first, second, kept.alpha)
    model.save(out / "model")
    draw_interpolation(
        out / "interpolation.png",
        [(p.alpha, p.ordinary, p.negation) for p in points],
        kept.alpha,
        aim.tolerance,
        ("\n+ ".join(aim.ordinary), "\n+ ".join(aim.negation)),
    )
    write_json(
        out / "interpolation.json",
        {
            "base": base,
            "tuned": tuned,
            "chosen": kept.alpha,
            "tolerance": aim.tolerance,
            "negation": aim.negation,
            "ordinary": aim.ordinary,
            "points": [{"alpha": p.alpha, "negation": p.negation, "ordinary": p.ordinary, **p.values} for p in points],
        },
    )
    test = [e for e in examples if e.split == "test"]
    if test:
        from semclip.cli._result_table import result_table

        called = f"alpha {kept.alpha:g}"
        results = evaluate(model.to(place), aim.benchmarks, test, described, RunOptions(model=called, device=place))
        for name, result in results.items():
            result.save(out / "results" / f"{name}.json")
        console.print(result_table(f"test split, {called}", results))
    console.print(f"saved: {out / 'model'}, interpolation.png, interpolation.json", markup=False, highlight=False)


def parse_alphas(text: str) -> list[float]:
    """`0,0.5,1`, or `0.25..1`: from the first in steps of 0.1, and the last. Raises UserError for anything else."""
    first, dots, last = text.partition("..")
    try:
        if dots:
            low, high = float(first), float(last)
            steps = round(10 * (high - low), 9)
            numbers = [*(round(low + i / 10, 9) for i in range(math.ceil(steps))), high] if steps >= 0 else []
        else:
            numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise UserError(f"'{text}' is no list of numbers", where="--alphas", fix="write 0,0.5,1 or 0..1") from error
    if not numbers or not all(0 <= number <= 1 for number in numbers):
        raise UserError(f"no alphas between 0 and 1 in '{text}'", where="--alphas", fix="write 0,0.5,1 or 0..1")
    return numbers
