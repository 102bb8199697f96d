"""Files to take away: tables, names and remarks that every page writes alike."""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from spncore.files.provenance import made_by, versions
from spncore.runs.trace import Trace

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


def table(columns: Sequence[str], rows: Iterable[Row], remarks: Sequence[str]) -> str:
    """A CSV text: remarks as lines that start with `#`, one cell each, the columns, the rows."""
    out = io.StringIO()
    writer = csv.writer(out)  # CRLF, so that a name with a lone CR is quoted in every Python
    writer.writerows([f"# {one_line(remark)}"] for remark in remarks)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def document(link: str, **parts: Any) -> str:
    """A JSON text: its schema, the link to what it holds, the versions that made it, and the parts."""
    return json.dumps({"schema": SCHEMA, "link": link, "versions": versions(), **parts}, allow_nan=False, indent=1)


def ended(trace: Trace) -> dict[str, Any]:
    """How a run went, for such a text: its seeds, what stopped it, LLH and objective of every seed and state."""
    own = {} if trace.experiment.objective == "generative" else {"objective": trace.value.tolist()}
    return {"seeds": list(trace.experiment.seeds), "stopped": trace.stopped, "llh": trace.llh.tolist(), **own}


def one_line(text: str) -> str:
    """A text without line breaks and control characters, safe in a comment and in a docstring."""
    return "".join(c if c.isprintable() and c not in '"\\' else "?" for c in text)
