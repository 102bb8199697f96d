"""Programs that train again what was trained: a script of the run on screen, a script and a notebook of kept runs.

They need the installed package alone. Those of kept runs hold the last LLH of every seed and say which came back, bit
for bit; the table that they print is CSV. What somebody wrote stands in them as a Python literal, never as code. A
notebook is written here as what it is, a JSON document of format 4.5, and the tests have `nbformat` validate it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from spncore import __version__
from spncore.data.dataset import Dataset, is_upload
from spncore.files.export import one_line
from spncore.files.provenance import citation, made_by, versions
from spncore.kept.runs import KeptError, Run
from spncore.runs.experiment import Experiment
from spncore.runs.study import Study
from spncore.words import counted, listed

MOST = 6  # runs that one program repeats
NOTEBOOK = (4, 5)
ANY_FILE = "python THIS_FILE your_table.csv"


def script(study: Study, dataset: Dataset, link: str) -> str:
    """A Python program that repeats the run with the engine alone and prints the last LLH of every seed."""
    upload = is_upload(study.experiment.dataset)
    body = _BODY.format(
        imports="\nfrom pathlib import Path" if upload else "",
        reader="\nfrom spncore.data.table_file import read_csv" if upload else "",
        settings=_settings(study.experiment, "    "),
        depths=repr(study.depths),
        rivals=repr(study.rivals),
        sha256=dataset.sha256,
        data=_FROM_FILE if upload else f"load({study.experiment.dataset!r})",
    )
    return _head(f"a run of SPN Lab: {one_line(link)}", ANY_FILE if upload else "python THIS_FILE") + body


def script_of(runs: Sequence[Run], link: str = "") -> str:
    """A Python program that trains kept runs again and compares; it ends with 1 where a number is another.

    KeptError for none or more than MOST.
    """
    uploads = _uploads(runs)
    usage = f"{ANY_FILE}, with the file of each: {listed(uploads)}" if uploads else "python THIS_FILE"
    blocks = [_head(_title(runs, link), usage, f"\nCite: {citation()}").rstrip(), *_blocks(runs, "sys.argv[1:]"), _END]
    return "\n\n".join(blocks) + "\n"


def notebook_of(runs: Sequence[Run], link: str = "") -> str:
    """The same as a Jupyter notebook, which ends with the table."""
    uploads = _uploads(runs)
    words = [
        f"# Repeats {_title(runs, '')}",
        *([f"Link: {_quoted(link)}"] if link else []),
        f"Written by {made_by()}. It needs the package: `pip install spnlab=={__version__}`.",
        _BITS,
        *([f"Name the files of {listed([*map(_quoted, uploads)])} in FILES below."] if uploads else []),
        f"Cite: {citation()}",
    ]
    cells = [_cell("about", "markdown", "\n\n".join(words))]
    cells += [_cell(f"step-{n}", "code", text) for n, text in enumerate(_blocks(runs, '["your_table.csv"]'), 1)]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "spnlab": {"link": link, "versions": versions(), "cite": citation()},
    }
    major, minor = NOTEBOOK
    whole = {"cells": cells, "metadata": metadata, "nbformat": major, "nbformat_minor": minor}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _quoted(text: str) -> str:
    """A text that Markdown takes for nothing else."""
    return f"`{one_line(text).replace('`', '?')}`"


def _cell(name: str, kind: str, text: str) -> dict[str, object]:
    own: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": name, "metadata": {}, **own, "source": text}


def _title(runs: Sequence[Run], link: str) -> str:
    if not 1 <= len(runs) <= MOST:
        raise KeptError(f"{counted(len(runs), 'run')} for one program; allowed: 1 to {MOST}")
    return f"{counted(len(runs), 'run')} of SPN Lab{f': {one_line(link)}' if link else ''}"


def _uploads(runs: Sequence[Run]) -> list[str]:
    """The titles of data that no package has, each once."""
    return list(dict.fromkeys(one_line(run.entry.title) for run in runs if is_upload(run.entry.dataset)))


def _head(what: str, usage: str, more: str = "") -> str:
    return _HEAD.format(what=what, version=__version__, made_by=made_by(), bits=_BITS, usage=usage, more=more)


def _settings(experiment: Experiment, indent: str) -> str:
    """The settings as arguments, a line for each; the depth is the study's."""
    settings = {name: value for name, value in asdict(experiment).items() if name != "depth"}
    return "\n".join(f"{indent}{name}={value!r}," for name, value in settings.items())


def _blocks(runs: Sequence[Run], files: str) -> list[str]:
    """What the program does, in the steps of a notebook; `files` is the expression that names tables."""
    own = bool(_uploads(runs))
    imports = _IMPORTS.format(
        path="\nfrom pathlib import Path" if own else "",
        reader="\nfrom spncore.data.table_file import read_csv" if own else "",
    )
    literals = "\n".join(map(_literal, runs))
    found = _FOUND if own else "TABLES = {}"
    return [
        imports,
        *([f"FILES = {files}  # in any order"] if own else []),
        _RUNS.format(literals),
        found + _DATA,
        _TRAIN,
    ]


def _literal(run: Run) -> str:
    entry, study = run.entry, run.study
    stored = [
        f"            ({curve.llh.shape[1] - 1}, {curve.llh[:, -1:].ravel().tolist()!r}),  # {name}"
        for name, curve in zip(study.names(), run.curves(), strict=True)
    ]
    return _RUN.format(
        name=entry.name or f"run {entry.id}",
        made_by=made_by(run.finished.versions),
        title=entry.title,
        sha256=entry.data_sha256,
        settings=_settings(study.experiment, " " * 16),
        study=study,
        stored="\n".join(stored),
    )


_BITS = """\
The numbers are equal to the last bit only with the same BLAS kernel, SIMD level and BLAS threads; it takes one thread.
In single precision noise below 6e-8 is lost: components that start equal then stay equal, at every depth."""
_HEAD = '''# /// script
# requires-python = ">=3.11"
# dependencies = ["spnlab=={version}"]
# ///
"""Repeats {what}

Made with {made_by}.
{bits}
Run it where spnlab is installed: {usage}{more}
"""
'''
_FROM_FILE = "read_csv(Path(sys.argv[1]).read_bytes(), sys.argv[1])[0]"
_BODY = """
import csv
import sys{imports}

from spncore import Experiment, fit, load{reader}

EXPERIMENT = Experiment(
{settings}
)
DEPTHS = {depths}
RIVALS = {rivals}  # learners of the plain network to compare with
SHA256 = "{sha256}"

data = {data}
if data.sha256 != SHA256:
    sys.exit("This is other data than the run was made with; nothing was trained.")

table = csv.writer(sys.stdout)
table.writerow(["seed", "L", "learner", "t", "quantity", "value"])
for experiment in [*(EXPERIMENT.replace(depth=depth) for depth in DEPTHS), *map(EXPERIMENT.rival, RIVALS)]:
    trace = fit(experiment, data)  # trace.llh, .rho, .lam, .effective_weights: (seeds, states, …)
    if trace.stopped:
        print(f"L={{experiment.depth}}, {{experiment.optimiser}}: {{trace.stopped}}", file=sys.stderr)
    for seed, llh in zip(experiment.seeds, trace.llh):
        if llh.size:
            table.writerow([seed, experiment.depth, experiment.optimiser, llh.size - 1, "llh", float(llh[-1])])
"""
_IMPORTS = """import csv
import sys{path}

from spncore import Experiment, load{reader}
from spncore.files.export import cell
from spncore.runs.study import Study
from spncore.studies.history import retrained"""
_RUNS = """RUNS = [
{}
]"""
_RUN = """    {{
        "name": {name!r},
        "made with": {made_by!r},
        "data": {title!r},
        "SHA-256": {sha256!r},
        "study": Study(
            Experiment(
{settings}
            ),
            depths={study.depths!r},
            rivals={study.rivals!r},
            shallow={study.shallow!r},
        ),
        "stored": [  # by curve: updates made, then the last LLH of every seed in nats per row
{stored}
        ],
    }},"""
_FOUND = "TABLES = {table.sha256: table for table in (read_csv(Path(name).read_bytes(), name)[0] for name in FILES)}"
_DATA = """


def data_of(run):
    name = run["study"].experiment.dataset
    data = TABLES.get(run["SHA-256"]) if name.startswith("sha256:") else load(name)
    if data is None or data.sha256 != run["SHA-256"]:
        sys.exit(f"{run['name']}: {run['data']} as it was, SHA-256 {run['SHA-256']}, is not here; nothing was trained.")
    return data


DATA = [data_of(run) for run in RUNS]"""
_TRAIN = """table, numbers, same = csv.writer(sys.stdout), 0, 0
table.writerow(["run", "curve", "seed", "t", "llh", "stored", "same"])
for run, data in zip(RUNS, DATA):
    study = run["study"]
    for name, trace, (t, before) in zip(study.names(), retrained(study, data), run["stored"]):
        for seed, llh, stored in zip(trace.experiment.seeds, trace.llh, before):  # llh of every state: of t updates
            now = float(llh[-1])
            is_same = (llh.size - 1, now) == (t, stored)
            table.writerow([cell(run["name"]), name, seed, llh.size - 1, now, stored, is_same])
            numbers, same = numbers + 1, same + is_same
print(f"{same} of {numbers} last numbers are the stored ones, bit for bit.", file=sys.stderr)"""
_END = "sys.exit(0 if same == numbers else 1)"
