"""One call for both kinds of benchmarks: shared encoding, and what each kind asks for, told before any model runs."""

from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.evaluation import Benchmark, RunOptions, evaluate
from semclip.evaluation.own import DataBenchmark
from semclip.evaluation.public import PublicBenchmark
from tests.evaluation.own.fakes import examples, noise
from tests.evaluation.public.test_sugarcrepe import write_sample


def test_own_and_public_benchmarks_run_together_and_encode_everything_once(tmp_path: Path) -> None:
    write_sample(tmp_path)
    encoder = noise()
    names = {"sugarcrepe": {"subsets": ["swap_obj"]}, "absence": {}}
    found = evaluate(encoder, names, examples(), {"split": "test"}, RunOptions(model="mine"), root=str(tmp_path))
    assert list(found) == ["sugarcrepe", "absence"] and {r.model for r in found.values()} == {"mine"}
    assert found["sugarcrepe"].data["options"] == {"subsets": ["swap_obj"]}
    assert found["absence"].data["split"] == "test" and "split" not in found["sugarcrepe"].data
    texts = [text for batch in encoder.batches for text in batch]
    assert len(texts) == len(set(texts)) and len(encoder.image_calls) == len(set(encoder.image_calls))
    alone = evaluate(noise(), ["absence"], examples(), {"split": "test"}, RunOptions(model="mine"))["absence"]
    assert alone.metrics == found["absence"].metrics and alone.items == found["absence"].items


def test_what_a_benchmark_reads_must_be_given(tmp_path: Path) -> None:
    encoder = noise()
    with pytest.raises(UserError, match="no data file"):
        evaluate(encoder, ["absence"], root=tmp_path)
    with pytest.raises(UserError, match="'sugarcrepe' is a public benchmark"):
        evaluate(encoder, ["sugarcrepe"], examples())
    with pytest.raises(UserError, match="no annotation file"):
        evaluate(encoder, ["absence", "sugarcrepe"], examples(), root=tmp_path)
    assert not encoder.batches and not encoder.image_calls


def test_a_name_of_the_other_kind_is_refused() -> None:
    assert isinstance(Benchmark.create("absence"), DataBenchmark)
    assert isinstance(Benchmark.create("sugarcrepe"), PublicBenchmark)
    with pytest.raises(UserError, match="'sugarcrepe' is no own benchmark"):
        DataBenchmark.create("sugarcrepe")
    with pytest.raises(UserError, match="'absence' is no public benchmark"):
        PublicBenchmark.create("absence")


def test_a_benchmark_of_the_users_own_file_is_run(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("from semclip.evaluation.own.absence import Absence\n\nclass Mine(Absence):\n    version = 7\n")
    name = f"{file}:Mine"
    found = evaluate(noise(), [name], examples())[name]
    assert found.version == 7 and found.benchmark == name
    assert [m.value for m in found.metrics] == [
        m.value for m in evaluate(noise(), ["absence"], examples())["absence"].metrics
    ]
