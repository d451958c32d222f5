"""The job behind `semclip captions write`: writes, verifies, retries, and records one result per view of every row."""

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semclip.captions.config import COLUMNS, CaptionsConfig
from semclip.captions.journal import COMMIT_EVERY, Journal
from semclip.captions.rows import full_row
from semclip.captions.settled import settled_views
from semclip.captions.summary import Summary
from semclip.captions.verifiers.base import LoadEncoder, Verdict, Verifier
from semclip.captions.verifiers.base import create as create_verifier
from semclip.captions.writers.base import Candidate, JobStopped, Writer, Written
from semclip.captions.writers.base import create as create_writer
from semclip.core.errors import UserError
from semclip.core.example import Example
from semclip.core.files import write_atomic

Progress = Callable[[Summary], None]

_ALL_REJECTED = 200  # texts
_SHOWN = 100  # letters of each that is shown


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to do.

    examples: the whole input; the writer has looked over it. views: in the order of the columns.
    attempts: how often a caption is written for until a text of it is accepted.
    Raises UserError for a view that the writer cannot write or that an example has already.
    """

    examples: Sequence[Example]
    writer: Writer
    verifiers: Sequence[Verifier]
    views: Sequence[str]
    attempts: int
    seed: int

    def __post_init__(self) -> None:
        for view in self.views:
            if view not in self.writer.views:
                raise UserError(
                    f"the writer '{self.writer.name}' writes no '{view}'",
                    where="views",
                    fix=f"choose among {', '.join(self.writer.views)}",
                )
            for example in self.examples:
                _refuse_present(example, view)

    @property
    def provenance(self) -> dict[str, Any]:
        """What all texts of the output have in common."""
        verify = [verifier.signature() for verifier in self.verifiers]
        return {**self.writer.signature(), "seed": self.seed, "verify": verify}

    def spent(self) -> str:
        """What writer and verifiers have cost; those that share a server say the same, which is said once."""
        costs = [self.writer.spent(), *(verifier.spent() for verifier in self.verifiers)]
        return "; ".join(dict.fromkeys(filter(None, costs)))

    def signature(self, input_sha256: str) -> dict[str, Any]:
        """Everything that the output depends on: what a journal must have been begun with to be continued."""
        return {
            "input": {"sha256": input_sha256, "rows": len(self.examples)},
            "writer": self.writer.signature(),
            "verify": [verifier.signature() for verifier in self.verifiers],
            "views": list(self.views),
            "attempts": self.attempts,
            "seed": self.seed,
        }


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Let more objects be made between two searches for cycles, unless whoever started the job has none searched for.

    Rules make a thousand objects for each text and no cycles: by default, searching for them takes a tenth of the time.
    """
    before = gc.get_threshold()
    gc.set_threshold(before[0] and max(before[0], 50_000), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_collecting_rarely()
def job_of(examples: Sequence[Example], settings: CaptionsConfig, load_encoder: LoadEncoder) -> Job:
    """The job of a config, whose writer and verifiers have looked over the examples."""
    verifiers = [create_verifier(section, load_encoder) for section in settings.verify]
    for verifier in verifiers:
        verifier.look_over(examples)
    return Job(
        examples=examples,
        writer=create_writer(settings.writer, examples),
        verifiers=verifiers,
        views=settings.views,
        attempts=settings.attempts,
        seed=settings.seed,
    )


@_collecting_rarely()
def run_job(job: Job, journal: Journal, places: Sequence[int], progress: Progress) -> tuple[Summary, JobStopped | None]:
    """Write and verify every view of the rows at `places`, at most `writer.concurrency` rows at once.

    Results in the journal are counted and not computed again. The second value says why the job stopped before its end,
    if it did: rows under way were finished, and the journal keeps them.
    progress: called with the counts so far after every row.
    """
    run = _Run(job, journal, iter(places), progress)
    asyncio.run(run.everything())
    journal.commit()
    return run.summary, run.stopped


def write_output(job: Job, journal: Journal, places: Sequence[int], out: Path) -> None:
    """Write the rows at `places`, in their order, from the journal; the file appears when it is complete."""

    provenance = job.provenance  # of all rows: making it anew for each takes longer than writing them

    def write(path: Path) -> None:
        with path.open("wb") as file:
            for place in places:
                results = settled_views(journal, place)
                ordered = {view: results[view] for view in job.views}
                file.write(full_row(job.examples[place], ordered, provenance))

    write_atomic(out, write)


class _Run:
    """One process's part of a job; after a kill, the next process continues from the journal."""

    def __init__(self, job: Job, journal: Journal, places: Iterator[int], progress: Progress) -> None:
        self.job, self.journal, self.progress = job, journal, progress
        self.summary = Summary()
        self.stopped: JobStopped | None = None
        self._places = places
        self._accepted, self._turned_down = False, list[str]()  # texts, until one is accepted

    async def everything(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_tell_no_stop)
        self.job.writer.keep_in(self.journal)
        for verifier in self.job.verifiers:
            verifier.keep_in(self.journal)
        try:
            async with asyncio.TaskGroup() as group:
                committing = group.create_task(self._commit_on_and_on())
                workers = [group.create_task(self._work()) for _ in range(max(1, self.job.writer.concurrency))]
                await asyncio.gather(*workers)
                committing.cancel()
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            await self.job.writer.close()
            for verifier in self.job.verifiers:
                await verifier.close()

    async def _commit_on_and_on(self) -> None:
        # A text that came late must not wait for the next one to be safe.
        while True:
            await asyncio.sleep(COMMIT_EVERY)
            self.journal.commit_if_due()
            self.progress(self.summary)  # while answers are waited for, hours in a batch, it is told what for

    async def _work(self) -> None:
        for place in self._places:  # shared by all workers: each takes the next row
            example, results = self.job.examples[place], settled_views(self.journal, place)
            self.summary.found += len(example.captions) * (results.keys() >= set(self.job.views))
            for view in self.job.views:
                if view in results:
                    continue
                if self.stopped:
                    return
                try:
                    results[view] = await self._settled(example, view)
                except JobStopped as stop:
                    self.stopped = stop
                    return
                self.journal.add(place, view, results[view])
            self.summary.add(example, {view: results[view] for view in self.job.views})
            self.progress(self.summary)
            await asyncio.sleep(0)  # a writer that never waits would keep Ctrl-C out

    async def _settled(self, example: Example, view: str) -> dict[str, Any]:
        """What the journal holds of one view of one row: texts, captions without one, and texts turned down."""
        pending = list(range(len(example.captions)))
        texts: list[dict[str, Any]] = []
        rejected: list[dict[str, Any]] = []
        reasons: dict[int, str] = {}
        for attempt in range(self.job.attempts):
            written = await self.job.writer.write(example, view, pending, self.job.seed, attempt)
            reasons = dict(written.refused)
            self._refuse_unasked(written, pending, example)
            for candidate, verdicts in await self._verified(example, view, written.candidates):
                last = verdicts[-1] if verdicts else Verdict("")
                if last.accepted:
                    texts.append(_as_json(candidate, verdicts))
                    self._accepted = True
                else:
                    reason = f"{last.verifier}: {last.reason}"
                    rejected.append({"of": candidate.of, "kind": candidate.kind, "reason": reason})
                    reasons[candidate.of] = reason
                    self._give_up_on_rejected(f"{candidate.text[:_SHOWN]} ({reason})")
            for text in texts:
                reasons.pop(text["of"], None)
            # A caption that was neither refused nor rejected gave way to another one, and is not asked for again.
            pending = sorted(reasons)
            if not pending:
                break
        return {
            "texts": sorted(texts, key=lambda text: text["of"]),
            "refused": [{"of": of, "reason": reason} for of, reason in sorted(reasons.items())],
            "rejected": rejected,
        }

    def _give_up_on_rejected(self, text: str) -> None:
        """Stop where texts cost something and not one of the first is good: the model does not do what it is asked."""
        if self._accepted or self.summary.accepted or not self.job.writer.spent():
            return
        self._turned_down.append(text)
        if len(self._turned_down) == _ALL_REJECTED:
            raise JobStopped(
                f"none of the first {_ALL_REJECTED} texts was accepted; the first were: "
                + " | ".join(self._turned_down[:3]),
                where="verify",
                fix="look at samples with --limit 5 --dry-run, change model, prompts or verifiers, and add --restart",
            )

    def _refuse_unasked(self, written: Written, pending: Sequence[int], example: Example) -> None:
        given = {candidate.of for candidate in written.candidates} | {of for of, _ in written.refused}
        if not given <= set(pending):
            raise UserError(
                f"the writer '{self.job.writer.name}' gave texts for captions {sorted(given - set(pending))}, which it "
                "was not asked for",
                where=example.where,
                fix="mend the writer",
            )

    async def _verified(
        self, example: Example, view: str, candidates: Sequence[Candidate]
    ) -> list[tuple[Candidate, list[Verdict]]]:
        """Each candidate with its verdicts, up to the first that rejects it."""
        found = [(candidate, _unusable(candidate)) for candidate in candidates]
        for verifier in self.job.verifiers:
            alive = [(c, verdicts) for c, verdicts in found if not verdicts or verdicts[-1].accepted]
            checked = await verifier.check(example, view, [c for c, _ in alive]) if alive else []
            for (_, verdicts), verdict in zip(alive, checked, strict=True):
                verdicts.append(verdict)
        return found


def _tell_no_stop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio tells of tasks that failed unheard; one that Ctrl-C or SIGTERM ended did not fail."""
    if not isinstance(context.get("exception"), KeyboardInterrupt | SystemExit):
        loop.default_exception_handler(context)


def _unusable(candidate: Candidate) -> list[Verdict]:
    """A verdict on a text that no file can hold, and none on all others."""
    try:
        empty = not candidate.text.encode().strip()
    except UnicodeEncodeError:
        return [Verdict("job", "half of a surrogate pair, which is no character")]
    return [Verdict("job", "empty")] if empty else []


def _as_json(candidate: Candidate, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    return {
        "text": candidate.text,
        "kind": candidate.kind,
        "of": candidate.of,
        "provenance": dict(candidate.provenance),
        "verdicts": [
            {"verifier": v.verifier} | ({} if v.score is None else {"score": round(v.score, 4)}) for v in verdicts
        ],
    }


def _refuse_present(example: Example, view: str) -> None:
    # Captions of equal standing are no written paraphrases: those say in `paraphrase_of` what they were made from.
    human = view == "paraphrase" and example.meta.get("captions_equal")
    if len(example.captions) <= len(example.paraphrases) if human else example.has(view):
        raise UserError(
            f"the row has {COLUMNS[view]} already",
            where=example.where,
            fix=f"leave '{view}' out of --views, or remove the column",
        )
    if view == "negation" and example.negative_images:
        raise UserError(
            "the row has a negative image, which would be taken for one of the new negations",
            where=example.where,
            fix="remove the column of negative images",
        )


def spread(places: Sequence[int], count: int) -> Sequence[int]:
    """`count` of the places, spread evenly, or all where there are fewer."""
    return places[:: max(1, len(places) // count)][:count]
