"""docs/objectives.md is what its generator writes."""

import importlib.util
from pathlib import Path
from types import ModuleType

from semclip.core.registry import FAMILIES

GENERATOR = Path(__file__).parents[2] / "docs" / "generate_objectives.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_objectives", GENERATOR)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_not_stale() -> None:
    generator = load()
    assert generator.PAGE.read_text("utf-8") == generator.page(), "run `python docs/generate_objectives.py`"


def test_every_objective_has_a_formula_a_use_and_a_link_target() -> None:
    page = load().page()
    for name in FAMILIES["objectives"].names():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert " = " in section.split("```")[1] and "**When to use.** -" not in section, name
        assert f"| [{name}](#{name}) |" in page
