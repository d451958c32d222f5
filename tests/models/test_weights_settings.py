"""Activation and normalisation of weights in a file: found out or asked for, never assumed."""

import json
import re
import shlex
from pathlib import Path

import pytest
import torch

from semclip.core.errors import UserError
from semclip.models import load as load_module
from semclip.models import weights_settings
from semclip.models.load import create
from semclip.models.weights_settings import PLAIN, settings_of_file
from tests.models.tiny import CONFIGS

OPENAI = "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "some.pt").write_bytes(b"weights")
    return tmp_path / "some.pt"


@pytest.mark.parametrize(
    ("architecture", "kinds"),
    [("ViT-B-32", ["QuickGELU", "GELU"]), ("RN50", ["QuickGELU", "GELU"]), ("ViT-H-14", ["resize_mode squash"])],
)
def test_where_tags_differ_it_is_asked_and_every_answer_that_is_named_works(
    architecture: str, kinds: list[str], file: Path
) -> None:
    with pytest.raises(UserError, match="come with different settings") as error:
        settings_of_file(architecture, file, "", "model")
    assert all(kind in error.value.fix for kind in kinds)
    named = re.findall(r"trained_as=(\S+): ", error.value.fix)
    answers = [settings_of_file(architecture, file, name, "model") for name in named]
    assert len(named) >= 2 and len({(quick, str(shown)) for quick, shown in answers}) == len(named)


def test_where_all_tags_agree_with_the_architecture_nothing_is_asked(file: Path) -> None:
    assert settings_of_file("convnext_base_w", file, "", "model") == (False, {})
    assert settings_of_file("ViT-B-32-quickgelu", file, "", "model") == (False, {})  # its own configuration says it
    assert settings_of_file("semclip-tiny-48", file, "", "model") == (False, {})


@pytest.mark.parametrize(
    ("digest", "quick"), [(OPENAI, True), (f"d867053b{'0' * 56}", True), (f"af8dbd0c{'1' * 56}", False)]
)
def test_known_files_are_recognised_by_their_content(
    digest: str, quick: bool, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_settings, "sha256_file", lambda path: digest)
    found, shown = settings_of_file("ViT-B-32", file, "", "model")
    assert found is quick and shown["resize_mode"] == "shortest"


def test_siglip_has_another_normalisation(file: Path) -> None:
    with pytest.raises(UserError, match="come with different settings"):
        settings_of_file("ViT-B-16-SigLIP", file, "", "model")
    assert settings_of_file("ViT-B-16-SigLIP", file, "webli", "model")[1]["mean"] == (0.5, 0.5, 0.5)


def test_a_configuration_beside_the_file_says_it(file: Path) -> None:
    shown = {"mean": [0.1, 0.2, 0.3], "std": [1, 1, 1], "size": [48, 48]}
    saved = {"model_cfg": {"quick_gelu": True}, "preprocess_cfg": shown}
    (file.parent / "open_clip_config.json").write_text(json.dumps(saved))
    assert settings_of_file("ViT-B-32", file, "", "model") == (True, {"mean": [0.1, 0.2, 0.3], "std": [1, 1, 1]})
    assert settings_of_file("ViT-B-32", file, PLAIN, "model") == (False, {})  # who says it knows better


def test_an_unknown_answer_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match="is no pretrained tag of RN50") as error:
        settings_of_file("RN50", file, "opnai", "model")
    assert "openai" in error.value.fix
    with pytest.raises(UserError, match="trained_as"):
        create({"backend": "open_clip", "name": "semclip-tiny-48", "trained_as": "openai"}, "model")


def test_a_torchscript_archive_is_refused_and_the_command_it_names_converts_it(tmp_path: Path) -> None:
    section = {"backend": "open_clip", "config": CONFIGS["plain"]}
    network = create({**section, "seed": 5}, "model").eval().network
    image = torch.zeros(1, 3, network.visual.image_size[0], network.visual.image_size[1])
    tokens = torch.zeros(1, network.context_length, dtype=torch.int64)
    path = tmp_path / "it's a model.pt"
    torch.jit.trace(network, (image, tokens), check_trace=False).save(path)
    with pytest.raises(UserError, match="TorchScript") as error:
        create({**section, "pretrained": str(path)}, "model")
    command = re.search(r"`(python -c .*)` and name (.*)$", error.value.fix)
    assert command is not None
    exec(shlex.split(command[1])[2], {})  # as a shell would read it
    converted = create({**section, "pretrained": command[2]}, "model").eval().network
    state = network.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in converted.state_dict().items())


def test_the_name_for_the_command_line_says_the_tag(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def record(section: dict[str, object], where: str) -> torch.nn.Module:
        asked.append(section)
        return torch.nn.Identity()

    monkeypatch.setattr(load_module, "create", record)
    with pytest.raises(UserError) as error:
        settings_of_file("ViT-B-32", file, "", "model")
    advised = error.value.fix.rpartition("such as ")[2]
    load_module.load(advised)
    load_module.load(f"ViT-B-32/{file}")
    plain = {"backend": "open_clip", "name": "ViT-B-32", "pretrained": str(file)}
    assert asked == [plain | {"trained_as": advised.partition("/")[2].partition(":")[0]}, plain]
