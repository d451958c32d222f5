"""`semclip distill`: a segmentation network taught by a frozen model's dense features, without masks (MaskCLIP+)."""

from pathlib import Path
from typing import Annotated

import typer

from semclip.cli._made_from import claim
from semclip.cli._options import Denoise, Device, Size, SmoothKeys, Templates, Threshold, Variant, names, on_device
from semclip.core.errors import UserError


def command(
    model: Annotated[str, typer.Argument(help="The teacher: a run, a saved model, or ARCHITECTURE/TAG.")],
    data: Annotated[Path, typer.Argument(help="Data file; its train split is learned from, its test split measured.")],
    out: Annotated[Path, typer.Option(help="Folder for the student.")],
    classes: Annotated[str, typer.Option(help="Class names with commas between. Default: classes.json by DATA.")] = "",
    threshold: Threshold = 0,
    templates: Templates = "a photo of a {}",
    variant: Variant = "paper",
    size: Size = 0,
    smooth_keys: SmoothKeys = "",
    denoise: Denoise = 0,
    confidence: Annotated[float, typer.Option(help="Leave out pixels labelled with less.", min=0, max=1)] = 0,
    steps: Annotated[int, typer.Option(help="Steps of training.", min=1)] = 300,
    learning_rate: Annotated[float, typer.Option(help="Of AdamW.", min=0)] = 3e-3,
    seed: Annotated[int, typer.Option(help="Of weights and crops.")] = 0,
    device: Device = "cpu",
) -> None:
    """Train a student on pseudo labels; with masks in DATA, measure both on the test split. Resumes by itself."""
    from semclip.core.config import parse
    from semclip.data.load import DataConfig, load_examples, select

    examples = load_examples(DataConfig(path=str(data)))
    images = sorted({e.image for e in select(examples, "train")}, key=lambda ref: ref.name)
    named = names(classes) or _names_beside(data)

    from dataclasses import asdict

    from rich.progress import Progress

    from semclip.cli._result_table import result_table
    from semclip.cli.segment import template_texts, text_rows
    from semclip.core.console import make_console
    from semclip.core.files import sha256_file
    from semclip.core.lock import lock_of, only_one
    from semclip.core.stopping import kept
    from semclip.data.masks import GroundTruth
    from semclip.evaluation import RunOptions, evaluate
    from semclip.evaluation.identify import identified_model
    from semclip.models.load import load
    from semclip.models.student import StudentReader
    from semclip.training.maskclip_plus import DistillConfig, distill, new_student

    reading = {"variant": variant, "size": size, "smooth": smooth_keys, "denoise": denoise, "threshold": threshold}
    training = {"steps": steps, "learning_rate": learning_rate, "confidence": confidence, "seed": seed}
    config = parse(DistillConfig, {"reading": reading, **training}, "command line")
    teacher = on_device(load(model), device)
    student = on_device(new_student(teacher, named, text_rows(teacher, named, templates), config), device)
    console = make_console()
    lock = only_one(lock_of(out), "is distilling here", str(out))
    going_on = f"checkpoints so far are kept in {out}; the same command goes on"
    described = {"path": str(data), "split": "test", "sha256": sha256_file(data) if data.is_file() else ""}
    made_from = {
        "teacher": identified_model(teacher)["weights_sha256"],
        "data": described["sha256"] or described["path"],
        "classes": named,
        "templates": template_texts(templates),
        **reading,
        **training,
    }
    with lock, kept(going_on), Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        claim(out, made_from, ("student", "student.json", "teacher.json"))
        task = bar.add_task("distilling", total=config.steps)
        distill(
            teacher,
            student,
            images,
            config,
            checkpoints=out / "checkpoints",
            progress=lambda step, loss: bar.update(task, completed=step),
            notify=lambda message: console.print(message, markup=False),
        )
    student.save(out / "student")
    said = f"student: {out / 'student'} ({len(images):,} images, no mask read)"
    console.print(said, markup=False, highlight=False)
    tested = [e for e in examples if e.split == "test" and e.meta.get("mask")]
    if not tested or GroundTruth.of(tested, background=False).names != named:
        console.print("not measured: the test split has no masks of these classes")
        return
    options = {**asdict(config.reading), "templates": template_texts(templates)}
    for called, encoder in (("teacher", teacher), ("student", StudentReader(teacher, student))):
        how = RunOptions(model=f"{called}: {model}", device=device)
        results = evaluate(encoder, {"segmentation": options}, tested, described, how)
        results["segmentation"].save(out / f"{called}.json")
        console.print(result_table(called, results))


def _names_beside(data: Path) -> list[str]:
    from semclip.data.masks import BACKGROUND, CLASSES_FILE, numbers_of_classes

    path = data.parent / CLASSES_FILE
    if not path.is_file():
        raise UserError(f"which classes? no {CLASSES_FILE} beside the data", where=str(data), fix="give --classes")
    numbers = numbers_of_classes(path)
    return [name for name in sorted(numbers, key=lambda name: numbers[name]) if name != BACKGROUND]
