"""Any Python object as an encoder: lists in, rows out, in every form that rows come in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.protocols import DualEncoder
from semclip.evaluation import Encodings
from semclip.models.python_object import PythonObject, load_object
from tests.models.tiny import tiny


class Mine:
    """Brightness of an image and length of a text."""

    def __init__(self, form: Any = np.array) -> None:
        self.form, self.seen = form, 0

    def encode_image(self, images: list[Image.Image]) -> Any:
        self.seen += len(images)
        assert all(i.mode == "RGB" for i in images)
        return self.form([[float(np.asarray(i).mean()), 1.0] for i in images])

    def encode_text(self, texts: list[str]) -> Any:
        return self.form([[float(len(t)), 1.0] for t in texts])


def images(folder: Path, count: int = 7) -> list[ImageRef]:
    for i in range(count):
        Image.new("L", (4 + i, 5), 30 * i).save(folder / f"{i}.png")
    return [ImageRef(f"{i}.png", folder / f"{i}.png") for i in range(count)]


@pytest.mark.parametrize("form", [np.array, torch.tensor, list, lambda rows: torch.tensor(rows).half()])
def test_rows_in_any_form_reach_their_images_and_texts(form: Any, tmp_path: Path) -> None:
    refs, mine = images(tmp_path), Mine(form)
    encoder = PythonObject(mine)
    assert isinstance(encoder, DualEncoder) and encoder.embed_dim == 2
    found = Encodings.compute(encoder, refs, ["a", "four"], batch_size=3)
    brightness = np.array([[30.0 * i, 1.0] for i in range(7)])
    np.testing.assert_allclose(found.raw_image(refs), brightness, rtol=1e-3)
    np.testing.assert_allclose(found.raw_text(["four", "a"]), [[4, 1], [1, 1]])
    assert mine.seen == 7 and not encoder._waiting


@pytest.mark.parametrize(
    "form", [lambda rows: np.array(rows)[:-1], lambda rows: np.array(rows).T, lambda rows: [1.0], lambda rows: [[1]]]
)
def test_rows_that_do_not_fit_are_refused(form: Any) -> None:
    with pytest.raises(UserError, match=r"encode_text gave .* for 1 entries"):
        PythonObject(Mine(form), "mine")  # one text is tried at once, so that nobody waits for this


@pytest.mark.parametrize("rows", [[[1.0, 2.0, 3.0]], [["far", "near"]], [[[1.0], [2.0, 3.0]]]])
def test_images_in_another_space_than_texts_or_in_none_are_refused(rows: Any, tmp_path: Path) -> None:
    class Odd:
        def encode_image(self, given: list[Image.Image]) -> Any:
            return rows

        def encode_text(self, given: list[str]) -> Any:
            return [[1.0, 2.0]] * len(given)

    with pytest.raises(UserError, match=r"an image has 3 numbers and a text 2|no array of numbers"):
        Encodings.compute(PythonObject(Odd()), images(tmp_path, 1), ["a dog"])


def test_an_object_class_or_function_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "class Mine:\n    def encode_image(self, images): return [[1.0]] * len(images)\n"
        "    def encode_text(self, texts): return [[float(len(t))] for t in texts]\n"
        "mine = Mine()\ndef make(): return Mine()\nnumber = 3\n"
    )
    for name in ("Mine", "mine", "make"):
        encoder = load_object(f"{file}:{name}")
        assert encoder.encode_text(encoder.tokenize(["ab", "abc"])).tolist() == [[2.0], [3.0]]
        assert encoder.label == f"{file}:{name}"
    with pytest.raises(UserError, match="no 'mien' in the file") as caught:
        load_object(f"{file}:mien")
    assert "mine" in caught.value.fix
    with pytest.raises(UserError, match="a int is no encoder"):
        load_object(f"{file}:number")
    with pytest.raises(UserError, match="no such file"):
        load_object(f"{tmp_path / 'other.py'}:mine")


def test_a_model_of_ours_in_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ours.py"
    file.write_text("from tests.models.tiny import tiny\ndef model(): return tiny(seed=3)\n")
    encoder, expected = load_object(f"{file}:model"), tiny(seed=3)
    tokens = expected.tokenize(["a dog"])
    np.testing.assert_array_equal(raw(encoder.encode_text(tokens)), raw(expected.encode_text(tokens)))


def raw(rows: torch.Tensor) -> np.ndarray:
    return rows.detach().numpy()
