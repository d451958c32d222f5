"""NegBench retrieval against its published code's numbers; rows below are invented in the official format."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.evaluation.encodings import Encodings
from semclip.evaluation.public._retrieval import Captioned, recalls
from semclip.evaluation.public.base import create
from semclip.evaluation.public.negbench_retrieval_coco import Negatable, NegBenchRetrievalCoco
from tests.evaluation.own.fakes import FakeEncoder, constant, noise
from tests.evaluation.public.fakes import write_images

VECTOR = json.loads((Path(__file__).parents[2] / "vectors" / "bench-negbench-retrieval.json").read_text())
PLAIN = "COCO_val_retrieval.csv"
TRUE = {
    f"{i:012d}.jpg": [f"cup {i}", f'a "cup", {i}', f"cup {i} but no car", f"cup {i}, car is absent"] for i in range(12)
}
NEGATED = "COCO_val_negated_retrieval_llama3.1_rephrased_affneg_true.csv"


def encodings_of(rows: list[Captioned], encoder: FakeEncoder) -> Encodings:
    return Encodings.compute(encoder, [r.image for r in rows], [c for r in rows for c in r.captions])


@pytest.mark.parametrize("case", VECTOR["cases"], ids=lambda case: case["name"])
def test_published_vector(case: dict) -> None:
    rows = [Captioned(ImageRef(r["filepath"]), tuple(r["captions"]), "") for r in case["rows"]]
    texts = case["texts"] | {"this is a photo of a red circle": [1.0] * 4}
    encoder = FakeEncoder(lambda name: np.array(VECTOR["images"][name]), lambda text: np.array(texts[text]))
    value = {m.name: m.value for m in recalls(rows, encodings_of(rows, encoder), (1, 3)).metrics}
    for name, expected in case["expected"].items():
        assert value[f"official_{name.replace('_recall@', '_r')}"] == pytest.approx(expected, abs=1e-6)


def rows_of(count: int = 12) -> list[Captioned]:
    return [
        Captioned(ImageRef(f"{i}.jpg"), tuple(f"caption {i} {j}" for j in range(1 + i % 3)), "") for i in range(count)
    ]


def test_against_a_naive_count() -> None:
    rows = rows_of()
    encodings = encodings_of(rows, noise())
    value = {m.name: m.value for m in recalls(rows, encodings, (1, 5)).metrics}
    captions = [(i, c) for i, r in enumerate(rows) for c in r.captions]
    similarity = encodings.text([c for _, c in captions]) @ encodings.image([r.image for r in rows]).T
    for k in (1, 5):
        found = [i in np.argsort(-similarity[q])[:k] for q, (i, _) in enumerate(captions)]
        assert (
            value[f"image_retrieval_r{k}"] == value[f"official_image_retrieval_r{k}"] == pytest.approx(np.mean(found))
        )
        found = [any(captions[q][0] == i for q in np.argsort(-similarity[:, i])[:k]) for i in range(len(rows))]
        assert value[f"text_retrieval_r{k}"] == value[f"official_text_retrieval_r{k}"] == pytest.approx(np.mean(found))


@pytest.mark.parametrize("block", [1, 7, 40, 10**6])
def test_blocks_of_similarities_change_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(30)
    encodings = encodings_of(rows, noise())
    plain = recalls(rows, encodings, (1, 5))
    monkeypatch.setattr("semclip.evaluation.public._retrieval._BLOCK", block)
    monkeypatch.setattr("semclip.evaluation.metrics.retrieval._BLOCK", block)
    other = recalls(rows, encodings, (1, 5))
    assert [(m.name, m.value, m.ties) for m in plain.metrics] == [(m.name, m.value, m.ties) for m in other.metrics]
    for name, found in plain.official.items():
        assert found.expected.tolist() == other.official[name].expected.tolist()


def test_constant_encoder_is_chance() -> None:
    rows = rows_of()
    metrics = recalls(rows, encodings_of(rows, constant()), (1, 5)).metrics
    for metric in metrics:
        if metric.kind == "model":
            assert metric.value == pytest.approx(metric.chance) and metric.ties == metric.n
    assert metrics[0].chance == pytest.approx(1 / 12)


def write(path: Path, captions: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["positive_objects", "negative_objects", "filepath", "image_id", "captions"])
        for i, own in enumerate(captions):
            writer.writerow(["['cup']", "['car']", f"/somebody/else/val2017/{i:012d}.jpg", i, repr(own)])


def write_sample(root: Path) -> None:
    (root / "negbench_retrieval_coco").mkdir(parents=True, exist_ok=True)
    write(root / "negbench_retrieval_coco" / PLAIN, [texts[:2] for texts in TRUE.values()])
    write(root / "negbench_retrieval_coco" / NEGATED, [texts[2:] for texts in TRUE.values()])
    write_images(root / "coco" / "val2017", TRUE)


def test_reading_both_files_and_the_drop(tmp_path: Path) -> None:
    write(tmp_path / PLAIN, [[f"cup {i}", f'a "cup", {i}'] for i in range(8)])
    write(tmp_path / NEGATED, [[f"cup {i} but no car", "" if i == 3 else f"cup {i}, car is absent"] for i in range(8)])
    benchmark = create("negbench_retrieval_coco")
    read = benchmark.read(tmp_path, tmp_path / "val2017")
    assert len(read.items) == 16 and len(set(read.images)) == 8
    assert read.images[3].path == tmp_path / "val2017" / "000000000003.jpg"
    assert any("1 captions are empty" in d and f"({tmp_path / NEGATED}:5)" in d for d in read.defects)
    axis = np.eye(9)

    def text(string: str) -> np.ndarray:
        numbers = [int(w.strip(",")) for w in string.split() if w.strip(",").isdigit()]
        place = numbers[0] if numbers else 8
        return axis[(place + 4) % 8] + 0.01 * axis[8] if "car" in string else axis[place]

    encoder = FakeEncoder(lambda name: axis[int(name[:12])], text)
    scores = benchmark.score(read.items, Encodings.compute(encoder, read.images, read.texts))
    value = {m.name: m.value for m in scores.metrics}
    assert value["image_retrieval_r1"] == 1 and value["negated_image_retrieval_r1"] < 0.1
    assert value["drop_r1"] == pytest.approx(1 - value["negated_image_retrieval_r1"])
    assert value["official_drop_r5"] == pytest.approx(
        value["official_image_retrieval_r5"] - value["official_negated_image_retrieval_r5"]
    )
    assert value["blind_constant"] == pytest.approx(5 / 8)
    assert next(m for m in scores.metrics if m.name == "negated_image_retrieval_r5").n == 16  # the empty caption counts
    drop = next(m for m in scores.metrics if m.name == "drop_r1")
    assert drop.interval is not None and drop.interval[0] <= drop.value <= drop.interval[1]


def test_text_that_is_code_is_not_run(tmp_path: Path) -> None:
    write(tmp_path / PLAIN, [["a cup"]])
    write(tmp_path / NEGATED, [["no cup"]])
    path = tmp_path / NEGATED
    path.write_text(path.read_text().replace("['no cup']", "__import__('os').getcwd()"))
    with pytest.raises(UserError) as caught:
        create("negbench_retrieval_coco").read(tmp_path, tmp_path)
    assert caught.value.where.endswith(f"{NEGATED}:2")  # the header is line 1


def test_files_of_two_releases_are_refused() -> None:
    rows = rows_of(6)
    other = [Captioned(ImageRef(f"other{r.image.name}"), r.captions, "") for r in rows]
    items = [*(Negatable(r, False) for r in rows), *(Negatable(r, True) for r in other)]
    with pytest.raises(UserError, match="different images"):
        NegBenchRetrievalCoco().score(items, encodings_of([*rows, *other], noise()))
