"""`semclip train`: one run from one config file."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    config: Annotated[str, typer.Argument(help="A YAML file, or a shipped config such as scenes/semclip.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="a.b=value, as many as you like.")] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/NAME.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a stopped run exactly.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the resolved config, what trains; stop.")] = False,
) -> None:
    """Train a model with any objective, evaluate it, keep everything in one run folder."""
    from semclip.api import train, train_config
    from semclip.core.console import make_console
    from semclip.core.launch import rank_of_process

    console = make_console(quiet=rank_of_process() > 0)
    if dry_run:
        import yaml

        from semclip.core.config import dump
        from semclip.models.load import create as create_encoder
        from semclip.training.examples import fitting_batch, load_splits, refuse_impossible_evaluation, with_steps
        from semclip.training.inspection import no_validation, random_weights, texts_and_splits
        from semclip.training.needs import Needs
        from semclip.training.setup import build_objective, build_steps, what_trains

        parsed = train_config(config, overrides or [])
        objective = build_objective(parsed)
        splits = load_splits(parsed, objective, build_steps(parsed))
        refuse_impossible_evaluation(parsed, splits)
        fitting, lowered = fitting_batch(parsed, splits)
        console.print(yaml.safe_dump(dump(parsed), sort_keys=False, allow_unicode=True), markup=False, highlight=False)
        console.print(
            f"{len(splits.train):,} train, {len(splits.val):,} val, {len(splits.test):,} test examples; "
            f"the objective reads {', '.join(sorted(objective.needs))}"
        )
        if lowered:
            console.print(f"batch of {fitting.train.batch_size} examples, {lowered}", highlight=False)
        for sentence in splits.left_out:
            console.print(f"left out of training: {sentence}", markup=False, highlight=False)
        encoder = create_encoder(dict(parsed.model), where=f"{parsed.name}: model")
        objective.setup(encoder.info)
        console.print("\n".join(what_trains(encoder, objective)), highlight=False)
        console.print(f"needs {Needs.of(with_steps(parsed, splits), encoder, objective)}", highlight=False)
        everything = (splits.train, *splits.held_out().values())
        notes = [random_weights(encoder), *texts_and_splits(everything, encoder, parsed)]
        notes += [] if splits.val else [no_validation(splits.train, parsed)]
        for note in filter(None, notes):
            console.print(f"warning: {note}", markup=False, highlight=False, soft_wrap=True)
        return
    from semclip.reports.summary import summary_table

    done = train(config, overrides or [], out, resume=resume)
    if done.results:
        console.print(summary_table([done.folder]))
    else:
        console.print("the data has no test split: nothing was measured on one")
    console.print(f"run folder: {done.folder}; `semclip report {done.folder}` writes its page")
