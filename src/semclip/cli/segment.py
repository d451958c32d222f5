"""`semclip segment`: which class every pixel of your images belongs to, as label images and overlays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from semclip.cli._made_from import claim
from semclip.cli._options import Denoise, Device, Size, SmoothKeys, Templates, Threshold, Variant, names, on_device
from semclip.core.addresses import refuse_address
from semclip.core.counts import counted
from semclip.core.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from semclip.core.example import ImageRef
    from semclip.core.protocols import DenseReading
    from semclip.models.backends.base import Encoder

#: A label image has 8 bits, and 255 means "no label" wherever masks are read.
_MAX_CLASSES = 255


def command(
    model: Annotated[str, typer.Argument(help="A run, a saved model, ARCHITECTURE/TAG, or a student of `distill`.")],
    images: Annotated[Path, typer.Argument(help="An image, or a folder of images.")],
    classes: Annotated[str, typer.Option(help="Class names with commas between: 'red circle,blue square'.")] = "",
    background: Annotated[str, typer.Option(help="Texts of what is no class, with commas between: 'sky,wall'.")] = "",
    threshold: Threshold = 0,
    templates: Templates = "a photo of a {}",
    variant: Variant = "paper",
    size: Size = 0,
    smooth_keys: SmoothKeys = "",
    denoise: Denoise = 0,
    out: Annotated[Path, typer.Option(help="Folder for labels and overlays.")] = Path("segments"),
    device: Device = "cpu",
) -> None:
    """Label every pixel: NAME.labels.png holds class numbers, NAME.overlay.png shows them over the image.

    Labels that another model, other classes or other settings made are not written over.
    """
    refs = _image_files(images, out)

    from rich.progress import track

    from semclip.core.config import parse
    from semclip.core.console import make_console
    from semclip.core.files import write_atomic
    from semclip.core.protocols import DenseReading
    from semclip.models.student import is_student

    if is_student(model):
        if names(classes):
            raise UserError("a student knows its own classes", where="--classes", fix="leave --classes out")
        segmenter = _student(Path(model), device)
    else:
        options = {"variant": variant, "size": size, "smooth": smooth_keys, "denoise": denoise, "threshold": threshold}
        named, ground = names(classes), names(background)
        segmenter = _reader(model, named, ground, templates, parse(DenseReading, options, "command line"), device)
    made_from = {**segmenter.made_from, "images": str(images.parent if images.is_file() else images)}
    console = make_console()
    for ref in track(refs, description="images", console=console, disable=not console.is_terminal):
        pictures = _pictures(ref, segmenter)
        if ref is refs[0]:  # not before: settings that no image can be read with claim nothing
            claim(out, made_from, [name for each in refs for name in _written(each)])
        for name, picture in zip(_written(ref), pictures, strict=True):
            write_atomic(out / name, partial(picture.save, format="PNG"))
    said = f"{out}: {counted(len(refs), 'image')}, {len(segmenter.classes)} classes"
    console.print(said, markup=False, highlight=False)


@dataclass(frozen=True)
class Segmenter:
    """classes: names by label. scores: an image and its size (H, W) -> (C, H, W). made_from: what decides on labels."""

    classes: list[str]
    scores: "Callable[[ImageRef, tuple[int, int]], Tensor]"
    made_from: Mapping[str, Any]


def _image_files(images: Path, out: Path) -> "list[ImageRef]":
    from semclip.cli.data_features import pictures_in
    from semclip.core.example import ImageRef

    if images.is_file():
        return [ImageRef(images.name, images)]
    refuse_address(images, where="IMAGES")
    if not images.is_dir():
        raise UserError("no such image or folder", where=str(images), fix="check the path")
    own = out.resolve()  # images of an earlier call are no input
    refs = [ref for ref in pictures_in(images) if ref.path and not ref.path.resolve().is_relative_to(own)]
    if not refs:
        raise UserError("no images but those of --out", where=str(images), fix="name the folder of your images")
    return refs


def _student(folder: Path, device: str) -> Segmenter:
    from semclip.core.files import sha256_file
    from semclip.models.refine import upsample
    from semclip.models.student import WEIGHTS_FILE, Student

    student = on_device(Student.load(folder), device)

    def scores(ref: "ImageRef", size: tuple[int, int]) -> "Tensor":
        return upsample(student(student.load_whole_image(ref)[None].to(device)), size)[0]

    return Segmenter(student.config.classes, scores, {"student": sha256_file(folder / WEIGHTS_FILE)})


def _reader(
    model: str, names: Sequence[str], background: Sequence[str], templates: str, reading: "DenseReading", device: str
) -> Segmenter:
    from semclip.evaluation.identify import identified_model
    from semclip.models.load import load

    scored = bool(background or reading.threshold)
    classes = [*(["background"] if scored else []), *names]
    if not names or not 2 <= len(classes) <= _MAX_CLASSES:
        raise UserError(
            f"{len(names)} classes named, where two to {_MAX_CLASSES} are needed, background counted",
            where="--classes",
            fix="--classes 'dog,grass', or --classes dog --threshold 0.9",
        )
    encoder = on_device(load(model), device)
    rows, ground = text_rows(encoder, names, templates), text_rows(encoder, background, "{}")

    def scores(ref: "ImageRef", size: tuple[int, int]) -> "Tensor":
        inputs = encoder.load_whole_image(ref, reading.size)[None].to(device)  # (1, 3, H', W')
        return encoder.class_scores(inputs, rows, ground, reading, size)[0]

    read = {"classes": names, "background": background, "templates": template_texts(templates), **asdict(reading)}
    return Segmenter(classes, scores, {"model": identified_model(encoder).get("weights_sha256", model), **read})


def text_rows(encoder: "Encoder", names: Sequence[str], templates: str) -> "Tensor":
    """(K, D) unit rows of class names in texts. templates: as `template_texts` reads them."""
    import torch

    from semclip.models.refine import classifier

    texts = template_texts(templates)
    device = encoder.log_logit_scale.device
    rows = [torch.zeros(0, encoder.embed_dim, device=device)]
    with torch.no_grad():
        for name in names:
            tokens = encoder.tokenize([text.replace("{}", name) for text in texts])
            rows.append(classifier(encoder.encode_text(tokens.to(device))[None]))  # (1, D)
    return torch.cat(rows)


def template_texts(templates: str) -> tuple[str, ...]:
    """The texts with `{}` for the name: `published`, or texts with | between. Raises UserError for one without it."""
    from semclip.evaluation.prompts import check_templates
    from semclip.models.refine import published_templates

    texts = published_templates() if templates == "published" else tuple(templates.split("|"))
    check_templates(texts, "--templates")
    return texts


def _pictures(ref: "ImageRef", segmenter: Segmenter) -> "tuple[Image, Image]":
    """Labels and overlay of an image."""
    import torch

    from semclip.cli._label_pictures import label_image, overlay
    from semclip.core.decoding import read_rgb

    image = read_rgb(ref)
    with torch.no_grad():
        labels = segmenter.scores(ref, (image.height, image.width)).argmax(dim=0).cpu().numpy()  # (H, W)
    return label_image(labels, segmenter.classes), overlay(image, labels, segmenter.classes)


def _written(ref: "ImageRef") -> tuple[str, str]:
    """The names of an image's labels and overlay."""
    return f"{ref.name}.labels.png", f"{ref.name}.overlay.png"
