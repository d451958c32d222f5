"""What every public benchmark must do, whichever files the folder holds.

A benchmark's own test, tests/evaluation/public/test_NAME.py, gives a small folder to try it on; where several share a
reader and a test, its SAMPLES hold one by name:

    write_sample(root)   official files in root/NAME and images in root/<image folder>, complete and without defects
    TRUE                 image key (`ImageRef.key`) -> the texts that are true of it; other texts are false everywhere
"""

import importlib
import json
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, cast

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.core.registry import FAMILIES
from semclip.evaluation import Sources, evaluate
from semclip.evaluation.choices import Question
from semclip.evaluation.identify import identified
from semclip.evaluation.metrics.result import Metric, Result
from semclip.evaluation.public.base import PublicBenchmark, create
from tests.evaluation.public.fakes import KeyedEncoder, constant, noise, oracle, run
from tests.models.tiny import tiny

NAMES = FAMILIES["benchmarks"].names("semclip.evaluation.public")


class Sample(Protocol):
    TRUE: Mapping[str, Iterable[str]]

    def write_sample(self, root: Path) -> None: ...


SHARED = {
    "aro_coco_order": "aro_order",
    "aro_flickr_order": "aro_order",
    "coco_retrieval": "karpathy",
    "flickr30k_retrieval": "karpathy",
    "negbench_mcq_coco": "negbench_mcq",
    "negbench_mcq_synthetic": "negbench_mcq",
    "negbench_mcq_voc2007": "negbench_mcq",
}


def sample(name: str) -> Sample:
    module = importlib.import_module(f"tests.evaluation.public.test_{SHARED.get(name, name)}")
    return cast(Sample, module.SAMPLES[name] if name in SHARED else module)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def root(name: str, tmp_path: Path) -> Path:
    sample(name).write_sample(tmp_path)
    return tmp_path


def model_metrics(result: Result) -> list[Metric]:
    return [m for metric in result.metrics if metric.kind == "model" for m in (metric, *metric.per_slice.values())]


def comparable(result: Result) -> str:
    """Everything that is measured, as text."""
    return json.dumps([[asdict(m) for m in result.metrics], result.items], default=list)


def late(encoder: KeyedEncoder) -> KeyedEncoder:
    """The encoder, whose first images of each five load slowest."""
    load = encoder.load_image

    def slowly(ref: ImageRef) -> Tensor:
        time.sleep(0.002 * (5 - len(encoder.image_calls) % 5))
        return load(ref)

    encoder.load_image = slowly  # type: ignore[method-assign]
    return encoder


def with_options_turned(value: Any) -> Any:
    """An item in which every question has its options in reverse order, and its answer with them."""
    if isinstance(value, Question):
        last = len(value.options) - 1
        return replace(value, options=value.options[::-1], answer=last - value.answer)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: with_options_turned(getattr(value, f.name)) for f in fields(value)})
    return tuple(map(with_options_turned, value)) if isinstance(value, tuple) else value


def test_the_class_says_where_everything_comes_from(name: str) -> None:
    cls: type[PublicBenchmark] = FAMILIES["benchmarks"].get(name)
    assert cls.licence and cls.source
    assert cls.obtain or all(file.url for file in cls.files)
    for file in cls.files:
        path = PurePosixPath(file.path)
        assert not path.is_absolute() and ".." not in path.parts

        assert len(file.sha256) in (0, 64) and file.sha256 == file.sha256.lower()
        assert not file.url or file.url.startswith("https://")


def test_a_constant_encoder_scores_chance(name: str, root: Path) -> None:
    for metric in model_metrics(run(constant(), name, root)):
        if metric.chance is not None and metric.unit == "share" and metric.strict is not None:
            assert metric.value == pytest.approx(metric.chance, abs=1e-9), metric.name


def test_the_truth_scores_full(name: str, root: Path) -> None:
    result = run(oracle(sample(name).TRUE), name, root)
    primary = result.metric(result.primary)
    assert primary.value == pytest.approx(1.0), primary
    assert primary.ties == 0 and primary.chance is not None and primary.chance < 1


def test_both_protocols_and_blind_methods_stand_beside_each_other(name: str, root: Path) -> None:
    result = run(noise(), name, root)
    kinds = {m.kind for m in result.metrics}
    assert kinds <= {"model", "official", "baseline"} and "model" in kinds
    assert ("official" in kinds) == FAMILIES["benchmarks"].get(name).reproducible
    assert result.metric(result.primary).kind == "model"
    assert all(m.name.startswith("official_") for m in result.metrics if m.kind == "official")
    assert all(m.name.startswith("blind_") for m in result.metrics if m.kind == "baseline")
    assert len({m.name for m in result.metrics}) == len(result.metrics)


def test_batches_change_nothing(name: str, root: Path) -> None:
    plain, other = run(noise(), name, root), run(noise(), name, root, batch_size=2)
    for a, b in zip(model_metrics(plain), model_metrics(other), strict=True):
        assert (a.name, a.n, a.ties) == (b.name, b.n, b.ties)
        assert a.value == pytest.approx(b.value, abs=1e-12)


def test_the_number_of_workers_changes_nothing(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for workers in (1, 7):
        monkeypatch.setattr("semclip.evaluation.encode._LOADERS", workers)
        # Images that load slowest come first: they would end up with others' names if threads decided the order.
        results.append(run(late(noise()), name, root, batch_size=5))
    assert comparable(results[0]) == comparable(results[1])


def test_the_order_of_options_changes_nothing(name: str, root: Path) -> None:
    from semclip.evaluation import Encodings

    benchmark = create(name)
    read = benchmark.prepare(root)
    encodings = Encodings.compute(noise(), read.images, read.texts)
    turned = [with_options_turned(item) for item in read.items]
    if turned == list(read.items):
        pytest.skip("its items have no options: images and texts of all items meet")
    plain = {m.name: m for m in benchmark.score(read.items, encodings).metrics}
    for metric in benchmark.score(turned, encodings).metrics:
        if metric.kind == "model":
            assert metric.value == pytest.approx(plain[metric.name].value, abs=1e-12), metric.name
            assert metric.ties == plain[metric.name].ties


def test_a_network_in_float32_gives_the_same_outcomes_in_any_batch(name: str, root: Path) -> None:
    from semclip.evaluation import Encodings

    read = create(name).prepare(root)
    images, texts = list(dict.fromkeys(read.images)), list(dict.fromkeys(read.texts))
    encoder, results = tiny(), []
    for size in (1, 3, 256):
        found = Encodings.compute(encoder, images, texts, batch_size=size)
        results.append((found.image(images) @ found.text(texts).T, run(encoder, name, root, batch_size=size)))
    (first, one), *others = results
    for similarities, result in others:
        assert np.abs(similarities - first).max() < 1e-5
        for a, b in zip(model_metrics(one), model_metrics(result), strict=True):
            assert a.value == pytest.approx(b.value, abs=1e-9), a.name


def test_the_order_of_items_changes_nothing(name: str, root: Path) -> None:
    from semclip.evaluation import Encodings

    benchmark = create(name)
    read = benchmark.prepare(root)
    encodings = Encodings.compute(noise(), read.images, read.texts)
    shuffled = [read.items[i] for i in np.random.default_rng(3).permutation(len(read.items))]
    plain = {m.name: m for m in benchmark.score(read.items, encodings).metrics}
    for metric in benchmark.score(shuffled, encodings).metrics:
        if metric.kind != "baseline":
            assert metric.value == pytest.approx(plain[metric.name].value, abs=1e-9), metric.name


def test_nothing_is_encoded_twice(name: str, root: Path) -> None:
    encoder = noise()
    run(encoder, name, root)
    texts = [t for batch in encoder.batches for t in batch]
    assert len(texts) == len(set(texts))
    assert len(encoder.image_calls) == len(set(encoder.image_calls))


def test_the_result_is_whole_and_survives_the_disk(name: str, root: Path) -> None:
    result = run(noise(), name, root)
    assert result.benchmark == name and result.data["files"] is not None
    for file in result.data["files"].values():
        assert len(file["sha256"]) == 64 and file["official"] in (False, None)
    assert result.encoder["text_dtype"] == "float64"
    for metric in model_metrics(result):
        assert metric.n > 0 and metric.description
        if metric.unit == "share":
            assert metric.chance is not None and metric.interval is not None, metric.name
            assert 0 <= metric.interval[0] <= metric.value <= metric.interval[1] <= 1
    for metric_name, record in result.items.items():
        assert {len(record[key]) for key in ("id", "outcome", "slice", "cluster")} == {result.metric(metric_name).n}
        assert len(set(record["id"])) == len(record["id"])
        mean = np.average(record["outcome"], weights=record.get("weight"))  # else pairs are of another mean
        assert mean == pytest.approx(result.metric(metric_name).value)
    result.save(root / "result.json")
    read = Result.load(root / "result.json")
    assert json.dumps(asdict(read), default=list) == json.dumps(asdict(result), default=list)


def test_a_few_items_can_be_scored_alone_and_are_the_same_ones_for_every_model(name: str, root: Path) -> None:
    if create(name).primary.endswith("_r5"):  # of five in a gallery of two
        with pytest.raises(UserError, match="are too few for") as caught:
            evaluate(noise(), [name], root=root, limit=2)
        assert "--limit" in caught.value.fix
        return
    found = [evaluate(encoder, [name], root=root, limit=2)[name] for encoder in (noise(), noise(1))]
    first, second = ({key: record["id"] for key, record in result.items.items()} for result in found)
    assert first == second and found[0].data["limit"] == 2
    said = any(note.startswith("limited: 2 of") for note in found[0].notes)
    assert said or len(create(name).prepare(root).items) <= 2


def test_what_is_measured_is_the_same_wherever_it_lies_and_another_where_it_changes(
    name: str, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "place"
    shutil.copytree(root, other)
    hashes = ("pictures_sha256", "texts_sha256", "items_sha256")
    here, there = (identified(create(name).task(noise(), Sources(root=place))) for place in (root, other))
    assert [here[h] for h in hashes] == [there[h] for h in hashes] and here["items_sha256"]
    fewer = identified(create(name).task(noise(), Sources(root=other, limit=2)))
    assert fewer["items_sha256"] != there["items_sha256"] or len(create(name).prepare(root).items) <= 2
    pictures = sorted(p for p in other.rglob("*") if p.suffix in (".jpg", ".png"))
    if pictures and here["pictures_sha256"]:
        for path in pictures:
            Image.new("RGB", (9, 7), (1, 2, 3)).save(path)
        changed = identified(create(name).task(noise(), Sources(root=other)))
        assert changed["pictures_sha256"] != here["pictures_sha256"]
        assert changed["items_sha256"] != here["items_sha256"] and changed["texts_sha256"] == here["texts_sha256"]


def test_a_missing_annotation_file_is_named(name: str, root: Path) -> None:
    for file in create(name).needed():
        path = root / name / file.path
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(UserError) as caught:
            run(noise(), name, root)
        assert file.path in str(caught.value) and caught.value.fix
        path.write_bytes(kept)


def torn(content: bytes) -> bytes:
    """About the first half, ending within a row: a file that ends with a whole row may be a shorter one."""
    half = len(content) // 2
    end = content.rfind(b"\n", 0, half + 1)
    return content[:half] if end < 0 else content[: end + 2]


def test_damaged_files_are_user_errors(name: str, root: Path) -> None:
    for file in create(name).needed():
        path = root / name / file.path
        kept = path.read_bytes()
        for damaged in (b"", torn(kept), b"\xff\xfe\x00garbage", b"{", b'[{"x": 1}]', b"x,y\n1\n"):
            path.write_bytes(damaged)
            with pytest.raises(UserError) as caught:
                run(noise(), name, root)
            assert path.name in str(caught.value), (damaged, str(caught.value))
        path.write_bytes(kept)


def test_missing_images_are_refused_with_their_count_or_left_out_and_said(name: str, root: Path) -> None:
    benchmark = create(name)
    if not benchmark.image_folder.listed:
        pytest.skip("its folder is the list of its images: the next test")
    paths = sorted({ref.path for ref in benchmark.prepare(root).images if ref.path and ref.path.is_file()})
    if not paths:
        pytest.skip("its images are not files of their own")
    whole = run(noise(), name, root)
    paths[0].unlink()
    with pytest.raises(UserError, match=rf"1 of .* images of .* are missing \({paths[0].name}\)"):
        run(noise(), name, root)
    if len(paths) > 1:
        rest = run(noise(), name, root, allow_missing=True)
        assert any(note.startswith("left out: ") and paths[0].name in note for note in rest.notes)
        assert rest.data["examples"] < whole.data["examples"]
        for path in paths[1:]:
            path.unlink()
    with pytest.raises(UserError, match="are missing"):
        run(noise(), name, root, allow_missing=True)


def test_a_folder_that_is_its_own_list_says_how_many_images_it_has(name: str, root: Path) -> None:
    benchmark = create(name)
    if benchmark.image_folder.listed:
        pytest.skip("its files list its images")
    paths = [ref.path for ref in benchmark.prepare(root).images if ref.path]
    for left in (len(paths), len(paths) - 1):
        result = run(noise(), name, root)
        assert result.data["examples"] == left
        assert any(f"{left} images" in note for note in result.notes)
        paths[left - 1].unlink()
    for path in paths[:-2]:
        path.unlink()
    with pytest.raises(UserError, match="0 images"):
        run(noise(), name, root)
