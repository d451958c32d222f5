"""What single readers do beyond the contract."""

from pathlib import Path

import pytest

from semclip.core.errors import UserError
from semclip.core.rows import read_rows, reader_for
from tests.data.files import write_picture


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".CSV"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_is_found_whatever_the_suffix(separator: str, suffix: str, tmp_path: Path) -> None:
    rows = [["image", "caption"], ["1.jpg", "a cat"], ["2.jpg", "a dog"]]
    path = tmp_path / f"x{suffix}"
    path.write_text("\n".join(separator.join(row) for row in rows))
    assert [row for _, row in read_rows(path)] == [
        {"image": "1.jpg", "caption": "a cat"},
        {"image": "2.jpg", "caption": "a dog"},
    ]


def test_separator_is_not_taken_from_the_texts(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("image\tcaption, as written\n1.jpg\ta cat, a dog, a bird; a fish\n2.jpg\ta dog\n")
    assert [row["caption, as written"] for _, row in read_rows(path)] == ["a cat, a dog, a bird; a fish", "a dog"]


@pytest.mark.parametrize(
    ("separator", "caption"),
    [
        ("\t", "a sign that says, 'stop', to a man's dog"),  # csv.Sniffer finds a comma here, and
        ("\t", 'a sign, "stop", beside a road'),  # here, and
        (",", "\"one; 'two'; three\""),  # a semicolon here
        (";", "a cat, a dog"),
    ],
)
def test_quotes_and_marks_of_prose_are_no_separators(separator: str, caption: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\n".join(separator.join(row) for row in [("image", "caption"), *[("1.jpg", caption)] * 9]))
    assert [row for _, row in read_rows(path)] == [{"image": "1.jpg", "caption": caption.strip('"')}] * 9


def test_one_column_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("image\n1.jpg\n")
    assert list(read_rows(path)) == [(2, {"image": "1.jpg"})]


def test_quotes_separators_and_line_breaks_in_cells(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'image,caption\r\n1.jpg,"a ""big"" cat,\r\nand a dog"\r\n\r\n2.jpg,a bird\r\n')
    assert list(read_rows(path)) == [
        (2, {"image": "1.jpg", "caption": 'a "big" cat,\r\nand a dog'}),
        (5, {"image": "2.jpg", "caption": "a bird"}),
    ]


def test_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("image,caption\n1.jpg,ü\n".encode("utf-8-sig"))
    assert list(read_rows(path)) == [(2, {"image": "1.jpg", "caption": "ü"})]


def test_nameless_first_column_is_numbered(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("\ttitle\tfilepath\n0\ta cat\t1.jpg\n")
    assert list(read_rows(path)) == [(2, {"column 1": "0", "title": "a cat", "filepath": "1.jpg"})]


@pytest.mark.parametrize(
    ("content", "row", "message"),
    [
        (b"image,caption\n1.jpg,a cat\n2.jpg,a cat, a dog\n", 3, "3 cells"),
        (b"image,caption\n1.jpg\n", 2, "1 cells"),
        (b'image,caption\n1.jpg,"a\nb"\n2.jpg,"never closed\n3.jpg,x\n', 4, "malformed"),
        (b'image,caption\n1.jpg,"quoted" and not\n', 2, "malformed"),
        (b"image,caption\n1.jpg,caf\xe9\n", 2, "not UTF-8"),
        (b"image,image\n1.jpg,2.jpg\n", 1, "two columns"),
        (b"image,caption\n1.jpg," + b"x" * 200_000 + b"\n", 2, "malformed"),
    ],
)
def test_malformed_tables_name_file_and_row(content: bytes, row: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        list(read_rows(path))
    assert caught.value.where == f"{path}:{row}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"image": ', "not valid JSON"),
        ("[1, 2]", "must be a JSON object"),
        ("[" * 100_000, "too deeply|not valid JSON"),
    ],
)
def test_malformed_json_lines_name_file_and_row(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"image": "1.jpg"}\n\n' + line + "\n")
    with pytest.raises(UserError, match=message) as caught:
        list(read_rows(path))
    assert caught.value.where == f"{path}:3"


def test_parquet_keeps_lists_and_nothing(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "x.parquet"
    rows = [{"image": "1.jpg", "negations": ["a", "b"]}, {"image": "2.jpg", "negations": None}]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    assert [row for _, row in read_rows(path)] == rows


def test_folder_counts_images_in_class_folders_only(tmp_path: Path) -> None:
    write_picture(tmp_path / "fire_truck" / "b.PNG")
    write_picture(tmp_path / "fire_truck" / "a.png")
    write_picture(tmp_path / "tree" / "a.png")
    write_picture(tmp_path / "beside.png")
    write_picture(tmp_path / "fire_truck" / "deeper" / "c.png")
    (tmp_path / "features.npy").write_bytes(b"x")
    (tmp_path / "README.txt").write_text("Fire trucks and trees.")
    assert [row for _, row in read_rows(tmp_path)] == [
        {"image": "fire_truck/a.png", "caption": "fire truck", "label": "fire_truck"},
        {"image": "fire_truck/b.PNG", "caption": "fire truck", "label": "fire_truck"},
        {"image": "tree/a.png", "caption": "tree", "label": "tree"},
    ]
    skipped = {path.name for path in reader_for(tmp_path).skipped(tmp_path)}
    assert skipped == {"beside.png", "c.png", "features.npy", "README.txt"}


def test_unknown_suffix_lists_the_known(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"")
    with pytest.raises(UserError) as caught:
        reader_for(path)
    for suffix in (".csv", ".tsv", ".jsonl", ".parquet", "folder"):
        assert suffix in caught.value.fix


def test_missing_file_offers_the_closest(tmp_path: Path) -> None:
    (tmp_path / "captions.jsonl").write_text("{}\n")
    with pytest.raises(UserError) as caught:
        reader_for(tmp_path / "caption.jsonl")
    assert "captions.jsonl" in caught.value.fix
