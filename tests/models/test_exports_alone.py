"""What an export writes, read by the other library in a process of its own, without this package."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semclip.models.exports.base import Export
from semclip.reports.model_card import CardFacts, model_card
from tests.models.exports import TEXTS, alone, expected, model, pictures

pytestmark = pytest.mark.slow

_SAVE = "import numpy as np\nnp.savez('found.npz', images=np.asarray(images), texts=np.asarray(texts))\n"
_UNIT = "images, texts = (x / x.norm(dim=1, keepdim=True) for x in (images, texts))\n"
_PICTURES = "from PIL import Image\npictures = [Image.open(f'{n}.png') for n in range(3)]\n"

_TRANSFORMERS = (
    _PICTURES
    + f"""
import torch
from transformers import AutoModel, AutoProcessor
torch.set_grad_enabled(False)
model = AutoModel.from_pretrained('.').eval()
processor = AutoProcessor.from_pretrained('.')
given = processor.image_processor(images=pictures, return_tensors='pt')
words = processor.tokenizer({TEXTS!r}, padding='max_length', truncation=True, return_tensors='pt')
images = model.get_image_features(**given).pooler_output
texts = model.get_text_features(**words).pooler_output
"""
    + _UNIT
    + _SAVE
)
_SENTENCES = (
    _PICTURES
    + f"""
from sentence_transformers import SentenceTransformer
model = SentenceTransformer('.', device='cpu')
images, texts = model.encode(pictures), model.encode({TEXTS!r})
"""
    + _SAVE
)
_OPEN_CLIP = (
    _PICTURES
    + f"""
import open_clip
import torch
torch.set_grad_enabled(False)
model, preprocess = open_clip.create_model_from_pretrained('local-dir:.')
model.eval()
images = model.encode_image(torch.stack([preprocess(p) for p in pictures]))
texts = model.encode_text(open_clip.get_tokenizer('local-dir:.')({TEXTS!r}))
"""
    + _UNIT
    + _SAVE
)
# Pixels by hand: the pictures have the size that the model takes.
_ONNX = (
    _PICTURES
    + f"""
import json
import numpy as np
import onnxruntime
from tokenizers import Tokenizer
how = json.load(open('onnx_settings.json'))['preprocessing']
mean, std = (np.array(how.get(a, how.get(b))) for a, b in (('mean', 'image_mean'), ('std', 'image_std')))
pixels = np.stack([((np.asarray(p) / 255 - mean) / std).transpose(2, 0, 1) for p in pictures]).astype(np.float32)
ids = [found.ids for found in Tokenizer.from_file('tokenizer.json').encode_batch({TEXTS!r})]
rows = []
for file, takes, given in (('image', 'pixel_values', pixels), ('text', 'input_ids', np.array(ids))):
    session = onnxruntime.InferenceSession(f'{{file}}.onnx')
    together = session.run(None, {{takes: given}})[0]
    for number in range(len(given)):  # any batch size
        by_itself = session.run(None, {{takes: given[number : number + 1]}})[0]
        assert np.abs(by_itself - together[number]).max() < 1e-5
    rows.append(together)
images, texts = rows
"""
    + _SAVE
)
CODE = {
    "transformers": (_TRANSFORMERS, 1e-5, ("open_clip",)),
    "sentence-transformers": (_SENTENCES, 1e-5, ("open_clip",)),
    "onnx": (_ONNX, 1e-4, ("torch", "open_clip", "transformers")),
}
CASES = [
    ("transformers", "vit"), ("transformers", "siglip"),
    ("sentence-transformers", "vit"), ("sentence-transformers", "siglip"),
    ("onnx", "vit"), ("onnx", "resnet"), ("onnx", "siglip"),
    ("hub-folder", "vit"), ("hub-folder", "resnet"), ("hub-folder", "siglip"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "kind"), CASES)
def test_another_library_alone_gives_the_same_embeddings(target: str, kind: str, tmp_path: Path) -> None:
    for module in ("transformers", *Export.create(target).needs):
        pytest.importorskip(module, reason="pip install 'semclip[export]'")
    encoder, folder = model(kind, tmp_path), tmp_path / "out"
    export = Export.create(target)
    reading = export.reading(encoder)
    export.write(encoder, folder, model_card(None, CardFacts(model="x", library=reading.library, code=reading.code)))
    images, texts = expected(encoder, pictures(kind, folder))
    as_open_clip = (_OPEN_CLIP, 1e-5, ())  # open_clip itself imports transformers where it is
    code, allowed, forbidden = CODE.get(target) or (CODE["transformers"] if kind == "siglip" else as_open_clip)
    alone(code, folder, *forbidden)
    found = np.load(folder / "found.npz")
    assert np.abs(found["images"] - images).max() < allowed
    assert np.abs(found["texts"] - texts).max() < allowed
    # The pictures tell models apart. A ResNet at its start hardly does: its blocks begin as nearly nothing.
    assert np.abs(images[0] - images[1]).max() > 5 * allowed

    Image.effect_noise((70, 50), 90).convert("RGB").save(folder / "picture.jpg")
    (typed,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert alone(typed, folder).strip()


def test_pictures_of_any_size_become_the_same_pixels(tmp_path: Path) -> None:
    """The card of an ONNX export says in twelve lines what open_clip's transform does."""
    from semclip.core.example import ImageRef

    for module in Export.create("onnx").needs:
        pytest.importorskip(module, reason="pip install 'semclip[export]'")
    encoder = model("vit", tmp_path)
    export = Export.create("onnx")
    export.write(encoder, tmp_path / "out")
    code = export.reading(encoder).code
    for number, size in enumerate([(70, 50), (50, 71), (16, 16), (33, 99)]):
        path = tmp_path / "out" / "picture.jpg"
        Image.effect_noise(size, 90).convert("RGB").save(path)
        alone(f"{code}\nnp.save('{number}.npy', pixels('picture.jpg'))", tmp_path / "out", "torch", "open_clip")
        expected_pixels = encoder.load_image(ImageRef("picture.jpg", path)).numpy()
        assert np.abs(np.load(tmp_path / "out" / f"{number}.npy") - expected_pixels).max() < 1e-5
