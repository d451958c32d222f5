"""Files and names that no camera makes: each is indexed rightly or listed with a reason, and the others are indexed."""

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from semclip.core.decoding import read_rgb
from semclip.core.errors import UserError
from semclip.core.example import ImageRef
from semclip.search.index import Index
from semclip.search.page.pictures import Uploads
from semclip.search.photo import ENOUGH, THUMBNAIL
from tests.search.photos import Sum as Plain
from tests.search.photos import asked, contents, model, new_index, picture

NAMES = (
    "line\nbreak.png", "<img src=x onerror=alert(1)>.png", "bell\x07 tab\t.png", "' OR 1=1; --.png", '"quoted".png',
    "[red]markup[bold].png", "\u202egnp.exe.png", "-dash.png", "glob*?.png", "{braces}%s.png", "\\back\\slash.png",
    os.fsdecode(b"not \xff text.png"),
)  # fmt: skip


def jpeg(number: int, **settings: object) -> bytes:
    file = io.BytesIO()
    picture(number, 64).save(file, "JPEG", **settings)
    return file.getvalue()


def indexed(folder: Path) -> tuple[Index, dict[str, str]]:
    """The index of FOLDER/photos, and the reasons of what could not be read by name."""
    index = new_index(folder)
    added = index.add(folder / "photos")
    return index, {one.path.name: one.reason for one in added.unreadable}


def test_hostile_names(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number, name in enumerate(NAMES):
        picture(number).save(tmp_path / "photos" / name, "PNG")
    index, reasons = indexed(tmp_path)
    assert not reasons and len(index) == len(NAMES)
    hits = Index.open(tmp_path / ".semclip", model()).search(asked("a dog"), top=50, ranker=Plain())
    assert {hit.file.name for hit in hits} == set(NAMES) and all(hit.file.is_file() for hit in hits)
    for hit in hits:
        hit.path.encode()  # text that can be written anywhere
        assert index.find(hit.path) == hit.id
        assert Image.open(io.BytesIO(index.thumbnail(hit.id))).format == "JPEG"
    assert index.add(tmp_path / "photos").unchanged == len(NAMES)


def test_files_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    (photos / "inner").mkdir(parents=True)
    whole = jpeg(0)
    (photos / "good.jpg").write_bytes(whole)
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "empty.jpg").touch()
    (photos / "text.jpg").write_text("this is no picture")
    Image.fromarray(np.linspace(0, 1e6, 64, dtype=np.float32).reshape(8, 8)).save(photos / "float.tif")
    Image.fromarray(np.arange(64, dtype=np.float32).reshape(8, 8)).save(photos / "wide.tiff")
    os.mkfifo(photos / "pipe.jpg")
    (photos / "loop").symlink_to(photos)
    (photos / "self.jpg").symlink_to("self.jpg")
    (photos / "nowhere.png").symlink_to("not-there.png")
    (photos / "raw.dng").write_bytes(b"II*\0 no camera wrote this")
    (photos / "fake.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0" + bytes(40))
    (photos / ".hidden.jpg").write_bytes(whole)
    (photos / "notes.txt").write_text("no photo, and none is expected")
    index, reasons = indexed(tmp_path)
    assert list(contents(index)) == ["photos/good.jpg"]
    wanted = {
        "cut.jpg": "Truncated", "empty.jpg": "empty", "text.jpg": "no format of pictures", "float.tif": "32-bit",
        "wide.tiff": "32-bit", "pipe.jpg": "not a regular file", "self.jpg": "symbolic links",
        "nowhere.png": "No such file", "raw.dng": "RAW", "fake.heic": "no format of pictures",
    }  # fmt: skip
    assert reasons.keys() == wanted.keys()
    for name, part in wanted.items():
        assert part in reasons[name], (name, reasons[name])
    (photos / "good.jpg").write_text("no picture any more")
    added = index.add(photos)
    assert len(index) == 0 and added.deleted == 1 and "good.jpg" in {one.path.name for one in added.unreadable}


def retyped(data: bytes, tag: int, kind: int) -> bytes:
    """A TIFF, or a file with EXIF data, whose tag says that its value is of another type."""
    start = next(at for at in (data.find(b"II*\0"), data.find(b"MM\0*")) if at >= 0)
    order = "<" if data[start : start + 1] == b"I" else ">"
    table = start + struct.unpack_from(f"{order}I", data, start + 4)[0]
    count = struct.unpack_from(f"{order}H", data, table)[0]
    entries = [table + 2 + 12 * number for number in range(count)]
    entry = next(at for at in entries if struct.unpack_from(f"{order}H", data, at)[0] == tag)
    return data[: entry + 2] + struct.pack(f"{order}H", kind) + data[entry + 4 :]


FLOAT = 11


def test_a_tiff_with_tags_of_wrong_types_is_listed_and_the_others_are_indexed(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "good.jpg").write_bytes(jpeg(0))
    file = io.BytesIO()
    picture(1).save(file, "TIFF")
    (tmp_path / "photos" / "odd.tif").write_bytes(retyped(file.getvalue(), ExifTags.Base.StripOffsets, FLOAT))
    index, reasons = indexed(tmp_path)
    assert reasons.keys() == {"odd.tif"} and "cannot be decoded: TypeError" in reasons["odd.tif"]
    assert list(contents(index)) == ["photos/good.jpg"]
    with pytest.raises(UserError, match="cannot decode the image"):
        read_rgb(ImageRef("odd.tif", tmp_path / "photos" / "odd.tif"))


def test_exif_data_that_could_not_be_written_again_turn_a_dropped_photo_all_the_same() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make] = 6, "Canon"
    exif[ExifTags.Base.Software] = "of which the wrong type reads a part, too"
    data = io.BytesIO()
    picture(3, 64).resize((64, 32)).save(data, "JPEG", exif=exif)
    uploads = Uploads()
    name = uploads.add(retyped(data.getvalue(), ExifTags.Base.Make, FLOAT))
    dropped = uploads.get(name)
    assert dropped is not None and dropped.size == (32, 64)


def test_a_folder_with_nomedia_is_left_out_unless_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "photos" / "masks" / "inner").mkdir(parents=True)
    for number, name in enumerate(("one.png", "masks/two.png", "masks/inner/three.png")):
        picture(number).save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "masks" / ".nomedia").touch()
    index, reasons = indexed(tmp_path)
    assert list(contents(index)) == ["photos/one.png"] and not reasons
    assert index.add(tmp_path / "photos" / "masks").new == 2


def test_unusual_pictures_are_read_as_everywhere(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    picture(1).convert("CMYK").save(photos / "cmyk.jpg")
    picture(2).convert("L").save(photos / "grey.png")
    picture(3).convert("P").save(photos / "palette.png", transparency=3)
    picture(4).save(photos / "moving.gif", save_all=True, append_images=[picture(5)])
    Image.fromarray((np.arange(576, dtype=np.uint16) * 100).reshape(24, 24)).save(photos / "deep.png")
    picture(6).convert("RGBA").save(photos / "see-through.webp", lossless=True)
    picture(7, 1).save(photos / "dot.bmp")
    picture(8).resize((3000, 2)).save(photos / "strip.png")
    index, reasons = indexed(tmp_path)
    assert not reasons
    own = model()
    for path, embedding in contents(index).items():
        ref = ImageRef(path, tmp_path / path)
        np.testing.assert_allclose(embedding, own.pictures([own.encoder.load_image(ref)])[0], atol=6e-4, err_msg=path)
    info = {hit.path: index.photo(hit.id) for hit in index.search(asked("a dog"), ranker=Plain())}
    assert (info["photos/strip.png"].width, info["photos/strip.png"].height) == (3000, 2)
    assert info["photos/moving.gif"].type == "gif" and info["photos/cmyk.jpg"].type == "jpeg"


def test_heic_is_a_photo(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    (tmp_path / "photos").mkdir()
    pillow_heif.from_pillow(picture(1, 64)).save(tmp_path / "photos" / "one.heic", quality=-1)
    picture(1, 64).save(tmp_path / "photos" / "one.png")
    index, reasons = indexed(tmp_path)
    assert not reasons
    found = contents(index)
    assert found["photos/one.heic"] @ found["photos/one.png"] > 0.99
    assert {index.photo(hit.id).type for hit in index.search(asked("a dog"), ranker=Plain())} == {"heif", "png"}


def test_raw_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No RAW file is free to ship: rawpy is asked for the preview, and what it gives is the photo."""
    rawpy = pytest.importorskip("rawpy")

    class Opened:
        def __enter__(self) -> "Opened":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def extract_thumb(self) -> object:
            return rawpy.Thumbnail(rawpy.ThumbFormat.JPEG, jpeg(3, quality=95))

    monkeypatch.setattr(rawpy, "imread", lambda file: Opened())
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.nef").write_bytes(b"raw")
    (tmp_path / "photos" / "one.jpg").write_bytes(jpeg(3, quality=95))
    index, reasons = indexed(tmp_path)
    found = contents(index)
    assert not reasons
    np.testing.assert_array_equal(found["photos/one.nef"], found["photos/one.jpg"])


def test_rotation_time_camera_and_no_place(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    turned = picture(1, 64).crop((0, 0, 64, 40))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 6, "Canon", "Canon EOS R5\0"
    exif.get_ifd(0x8769)[0x9003] = "2023:05:17 14:03:22"
    exif.get_ifd(0x8825).update({1: "S", 2: (10.0, 30.0, 0.0), 3: "E", 4: (20.0, 0.0, 0.0)})
    turned.rotate(90, expand=True).save(photos / "turned.jpg", exif=exif, quality=100, subsampling=0)
    turned.save(photos / "upright.png")
    index, reasons = indexed(tmp_path)
    found = contents(index)
    assert not reasons and found["photos/turned.jpg"] @ found["photos/upright.png"] > 0.999
    info = index.photo(index.find("photos/turned.jpg") or "")
    assert (info.width, info.height) == (64, 40)
    assert (info.taken, info.camera) == ("2023-05-17T14:03:22", "Canon EOS R5")
    assert index.photo(index.find("photos/upright.png") or "").taken == ""
    thumbnail = Image.open(io.BytesIO(index.thumbnail(info.id)))
    assert thumbnail.size == (64, 40) and not dict(thumbnail.getexif())
    where = ["path", "latitude", "longitude"]
    assert all(row["latitude"] is None for batch in index._table.batches(where) for row in batch.to_pylist())
    kept = Index.create(tmp_path / "kept", model(), keep_gps=True)
    kept.add(photos)
    places = {
        row["path"]: (row["latitude"], row["longitude"]) for b in kept._table.batches(where) for row in b.to_pylist()
    }
    assert places == {b"photos/turned.jpg": (-10.5, 20.0), b"photos/upright.png": (None, None)}


def test_a_large_photo_is_decoded_at_a_fraction(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    big = picture(1, 64).resize((4 * ENOUGH, 2 * ENOUGH), Image.Resampling.BICUBIC)
    big.save(tmp_path / "photos" / "big.jpg", quality=95)
    index, _ = indexed(tmp_path)
    own = model()
    whole = own.pictures([own.encoder.load_image(ImageRef("big", tmp_path / "photos" / "big.jpg"))])[0]
    assert contents(index)["photos/big.jpg"] @ whole > 0.999
    info = index.photo(index.find("photos/big.jpg") or "")
    assert (info.width, info.height) == (4 * ENOUGH, 2 * ENOUGH)
    assert Image.open(io.BytesIO(index.thumbnail(info.id))).size == (THUMBNAIL, THUMBNAIL // 2)
