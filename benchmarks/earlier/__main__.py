"""Time the present build against an earlier one, and print one JSON document.

Run with `python -m benchmarks.earlier [row …]` (some minutes); `--revision` names the earlier commit, whose files are
taken from the repository's history into a temporary folder. The same work is asked of two processes in turns, block by
block, each with one BLAS thread. Times are CPU time unless a row says otherwise; a ratio is the median over the pairs
of blocks. What is said of memory is of fresh processes. `--smallest` takes seconds and shows that everything works.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.document import ROOT, document, write
from benchmarks.earlier.checkout import Build, RevisionError, lay_out
from benchmarks.earlier.comparisons import (
    SMALLEST,
    Both,
    Row,
    Sizes,
    default_experiment,
    phase,
    queries,
    same_numbers,
)
from benchmarks.earlier.many_rows import class_objective, estimator, many_rows, mini_batches

REVISION = "baf876e"
TITLE = (
    "The present build beside the one of commit {revision}, the same work in two processes in turns, one BLAS thread "
    "each; a ratio is the median over the pairs of blocks"
)
ROWS: dict[str, Callable[[Both], Row]] = {
    row.__name__: row
    for row in (
        same_numbers,
        default_experiment,
        phase,
        queries,
        many_rows,
        mini_batches,
        class_objective,
        estimator,
    )
}


def main() -> None:
    """Parse the switches, lay out the earlier build, ask both and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.earlier", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="row", help=f"some of {', '.join(ROWS)}")
    parser.add_argument("--revision", default=REVISION, help="the earlier build's commit")
    parser.add_argument("--smallest", action="store_true", help="sizes that take seconds and measure nothing")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.rows if name not in ROWS]:
        parser.error(f"{unknown[0]}: no such row; known are {', '.join(ROWS)}")
    measures, details = [], {}
    with tempfile.TemporaryDirectory(prefix="spnlab-earlier-") as folder:
        try:
            lay_out(arguments.revision, Path(folder))
        except RevisionError as error:
            sys.exit(str(error))
        with Build(Path(folder)) as then, Build(ROOT) as now:
            both = Both(then, now, SMALLEST if arguments.smallest else Sizes())
            for name in arguments.rows or ROWS:
                row = ROWS[name](both)
                measures += row.measures
                details[name] = row.details
                print(name, json.dumps([each.to_dict() for each in row.measures]), file=sys.stderr, flush=True)
    title = TITLE.format(revision=arguments.revision)
    write(document(title, "python -m benchmarks.earlier", measures, earlier=arguments.revision, details=details))


if __name__ == "__main__":
    main()
