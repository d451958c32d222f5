"""The `semclip` command: mounts one file per subcommand and turns user errors into messages."""

import sys

import typer

from semclip.cli._renamed import renamed_options
from semclip.core.errors import UserError
from semclip.core.launch import rank_of_process

app = typer.Typer(
    name="semclip",
    help="Search photos by what they do not show; train and measure CLIP-like models that understand negation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
data_app = typer.Typer(help="Look at data, and make some.", no_args_is_help=True)
benchmarks_app = typer.Typer(help="Get the files of public benchmarks, and see what is there.", no_args_is_help=True)
captions_app = typer.Typer(help="Write paraphrases, negations and absences; judge them.", no_args_is_help=True)


def _mount() -> None:
    # These modules import nothing heavy: torch, open_clip and matplotlib are imported inside the functions.
    from semclip.cli import (
        benchmarks_check,
        benchmarks_fetch,
        captions_review,
        captions_stats,
        captions_write,
        compare,
        data_check,
        data_features,
        data_sample,
        data_scenes,
        demo,
        distill,
        evaluate,
        index,
        interpolate,
        listing,
        report,
        search,
        segment,
        serve,
        train,
    )

    app.command("demo")(demo.command)
    app.command("list")(listing.command)
    app.command("index")(index.command)
    app.command("search", context_settings=search.CONTEXT)(search.command)
    app.command("serve")(serve.command)
    app.add_typer(data_app, name="data")
    data_app.command("check")(data_check.command)
    data_app.command("sample")(data_sample.command)
    data_app.command("scenes")(data_scenes.command)
    data_app.command("features")(data_features.command)
    app.add_typer(captions_app, name="captions")
    captions_app.command("write")(captions_write.command)
    captions_app.command("review", cls=renamed_options(reader="annotator"))(captions_review.command)
    captions_app.command("stats", cls=renamed_options(most="max_captions"))(captions_stats.command)
    app.command("train")(train.command)
    app.command("evaluate")(evaluate.command)
    app.add_typer(benchmarks_app, name="benchmarks")
    benchmarks_app.command("fetch")(benchmarks_fetch.command)
    benchmarks_app.command("check")(benchmarks_check.command)
    app.command("interpolate")(interpolate.command)
    app.command("compare")(compare.command)
    app.command("report")(report.command)
    app.command("segment")(segment.command)
    app.command("distill")(distill.command)


def run() -> None:
    """Entry point: exit code 0, 2 for the user's mistakes, 130 for Ctrl-C."""
    _mount()
    try:
        app(standalone_mode=True)
    except UserError as error:
        # Processes that train together fail together: rank 0 says why, others only what happened to them alone.
        notes = getattr(error, "__notes__", [])
        if rank_of_process() == 0 or notes:
            print(f"error: {error}", *notes, sep="\n  ", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    run()
