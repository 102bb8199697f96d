"""The Dynamics page's views: every number is the engine's own to float32, and what is ill-formed is refused."""

import json

import numpy as np
import pytest

from app.live.views import derived
from app.live.views.points import first_cuts
from app.live.views.replays import one_seed
from spncore import Experiment, fit, trainer_of
from spncore.circuits.overparam import effective_weights, split_layers
from spncore.dynamics import steps
from spncore.runs.replay import replay
from spncore.runs.study import Study
from tests.closeness import assert_close
from tests.waiting import until

STEADY = Experiment(
    dataset="two-clusters",
    num_components=4,
    iterations=29,  # thirty states
    num_seeds=2,
    seed=5,
    init_scale=0.5,
    init_noise=0.1,
    floor=1e-12,
    learning_rate=1e-3,
)
CUT = STEADY.replace(init_scale=1e-4, floor=1e-4, learning_rate=1e-2, iterations=59)
DEPTHS = (1, 3)
ENDLESS = STEADY.replace(num_components=8, iterations=5000, num_seeds=6)


@pytest.fixture(scope="module")
def finished(registry, data):
    def start(experiment, depths=DEPTHS):
        run_id = registry.start(Study(experiment, depths), data, object())
        run = registry.get(run_id)
        until(lambda: run.computation.ended)
        return run_id

    return start


def ask(client, run_id, view, **query):
    """Header and body of a view, as the browser reads them."""
    answer = client.get(f"/api/runs/{run_id}/dynamics/{view}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    length = int.from_bytes(answer.content[:4], "little")
    return json.loads(answer.content[4 : 4 + length]), np.frombuffer(answer.content[4 + length :], "<f4")


def series(client, run_id, view, **query):
    """Header and columns by name."""
    header, body = ask(client, run_id, view, **query)
    return header, dict(zip(header["fields"], body.reshape(header["frames"], -1).T, strict=True))


def single(values):
    return np.asarray(values).astype("<f4")


@pytest.mark.parametrize("parametrisation", ["linear", "log"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_the_step_is_the_engines_own_taken_apart_and_adds_up_to_the_recorded_weight(
    client, finished, data, depth, parametrisation
):
    settings = STEADY.replace(parametrisation=parametrisation)
    run_id, trace = finished(settings), fit(settings.replace(depth=depth), data)
    _, got = series(client, run_id, "step", depth=depth, seed=1, k=2)
    of = (1, slice(None), 2)
    assert np.array_equal(got["w"], single(trace.effective_weights[of]))
    assert np.array_equal(got["gradient"], single(trace.effective_gradient[of]))
    assert np.array_equal(got["rho"], single(trace.rho[of]))
    assert np.array_equal(got["lam"], single(trace.lam[of]))
    assert np.array_equal(got["own"], single(trace.rho[of] * trace.effective_gradient[of]))
    assert np.array_equal(got["pull"], single((trace.lam * trace.effective_weights)[of]))
    assert np.array_equal(got["next"][:-1], single(trace.effective_weights[1, 1:, 2]))
    assert np.array_equal(got["change"][:-1], single(np.diff(trace.effective_weights[1, :, 2])))
    assert np.isnan(got["next"][-1]), "nothing came after the last state"
    parts = sum(got[name].astype(float) for name in ("w", "own", "pull", "second", "higher"))
    assert_close(parts[:-1], got["next"][:-1], rtol=1e-6)
    assert np.abs(got["floor"][:-1]).max() < 1e-14 and got[f"cut_{depth - 1}"].max() == 0
    if parametrisation == "linear":
        printed = steps.adaptive_rate_as_printed(trace.weights, trace.sums, settings.learning_rate)
        assert np.array_equal(got["rho_printed"], single(printed[of]))
        second = steps.second_order_term(trace.weights, trace.flow, trace.sums, settings.learning_rate)
        assert np.array_equal(got["second"], single(second[of]))


def test_what_the_floor_added_is_told_apart_and_the_parts_still_add_up(client, finished, data):
    run_id, trace = finished(CUT), fit(CUT.replace(depth=3), data)
    cut_steps = 0
    for k in range(4):
        header, got = series(client, run_id, "step", depth=3, seed=0, k=k)
        cut = np.stack([got[f"cut_{layer}"] for layer in range(3)]).any(axis=0)
        assert np.array_equal(got["floor"][:-1] != 0, cut[:-1] > 0)
        parts = sum(got[name].astype(float) for name in ("w", "own", "pull", "second", "higher", "floor"))
        size = sum(np.abs(got[name]).astype(float) for name in ("w", "own", "pull", "second", "higher", "floor"))
        assert (np.abs(parts - got["next"])[:-1] <= 1e-6 * size[:-1]).all()
        cut_steps += int(cut.sum())
    assert cut_steps > 0
    assert header["cuts"] == first_cuts(trace.weights[0], trace.flow[0], trace.experiment, trace.sums)
    assert min(at for at in header["cuts"] if at is not None) >= 0


def test_memory_is_the_unrolled_recursion_split_into_start_and_gradients(client, finished, data):
    run_id, trace = finished(STEADY), fit(STEADY.replace(depth=3), data)
    rho, lam, gradient, weight = (
        part[0, :, 1] for part in (trace.rho, trace.lam, trace.effective_gradient, trace.effective_weights)
    )
    _, got = series(client, run_id, "memory", depth=3, k=1)
    start = steps.start_term(weight[0], lam)
    assert np.array_equal(got["start"], single(start[:-1]))
    unrolled = steps.unrolled_weight(weight[0], rho, gradient, lam)
    assert_close(got["start"] + got["sum"], unrolled[:-1], rtol=1e-6)
    assert np.array_equal(got["w"], single(weight))


def test_the_kernel_and_its_row_are_the_engines_matrix(client, finished, data):
    run_id, trace = finished(STEADY), fit(STEADY.replace(depth=3), data)
    kernel = steps.momentum_kernel(trace.rho[1, :, 3], trace.lam[1, :, 3])
    header, body = ask(client, run_id, "kernel", depth=3, seed=1, k=3)
    assert header["iterations"] == list(range(30))
    assert_close(body.reshape(30, 30), kernel, rtol=1e-6)
    for t in (0, 1, 2, 17, 29):
        header, body = ask(client, run_id, "row", depth=3, seed=1, k=3, t=t)
        assert header["at"] == t
        assert_close(body, kernel[t, :t], rtol=1e-6)


def test_a_long_kernel_is_thinned_to_two_hundred_rows_without_making_the_whole():
    rng = np.random.default_rng(0)
    rho, lam = rng.uniform(0, 0.1, 700), rng.normal(scale=0.01, size=700)
    assert_close(steps.momentum_row(rho, lam, 650), steps.momentum_kernel(rho, lam)[650, :650])
    assert len(steps.momentum_row(rho, lam, 0)) == 0


@pytest.mark.parametrize("topology", ["tree", "private", "shared"])
def test_norms_follow_the_exact_law_in_every_layer_while_nothing_is_cut(client, finished, data, topology):
    growing = STEADY.replace(learning_rate=0.03, num_components=8, topology=topology)
    run_id, trace = finished(growing), fit(growing.replace(depth=3), data)
    header, got = series(client, run_id, "norms", depth=3, seed=1)
    norms = steps.layer_norms(trace.weights, trace.sums)[1]
    for layer in range(3):
        assert np.array_equal(got[f"norm_{layer}"], single(norms[:, layer]))
        assert_close(got[f"law_{layer}"], norms[:, layer], rtol=1e-6)
        assert got[f"off_{layer}"].max() < 1e-12 and got[f"cuts_{layer}"].max() == 0
    assert header["exact"] == [0, 1, 2] and header["cuts"] == [None, None, None]
    assert got["law_2"][-1] > got["law_2"][0]


def test_the_law_is_not_claimed_where_scale_matters(client, finished):
    for change in ({"parametrisation": "log"}, {"objective": "unnormalised"}):
        header, _ = series(client, finished(STEADY.replace(**change)), "norms", depth=3)
        assert header["exact"] == []


def test_balance_and_eigenvalues_are_the_engines_own(client, finished, data):
    run_id, trace = finished(STEADY), fit(STEADY.replace(depth=3), data)
    header, got = series(client, run_id, "balance", depth=3)
    kept = steps.balancedness(trace.weights, trace.sums)[0]
    assert header["fields"] == ["0.0", "0.1", "1.0", "1.1", "1.2", "1.3"]
    assert np.array_equal(np.stack(list(got.values()), axis=1), single(kept - kept[0]))
    _, got = series(client, run_id, "eigenvalues", depth=3)
    values = steps.preconditioner_eigenvalues(trace.weights, trace.sums)[0, :, ::-1]
    assert np.array_equal(np.stack(list(got.values()), axis=1), single(values))
    header, body = ask(client, run_id, "matrix", depth=3, t=7)
    assert np.array_equal(body.reshape(4, 4), single(steps.preconditioner(trace.weights[0, 7], trace.sums)))
    assert_close(header["eigenvalues"], values[7])


def test_a_shallow_network_has_no_inner_weights_to_balance(client, finished):
    header, body = ask(client, finished(STEADY), "balance", depth=1)
    assert header["fields"] == [] and header["frames"] == 30 and body.size == 0


def test_weights_at_the_floor_are_counted_by_layer_and_leaf(client, finished, data):
    run_id, trace = finished(CUT), fit(CUT.replace(depth=3), data)
    header, got = series(client, run_id, "floor", depth=3, seed=1)
    for layer, weights in enumerate(split_layers(trace.weights, trace.sums)):
        assert np.array_equal(got[f"layer_{layer}"], (weights[1] == CUT.floor).sum(axis=1))
    assert np.array_equal(sum(got.values()), trace.at_floor[1])
    assert (header["sizes"], header["leaves"]) == ([2, 4, 4], 2 * 4 * data.num_variables)


@pytest.mark.parametrize(("depth", "slopes"), [(1, [None, None]), (2, [2, 2]), (3, [2, 1]), (4, [2, 1])])
def test_the_residual_has_slope_two_with_the_product_and_one_as_printed_from_three_layers_on(
    client, finished, data, depth, slopes
):
    settings = STEADY.replace(weight_init="random")
    run_id, trace = finished(settings, (1, 2, 3, 4)), fit(settings.replace(depth=depth), data)
    header, body = ask(client, run_id, "residual", depth=depth, k=1, t=11)
    for slope, expected in zip(header["slopes"], slopes, strict=True):
        assert slope is None if expected is None else abs(slope - expected) < 0.02
    point = trace.weights[0, 11], trace.flow[0, 11], trace.sums
    rates, product, printed = body.reshape(3, -1)
    for i in (0, len(rates) // 2, len(rates) - 1):
        forms = (product, steps.first_order_residual), (printed, steps.residual_as_printed)
        for row, residual in forms:
            expected = abs(residual(*point, float(rates[i]))[1])
            assert_close(row[i], expected, rtol=1e-5, atol=1e-12)  # the rates went through float32
    expected = abs(steps.first_order_residual(*point, settings.learning_rate)[1])
    assert_close(header["at_now"][0], expected)


def test_scaling_the_weights_leaves_the_llh_and_divides_the_step_by_the_square(client, finished, data):
    run_id = finished(STEADY)
    header, body = ask(client, run_id, "scale", depth=3, k=1, t=9, c=4)
    before, after = body.reshape(2, 3)
    assert_close(after, before / 16, rtol=1e-6)
    check = header["check"]
    assert_close(check["llh"][0], check["llh"][1])
    assert_close(check["ratio"], 1 / 16)
    trainer = trainer_of(STEADY.replace(depth=3, num_seeds=1), data)
    state = fit(STEADY.replace(depth=3, num_seeds=1), data).final_state
    layers, leaves = trainer.problem.split(state.parameters)
    assert_close(check["llh"][0], trainer.evaluator(effective_weights(layers, trainer.problem.sums), leaves).llh[0])
    assert check["iteration"] == state.iteration == 29


def test_a_replay_is_the_engines_own_for_one_seed(client, finished, data):
    run_id, answers = finished(STEADY), []

    def done():
        answers.append(ask(client, run_id, "replay", depth=3, seed=1))
        assert answers[-1][0]["replay"] in ("running", "done")
        return answers[-1][0]["replay"] == "done"

    until(done)
    header, body = answers[-1]
    trace = fit(STEADY.replace(depth=3), data)
    deep, first_order, exact, error, rounding = body.reshape(5, 30)
    assert np.array_equal(deep, single(trace.llh[1]))
    assert_close(exact, trace.llh[1], rtol=1e-6)
    assert np.array_equal(first_order, single(replay(one_seed(trace, 1), "first_order")[0]))
    assert rounding.max() < 1e-12 < error.max() < 1e-3
    assert header["cut"] is None and header["forms"] == ["first_order", "exact"]


def test_pieces_of_a_series_add_up_to_the_whole(client, finished):
    run_id = finished(STEADY)
    for view in derived.SERIES:
        _, whole = ask(client, run_id, view, depth=3)
        header, rest = ask(client, run_id, view, depth=3, **{"from": 12})
        assert header["frames"] == 18 and header["length"] == 30
        assert np.array_equal(whole.reshape(30, -1)[12:], rest.reshape(18, -1), equal_nan=True)


@pytest.mark.parametrize("view", derived.views(False))
def test_every_view_answers_before_the_first_step_during_training_and_after_a_divergence(
    client, registry, finished, data, view
):
    run_id = registry.start(Study(ENDLESS, (1, 2)), data, "b")
    ask(client, run_id, view, depth=2)
    until(lambda: registry.get(run_id).length)
    ask(client, run_id, view, depth=2, seed=3, k=7)
    registry.stop(run_id, "b")
    wild = finished(STEADY.replace(parametrisation="log", learning_rate=10.0, iterations=400, objective="unnormalised"))
    for depth in DEPTHS:
        ask(client, wild, view, depth=depth)


@pytest.mark.parametrize(
    ("view", "query", "word"),
    [
        ("step", "depth=2", "depth"),
        ("step", "depth=x", "depth"),
        ("step", "seed=2", "seed"),
        ("step", "k=4", "k"),
        ("step", "from=-1", "from"),
        ("step", "from=99", "from"),
        ("row", "t=1e3", "t"),
        ("scale", "c=0", "c"),
        ("scale", "c=nan", "c"),
        ("scale", "c=1e9", "c"),
        ("step", "k=1&k=2", "once"),
    ],
)
def test_an_ill_formed_query_is_refused_in_words(client, finished, view, query, word):
    answer = client.get(f"/api/runs/{finished(STEADY)}/dynamics/{view}?{query}")
    assert answer.status_code == 400 and word in answer.json()["error"]


def test_unknown_runs_and_views_are_not_found(client, finished):
    assert client.get(f"/api/runs/{'A' * 22}/dynamics/step").status_code == 404
    assert client.get(f"/api/runs/{finished(STEADY)}/dynamics/other").status_code == 404
    assert client.post(f"/api/runs/{finished(STEADY)}/dynamics/step").status_code == 405
