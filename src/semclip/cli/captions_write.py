"""`semclip captions write`: paraphrases, negations and absences for captions; a killed job can be continued."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._options import Columns, Images, names, parse_columns
from semclip.core.counts import counted
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from semclip.captions.config import CaptionsConfig
    from semclip.captions.job import Job, Progress
    from semclip.captions.shards import Shard

_SAMPLES = 10
#: Exit codes beside 0, and 2 for the user's mistakes.
_NOTHING_DONE, _STOPPED = 1, 3


def command(
    data: Annotated[str, typer.Argument(help="captions in any form that `semclip data check` understands")],
    overrides: Annotated[list[str] | None, typer.Argument(help="a.b=value, as many as you like")] = None,
    *,
    out: Annotated[Path, typer.Option(help="the file of JSON lines to write; its journal is beside it")],
    config: Annotated[str, typer.Option(help="a YAML file, or a shipped one: rules, semclip, ...")] = "rules",
    images: Images = "",
    columns: Columns = "",
    views: Annotated[str, typer.Option(help="what to write, comma-separated; default: the config's")] = "",
    writer: Annotated[str, typer.Option(help="a name from `semclip list writers`, or file.py:Class")] = "",
    verify: Annotated[str, typer.Option(help="names from `semclip list verifiers`, comma-separated; 'none'")] = "",
    seed: Annotated[int | None, typer.Option(help="equal seed and data give equal bytes (rules)")] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="the first N rows only; without it, the others are written on top")
    ] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=f"print {_SAMPLES} samples and write nothing")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="forget the journal of an earlier job")] = False,
    shards: Annotated[
        bool, typer.Option("--shards", help="DATA is many files ('x/{000..099}.tar', 'x/*.jsonl'), --out their folder")
    ] = False,
    ray: Annotated[str, typer.Option(help="shards on a Ray cluster: its address, auto, or local")] = "",
) -> None:
    """Write paraphrases, negations and absences for every caption, with verdicts and where they come from."""
    from rich.text import Text

    from semclip.captions import journal as journals
    from semclip.captions.job import job_of, run_job, spread, write_output
    from semclip.captions.rows import read_input
    from semclip.captions.shards import shards_of
    from semclip.cli._captions_show import Bar, show_left_out, show_sample, show_summary
    from semclip.core.console import make_console
    from semclip.core.stopping import kept
    from semclip.data.load import DataConfig

    console = make_console()
    settings = _settings(config, views, writer, verify, seed, overrides or [])
    if shards or ray:
        if limit or dry_run:
            what = f"{'--dry-run' if dry_run else '--limit'} is for one file"
            raise UserError(
                what, where="--shards", fix="leave out --shards and --ray, and name one of the files as DATA"
            )
        _write_shards(shards_of(data, images, parse_columns(columns), out, settings, restart), out, ray)
        return
    _check_out(out, data)
    given = read_input(DataConfig(path=data, images=images, columns=parse_columns(columns), seed=settings.seed))
    job = job_of(given.examples, settings, _load_encoder)
    if job.writer.notice:
        console.print(job.writer.notice, soft_wrap=True, markup=False, highlight=False)
    path = journals.IN_MEMORY if dry_run else journals.journal_path(out)
    places: Sequence[int] = range(len(job.examples))[: limit or None]
    if dry_run:
        places = spread(places, _SAMPLES)
    going_on = f"texts so far are kept in {path}; the same command goes on from there"
    with (
        kept(going_on),
        journals.Journal(path, job.signature(given.sha256), restart=restart and not dry_run) as journal,
    ):
        with Bar(console, job, sum(len(job.examples[place].captions) for place in places)) as bar:
            summary, stopped = run_job(job, journal, places, bar.show)
        if dry_run:
            for place in places:
                show_sample(console, job.examples[place], journal.of(place), job.views)
        elif not stopped:
            write_output(job, journal, places, out)
    show_summary(summary, console)
    if not dry_run:
        show_left_out(given.left_out, out, console)
    console.print(", ".join(filter(None, [bar.rate(), job.spent()])), highlight=False, soft_wrap=True)
    if stopped:
        left = len(places) - summary.rows
        console.print(Text.assemble(("stopped:", "red"), f" {stopped.what}"), soft_wrap=True)
        console.print(f"{left:,} of {len(places):,} rows are left", highlight=False)
        goes_on = "" if dry_run else f"; the same command goes on from {path}"
        console.print(f"{stopped.fix or 'Mend it'}{goes_on}", soft_wrap=True, markup=False)
        raise typer.Exit(_STOPPED)
    if not dry_run:
        part = f"the first {len(places):,} of {len(job.examples):,} rows" if limit else counted(len(places), "row")
        console.print(f"{out}: {part} from {counted(summary.captions, 'caption')}", soft_wrap=True, highlight=False)
        if len(places) < len(job.examples):
            console.print("the same command without --limit writes the others on top", highlight=False)
        _show_where_images_are(console, given.images, out.parent)
    if not summary.accepted:
        console.print(Text.assemble(("no text was accepted", "red"), ": the tables above say why"))
        raise typer.Exit(_NOTHING_DONE)


def _check_out(out: Path, data: str) -> None:
    """Raise UserError for an output that could not be written or read, before hours are spent on it."""
    if out.exists() and out.resolve() == Path(data).resolve():
        raise UserError("the output is the input", where=str(out), fix="name another --out")
    if out.is_dir():
        raise UserError(
            "the output is a file, and this is a folder", where=str(out), fix=f"--out {out / 'triples.jsonl'}"
        )
    if out.suffix.lower() not in (".jsonl", ".ndjson", ".json"):
        what = "JSON lines are written, which no reader takes a file of this name for"
        raise UserError(what, where=str(out), fix=f"--out {out}.jsonl")


def _write_shards(shards: "Sequence[Shard]", out: Path, ray: str) -> None:
    """Each file by itself, with a line when it is done."""
    from contextlib import contextmanager
    from functools import partial

    from semclip.captions.shards import ShardReport, run_here, run_on_ray, write_shard
    from semclip.cli._captions_show import Bar
    from semclip.core.console import make_console
    from semclip.core.stopping import kept

    console = make_console()

    @contextmanager
    def bar(job: "Job", captions: int) -> "Iterator[Progress]":
        with Bar(console, job, captions, stays=False) as shown:
            yield shown.show

    run = partial(write_shard, load_encoder=_load_encoder)
    here = partial(run, watch=bar)
    reports: list[ShardReport] = []
    with kept(f"texts so far are kept in {out}; the same command goes on from there"):
        for report in run_on_ray(shards, run, ray) if ray else run_here(shards, here):
            if report.notice not in ("", *(other.notice for other in reports)):
                console.print(report.notice, soft_wrap=True, markup=False, highlight=False)
            reports.append(report)
            done = f"{counted(report.accepted, 'text')} for {counted(report.captions, 'caption')}"
            left_out = f", {counted(report.left_out, 'row')} left out" if report.left_out else ""
            cost = f", {report.spent}" if report.spent else ""
            said = report.error or (f"stopped: {report.stopped}" if report.stopped else done + left_out) + cost
            line = f"{len(reports):,} of {len(shards):,}: {Path(report.data).name}: {said}"
            console.print(line, soft_wrap=True, markup=False, highlight=False)
    failed = [report for report in reports if report.error]
    stopped = [report for report in reports if report.stopped]
    texts, captions = sum(r.accepted for r in reports), sum(r.captions for r in reports)
    said = f"{out}: {counted(texts, 'text')} for {counted(captions, 'caption')}"
    console.print(said, soft_wrap=True, markup=False, highlight=False)
    for folder in sorted({report.images for report in reports if report.images}):
        _show_where_images_are(console, Path(folder), out)
    if failed:
        raise UserError(
            f"{len(failed):,} of {len(shards):,} files could not be written",
            where=failed[0].data,
            fix="mend what is said of each; the same command writes what is missing",
        )
    if stopped:
        raise typer.Exit(_STOPPED)
    if not texts:
        raise typer.Exit(_NOTHING_DONE)


def _show_where_images_are(console: "Console", folder: Path, out: Path) -> None:
    if folder.resolve() != out.resolve():
        said = f"Image names stay relative to {folder}: give it as `data.images` where you use what was written."
        console.print(said, soft_wrap=True, markup=False, highlight=False)


def _settings(
    config: str, views: str, writer: str, verify: str, seed: int | None, overrides: list[str]
) -> "CaptionsConfig":
    """The config with the options on top, and the overrides on top of these."""
    import json

    from semclip.captions.config import CaptionsConfig
    from semclip.core.config import find_config, load_config, parse_config

    path = find_config(config, "captions")
    own = load_config(path, overrides, "captions") if writer or verify else {}
    # What the config names as well keeps its keys: its model, its thresholds.
    sections = [own.get("writer"), *(own.get("verify") or ())]
    known = {section["name"]: section for section in sections if isinstance(section, dict) and "name" in section}
    chosen: dict[str, Any] = {}
    if views:
        chosen["views"] = names(views)
    if writer and writer not in known:
        chosen["writer"] = {"name": writer}
    if verify:
        chosen["verify"] = [known.get(name, {"name": name}) for name in names(verify) if name != "none"]
    if seed is not None:
        chosen["seed"] = seed
    options = [f"{key}={json.dumps(value)}" for key, value in chosen.items()]
    return parse_config(CaptionsConfig, path, [*options, *overrides], "captions")


def _load_encoder(spec: str) -> Any:
    from semclip.models.load import load

    return load(spec)
