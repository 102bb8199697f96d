"""Files to take away: tables, names and remarks that every page writes alike."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from spncore.data.library import Dataset
from spncore.files.provenance import made_by

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def file_name(title: str, suffix: str) -> str:
    """A download name: short, ASCII, without separators, dots in a row or anything a header could misread."""
    ascii_text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", ascii_text).strip("-").lower()[:60].strip("-")
    return f"spn-lab-{words or 'run'}.{suffix}"


def cell(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def _head(dataset: Dataset, link: str) -> list[str]:
    """The remarks above a table: one cell each, so that no name can reach a cell of its own."""
    kind = "synthetic" if dataset.synthetic else "not synthetic"
    data = f"data: {dataset.title} ({kind}), SHA-256 {dataset.sha256}"
    return [f"link: {link}", f"made with: {made_by()}", data]


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], remarks: Sequence[str]) -> str:
    """A CSV text: remarks as lines that start with `#`, the columns, the rows."""
    out = io.StringIO()
    writer = csv.writer(out)  # CRLF, so that a name with a lone CR is quoted in every Python
    writer.writerows([f"# {_one_line(remark)}"] for remark in remarks)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def _one_line(text: str) -> str:
    """A text without line breaks and control characters, safe in a comment and in a docstring."""
    return "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text)
