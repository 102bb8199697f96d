"""The strict reader against the fault catalogue: accepted with a note, or refused in one exact sentence."""

import csv
import gzip
import io
import re
import time
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from spncore.data.library import DataError, empirical_llh, from_array, product_of_marginals_llh
from spncore.data.table_file import display_name, read_csv
from spncore.limits import LIMITS

TABLE = np.array([[0, 1], [1, 1], [1, 0]], dtype=np.uint8)
TEXT = b"a,b\n0,1\n1,1\n1,0\n"
EMPTY = "The file is empty: a header row and at least one data row are needed."


def refusal(data: bytes, name: str = "f.csv") -> str:
    """Return the sentence with which the data is refused."""
    with pytest.raises(DataError) as caught:
        read_csv(data, name)
    message = str(caught.value)
    assert message.startswith(f"{display_name(name)}") and message.isprintable() and len(message) < 500
    return message


def numbered(cases: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    """Cases for a test, each under its name and marked with the items of the catalogue that stand in it."""
    marks = {name: [pytest.mark.fault(item) for item in re.findall(r"\b[A-Z]\d\d\b", name)] for name in cases}
    return [pytest.param(*case, id=name, marks=marks[name]) for name, case in cases.items()]


ACCEPTED = {
    "plain": (TEXT, None),
    "byte order mark (A04)": (b"\xef\xbb\xbf" + TEXT, "byte order mark"),
    "CRLF (A07)": (TEXT.replace(b"\n", b"\r\n"), "line ends"),
    "lone CR (A07)": (TEXT.replace(b"\n", b"\r"), "line ends"),
    "mixed line ends (A07)": (b"a,b\r\n0,1\n1,1\r1,0\r\n", "line ends"),
    "no final newline (A07)": (TEXT[:-1], "last line had no line end"),
    "empty lines at the end": (TEXT + b"\n  \n", "Empty lines at the end"),
    "semicolons (A14)": (TEXT.replace(b",", b";"), "separated by semicolons"),
    "tabs (A14)": (TEXT.replace(b",", b"\t"), "separated by tabs"),
    "spaces around values (B04)": (b"a,b\n 0,1 \n1 , 1\n1,0\n", "Spaces or double quotes"),
    "spaces around names": (TEXT.replace(b"a,b", b" a , b"), "Spaces around column names"),
    "quotes": (b'"a","b"\n"0","1"\n"1",1\n 1 , "0" \n', "Spaces or double quotes"),
}


@pytest.mark.parametrize(("data", "note"), numbered(ACCEPTED))
def test_accepted_irregularities_change_nothing_and_are_noted(data: bytes, note: str | None) -> None:
    dataset, notes = read_csv(data, "f.csv")
    assert dataset.sha256 == from_array(TABLE).sha256
    assert dataset.variables == ("a", "b")
    assert len(notes) == (note is not None)
    assert note is None or note in notes[0]


@pytest.mark.fault("A18")
def test_without_a_header_the_first_row_is_data_and_the_note_says_so() -> None:
    dataset, notes = read_csv(b"0,1\n1,1\n1,0\n", "f.csv")
    assert dataset.sha256 == from_array(TABLE).sha256
    assert dataset.variables == ("x1", "x2")
    assert notes == ["No header: the first row holds data, so columns are named x1 to x2."]


PLACE = "row 2, column 2 ('b')"
REFUSED = {
    "A01 empty": (b"", EMPTY),
    "A01 byte order mark alone": (b"\xef\xbb\xbf", EMPTY),
    "A02 header alone": (b"a,b\n", "Header found, but no data rows."),
    "A02 header without newline": (b"a,b", "Header found, but no data rows."),
    "A03 blank lines": (b"\n \n\r\n\t\n", EMPTY),
    "A05 UTF-16 LE": (b"\xff\xfea\x00\n\x00", "not UTF-8 (byte 0xFF at position 0; looks like"),
    "A05 UTF-16 BE": (b"\xfe\xff\x00a\x00\n", "looks like UTF-16). Save as UTF-8 CSV."),
    "A06 Latin-1": (b"a,b\r\n0,1\r\n1,\xe9\r\n", "byte 0xE9 at position 12, line 3, byte 3 of the line"),
    "A08 NUL in a value": (b"a,b\n0,\x001\n", f"{PLACE}: found '\\x001'; only 0 and 1 are allowed."),
    "A08 NUL in a name": (b"a,b\x00\n0,1\n", "row 1, column 2: The name 'b\\x00' contains a NUL byte."),
    "A09 short row": (b"a,b,c\n0,1,1\n0,1\n", "Row 3 has 2 values, the header has 3."),
    "A09 short row, no header": (b"0,1\n1\n", "Row 2 has 1 value, row 1 has 2."),
    "A10 long row": (b"a,b\n0,1\n0,1,1\n", "Row 3 has 3 values, the header has 2."),
    "A11 all rows long": (b"a,b\n0,1,1\n0,1,1\n", "Row 2 has 3 values, the header has 2."),
    "A12 open quote": (b'"a","b"\n0,1\n0,"1\n1,1\n', "line 3: A quote opens here and is never closed."),
    "A12 open quote in the header": (b'a,"b\n0,1\n', "line 1: A quote opens here and is never closed."),
    "A12 text after a quote": (b'a,b\n0,"1"x\n', "row 2: A quoted value is too long or does not end"),
    "A13 newline in quotes": (b'a,b\n0,1\n"0\n",1\n0,2\n', "row 3, column 1 ('a'): found '0\\n'; only 0 and"),
    "A13 rows after it": (b'a,b\n"0\n",1\n0,2\n', "also row 3, column 2 ('b'): found '2'"),
    "A13 newline in a name": (b'a,"b\nc"\n0,2\n', "row 2, column 2 ('b\\nc'): found '2'"),
    "A14 two separators": (b"a;b,c\n0;1,1\n", "row 1: found commas and semicolons; one separator must be"),
    "A14 other separator in the rows": (b"a,b\n0;1\n", "Row 2 has 1 value, the header has 2."),
    "A14 spaces as separator": (b"a b\n0 1\n", "row 2, column 1 ('a b'): found '0 1'; only 0 and 1"),
    "A16 duplicate names": (b"a,b, a\n0,1,1\n", "row 1, column 3: The name 'a' is already that of column 1."),
    "A17 no name": (b"a,,c\n0,1,1\n", "row 1, column 2: The name is empty; every column needs a name."),
    "A17 name of spaces": ("a,\u00a0 \n0,1\n".encode(), "row 1, column 2: The name is empty; every column"),
    "A17 long name": (b"a," + b"b" * 10_000 + b"\n0,1\n", "has 10,000 characters; at most 64 are allowed."),
    "A18 one name is a 1": (b"a,1\n0,1\n", "row 1, column 2: The first row looks like data (found '1')"),
    "A18 a wrong value first": (b"0,2\n0,1\n", "row 1, column 2: The first row looks like data (found '2')"),
    "A18 a missing value first": (b"0,\n0,1\n", "row 1, column 1: The first row looks like data (found '0')"),
    "A18 numbers as names": (b"1994,1995\n0,1\n", "The first row looks like data (found '1994')"),
    "blank first line": (b"\na,b\n0,1\n", "row 1: The row is empty; a header or the first data row is"),
    "blank line in the middle": (b"a,b\n0,1\n\n0,1\n", "row 3: The row is empty; 2 values are needed."),
    "blank line, one column": (b"a\n0\n\n1\n", "row 3, column 1 ('a'): missing value (empty cell); only 0"),
    "B07 5,000 digits": (b"a,b\n0," + b"9" * 5_000, f"{PLACE}: found '{'9' * 24}'…, longer than 32 char"),
    "a fault before a short row": (b"a,b\n0,2\n0\n", f"{PLACE}: found '2'; only 0 and 1 are allowed."),
}


@pytest.mark.parametrize(("data", "message"), numbered(REFUSED))
def test_every_fault_of_the_file_is_refused_with_its_place(data: bytes, message: str) -> None:
    assert message in refusal(data)


@pytest.mark.fault("B01")
@pytest.mark.parametrize("value", ["NA", "nan", "", "?", "null", "None", "n/a", " "])
def test_a_missing_value_is_called_missing(value: str) -> None:
    found = f"'{value}'" if value.strip() else "empty cell"
    assert f"{PLACE}: missing value ({found}); only 0 and 1 are allowed." in refusal(f"a,b\n0,{value}\n1,1".encode())


@pytest.mark.fault("B02", "B03", "B04", "B05", "B06")
@pytest.mark.parametrize(
    "value",
    ["inf", "-Infinity", "1e400", "2", "-1", "0.5", "1.0000001"]  # B02, B03
    + ["1.0", "0.0", "-0", "+1", "01", "00", "1.", ".0", "1e0", "0x1", "(1)", "'1'", "0 1"]  # B04
    + ["True", "False", "yes", "no", "T", "x"]  # B05
    + ["١", "１", "²", "1_0", "1\u00a0", "\u200b1", "1\ufe0f", "\v1", "l", "O"],  # B06
)
def test_whatever_is_not_exactly_0_or_1_is_refused_and_shown_in_ascii(value: str) -> None:
    assert f"{PLACE}: found {ascii(value)}; only 0 and 1 are allowed." in refusal(f"a,b\n0,{value}\n1,1\n".encode())


@pytest.mark.fault("B04")
@pytest.mark.parametrize("value", ["0", "1", " 1 ", "0  ", '"1"', ' "0" '])
def test_bits_with_spaces_or_quotes_around_are_accepted(value: str) -> None:
    dataset, _ = read_csv(f"a,b\n0,{value}\n1,1\n".encode(), "f.csv")
    assert dataset.num_rows == 2


@pytest.mark.fault("B01")
def test_all_wrong_cells_are_counted_and_the_first_five_listed() -> None:
    message = refusal(b"a,b,c\n" + b"NA,1,\n0,?,1\n" * 10)
    assert message.startswith("f.csv, row 2, column 1 ('a'): missing value ('NA'); only 0 and 1 are allowed")
    assert "30 such cells in 3 columns" in message
    assert message.count("missing value") == 5


@pytest.mark.fault("A22")
@pytest.mark.parametrize(
    ("magic", "kind"),
    [
        (gzip.compress(b"0" * 10_000, mtime=0), "a gzip file"),
        (b"PK\x03\x04....xl/workbook.xml", "a zip archive or a workbook"),
        (b"\x80\x04\x95cos\nsystem\n", "a Python pickle"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'shape': (1000000000000,)}", "a NumPy array file"),
    ],
)
def test_other_kinds_of_file_are_refused_by_their_first_bytes(magic: bytes, kind: str) -> None:
    assert refusal(magic) == f"f.csv: This is {kind}, not CSV."


TOO_WIDE = b",".join(b"c%d" % d for d in range(200_000)) + b"\n" + b",".join([b"0"] * 200_000)


@pytest.mark.fault("A19")
def test_too_many_columns_are_refused_from_the_header() -> None:
    assert "row 1: found 200,000 columns; at most 256 are allowed." in refusal(TOO_WIDE)


@pytest.mark.benchmark
def test_too_many_columns_are_refused_in_half_a_second() -> None:
    start = time.process_time()
    refusal(TOO_WIDE)
    assert time.process_time() - start < 0.5


@pytest.mark.fault("A20")
def test_too_many_rows_are_refused_at_the_first_row_too_many() -> None:
    message = refusal(b"a,b\n" + b"0,1\n" * 1_000_000)
    assert "row 200,002: found 1,000,000 data rows; at most 200,000 are allowed." in message
    quoted = refusal(b"a\n" + b'"0"\n' * 200_001)
    assert "row 200,002: found 200,001 data rows" in quoted


def test_cells_are_counted_in_different_rows_and_equal_ones_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spncore.data.table_file.LIMITS", replace(LIMITS, cells=8))
    four = b"a,b\n0,1\n1,1\n1,0\n0,0\n"
    assert read_csv(four + b"0,1\n" * 1_000, "f.csv")[0].num_rows == 1_004
    expected = "f.csv: found 5 different rows of 3 values; at most 8 values in different rows are allowed."
    assert refusal(b"a,b,c\n0,1,0\n1,1,0\n1,0,0\n0,0,0\n0,0,1\n0,0,1\n") == expected


def test_a_table_is_read_in_memory_that_grows_as_the_table_does() -> None:
    peaks = []
    for num_rows in (10_000, 40_000):
        text = b"a,b,c,d\n" + b"0,1,0,1\n1,1,0,0\n" * (num_rows // 2)
        tracemalloc.start()
        try:
            read_csv(text, "f.csv")
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert peaks[-1] < 10 * len(text)
    assert peaks[1] < 4.2 * peaks[0]


def test_files_at_the_limits_are_read() -> None:
    assert read_csv(b"a\n" + b"0\n" * LIMITS.rows, "f.csv")[0].num_rows == LIMITS.rows
    header = ",".join("x" * (LIMITS.name_characters - 3) + f"{d:03d}" for d in range(LIMITS.columns))
    values = ",".join("01" * (LIMITS.columns // 2))
    assert read_csv(f"{header}\n{values}".encode(), "f.csv")[0].num_variables == LIMITS.columns


@pytest.mark.fault("A21")
@pytest.mark.parametrize("line", [b"x" * 30_000_000, b"a\n" + b"0" * 9_000_000, b'"' * 9_000_001])
def test_one_huge_line_is_refused_in_bounded_memory(line: bytes) -> None:
    tracemalloc.start()
    refusal(line)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 45_000_000  # bytes: half of what the catalogue (A21) allows for a line of 30 MB


SLOW = [b"9" * 9_000_000 + b"x\n0\n", b'""\n' * 3_300_000, b"a,b\n" + b'""\n' * 3_300_000, b'"' * 9_000_000]


@pytest.mark.parametrize("data", SLOW)
def test_files_made_to_be_slow_are_refused(data: bytes) -> None:
    refusal(data)


@pytest.mark.benchmark
@pytest.mark.parametrize("data", SLOW)
def test_files_made_to_be_slow_are_refused_soon(data: bytes) -> None:
    start = time.process_time()
    refusal(data)
    assert time.process_time() - start < 8.0


@pytest.mark.parametrize("last", [b"1\n", b"2\n", b' "1"\n'])
def test_ten_megabytes_are_read(last: bytes) -> None:
    data = b",".join(b"c%d" % d for d in range(50)) + b"\n" + (b"0,1," * 24 + b"0,1\n") * 98_000
    try:
        read_csv(data[:-2] + last, "f.csv")
    except DataError as error:
        assert "row 98001, column 50 ('c49'): found '2'" in str(error)


@pytest.mark.benchmark
@pytest.mark.parametrize("last", [b"1\n", b"2\n", b' "1"\n'])
def test_ten_megabytes_are_read_in_seconds(last: bytes) -> None:
    start = time.process_time()
    test_ten_megabytes_are_read(last)
    assert time.process_time() - start < 8.0


@pytest.mark.fault("A24")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\users\\me\\a.csv", "a.csv"),
        ("a\x00.csv", "a\\x00.csv"),
        ("CON.csv", "CON.csv"),
        ("x" * 300, "x" * 64 + "…"),
        ("a\u202evsc.exe", "a\\u202evsc.exe"),
        ("<script>.csv", "<script>.csv"),
        ("\n", "upload"),
        ("", "upload"),
    ],
)
def test_a_file_name_is_shown_escaped_and_shortened(name: str, shown: str) -> None:
    dataset, _ = read_csv(TEXT, name)
    assert dataset.name == dataset.title == shown
    assert refusal(b"", name).startswith(f"{shown}: ")


@pytest.mark.fault("G02")
def test_names_with_separators_quotes_newlines_and_unicode_are_read_back_equal() -> None:
    names = ("a,b", 'say "x"', "two\nlines", "café ☕", "=SUM(A1)", "a;b")
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([names, "010101", "111000"])
    assert read_csv(stream.getvalue().encode(), "f.csv")[0].variables == names


@pytest.mark.fault("B08")
def test_a_constant_column_is_accepted_with_a_note_and_finite_bounds() -> None:
    dataset, notes = read_csv(b"a,b\n0,1\n1,1\n", "f.csv")
    assert notes == ["Column 2 ('b') is constant: always 1."]
    assert np.isfinite([product_of_marginals_llh(dataset), empirical_llh(dataset)]).all()


@pytest.mark.fault("B09")
@pytest.mark.parametrize("rows", [b"0,1\n", b"0,1\n0,1\n", b"1,1\n" * 9])
def test_one_row_and_equal_rows_are_accepted(rows: bytes) -> None:
    dataset, notes = read_csv(b"a,b\n" + rows, "f.csv")
    assert dataset.num_distinct == 1 and len(notes) == 2


@pytest.mark.fault("A15")
def test_one_column_is_accepted() -> None:
    dataset, notes = read_csv(b"a\n0\n1\n", "f.csv")
    assert (dataset.num_variables, notes) == (1, [])


@pytest.mark.fault("A25")
def test_the_same_content_under_two_names_has_one_identity_and_two_contents_differ() -> None:
    first, _ = read_csv(TEXT, "a.csv")
    assert read_csv(TEXT, "b.csv")[0].sha256 == first.sha256
    assert read_csv(TEXT.replace(b"1,0", b"0,0"), "a.csv")[0].sha256 != first.sha256


@given(arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 6)), elements=st.integers(0, 1)), st.data())
def test_one_wrong_cell_anywhere_is_found(bits: NDArray[np.uint8], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(bits) - 1))
    column = data.draw(st.integers(0, bits.shape[1] - 1))
    wrong = data.draw(st.sampled_from(["2", "", "0 1", '"', "0.0", "x", '""', "１"]))
    cells = [[str(bit) for bit in values] for values in bits]
    names = [f"v{d}" for d in range(bits.shape[1])]

    def text() -> bytes:
        return "\n".join(",".join(values) for values in [names, *cells, ["0"] * len(names)]).encode()

    assert read_csv(text(), "f.csv")[0].num_rows == len(bits) + 1
    cells[row][column] = wrong
    place = f"line {row + 2}" if wrong == '"' else f"row {row + 2}, column {column + 1} ('v{column}')"
    assert place in refusal(text())
