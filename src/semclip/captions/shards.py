"""A corpus of many files: each is a job of its own, with its own output and journal, here or on a Ray cluster."""

import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from braceexpand import braceexpand

from semclip.captions.config import CaptionsConfig
from semclip.captions.job import Job, Progress, job_of, run_job, write_output
from semclip.captions.journal import Journal, journal_path
from semclip.captions.rows import read_input, save_left_out
from semclip.captions.verifiers.base import LoadEncoder
from semclip.core.errors import UserError
from semclip.core.stopping import handled, interrupt
from semclip.data.load import DataConfig

_MOST = 100_000
_TO_CONNECT = 5.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One file of a corpus and what is written for it. images: the folder of its pictures, "" for the file's.

    columns: our name -> the file's.
    """

    data: str
    images: str
    columns: Mapping[str, str] = field(default_factory=dict)
    out: str
    settings: CaptionsConfig
    restart: bool = False


@dataclass(frozen=True, kw_only=True)
class ShardReport:
    """What became of a shard, as plain values that travel between machines.

    accepted: texts. spent: what they have cost. images: the folder that names of pictures are relative to. notice: the
    writer's. stopped: why the job ended before its end. error: why it could not begin, as the user reads it.
    """

    data: str
    rows: int = 0
    captions: int = 0
    accepted: int = 0
    left_out: int = 0
    spent: str = ""
    images: str = ""
    notice: str = ""
    stopped: str = ""
    error: str = ""


Watch = Callable[[Job, int], AbstractContextManager[Progress]]


def _unwatched(job: Job, captions: int) -> AbstractContextManager[Progress]:
    return nullcontext(lambda summary: None)


#: Runs one shard; the same function here and on a cluster, so that both write the same bytes.
Run = Callable[[Shard], ShardReport]


def shard_paths(pattern: str) -> list[Path]:
    """The files that a pattern names: shards/{000..099}.tar, shards/*.jsonl, or a folder of files.

    Raises UserError for a file that is not there, and for two that would have one output.
    """
    try:
        names = list(islice(braceexpand(pattern), _MOST + 1))
    except ValueError as error:
        raise UserError(f"not a pattern: {error}", where=pattern, fix="write it as shards/{000..099}.jsonl") from None
    if len(names) > _MOST:
        raise UserError(f"more than {_MOST:,} files", where=pattern, fix="give fewer at a time")
    paths = [path for name in names for path in _named(Path(name))]
    first: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise UserError("file not found", where=str(path), fix="check the pattern")
        if (other := first.setdefault(_stem(path), path)) != path:
            what = f"'{other}' and '{path}' would both be written to {_stem(path)}.jsonl"
            fix = f"name files of one kind, such as '{path.parent}/*{path.suffix}', or write them in two calls"
            raise UserError(what, where=pattern, fix=fix)
    if not paths:
        raise UserError("no file has such a name", where=pattern, fix="check the pattern")
    return paths


def shards_of(
    pattern: str, images: str, columns: Mapping[str, str], out: Path, settings: CaptionsConfig, restart: bool = False
) -> list[Shard]:
    """A shard for every file; outputs are OUT/NAME.jsonl."""
    if out.is_file():
        raise UserError("the outputs of shards go into a folder, and this is a file", str(out), "name another --out")
    if Path(pattern).is_dir() and Path(pattern).resolve() == out.resolve():
        what = "the outputs lie among the inputs, and would be taken for some of them at the next start"
        raise UserError(what, where=str(out), fix="name another folder as --out")
    paths = shard_paths(pattern)
    same = next((path for path in paths if (out / f"{_stem(path)}.jsonl").resolve() == path.resolve()), None)
    if same:
        raise UserError("the output is the input", where=str(same), fix="name another folder as --out")
    return [
        Shard(
            data=str(path.resolve()),
            images=str(Path(images).resolve()) if images else "",
            columns=columns,
            out=str((out / f"{_stem(path)}.jsonl").resolve()),
            settings=settings,
            restart=restart,
        )
        for path in paths
    ]


def write_shard(shard: Shard, load_encoder: LoadEncoder, watch: Watch = _unwatched) -> ShardReport:
    """Write one shard, or go on where it was killed; a mistake in it is its report's, so that others go on.

    watch: (job, number of captions) -> what shows how far it is.
    """
    out = Path(shard.out)
    try:
        columns, seed = dict(shard.columns), shard.settings.seed
        given = read_input(DataConfig(path=shard.data, images=shard.images, columns=columns, seed=seed))
        job = job_of(given.examples, shard.settings, load_encoder)
        places = range(len(job.examples))
        with Journal(journal_path(out), job.signature(given.sha256), restart=shard.restart) as journal:
            with watch(job, sum(len(example.captions) for example in job.examples)) as progress:
                summary, stopped = run_job(job, journal, places, progress)
            if not stopped:
                write_output(job, journal, places, out)
        save_left_out(given.left_out, out)
    except UserError as error:
        return ShardReport(data=shard.data, error=str(error))
    return ShardReport(
        data=shard.data,
        rows=summary.rows,
        captions=summary.captions,
        accepted=summary.accepted,
        left_out=len(given.left_out),
        spent=job.spent(),
        images=str(given.images),
        notice=job.writer.notice,
        stopped=f"{stopped.what}; {stopped.fix}" if stopped else "",
    )


def run_here(shards: Sequence[Shard], run: Run) -> Iterator[ShardReport]:
    """One after the other, up to the first that stops: what stopped it (a budget, a server) would stop the others."""
    for shard in shards:
        report = run(shard)
        yield report
        if report.stopped:
            return


def run_on_ray(shards: Sequence[Shard], run: Run, address: str) -> Iterator[ShardReport]:
    """On a Ray cluster, by Ray Data: one task and one core for each shard, in no order; a lost machine's are run again.

    address: of the cluster, "auto" for the one that this machine is part of, "local" to start one here. Files must have
    the same paths on all machines, as on a shared disk. Raises UserError without the extra `ray` or the cluster.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UserError("Ray is not installed", where="--ray", fix="pip install 'semclip[ray]'") from error
    for logger in ("ray", "ray.data"):
        logging.getLogger(logger).setLevel(logging.ERROR)  # how a task is planned is nobody's concern
    ours = not ray.is_initialized()
    if ours:
        need_cluster(address)
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise _no_cluster(address, error) from error
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        # A block for each: a machine takes the next shard when it has done one, and loses no more than one.
        items = ray.data.from_items([{"place": i} for i in range(len(shards))], override_num_blocks=len(shards))

        def one(row: dict[str, Any]) -> dict[str, Any]:
            return asdict(run(shards[row["place"]]))

        with handled(interrupt):  # Ray has put its own in place, which ends in a page of native frames
            for row in items.map(one).iter_rows():
                yield ShardReport(**row)
    finally:
        if ours:
            ray.shutdown()


def need_cluster(address: str) -> None:
    """Raise UserError where nothing listens; Ray itself waits minutes for it."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return  # auto, local
    try:
        socket.create_connection((host, int(port)), timeout=_TO_CONNECT).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> UserError:
    fix = "start one (`ray start --head`), or give --ray local"
    return UserError(f"no Ray cluster: {error}", where=f"--ray {address}", fix=fix)


def _named(path: Path) -> list[Path]:
    if "*" in path.name:
        return sorted(path.parent.glob(path.name))
    return sorted(p for p in path.iterdir() if p.is_file() and p.name[0] != ".") if path.is_dir() else [path]


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]
