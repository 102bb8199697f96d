"""The strict reader of users' tables: a CSV file of zeros and ones, or one sentence that says what is wrong.

What is accepted, and said in the notes: a byte order mark, any line ends, empty lines at the end, comma,
semicolon or tab as separator, spaces around values and names, double quotes around them, and no header.

A value is `0` or `1`. Everything else is refused, however close: `1.0`, `0.0`, `-0`, `+1`, `01`, `True`,
`yes`, digits of other scripts, missing values. Values are compared as bytes, never converted to numbers.

The first row is a header unless all its values are 0 or 1: then the columns are named x1 … xD. A first row
that is partly data (a number, a truth value or a missing value where a name should be) is refused.

Rows and columns are counted from 1 as a spreadsheet shows them: the header is row 1, and a quoted line break
does not begin a row.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

import numpy as np

from spncore.arrays import Bits
from spncore.data.dataset import DataError, Dataset, default_names, from_array, shown
from spncore.limits import LIMITS
from spncore.words import counted

UTF8_MARK = b"\xef\xbb\xbf"
MAGIC = {  # what the first bytes of other kinds of file are
    b"\x1f\x8b": "a gzip file",
    b"PK\x03\x04": "a zip archive or a workbook",
    b"PK\x05\x06": "a zip archive or a workbook",
    b"\xd0\xcf\x11\xe0": "an old workbook",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x93NUMPY": "a NumPy array file",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"7z\xbc\xaf": "a 7z archive",
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "a Python pickle"),
}
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = {b",": "comma", b";": "semicolon", b"\t": "tab"}
BITS = frozenset((b"0", b"1"))
MISSING = frozenset((b"", b"?", b"-", b".", b"na", b"n/a", b"nan", b"null", b"none", b"#n/a"))
TRUTH = frozenset((b"true", b"false", b"yes", b"no"))
NUMBER = re.compile(rb"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
NUM_LISTED = 5
NUM_SHOWN = 24


class Layout(NamedTuple):
    """What the header settles: how rows are split, what the columns are called, where the data begins."""

    file: str
    separator: bytes
    variables: tuple[str, ...]
    first_row: int

    def place(self, row: int, column: int) -> str:
        """Return the words for a cell; `column` is counted from 0 here and shown from 1."""
        return f"row {row}, column {column + 1} ({shown(self.variables[column])})"


def read_csv(data: bytes, name: str) -> tuple[Dataset, list[str]]:
    """Return the table in an uploaded file, and a note for each accepted irregularity and constant column.

    `name` is the file's name and serves for display only. Raises DataError with one sentence that names the
    file and, where that applies, row, column and value; nothing is repaired in silence.
    """
    file, notes = display_name(name), list[str]()
    _check_kind(data, file)
    text = _plain_lines(data, file, notes)
    layout, start = _layout(text, file, notes)
    if text.find(b'"', start) < 0:  # else a line need not be a row
        _check_num_rows(text.count(b"\n", start), layout)
    bits = _bits(text, start, layout)
    if bits is None:
        bits = _bits(_simplified(text[start:]), 0, layout)
        if bits is None:
            _refuse(text, layout)
        notes.append("Spaces or double quotes around values were ignored.")
    _check_num_rows(len(bits), layout)
    dataset = from_array(bits, file, layout.variables, source="Read from the uploaded file.")
    _check_num_cells(dataset)
    return dataset, notes + _constant_columns(bits, layout)


def display_name(name: str) -> str:
    """Return a file's name to show: without folders, escaped and shortened; never to be used as a path."""
    base = re.split(r"[/\\]", name)[-1].strip()
    return shown(base, LIMITS.name_characters)[1:-1] or "upload"


def _check_kind(data: bytes, file: str) -> None:
    """Refuse, from its size and first bytes, what cannot be a small text file; nothing is unpacked."""
    if len(data) > LIMITS.upload_bytes:
        raise DataError(f"{file}: The file has {len(data):,} bytes; at most {LIMITS.upload_bytes:,} are allowed.")
    for magic, kind in MAGIC.items():
        if data.startswith(magic):
            raise DataError(f"{file}: This is {kind}, not CSV.")
    if not data.removeprefix(UTF8_MARK).strip():
        raise DataError(f"{file}: The file is empty: a header row and at least one data row are needed.")


def _plain_lines(data: bytes, file: str, notes: list[str]) -> bytes:
    """Return the UTF-8 text with LF after each line, and no byte order mark or empty lines at the end."""
    _check_encoding(data, file)
    text = data.removeprefix(UTF8_MARK)
    if len(text) < len(data):
        notes.append("A byte order mark at the start was ignored.")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        notes.append("CRLF or CR line ends were read as LF.")
    end = len(text.rstrip(b" \n"))
    lines = text[end:].split(b"\n")  # what follows the last value
    if len(lines) == 1:
        notes.append("The last line had no line end.")
    elif len(lines) > 2 or lines[-1]:
        notes.append("Empty lines at the end were ignored.")
    return text if lines == [b"", b""] else text[:end] + lines[0] + b"\n"


def _check_encoding(data: bytes, file: str) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        line, byte = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        utf16 = data.startswith(UTF16_MARKS)
        place = "; looks like UTF-16" if utf16 else f", line {line}, byte {byte} of the line"
        found = f"byte 0x{data[error.start]:02X} at position {error.start}{place}"
        raise DataError(f"{file}: not UTF-8 ({found}). Save as UTF-8 CSV.") from None


def _layout(text: bytes, file: str, notes: list[str]) -> tuple[Layout, int]:
    """Return what the first row settles, and where in the text the rows of data start."""
    header = next(_records(text, file))
    if not header.strip(b" "):
        raise DataError(f"{file}, row 1: The row is empty; a header or the first data row is needed.")
    separator = _separator(header, text, file)
    if separator != b",":
        notes.append(f"Values are separated by {SEPARATORS[separator]}s.")
    cells = _split(header, separator, f"{file}, row 1")
    if len(cells) > LIMITS.columns:
        raise DataError(f"{file}, row 1: found {len(cells):,} columns; at most {LIMITS.columns} are allowed.")
    values = [cell.strip(b" ") for cell in cells]
    if all(value in BITS for value in values):
        notes.append(f"No header: the first row holds data, so columns are named x1 to x{len(cells)}.")
        return Layout(file, separator, default_names(len(cells)), 1), 0
    layout = Layout(file, separator, _names(values, file), 2)
    if values != cells:
        notes.append("Spaces around column names were ignored.")
    start = len(header) + 1
    if len(text) == start:
        raise DataError(f"{file}: Header found, but no data rows.")
    return layout, start


def _separator(header: bytes, text: bytes, file: str) -> bytes:
    """Return the separator that the header uses; of several, the only one that divides every line."""
    unquoted = re.sub(rb'"[^"]*"', b"", header)
    found = [separator for separator in SEPARATORS if separator in unquoted]
    if len(found) > 1:
        names = " and ".join(f"{SEPARATORS[separator]}s" for separator in found)
        found = [separator for separator in found if all(separator in line for line in io.BytesIO(text))]
        if len(found) != 1:
            raise DataError(f"{file}, row 1: found {names}; one separator must be used throughout.")
    return found[0] if found else b","


def _names(values: list[bytes], file: str) -> tuple[str, ...]:
    """Return the column names, or refuse a header that is partly data, incomplete, too long or ambiguous."""
    looks_like_data = [
        d for d, value in enumerate(values) if value and (value.lower() in MISSING | TRUTH or NUMBER.fullmatch(value))
    ]
    if looks_like_data:
        d = min(looks_like_data, key=lambda d: values[d] in BITS)
        raise DataError(
            f"{file}, row 1, column {d + 1}: The first row looks like data (found {_value(values[d])}); "
            "a header needs a name in every column, and without a header every value must be 0 or 1."
        )
    first: dict[str, int] = {}
    for d, value in enumerate(values):
        place, name = f"{file}, row 1, column {d + 1}", value.decode()
        if not name.strip():
            raise DataError(f"{place}: The name is empty; every column needs a name.")
        if len(name) > LIMITS.name_characters:
            raise DataError(
                f"{place}: The name {shown(name)} has {len(name):,} characters; at most {LIMITS.name_characters} are "
                "allowed."
            )
        if "\0" in name:
            raise DataError(f"{place}: The name {shown(name)} contains a NUL byte.")
        if name in first:
            raise DataError(f"{place}: The name {shown(name)} is already that of column {first[name]}.")
        first[name] = d + 1
    return tuple(first)


def _records(text: bytes, file: str) -> Iterator[bytes]:
    """Yield the rows of a text, each without its line end; line breaks within quotes do not end a row."""
    begun: list[bytes] = []
    opened = 0
    for line, part in enumerate(io.BytesIO(text), start=1):
        if part.count(b'"') % 2:
            opened = 0 if begun else line
        begun.append(part)
        if not opened:
            yield b"".join(begun).removesuffix(b"\n")
            begun.clear()
    if begun:
        raise DataError(f"{file}, line {opened}: A quote opens here and is never closed.")


def _split(record: bytes, separator: bytes, place: str) -> list[bytes]:
    """Return the cells of one row, without the quotes that CSV puts around them."""
    if b'"' not in record:
        return record.split(separator)
    try:
        cells = next(csv.reader([record.decode()], delimiter=separator.decode(), strict=True))
    except csv.Error:
        raise DataError(f"{place}: A quoted value is too long or does not end at a separator.") from None
    return [cell.encode() for cell in cells]


def _bits(text: bytes, start: int, layout: Layout) -> Bits | None:
    """Return the (N, D) bits of rows written without any ornament, else None; all cells at once."""
    width = 2 * len(layout.variables)  # each value is one character, and so is what follows it
    if (len(text) - start) % width:
        return None
    table = np.frombuffer(text, np.uint8, offset=start).reshape(-1, width)
    between, ends = table[:, 1:-1:2], table[:, -1]
    values = table[:, ::2] ^ np.uint8(ord("0"))
    plain = (between == ord(layout.separator)).all() and (ends == ord("\n")).all() and (values <= 1).all()
    return values if plain else None


def _simplified(text: bytes) -> bytes:
    """Return the text without spaces, and without quotes around a 0 or 1; no bad cell turns good by it."""
    return text.translate(None, b" ").replace(b'"0"', b"0").replace(b'"1"', b"1")


def _refuse(text: bytes, layout: Layout) -> NoReturn:
    """Find what is wrong in a text whose rows are not all bits, and raise it as a DataError.

    A row with the wrong number of values ends the search, because what follows may be shifted; otherwise all
    wrong cells are counted and the first few named.
    """
    faults: list[tuple[int, int, bytes]] = []  # row, column, value
    count, columns = 0, set[int]()
    for row, record in enumerate(_records(text, layout.file), start=1):
        if row < layout.first_row:
            continue
        simple = _simplified(record).split(layout.separator)
        if len(simple) == len(layout.variables) and BITS.issuperset(simple):
            continue
        try:
            _check_num_rows(row - layout.first_row + 1, layout)
            cells = _cells(record, row, layout)
        except DataError:
            if not faults:
                raise
            break
        wrong = {d: value for d, cell in enumerate(cells) if (value := cell.strip(b" ")) not in BITS}
        faults += [(row, d, wrong[d]) for d in list(wrong)[: NUM_LISTED - len(faults)]]
        count, columns = count + len(wrong), columns | wrong.keys()
    first, *others = [f"{layout.place(row, d)}: {_fault(value)}" for row, d, value in faults]
    cells_found = f"{count:,} such cells in {len(columns)} column{'s' if len(columns) > 1 else ''}"
    listed = f" ({cells_found}; also {'; '.join(others)})" if others else ""
    raise DataError(f"{layout.file}, {first}; only 0 and 1 are allowed{listed}.")


def _cells(record: bytes, row: int, layout: Layout) -> list[bytes]:
    """Return the cells of one row, or refuse a row that has not one value for each column."""
    cells, width = _split(record, layout.separator, f"{layout.file}, row {row}"), len(layout.variables)
    if width > 1 and not record.strip(b" "):
        raise DataError(f"{layout.file}, row {row}: The row is empty; {width} values are needed.")
    if len(cells) != width:
        first = "the header" if layout.first_row == 2 else "row 1"
        raise DataError(f"{layout.file}: Row {row} has {counted(len(cells), 'value')}, {first} has {width}.")
    return cells


def _fault(value: bytes) -> str:
    """Return in words why a value is refused."""
    if value.lower() in MISSING:
        return f"missing value ({_value(value) if value else 'empty cell'})"
    longer = f", longer than {LIMITS.cell_characters} characters" * (len(value) > LIMITS.cell_characters)
    return f"found {_value(value)}{longer}"


def _value(value: bytes) -> str:
    """Return a value for a message: shortened, and pure ASCII so that look-alike digits are told apart."""
    text = value[:200].decode("utf-8", "ignore")
    return ascii(text[:NUM_SHOWN]) + ("…" if len(text) > NUM_SHOWN else "")


def _check_num_rows(num_rows: int, layout: Layout) -> None:
    """Refuse more rows than the limits allow."""
    if num_rows > LIMITS.rows:
        raise DataError(
            f"{layout.file}, row {LIMITS.rows + layout.first_row:,}: found {num_rows:,} data rows; at most "
            f"{LIMITS.rows:,} are allowed."
        )


def _check_num_cells(dataset: Dataset) -> None:
    """Refuse more cells than the limits allow; equal rows cost what one of them does."""
    if dataset.rows.size > LIMITS.cells:
        raise DataError(
            f"{dataset.name}: found {dataset.num_distinct:,} different rows of {dataset.num_variables} values; at most "
            f"{LIMITS.cells:,} values in different rows are allowed."
        )


def _constant_columns(bits: Bits, layout: Layout) -> list[str]:
    """Return a note for each column that has one value only, a few by name and the rest as a number."""
    constant = np.flatnonzero((bits == bits[0]).all(axis=0))
    notes = [
        f"Column {d + 1} ({shown(layout.variables[d])}) is constant: always {bits[0, d]}."
        for d in constant[:NUM_LISTED]
    ]
    others = len(constant) - len(notes)
    return notes + ([f"{others} more columns are constant."] if others else [])
