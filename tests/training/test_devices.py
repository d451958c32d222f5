"""Which precision `auto` stands for."""

import pytest
import torch

from semclip.training.devices import resolve_precision


@pytest.mark.parametrize(
    ("name", "amx", "bf16", "expected"),
    [
        ("Intel Xeon", True, True, "bf16-mixed"),
        ("Intel Xeon", False, True, "32-true"),  # AVX-512 bf16 alone, slower there than float32
        ("AMD EPYC", False, True, "bf16-mixed"),
        ("AMD EPYC", False, False, "32-true"),
    ],
)
def test_auto_takes_bf16_only_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, name: str, amx: bool, bf16: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"cpu_name": name, "amx_bf16": amx})
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: bf16, raising=False)
    assert resolve_precision("auto") == expected
    assert resolve_precision("32-true") == "32-true"
