"""A run as files to take away: tidy tables, settings with results, and a script that repeats it.

Pure functions from a study, its data and its traces to text, written as `spncore.files.export` says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from app.live.views.frames import RATES_OF
from spncore import Trainer
from spncore.data.library import Dataset
from spncore.dynamics.shares import component_shares, log_masses
from spncore.files.export import Row, cell, document, linked, table
from spncore.kept.repeat import script
from spncore.runs.study import Study
from spncore.runs.trace import Trace, ended
from spncore.runs.training import learner_of
from spncore.studies.target import Fixed

__all__ = ["components_csv", "curves_csv", "result_json", "script"]
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
