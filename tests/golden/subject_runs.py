"""The numbers of short runs, as plain values: learners, EM, estimators, linear networks, queries, saved models."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.golden.plain import plain
from tests.golden.subject import (
    Experiment,
    data_set,
    em,
    explanation,
    fit_and_score,
    linear_network,
    linear_rates,
    mixture,
    model_of,
    queries,
    random_model,
    run,
    sampling,
    saving,
)

STEPS = (1, 2, 5, 10, 25, 50)
EVIDENCE = ([-1] * 8, [1] + [-1] * 7, [0, 1, -1, -1, 0, -1, 1, -1], [1, 0, 1, 1, 0, 0, 1, 0])


def learning(settings: Any) -> Any:
    """LLH at a few states, the size of all weights, and what else a trace keeps before the last step."""
    splits = ("test",)
    trace = fit_and_score(Experiment(**settings), data_set(settings["dataset"]), held_out=splits)
    assert trace.final_state is not None
    place = min(trace.llh.shape[1], trace.experiment.iterations) - 1
    last = {name: getattr(trace, name)[:, place] for name in ("log_partition", "at_floor")}
    sizes = {
        name: np.linalg.norm(getattr(trace, name)[:, place], axis=-1) for name in ("flow", "weights", "rho", "lam")
    }
    return plain(
        {
            "llh": {str(step): trace.llh[:, step - 1] for step in STEPS if step <= trace.experiment.iterations},
            "parameters": np.linalg.norm(trace.final_state.parameters, axis=1),
            "weights in all": trace.final_state.parameters.shape[1],
            "held out": trace.held_out,
            "stopped": trace.stopped,
            **last,
            **sizes,
        }
    )


def expectation_maximisation(case: Any) -> Any:
    """LLH and parameters of EM on a circuit or on a mixture."""
    data = data_set(case["dataset"])
    if "settings" in case:
        circuit = model_of(Experiment(dataset=case["dataset"], **case["settings"]), data).circuit
        found = em.fit(circuit, data, np.random.default_rng(case["seed"]), case["iterations"])
        parameters = [np.linalg.norm(array) for group in found.model.parameters for array in group]
        return plain({"llh": found.llh, "parameters": parameters})
    plain_mixture = mixture(case["num_components"], data.num_variables)
    found = em.fit(plain_mixture, data, np.random.default_rng(case["seed"]), case["iterations"])
    (weights,), (leaves,) = found.model.parameters
    return plain({"weights": weights[0, 0], "probabilities": leaves[1], "llh": found.llh})


def linear(case: Any) -> Any:
    """A linear network's run, or the steps to the target over a grid of learning rates."""
    experiment = linear_network.LinearExperiment(**case["settings"])
    if "rates" in case:
        return plain(linear_rates.outcomes_by_rate(experiment, case["rates"]))
    trace = linear_network.fit(experiment)
    at = [step - 1 for step in STEPS if step <= len(trace.loss)]
    return plain(
        {name: getattr(trace, name)[at] for name in ("loss", "weights", "rho", "lam")} | {"stopped": trace.stopped}
    )


def estimator(case: Any) -> Any:
    """An estimator fitted to plain rows: its curve, scores, predictions and samples."""
    from tests.golden.subject import estimators

    rng = np.random.default_rng(0)
    clusters = rng.integers(0, 2, 120)
    rows = np.column_stack(
        [clusters * 2.0 + rng.normal(size=120), rng.poisson(2 + 3 * clusters), rng.random(120) < 0.3]
    )
    rows[::7, 0] = np.nan
    made = getattr(estimators(), case["kind"])(**case["settings"])
    made.fit(rows, clusters) if case["kind"] == "SumProductClassifier" else made.fit(rows)
    said = {
        "scores": made.score_samples(rows[:5]),
        "curve": [made.objective_curve_[0], made.objective_curve_[-1]],
        "iterations": made.n_iter_,
        "families": [each.family for each in made.columns_],
    }
    if case["kind"] == "SumProductClassifier":
        said |= {"probabilities": made.predict_proba(rows[:5]), "classes": made.predict(rows[:10])}
    else:
        said |= {"samples": made.sample(3, 1)}
    return plain(said)


def asked(case: Any) -> Any:
    """Every question to a network with fixed random parameters, and to the same network saved and loaded."""
    data = data_set("two-clusters")
    made = random_model(model_of(Experiment(dataset="two-clusters", **case), data).circuit, np.random.default_rng(1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.npz"
        saving.save_model(path, made)
        loaded = saving.load_model(path)
        again = saving.load_model(io.BytesIO(path.read_bytes()))
    same = [
        bool(np.array_equal(*pair))
        for each in (loaded, again)
        for kind in ("sums", "inputs")
        for pair in zip(getattr(made.parameters, kind), getattr(each.parameters, kind), strict=True)
    ]
    rows = np.array(EVIDENCE)
    found, likely = queries.conditionals(loaded, rows), explanation.most_probable(loaded, rows)
    flow = queries.flow_of_evidence(loaded, rows[2])
    return plain(
        {
            "saved and loaded": all(same),
            "log-likelihood": queries.log_likelihood(loaded, rows),
            "conditional": queries.log_conditional(loaded, np.roll(rows, 1, axis=1)[1:3], rows[1:3]),
            "probabilities": found.probabilities[:, :, 1],
            "variance": found.variance,
            "covariance": np.linalg.norm(queries.moments(loaded, rows[1:3]).covariance, axis=(1, 2)),
            "flow": [np.linalg.norm(flow.nodes), [np.linalg.norm(edges) for edges in flow.edges]],
            "most probable": likely._asdict(),
            "samples": sampling.sample(loaded, 4, np.random.default_rng(2), rows[1]),
            "completed": sampling.complete(loaded, rows, np.random.default_rng(3)),
        }
    )


def restarted(settings: Any) -> Any:
    """A run that is broken off and goes on ends with the same bits."""
    experiment = Experiment(**settings)
    data = data_set(settings["dataset"])
    states = [state for state, _ in run(experiment, data)]
    [*_, (end, _)] = run(experiment, data, states[len(states) // 2])
    return {"same bits": bool(np.array_equal(end.parameters, states[-1].parameters)), "steps": len(states) - 1}
