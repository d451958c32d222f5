import base64
import io
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from PIL import Image

from semclip.core.html import environment, thumbnail


@pytest.mark.parametrize(("size", "kind", "small"), [((90, 40), "png", (90, 40)), ((400, 200), "jpeg", (160, 80))])
def test_a_thumbnail_is_small_and_its_own_file(
    size: tuple[int, int], kind: str, small: tuple[int, int], tmp_path: Path
) -> None:
    Image.new("RGB", size, (200, 30, 30)).save(tmp_path / "x.png")
    head, _, data = thumbnail(tmp_path / "x.png").partition(",")
    assert head == f"data:image/{kind};base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == small


@pytest.mark.parametrize("content", [b"no image", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_image_is_an_oserror(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(OSError, match=r"."):
        thumbnail(tmp_path / "x.png")


def test_templates_escape_and_know_no_missing_name() -> None:
    templates = environment("semclip.reports")
    assert templates.from_string("{{ text }}").render(text="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        templates.from_string("{{ text }}").render()
