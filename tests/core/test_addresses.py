"""Addresses in place of paths: refused everywhere with commands that, typed as they stand, make it work."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from semclip.core.addresses import refuse_address
from semclip.core.config import find_config
from semclip.core.errors import UserError
from semclip.core.rows import reader_for
from semclip.data.load import DataConfig, load_examples
from semclip.models.load import create, load

#: Stands for every tool: it looks at its arguments as the tool does, and makes what the tool would fetch.
TOOL = """#!/usr/bin/env python3
import pathlib, sys
name, *words = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
plain = [w for w in words if not w.startswith("-")]
if name == "aws":
    assert words[0] == "s3" and words[1] in ("cp", "sync"), words
    folder, (source, out) = words[1] == "sync", words[2:]
elif name == "gcloud":
    assert words[0] == "storage" and words[1] in ("cp", "rsync"), words
    folder, (source, out) = words[1] == "rsync", plain[2:]
    assert not folder or "--recursive" in words
elif name == "hf":
    assert words[0] == "download" and words[2] == "--local-dir", words
    folder, source, out = True, words[1], words[3]
    assert source.count("/") == 1
elif name == "curl":
    assert words[:2] == ["-L", "-o"], words
    folder, out, source = False, words[2], words[3]
elif name == "wget":
    for source in words:
        pathlib.Path(source.rpartition("/")[2]).write_text("shard")
    sys.exit()
if folder:
    pathlib.Path(out).mkdir()
    out += "/data.csv"
pathlib.Path(out).write_text("image,caption\\na.jpg,a hare\\nb.jpg,a stoat\\n")
"""


def refusals(address: str) -> list[Callable[[], object]]:
    """Everything that reads a path of data, a config or a model."""
    return [
        lambda: load_examples(DataConfig(path=address)),
        lambda: DataConfig(path="x.csv", root=address),
        lambda: DataConfig(path="x.csv", images=address),
        lambda: reader_for(Path(address)),
        lambda: find_config(address),
        lambda: load(address),
        lambda: create({"from": address}, "test"),
        lambda: create({"backend": "open_clip", "name": "ViT-B-32", "pretrained": address}, "test"),
    ]


@pytest.mark.parametrize(
    "address",
    [
        "s3://lake/owls/pairs.parquet",
        "gs://lake/owls",
        "hf://datasets/someone/owls",
        "http://owls.example/pairs.jsonl",
        "abfss://lake@account/owls",
        "HDFS://node:9000/owls.tar",
    ],
)
def test_every_path_refuses_an_address(address: str) -> None:
    for refused in refusals(address):
        with pytest.raises(UserError) as caught:
            refused()
        assert address.lower() in caught.value.what.lower() and "no path of this machine" in caught.value.what
        assert "copy it to this machine" in caught.value.fix and caught.value.where


@pytest.mark.parametrize(
    ("address", "readable"),
    [
        ("s3://lake/owls/pairs.csv", True),
        ("s3://lake/two words/my owls", True),
        ("s3://lake/owls/{000..114}.tar", False),
        ("gs://lake/owls.csv", True),
        ("gs://lake/owls/", True),
        ("gs://lake/owls/*.tar", False),
        ("hf://datasets/someone/owls@main/data/train.csv", True),
        ("hf://someone/owl-model", False),
        ("https://owls.example/a/pairs.csv?download=true&x=1", True),
        ("https://owls.example/{00..02}.tar", False),
    ],
)
def test_the_commands_work_as_they_stand(
    address: str, readable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("aws", "gcloud", "hf", "curl", "wget"):
        (tools / name).write_text(TOOL)
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        refuse_address(address, "here")
    advised = re.search(r"copy it to this machine, `(.*?)`, and give (.+?) here instead", caught.value.fix)
    assert advised is not None, caught.value.fix
    assert advised.start() == 0 or caught.value.fix.startswith("write hf:someone/owl")
    command, copy = advised[1], advised[2].strip("'")
    subprocess.run(["bash", "-c", command], check=True)
    assert Path(copy).exists()
    if readable:
        path = Path(copy) / "data.csv" if Path(copy).is_dir() else Path(copy)
        assert [e.caption for e in load_examples(DataConfig(path=str(path)))] == ["a hare", "a stoat"]


def test_webdataset_pipes_are_refused_as_well() -> None:
    with pytest.raises(UserError, match="no path of this machine"):
        DataConfig(path="pipe:aws s3 cp s3://lake/000.tar -")


@pytest.mark.parametrize(
    "name", ["C:/owls/pairs.csv", "file:///owls.csv", "owls:2024.csv", "a/https:", "local-dir:/owls", "hf:x/y", "x://y"]
)
def test_names_that_are_no_addresses_pass(name: str) -> None:
    """A drive has one letter."""
    refuse_address(name, "here")


def test_a_folder_that_the_hubs_library_reads_is_none(tmp_path: Path) -> None:
    refuse_address(f"hf:{tmp_path}", "here")


def test_a_folder_of_that_name_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:" / "lake").mkdir(parents=True)
    refuse_address("s3:/lake", "here")
