"""A report of run folders as one self-contained HTML page: no scripts, no files beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from semclip.core import html
from semclip.core.files import write_text
from semclip.reports import figures, formatting, gallery
from semclip.reports.comparison import Comparison, load_tracks
from semclip.reports.flips import flips
from semclip.reports.metrics_table import skill_groups, slice_groups
from semclip.reports.projection_plot import projection_plots
from semclip.reports.ranking import CORRECTED
from semclip.reports.significance import ALPHA, Contrast, Contrasts, Measured, got_worse
from semclip.reports.similarity import similarity_histograms
from semclip.reports.skills import BENCHMARK_TITLES, HEADLINE, MAIN, VIEW_TITLES, Skill, benchmark_title, metric_title
from semclip.reports.summary import NOT_RANKED, summary
from semclip.reports.table import without_unit
from semclip.reports.tradeoff import tradeoff
from semclip.reports.training_curves import training_curves

#: Figures of training quantities that are shown at once; the others are folded away.
OPEN_CURVES = 6


def write_report(folders: Sequence[Path], out: Path | None = None, control: str | None = None) -> Path:
    """Write the page that compares some runs; returns where it is.

    folders: run folders, in the order of the columns. out: default `report.html` in the folder of the run the page is
    about. control: name of the run that p-values refer to; default the runs with the role `control`.
    Errors: UserError for a folder without results, results measured on different data, an unknown control.
    """
    comparisons = load_tracks([Path(f) for f in folders], control)
    path = Path(out) if out is not None else comparisons[-1].focus.folder / "report.html"
    write_text(path, render(comparisons))
    return path


def render(comparisons: Sequence[Comparison]) -> str:
    """The page as HTML text, a part per track. The same runs give the same bytes."""
    from markupsafe import Markup

    environment, numbers = html.environment("semclip.reports"), iter(range(10_000))
    # Everything is escaped but what our own code drew; matplotlib escapes the texts inside it.
    environment.filters["svg"] = lambda f: Markup(figures.separate_ids(f.svg, f"figure{next(numbers)}"))
    environment.filters["yaml"] = lambda config: yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    for name in ("count", "difference", "interval", "listing", "minus", "number", "p_value", "words"):
        environment.filters[name] = getattr(formatting, name)
    environment.filters["without_unit"] = without_unit
    environment.globals |= {
        "alpha": ALPHA,
        "benchmark_titles": BENCHMARK_TITLES,
        "metric_title": metric_title,
        "view_titles": VIEW_TITLES,
        "views": gallery.VIEWS,
    }
    track, several = environment.get_template("track.html"), len(comparisons) > 1
    parts = [track.render(**_part(c, n if several else 0)) for n, c in enumerate(comparisons, start=1)]
    return environment.get_template("page.html").render(
        parts=[Markup(part) for part in parts],
        first_title=comparisons[0].focus.title,
        titles=formatting.listing([c.track or "runs outside tracks" for c in comparisons]),
        not_ranked=NOT_RANKED,
    )


def _part(every: Comparison, number: int) -> dict[str, Any]:
    """What the template shows of one track. number: of the track, from 1; 0 where there is one track only.

    Every number of a table is over all seeds, with one rule for what is clear; figures and examples are about one seed,
    or nobody could read them.
    """
    comparison = every.one_seed
    focus, control = comparison.focus, comparison.control_of(comparison.focus)
    contrasts = Contrasts(every)
    worse, looked = got_worse(contrasts)
    curves = training_curves(comparison)
    colours = {run.name: _colour(place) for place, run in enumerate(comparison.runs)}
    tables: dict[str, list[Any]] = {"ranking": [], "skills": [], "kinds": [], "cost": []}
    for table in summary(every):
        tables[table.name].append(table)
    return {
        "here": f"track{number}-" if number else "",
        "track": every.track if number else "",
        "runs": comparison.runs,
        "every_run": every.runs,
        "treated": comparison.treated,
        "colours": colours,
        "shown": comparison.shown,
        "focus": focus,
        "control": control,
        "base": comparison.base_of(focus),
        "trained": any(run.config for run in comparison.runs),
        "tested": _tested(comparison),
        "outcome": _outcome(contrasts),
        "cards": _cards(contrasts),
        "tradeoff": tradeoff(every),
        "ranking": tables["ranking"],
        "seeds": max(len(arm.runs) for arm in every.arms),
        "corrected": CORRECTED,
        "cost": tables["cost"],
        "skills": skill_groups(contrasts, main=True),
        "other_skills": skill_groups(contrasts, main=False),
        "slices": slice_groups(contrasts),
        "flips": flips(focus, control, contrasts),
        "worse": sorted(worse, key=lambda c: (c.metric.unit != "share", -abs(c.difference))),
        "looked": looked,
        "distributions": similarity_histograms(comparison),
        "projection_plots": projection_plots(comparison),
        "gallery": gallery.build_gallery(focus, comparison.shown),
        "curves": curves[:OPEN_CURVES],
        "more_curves": curves[OPEN_CURVES:],
        "missing": _missing(every),
        "notes": dict.fromkeys(
            f"{benchmark_title(name)}: {note}"
            for run in comparison.runs
            for name, result in run.results.items()
            for note in result.notes
        ),
    }


def _cards(contrasts: Contrasts) -> list[tuple[Skill, Measured, Contrast | None, list[tuple[str, str, Measured]]]]:
    """For each headline skill: the system the page is about, against its control, and all systems."""
    found = []
    for skill in HEADLINE:
        own = contrasts.measured(contrasts.focus, skill.benchmark, skill.metric)
        if own is None:
            continue
        bars = [
            (arm.title, _colour(place), measured)
            for place, arm in enumerate(contrasts.arms)
            if (measured := contrasts.measured(arm, skill.benchmark, skill.metric)) is not None
        ]
        found.append((skill, own, contrasts.with_control(contrasts.focus, skill.benchmark, skill.metric), bars))
    return found


def _colour(place: int) -> str:
    return f"var(--run-{place % figures.RUN_COLOURS})"


def _outcome(contrasts: Contrasts) -> list[str]:
    """Two sentences, which the cards below show: what the system gains over its control, and what it does not."""
    focus = contrasts.focus
    found: dict[str, list[str]] = {"better": [], "worse": [], "": []}
    for skill in HEADLINE:
        contrast = contrasts.with_control(focus, skill.benchmark, skill.metric)
        if contrast is not None and contrast.p is not None:
            before, after = (
                formatting.number(m.value, m.unit) for m in (contrast.reference_measured, contrast.measured)
            )
            found[contrast.state].append(f"{skill.title} ({before} → {after})")
    if not any(found.values()):
        return []
    gained = formatting.listing(found["better"]) or "none of the skills below"
    rest = [
        f"{verb} {formatting.listing(found[state])}"
        for verb, state in (("it is clearly worse at", "worse"), ("there is no clear difference at", ""))
        if found[state]
    ]
    sentences = [f"Over its control, {focus.title} clearly gains at {gained}."]
    return [*sentences, f"What it does not: {'; '.join(rest)}."] if rest else sentences


def _tested(comparison: Comparison) -> str:
    """What the numbers rest on, and whether a model has seen it, in words."""
    results = comparison.focus.results.values()
    public = [r for r in results if "files" in r.data]
    own = next((r for r in results if "files" not in r.data), None)
    parts = [f"{len(public)} public {'benchmark' if len(public) == 1 else 'benchmarks'}"] if public else []
    if own is not None:
        split = str(own.data.get("split") or "")
        images = own.data.get("images", own.data.get("examples"))
        many = f"{formatting.count(images)} images" if isinstance(images, int) else "the images"
        parts.append(f"{many} of the {split} split" if split not in ("", "all") else many)
    return f"{formatting.listing(parts)}{_seen(comparison)}"


_MAY_BE_SEEN = (None, "", "all", "train", "val")


def _seen(comparison: Comparison) -> str:
    """The end of the sentence: what the models were trained on of what they are tested on."""
    data = [(run.title, result.data) for run in comparison.runs for result in run.results.values()]
    guilty = dict.fromkeys(t for t, d in data if any(s["images"] or s["texts"] for s in d.get("seen") or ()))
    if guilty:
        return f", some of which {formatting.listing(list(guilty))} saw in training (see what to know about the data)"
    # A training refuses further test sets, whatever their name, that hold examples it trains on or chooses by.
    unchecked = [d for _, d in data if d and not d.get("seen")]
    if any("files" in d or d.get("split") in _MAY_BE_SEEN for d in unchecked):
        return "; whether a model was trained on them was not checked (semclip evaluate --trained-on)"
    return ", which no model was trained on"


def _missing(comparison: Comparison) -> list[str]:
    """What this page would show but was not given, in sentences."""
    runs, one_seed = comparison.runs, comparison.one_seed
    description = [f"{run.title}: {sentence}" for run in runs for sentence in run.missing]
    for benchmark in dict.fromkeys(b for r in runs for b in r.results):
        if without := [r.title for r in runs if benchmark not in r.results]:
            description.append(f"the benchmark '{benchmark}' was not run on {formatting.listing(without)}")
    trained = any(r.config for r in runs)  # of models that were only evaluated, nobody expects these
    description += [
        f"no run has the metric {skill.title} ({skill.benchmark}.{skill.metric})"
        for skill in (MAIN if trained else ())
        if all(r.metric(skill.benchmark, skill.metric) is None for r in runs)
    ]
    if not comparison.controls:
        description.append(
            "no run has the role 'control' and none was named with --control, so there are no p-values: "
            "a base model has seen fewer steps, and a difference to it may come from training longer alone"
        )
    elif alone := [r.title for r in comparison.treated if comparison.control_of(r) is None]:
        description.append(f"{formatting.listing(alone)}: no control of the same seed among the runs, so no p-values")
    if len(one_seed.runs) < len(runs):
        about = "" if one_seed.focus.seed is None else f" {one_seed.focus.seed}"
        description.append(
            f"figures, images and flipped items are about seed{about} alone; every table is over all seeds"
        )
    description += [
        f"{run.title} has no similarities per item (results/margins.json): no distributions, no images"
        for run in one_seed.runs
        if not gallery.items_of(run)
    ]
    if without := [r.title for r in one_seed.runs if r.projection is None]:
        description.append(
            f"{formatting.listing(without)} {'has' if len(without) == 1 else 'have'} no projected plane "
            "(results/plane.json), which only an objective with a basis, such as SemCLIP, records"
        )
    return description
