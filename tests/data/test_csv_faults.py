"""Tables with a fault: named for what it is, with a way to mend it that works, and no row lost unseen."""

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semclip.core.errors import UserError
from semclip.core.rows import read_rows

ROWS = [
    ("img/1.jpg", "a dog"),
    ("img/2.jpg", "a cat, and a bird"),
    ("img/3.jpg", 'a "big" tree'),
    ("img/4.jpg", "no man"),
]


def table(rows: list[tuple[str, str]], header: str = "image,caption") -> str:
    quoted = [f'{name},"{caption.replace(chr(34), chr(34) * 2)}"' for name, caption in rows]
    return "\n".join([header, *quoted]) + "\n"


def captions(path: Path) -> list[str]:
    return [row["caption"] for _, row in read_rows(path)]


def fault(path: Path, content: bytes | str) -> UserError:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError) as caught:
        list(read_rows(path))
    return caught.value


def follow(error: UserError, old: Path) -> Path:
    """Type the command that the fix names, as a person would."""
    new = old.with_name(f"new{old.suffix}")
    command = error.fix.partition("`")[2].partition("`")[0].replace("OLD", f"'{old}'").replace("NEW", f"'{new}'")
    subprocess.run(command, shell=True, check=True)
    return new


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin1", "cp1252"])
def test_other_encodings_are_named_and_the_command_makes_the_right_file(encoding: str, tmp_path: Path) -> None:
    rows = [("1.jpg", "ein Café – schön" if encoding != "latin1" else "ein Café, schön"), ("2.jpg", "a dog")]
    old = tmp_path / "old.csv"
    error = fault(old, table(rows).encode(encoding))
    assert "UTF-8" in error.what
    assert captions(follow(error, old)) == [caption for _, caption in rows]


def test_a_compressed_table_is_unpacked_by_the_command(tmp_path: Path) -> None:
    import gzip

    old = tmp_path / "old.csv"
    error = fault(old, gzip.compress(table(ROWS).encode()))
    assert "gzip" in error.what and captions(follow(error, old)) == [caption for _, caption in ROWS]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_missing_header_is_named_and_the_command_adds_one(separator: str, tmp_path: Path) -> None:
    old = tmp_path / "old.csv"
    rows = [("1.jpg", "a dog runs"), ("2.jpg", "a cat sleeps"), ("3.jpg", "no bird sings")]
    error = fault(old, "".join(f"{name}{separator}{caption}\n" for name, caption in rows))
    assert "no header" in error.what and "1.jpg" in error.what and error.where == f"{old}:1"
    assert captions(follow(error, old)) == [caption for _, caption in rows]


def test_a_missing_header_before_numbers_and_sentences(tmp_path: Path) -> None:
    error = fault(tmp_path / "x.csv", "17,a brown dog runs on grass\n18,a cat\n")
    assert "no header" in error.what and "image,caption" in error.fix


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n', "SEP=;\n"])
def test_excels_separator_line_is_followed(first: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"{first}image;caption\n1.jpg;a dog, a cat\n")
    assert list(read_rows(tmp_path / "x.csv")) == [(3, {"image": "1.jpg", "caption": "a dog, a cat"})]


def test_line_ends_of_old_macs_are_line_ends(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(table(ROWS).replace("\n", "\r").encode())
    assert captions(tmp_path / "x.csv") == [caption for _, caption in ROWS]
    (tmp_path / "y.csv").write_bytes(("image,caption\r" + "1.jpg,a dog\r" * 20_000).encode())
    assert len(captions(tmp_path / "y.csv")) == 20_000


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('1.jpg,"a dog\n2.jpg,a cat\n3.jpg,a bird"\n4.jpg,x\n', 2, "line 3 looks like a row of its own"),
        ('1.jpg,a dog\n2.jpg,"a cat\n3.jpg,a bird\n4.jpg,x\n', 3, "never closed"),
        ('1.jpg,"a dog\n2.jpg,a cat\n3.jpg,"a bird\n4.jpg,x\n', 2, "the next quote, on line 4"),
        ('1.jpg,"a ""dog\n2.jpg,a cat""\n3.jpg,x"\n4.jpg,y\n', 2, "looks like a row"),
    ],
)
def test_a_lone_quote_is_named_where_it_opens(text: str, line: int, said: str, tmp_path: Path) -> None:
    error = fault(tmp_path / "x.csv", f"image,caption\n{text}")
    assert error.where == f"{tmp_path}/x.csv:{line}" and said in error.what and "quote" in error.fix


def test_line_breaks_that_are_meant_are_kept(tmp_path: Path) -> None:
    rows = [("1.jpg", "a dog,\nrunning, fast"), ("2.jpg", "one\ntwo, three\n\nfour"), ("3.jpg", "x, y\n3 cats, 2 dogs")]
    (tmp_path / "x.csv").write_text(table(rows))
    assert captions(tmp_path / "x.csv") == [caption for _, caption in rows]


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 10**6))
def test_no_quote_swallows_a_row(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """One or two quotes at the edges of cells, anywhere: all rows are read, or the table is refused."""
    draw = random.Random(seed)
    count = draw.randint(4, 12)
    words = ("a dog", "two cats, one bird", 'a 6" pipe', "no man; a cow")
    lines = [
        f"{draw.choice(('images/', ''))}{n:03}.jpg,{n},{draw.choice(words).replace(',', '')}" for n in range(count)
    ]
    for _ in range(draw.randint(1, 2)):
        row = draw.randrange(count)
        cells = lines[row].split(",")
        column = draw.randrange(3)
        cells[column] = f'"{cells[column]}' if draw.random() < 0.6 else f'{cells[column]}"'
        lines[row] = ",".join(cells)
    path = tmp_path_factory.mktemp("quotes") / "x.csv"
    path.write_text("\n".join(["image,number,caption", *lines]) + "\n")
    faults: list[UserError] = []
    found = list(read_rows(path, faults.append))
    assert len(found) == count or faults
    # A fault costs the row it is in, and not those around it.
    assert len(found) + len(faults) >= count - 2
    read = {number for number, _ in found} | {int(error.where.rpartition(":")[2]) for error in faults}
    assert set(range(2, count + 2)) <= read


def test_all_bad_rows_are_told_each_with_its_fix(tmp_path: Path) -> None:
    bad = ["1.jpg,a,b", '2.jpg,"x" y', r'3.jpg,"a \"big\" dog"', "4.jpg", '5.jpg,"open'] * 3
    good = [f"{n}.jpg,a dog" for n in range(10, 15)]
    path = tmp_path / "x.csv"
    path.write_text("\n".join(["image,caption", *good, *bad, "z.jpg,end"]) + "\n")
    faults: list[UserError] = []
    found = list(read_rows(path, faults.append))
    assert [row["image"] for _, row in found] == [*(f"{n}.jpg" for n in range(10, 15)), "z.jpg"]
    assert [int(error.where.rpartition(":")[2]) for error in faults] == list(range(7, 22))
    assert len({error.fix for error in faults}) >= 3 and all(error.fix for error in faults)


def test_escaped_quotes_are_mended_by_the_command(tmp_path: Path) -> None:
    old = tmp_path / "old.csv"
    error = fault(old, 'image,caption\n1.jpg,"a \\"big\\" dog"\n2.jpg,"x, y"\n')
    assert captions(follow(error, old)) == ['a "big" dog', "x, y"]


def test_gigantic_headers_and_names_are_refused(tmp_path: Path) -> None:
    assert "5,000 columns" in fault(tmp_path / "x.csv", ",".join(f"c{n}" for n in range(5000)) + "\n1\n").what
    error = fault(tmp_path / "x.csv", f"image,caption,{'x' * 5000}\n1.jpg,a,b\n")
    assert "5,000 characters" in error.what and len(error.what) < 200
