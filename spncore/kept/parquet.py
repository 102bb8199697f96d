"""A table written as Parquet part by part, so that it need not fit into memory; pyarrow comes with the extra `lab`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

import numpy as np
import pyarrow as arrow
from pyarrow import parquet

KINDS: Mapping[type, Any] = {int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_(), str: arrow.string()}
ROWS = 500_000  # at least, in a group, but for the last


def write(file: IO[bytes], kinds: Mapping[str, type], parts: Iterable[Mapping[str, Any]], about: object) -> None:
    """Write the rows of parts under columns of these kinds; `about` stands as JSON under `spnlab` in the metadata.

    A part has for every column one value for all of its rows, or an array (rows,), and at least one array.
    """
    fields = [(name, KINDS[kind]) for name, kind in kinds.items()]
    schema = arrow.schema(fields, metadata={"spnlab": json.dumps(about)})
    waiting: list[Any] = []
    with parquet.ParquetWriter(file, schema) as writer:
        for part in parts:
            waiting.append(_table(part, schema))
            if sum(table.num_rows for table in waiting) >= ROWS:
                writer.write_table(arrow.concat_tables(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(arrow.concat_tables(waiting))


def _table(part: Mapping[str, Any], schema: Any) -> Any:
    rows = next(len(values) for values in part.values() if isinstance(values, np.ndarray))
    columns = [
        arrow.array(part[field.name], field.type)
        if isinstance(part[field.name], np.ndarray)
        else arrow.repeat(arrow.scalar(part[field.name], field.type), rows)
        for field in schema
    ]
    return arrow.Table.from_arrays(columns, schema=schema)
