"""How fast captions are written: the rules alone, with the lexical verifier, and the whole job with its journal.

Run `python perf/captions.py DATA.jsonl`. Rates are captions per second of processor time (one core), each caption in
all views; the rate by the clock stands beside, since other work on the machine slows that one.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from semclip.captions.job import Job, run_job, write_output
from semclip.captions.journal import Journal
from semclip.captions.rows import Input, read_input
from semclip.captions.verifiers.base import create as create_verifier
from semclip.captions.writers.base import create as create_writer
from semclip.data.load import DataConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", help="captions in any form that `semclip data check` understands")
    parser.add_argument("--views", default="paraphrase,negation,absence")
    parser.add_argument("--writer", default="rules", help="and its options: rules,parser=en_core_web_sm")
    arguments = parser.parse_args()
    views = arguments.views.split(",")

    table = Table("part", "captions/s of one core", "by the clock")
    rows: list[tuple[str, float, float]] = []

    def timed(part: str, work: Callable[[], object]) -> object:
        clock, processor = time.perf_counter(), time.process_time()
        result = work()
        rows.append((part, time.process_time() - processor, time.perf_counter() - clock))
        return result

    given = timed("reading and checking the input", lambda: read_input(DataConfig(path=arguments.data)))
    assert isinstance(given, Input)
    captions = sum(len(example.captions) for example in given.examples)
    name, *options = arguments.writer.split(",")
    writer = {"name": name, **dict(option.split("=", 1) for option in options)}
    job = timed("the writer's look over the input", lambda: prepared(given, writer, views))
    assert isinstance(job, Job)
    timed("writer", lambda: asyncio.run(written(job, verified=False)))
    timed("writer and lexical verifier", lambda: asyncio.run(written(job, verified=True)))
    with tempfile.TemporaryDirectory() as folder:
        timed("writer, verifier, journal and output", lambda: whole(job, given, Path(folder)))
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**20
    total = [sum(row[i] for row in (rows[0], rows[1], rows[-1])) for i in (1, 2)]
    for part, processor, clock in [*rows, ("the whole job", *total)]:
        table.add_row(part, f"{captions / processor:,.0f}", f"{captions / clock:,.0f}")
    console = Console()
    console.print(f"{len(given.examples):,} rows, {captions:,} captions, views {', '.join(views)}")
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    console.print(f"peak memory {peak:,.0f} MB; output and journal {size:,.0f} MB")


def prepared(given: Input, writer: dict[str, str], views: list[str]) -> Job:
    verifier = create_verifier({"name": "lexical"}, lambda spec: None)
    verifier.look_over(given.examples)
    return Job(
        examples=given.examples,
        writer=create_writer(writer, given.examples),
        verifiers=[verifier],
        views=views,
        attempts=2,
        seed=0,
    )


async def written(job: Job, verified: bool) -> None:
    """One attempt at every caption, as the job makes it."""
    for example in job.examples:
        everything = range(len(example.captions))
        for view in job.views:
            made = await job.writer.write(example, view, everything, 0, 0)
            for verifier in job.verifiers if verified else ():
                await verifier.check(example, view, made.candidates)


def whole(job: Job, given: Input, folder: Path) -> None:
    out = folder / "out.jsonl"
    places = range(len(job.examples))
    with Journal(folder / "journal", job.signature(given.sha256)) as journal:
        run_job(job, journal, places, lambda summary: None)
        write_output(job, journal, places, out)


if __name__ == "__main__":
    main()
