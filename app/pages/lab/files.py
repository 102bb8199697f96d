"""A run as files to take away: tidy tables, settings with results, and a script that repeats it.

Pure functions from a study, its data and its traces to text. Numbers are written in the shortest form that reads
back to the same bits, with a dot in every locale. A text cell that a spreadsheet could take for a formula gets a
leading apostrophe; JSON keeps every name as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from app.kit.files import Row, cell, document, ended, linked, one_line, table
from app.live.views.frames import RATES_OF
from spncore import Trainer, __version__
from spncore.data.dataset import is_upload
from spncore.data.library import Dataset
from spncore.dynamics.shares import component_shares, log_masses
from spncore.files.provenance import made_by
from spncore.runs.study import Study
from spncore.runs.trace import Trace
from spncore.runs.training import learner_of
from spncore.studies.target import Fixed

MAX_ROWS = 1_000_000  # beyond this a table holds the LLH and the floor only, and says so


def _remarks(dataset: Dataset, link: str) -> list[str]:
    kind = "synthetic" if dataset.synthetic else "not synthetic"
    return linked(link, f"data: {dataset.title} ({kind}), SHA-256 {dataset.sha256}")


def _target(study: Study, target: Fixed | None) -> str:
    """What the runs are compared at, with the level of every seed."""
    if target is None:
        return "target: none, the runs are compared where they stand"
    levels = zip(study.experiment.seeds, target.levels, strict=True)
    return f"target: {target.reason}; by seed: " + ", ".join(f"{seed} = {level!r}" for seed, level in levels)


def curves_csv(study: Study, dataset: Dataset, traces: Sequence[Trace], link: str, target: Fixed | None = None) -> str:
    """The tidy table (seed, L, learner, t, quantity, value) of every state; t counts updates.

    `objective` is what was trained where that is not the LLH, `components` their effective number. `rho[3]`,
    `lambda[3]` and `w[3]` belong to component 3; ρ and λ are of gradient ascent only. Very large runs leave the
    components out.
    """
    num_steps = sum(trace.llh.size for trace in traces)
    with_components = num_steps * (3 + 3 * study.experiment.num_components) <= MAX_ROWS
    remarks = [] if with_components else [f"more than {MAX_ROWS} rows: rho, lambda and w are left out"]
    rows = (
        (seed, trace.experiment.depth, trace.experiment.optimiser, *said)
        for trace in traces
        for seed, *said in (_component_rows if with_components else _seed_rows)(trace)
    )
    remarks = [*_remarks(dataset, link), _target(study, target), *remarks]
    return table("seed L learner t quantity value".split(), rows, remarks)


def components_csv(study: Study, dataset: Dataset, traces: Sequence[Trace], link: str) -> str:
    """The last state: each component's share of the weight, and its probability of a 1 in each variable."""
    columns = "seed L learner component share variable probability".split()
    rows = (row for trace in traces for row in _last_state_rows(trace, dataset))
    return table(columns, rows, _remarks(dataset, link))


def result_json(study: Study, dataset: Dataset, traces: Sequence[Trace], link: str, target: Fixed | None = None) -> str:
    """Settings, data set, versions, target, and for each depth and rival every seed's LLH after 0, 1, … updates."""
    names = "name title source synthetic sha256".split()
    return document(
        link,
        settings={**asdict(study.experiment), "depth": list(study.depths), "rivals": list(study.rivals)},
        data={
            **{name: getattr(dataset, name) for name in names},
            "rows": dataset.num_rows,
            "variables": list(dataset.variables),
        },
        target=None if target is None else {**target._asdict(), "reason": target.reason},
        result=[
            {"L": trace.experiment.depth, "learner": trace.experiment.optimiser, **ended(trace)} for trace in traces
        ],
    )


def script(study: Study, dataset: Dataset, link: str) -> str:
    """A Python program that repeats the run with the engine alone and prints the last LLH of every seed."""
    settings = {name: value for name, value in asdict(study.experiment).items() if name != "depth"}
    lines = "\n".join(f"    {name}={value!r}," for name, value in settings.items())
    upload = is_upload(study.experiment.dataset)
    return _SCRIPT.format(
        link=one_line(link),
        version=__version__,
        made_by=made_by(),
        usage="python THIS_FILE your_table.csv" if upload else "python THIS_FILE",
        imports="\nfrom pathlib import Path" if upload else "",
        reader="\nfrom spncore.data.table_file import read_csv" if upload else "",
        settings=lines,
        depths=repr(study.depths),
        rivals=repr(study.rivals),
        sha256=dataset.sha256,
        data=_FROM_FILE if upload else f"load({study.experiment.dataset!r})",
    )


_FROM_FILE = "read_csv(Path(sys.argv[1]).read_bytes(), sys.argv[1])[0]"
_SCRIPT = '''# /// script
# requires-python = ">=3.11"
# dependencies = ["spnlab=={version}"]
# ///
"""Repeats a run of SPN Lab: {link}

Made with {made_by}.
The numbers are equal to the last bit only with the same BLAS kernel, SIMD level and BLAS threads; it takes one thread.
In single precision noise below 6e-8 is lost: components that start equal then stay equal, at every depth.
Run it where spnlab is installed: {usage}
"""

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
'''


def _seed_rows(trace: Trace) -> Iterator[Row]:
    """The quantities that each seed has at every state: seed, t, quantity, value."""
    own = {} if trace.experiment.objective == "generative" else {"objective": trace.value}
    of_all = {"llh": trace.llh, **own, "weights_at_floor": trace.at_floor}
    known = {**of_all, "components": trace.components}
    for i, seed in enumerate(trace.experiment.seeds):
        for t, row in enumerate(zip(*(values[i].tolist() for values in known.values()), strict=True)):
            yield from ((seed, t, quantity, value) for quantity, value in zip(known, row, strict=True))


def _component_rows(trace: Trace) -> Iterator[Row]:
    """The rows of the seeds, then ρ, λ (of gradient ascent) and the effective weight of every component."""
    yield from _seed_rows(trace)
    rates = {"rho": trace.rho, "lambda": trace.lam} if trace.experiment.optimiser == RATES_OF else {}
    for quantity, values in {**rates, "w": trace.effective_weights}.items():
        for seed, steps in zip(trace.experiment.seeds, values, strict=True):
            for t, row in enumerate(steps.tolist()):
                yield from ((seed, t, f"{quantity}[{k}]", value) for k, value in enumerate(row, 1))


def _last_state_rows(trace: Trace, dataset: Dataset) -> Iterator[Row]:
    if trace.final_state is None:
        return
    experiment, num_weights = trace.experiment, trace.sums.num_weights
    weights = Trainer(trace.problem, learner_of(experiment)).weights(trace.final_state.parameters)
    leaves = weights[:, num_weights:].reshape(len(weights), 2, experiment.num_components, dataset.num_variables)
    mass = leaves.sum(axis=1)  # (S, K, D)
    shares, ones = component_shares(trace.effective_weights[:, -1], log_masses(leaves)), leaves[:, 1] / mass
    for i, seed in enumerate(experiment.seeds):
        for k in range(experiment.num_components):
            for name, probability in zip(dataset.variables, ones[i, k].tolist(), strict=True):
                yield seed, experiment.depth, experiment.optimiser, k + 1, float(shares[i, k]), cell(name), probability
