"""Files to take away: tables, names and remarks that every page and command writes alike.

Numbers are written in the shortest form that reads back to the same bits, with a dot in every locale. A text cell that
a spreadsheet could take for a formula gets a leading apostrophe; JSON and Parquet keep every text as it is.
"""

import csv
import io
import json
import re
import unicodedata
from codecs import StreamWriter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from spncore.files.provenance import citation, made_by, versions

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SCHEMA = 1
Row = Sequence[Any]
Rows = Callable[[], Iterable[Row]]


def file_name(title: str, suffix: str) -> str:
    """A download name: short, ASCII, without separators, dots in a row or anything a header could misread."""
    ascii_text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", ascii_text).strip("-").lower()[:60].strip("-")
    return f"spn-lab-{words or 'run'}.{suffix}"


def cell(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def linked(link: str, *remarks: str) -> list[str]:
    """Remarks that begin with the link to what a file holds and with what made it."""
    return [f"link: {link}", f"made with: {made_by()}", *remarks]


def signed(*remarks: str) -> list[str]:
    """Remarks that end with what wrote the file."""
    return [*remarks, f"written by {made_by()}"]


def cited(link: str, *remarks: str) -> list[str]:
    """Remarks of what is kept: the link where there is one, what wrote the file, and how to cite."""
    return [*([f"link: {link}"] if link else []), *remarks, f"written by {made_by()}", f"cite: {citation()}"]


def table(columns: Sequence[str], rows: Iterable[Row], remarks: Sequence[str]) -> str:
    """The CSV text that `write_table` writes."""
    out = io.StringIO()
    write_table(out, columns, rows, remarks)
    return out.getvalue()


def write_table(
    out: TextIO | StreamWriter, columns: Sequence[str], rows: Iterable[Row], remarks: Sequence[str]
) -> None:
    """Write CSV row by row: remarks as lines that start with `#`, one cell each, the columns, the rows."""
    writer = csv.writer(out)  # CRLF, so that a name with a lone CR is quoted in every Python
    writer.writerows([f"# {one_line(remark)}"] for remark in remarks)
    writer.writerow(columns)
    writer.writerows(rows)


def document(link: str, **parts: Any) -> str:
    """A JSON text: its schema, the link to what it holds, the versions that made it, and the parts."""
    return json.dumps({"schema": SCHEMA, "link": link, "versions": versions(), **parts}, allow_nan=False, indent=1)


def one_line(text: str) -> str:
    """A text without line breaks and control characters, safe in a comment and in a docstring."""
    return "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text)
