"""One self-contained HTML page from some run folders: no scripts, no files beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from semclip.core.files import write_text
from semclip.reports import figures, gallery, tables, wording
from semclip.reports.comparison import Comparison, load_tracks
from semclip.reports.figures import Figure, Line
from semclip.reports.flips import flips
from semclip.reports.runs import Run
from semclip.reports.sheet import without_unit
from semclip.reports.summary import NOT_RANKED, sheets
from semclip.reports.tradeoff import size_note, tradeoff
from semclip.reports.versus import ALPHA, Contrasts, got_worse

#: Figures of training quantities that are shown at once; the others are folded away.
OPEN_CURVES = 6
#: Quantities of metrics.jsonl that help to debug a run but tell a reader of results nothing.
_ROLES = {
    "base": "where the others start",
    "control": "equal budget, ordinary method",
    "treated": "the method under test",
}
_TECHNICAL = ("gradient_norm", "learning_rate", "logit_scale")


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
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("semclip.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    numbers = iter(range(10_000))
    # Everything is escaped but what our own code drew; matplotlib escapes the texts inside it.
    environment.filters["svg"] = lambda f: Markup(figures.separate_ids(f.svg, f"figure{next(numbers)}"))
    environment.filters["without_unit"] = without_unit
    environment.globals["style"] = Markup(environment.get_template("style.css").render())
    template = environment.get_template("track.html")
    several = len(comparisons) > 1
    parts = [Markup(template.render(**_context(c, n if several else 0))) for n, c in enumerate(comparisons, start=1)]
    titles = wording.listing([c.track or "runs outside tracks" for c in comparisons])
    return environment.get_template("page.html").render(
        parts=parts,
        titles=titles,
        title=titles if several else comparisons[0].focus.title,
        not_ranked=NOT_RANKED,
        alpha=ALPHA,
    )


def _context(every: Comparison, number: int) -> dict[str, Any]:
    """What the template shows of one track. number: of the track, from 1; 0 where there is one track only.

    Tables over seeds hold every run; all else is about one seed, or nobody could read it.
    """
    comparison = every.one_seed
    contrasts = Contrasts(comparison)
    worse, looked = got_worse(contrasts)
    planes, plane_notes = _planes(comparison)
    curves = _curves(comparison)
    by_name = [(sheet.name, sheet) for sheet in sheets(every)]
    several = len(every.runs) > len(comparison.runs)
    control = comparison.control_of(comparison.focus)
    picture = tradeoff(every)
    return {
        "here": f"track{number}-" if number else "",
        "track": every.track if number else "",
        "runs": comparison.runs,
        "treated": comparison.treated,
        "colours": [_colour(comparison, run) for run in comparison.runs],
        "shown": comparison.shown,
        "shown_colours": [_colour(comparison, run) for run in comparison.shown],
        "focus": comparison.focus,
        "control": control,
        "base": comparison.base_of(comparison.focus),
        "tested": _tested(comparison),
        "alpha": ALPHA,
        "budget": _budget(comparison.focus, control),
        "equal_steps": control is not None and comparison.focus.info.get("steps", 0) == control.info.get("steps"),
        "outcome": _outcome(contrasts),
        "cards": _cards(contrasts),
        "tradeoff": picture,
        "sizes": size_note(every) if picture else "",
        "standing": [sheet for name, sheet in by_name if name == "standing"],
        "over_seeds": [sheet for name, sheet in by_name if name in ("skills", "kinds") and several],
        "cost": [sheet for name, sheet in by_name if name == "cost"],
        "trained": [_trained(run) for run in comparison.runs] if any(r.config for r in comparison.runs) else [],
        "measured": [_measured(run) for run in comparison.runs],
        "skills": tables.skill_groups(contrasts, main=True),
        "other_skills": tables.skill_groups(contrasts, main=False),
        "slices": tables.slice_groups(contrasts),
        "flips": flips(comparison.focus, control),
        "worse": tables.worse_rows(worse),
        "looked": looked,
        "by_chance": f"{looked * ALPHA / 2:.1f}",
        "distributions": _distributions(comparison),
        "planes": planes,
        "gallery": gallery.build_gallery(comparison.focus, comparison.shown),
        "curves": curves[:OPEN_CURVES],
        "more_curves": curves[OPEN_CURVES:],
        "missing": _missing(every) + plane_notes,
        "notes": _notes(comparison),
        "provenance": [_provenance(run) for run in every.runs],
        "view_titles": wording.VIEW_TITLES,
    }


def _cards(contrasts: Contrasts) -> list[dict[str, Any]]:
    """The headline numbers, each with bars for every run."""
    comparison, cards = contrasts.comparison, []
    focus = comparison.focus
    for skill in wording.HEADLINE:
        mine = focus.metric(skill.benchmark, skill.metric)
        if mine is None:
            continue
        contrast = contrasts.with_control(focus, skill.benchmark, skill.metric)
        if contrast is None:
            state, change = "none", "no control to compare with"
        else:
            state = "better" if contrast.better else "worse" if contrast.worse else "tie"
            test = contrast.reason and "no paired test" if contrast.p is None else wording.p_value(contrast.p)
            change = f"{wording.difference(contrast.difference, mine.unit)} against the control, {test}"
        bars = []
        for run in comparison.runs:
            metric = run.metric(skill.benchmark, skill.metric)
            if metric is None or metric.unit != "share":
                continue
            low, high = metric.interval or (metric.value, metric.value)
            bars.append(
                {
                    "title": run.title,
                    "text": wording.number(metric.value),
                    "width": f"{100 * metric.value:.2f}",
                    "low": f"{100 * low:.2f}",
                    "span": f"{100 * (high - low):.2f}",
                    "colour": _colour(comparison, run),
                }
            )
        # A chance line is drawn where guessing scores at least half a percent: below, it is the left edge.
        chance = "" if mine.chance is None or mine.chance < 0.005 else f"{100 * mine.chance:.2f}"
        cards.append(
            {
                "title": skill.title,
                "meaning": skill.meaning,
                "value": wording.number(mine.value, mine.unit),
                "change": change,
                "state": state,
                "bars": bars,
                "chance": chance,
                "chance_text": "" if mine.chance is None else wording.number(mine.chance, mine.unit),
            }
        )
    return cards


def _outcome(contrasts: Contrasts) -> str:
    """In one sentence: on which main skills the run is clearly better than its control, clearly worse, or neither."""
    focus = contrasts.comparison.focus
    by_state: dict[str, list[str]] = {"clearly better at": [], "clearly worse at": [], "not clearly different at": []}
    for skill in wording.MAIN:
        contrast = contrasts.with_control(focus, skill.benchmark, skill.metric)
        if contrast is not None and contrast.p is not None:
            kind = (
                "clearly better" if contrast.better else "clearly worse" if contrast.worse else "not clearly different"
            )
            by_state[f"{kind} at"].append(skill.title)
    parts = [f"{state} {wording.listing(titles)}" for state, titles in by_state.items() if titles]
    return f"Against its control, {focus.title} is {'; '.join(parts)}." if parts else ""


def _colour(comparison: Comparison, run: Run) -> str:
    return f"var(--run-{[r.name for r in comparison.runs].index(run.name) % figures.RUN_COLOURS})"


def _tested(comparison: Comparison) -> str:
    """What the numbers rest on, and whether a model has seen it, in words."""
    results = comparison.focus.results.values()
    public = [r for r in results if "files" in r.data]
    own = next((r for r in results if "files" not in r.data), None)
    parts = [f"{len(public)} public {'benchmark' if len(public) == 1 else 'benchmarks'}"] if public else []
    if own is not None:
        split = str(own.data.get("split") or "")
        images = own.data.get("images", own.data.get("examples"))
        many = f"{wording.count(images)} images" if isinstance(images, int) else "the images"
        parts.append(f"{many} of the {split} split" if split else many)
    return f"{wording.listing(parts)}{_seen(comparison, bool(public))}"


def _seen(comparison: Comparison, public: bool) -> str:
    """The end of the sentence: what the models were trained on of what they are tested on."""
    records = {
        run.title: [seen for result in run.results.values() for seen in result.data.get("seen") or ()]
        for run in comparison.runs
    }
    guilty = [title for title, seen in records.items() if any(s["images"] or s["texts"] for s in seen)]
    if guilty:
        return f", some of which {wording.listing(guilty)} saw in training (see what to know about the data)"
    if public and not all(records.values()):
        return "; whether a model was trained on them was not checked (semclip evaluate --trained-on)"
    return ", which no model was trained on"


def _budget(focus: Run, control: Run | None) -> list[str]:
    """Where the run and its control do not have the same budget, in sentences."""
    if control is None:
        return []
    sentences = []
    for key, what in (("steps", "took {} steps"), ("images_seen", "saw {} images"), ("texts_seen", "read {} texts")):
        mine, theirs = focus.info.get(key), control.info.get(key)
        if isinstance(mine, int) and isinstance(theirs, int) and mine != theirs:
            told = what.format(wording.count(mine))
            sentences.append(f"{focus.title} {told}, {control.title} {wording.count(theirs)}")
    return sentences


def _trained(run: Run) -> dict[str, str]:
    """What was trained on what, in words, from config.yaml and run.json."""
    config = run.config
    model, data, train = (_section(config, name) for name in ("model", "data", "train"))
    objective = _section(config, "objective") or _section(run.info, "objective")
    options = ", ".join(f"{k} = {v}" for k, v in objective.items() if k != "name")
    if model.get("from"):
        start = f"the weights of {Path(str(model['from'])).parent.name or model['from']}"
    else:
        start = str(model.get("pretrained") or ("random weights" if model else "not recorded"))
    frozen = model.get("freeze") or []
    frozen = [frozen] if isinstance(frozen, str) else frozen
    steps = train.get("steps", run.info.get("steps"))
    return {
        "role": _ROLES.get(run.role, "no role recorded"),
        "objective": f"{run.objective_title}{f' ({options})' if options else ''}" if run.objective else "not recorded",
        "model": str(run.info.get("model") or model.get("name") or model.get("backend") or "not recorded").partition(
            " ("
        )[0],
        "start": start,
        "frozen": ", ".join(map(str, frozen)) or ("nothing" if config else "not recorded"),
        "data": "/".join(filter(None, (str(data.get("root") or ""), str(data.get("path") or "")))) or "not recorded",
        "steps": wording.count(steps) if isinstance(steps, int) else "not recorded",
        "batch": wording.count(train["batch_size"]) if isinstance(train.get("batch_size"), int) else "not recorded",
        "config": yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True) if config else "",
    }


def _measured(run: Run) -> dict[str, str]:
    """How a model was measured, as its results say it."""
    results = list(run.results.values())
    facts = next((r.encoder for r in results if r.encoder), {})
    types = dict.fromkeys(str(facts[key]) for key in ("image_dtype", "text_dtype") if key in facts)
    return {
        "model": wording.listing(list(dict.fromkeys(r.model for r in results))) or "not recorded",
        "activation": str(facts.get("activation") or "not recorded"),
        "dtype": wording.listing(list(types)) if types else "not recorded",
    }


def _section(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = values.get(name)
    return dict(section) if isinstance(section, Mapping) else {}


def _distributions(comparison: Comparison) -> list[Figure]:
    panels = {run.title: gallery.similarities(run) for run in comparison.runs}
    panels = {title: values for title, values in panels.items() if values}
    if not panels:
        return []
    limits, top = figures.histogram_limits(list(panels.values()))
    return [figures.histogram(title, values, limits, top) for title, values in panels.items()]


def _planes(comparison: Comparison) -> tuple[list[dict[str, Any]], list[str]]:
    """A pair of panels per run that recorded its plane, and what is to be said about the runs that did not."""
    drawn, notes = [], []
    having = [r for r in comparison.runs if r.plane is not None]
    for run in having:
        plane = run.plane or {}
        moments = {m: {v: plane[m][v] for v in ("caption", "paraphrase", "negation")} for m in ("before", "after")}
        reach = 1.08 * max(abs(x) for views in moments.values() for points in views.values() for p in points for x in p)
        example = _typical(moments["after"])
        ids = plane.get("ids") or []
        texts = {i["id"]: i["texts"] for i in gallery.items_of(run)}.get(ids[example] if example < len(ids) else "", {})
        cosines = {
            m: {v: wording.minus(f"{sum(c) / len(c):.2f}") for v, c in figures.plane_cosines(points).items()}
            for m, points in moments.items()
        }
        panels = [figures.plane(f"{run.title}: {m} training", p, reach or 1.0, example) for m, p in moments.items()]
        drawn.append(
            {
                "title": run.title,
                "n": wording.count(len(moments["after"]["caption"])),
                "figures": panels,
                "cosines": cosines,
                "texts": {v: texts[v] for v in ("caption", "paraphrase", "negation") if v in texts},
            }
        )
    without = [r.title for r in comparison.runs if r.plane is None]
    if without:
        verb = "has" if len(without) == 1 else "have"
        notes.append(
            f"{wording.listing(without)} {verb} no projected plane (results/plane.json), which only an objective with "
            "a basis, such as SemCLIP, records"
        )
    return drawn, notes


def _typical(points: Mapping[str, Sequence[Sequence[float]]]) -> int:
    """The example whose caption-negation cosine is the median: no cherry-picking."""
    cosines = figures.plane_cosines(points)["negation"]
    return sorted(range(len(cosines)), key=lambda i: (cosines[i], i))[len(cosines) // 2]


def _curves(comparison: Comparison) -> list[Figure]:
    """One figure per quantity: the first validation scores, the loss and its parts, other main skills, the rest."""
    first = [f"{s.benchmark}.{s.metric}" for s in wording.HEADLINE]
    validated = [*first, *(name for s in wording.MAIN if (name := f"{s.benchmark}.{s.metric}") not in first)]
    keys = dict.fromkeys(
        key for run in comparison.runs for key in run.curves if key[0] == "train" or key[1] in validated
    )

    def place(key: tuple[str, str]) -> tuple[int, int]:
        split, name = key
        if split != "train" and name in first:
            return 0, validated.index(name)
        if split == "train" and name not in _TECHNICAL:
            return 1, 0
        return (2, validated.index(name)) if name in validated else (3, 0)

    drawn = []
    for split, name in sorted(keys, key=place):
        lines = [
            Line(run.title, number, run.curves[split, name])
            for number, run in enumerate(comparison.runs)
            if (split, name) in run.curves
        ]
        percent = split != "train" and _is_share(comparison, name)
        drawn.append(figures.curves(_curve_title(split, name), lines, percent))
    return drawn


def _curve_title(split: str, name: str) -> str:
    if split == "train":
        return "Training loss" if name == "total" else f"Training: {wording.words(name).lower()}"
    benchmark, _, metric = name.partition(".")
    title = wording.metric_title(benchmark, metric) if metric else wording.words(name)
    return f"{title} ({'validation' if split == 'val' else split})"


def _is_share(comparison: Comparison, name: str) -> bool:
    benchmark, _, metric = name.partition(".")
    found = [m for r in comparison.runs if (m := r.metric(benchmark, metric)) is not None]
    return bool(found) and found[0].unit == "share"


def _missing(comparison: Comparison) -> list[str]:
    """What this page would show but was not given, in sentences."""
    told = [f"{run.title}: {sentence}" for run in comparison.runs for sentence in run.missing]
    for benchmark in dict.fromkeys(b for r in comparison.runs for b in r.results):
        without = [r.title for r in comparison.runs if benchmark not in r.results]
        if without:
            told.append(f"the benchmark '{benchmark}' was not run on {wording.listing(without)}")
    trained = any(r.config for r in comparison.runs)  # of models that were only evaluated, nobody expects these
    for skill in wording.MAIN if trained else ():
        if all(r.metric(skill.benchmark, skill.metric) is None for r in comparison.runs):
            told.append(f"no run has the metric {skill.title} ({skill.benchmark}.{skill.metric})")
    if not comparison.controls:
        told.append(
            "no run has the role 'control' and none was named with --control, so there are no p-values: "
            "a base model has seen fewer steps, and a difference to it may come from training longer alone"
        )
    else:
        alone = [r.title for r in comparison.treated if comparison.control_of(r) is None]
        if alone:
            told.append(f"{wording.listing(alone)}: no control of the same seed among the runs, so no p-values")
    one_seed = comparison.one_seed
    if len(one_seed.runs) < len(comparison.runs):
        about = "" if one_seed.focus.seed is None else f" {one_seed.focus.seed}"
        told.append(f"figures and tables of single runs are about seed{about} alone; tables over seeds hold every run")
    for run in one_seed.runs:
        if not gallery.items_of(run):
            told.append(f"{run.title} has no similarities per item (results/margins.json): no distributions, no images")
    return told


def _notes(comparison: Comparison) -> list[str]:
    """What the benchmarks say about the data they ran on, each sentence once."""
    results = [(name, result) for run in comparison.runs for name, result in run.results.items()]
    return list(
        dict.fromkeys(f"{wording.benchmark_title(name)}: {note}" for name, result in results for note in result.notes)
    )


def _provenance(run: Run) -> dict[str, Any]:
    info = run.info
    hashes = dict(info.get("data_sha256") or {})
    trained_on = {f"training data ({name}), sha256": str(value) for name, value in hashes.items()}
    tested_on = {
        f"test data ({result.data.get('path', benchmark)}), sha256": str(result.data.get("sha256") or "not recorded")
        for benchmark, result in run.results.items()
    }
    versions = dict(info.get("versions") or next((r.versions for r in run.results.values() if r.versions), {}))
    return {
        "title": run.title,
        "facts": {
            "run": run.name,
            "command": str(info.get("command") or "not recorded"),
            "started": str(info.get("started") or "not recorded"),
            "code (git)": str(info.get("git") or "not recorded"),
            "seed": "not recorded" if run.seed is None else str(run.seed),
            **(trained_on or {"training data, sha256": "not recorded"}),
            **tested_on,
            "versions": ", ".join(f"{k} {v}" for k, v in versions.items()) or "not recorded",
            "python": str(info.get("python") or "not recorded"),
            "hardware": f"{info.get('cpu') or 'processor not recorded'}, {info.get('cpu_count') or 'unknown'} cores",
        },
    }
