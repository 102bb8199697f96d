"""What the Circuits page is sent: every number is the engine's own, and what is ill-formed is refused."""

import json

import numpy as np
import pytest

from app.live.views import frames
from spncore import Experiment, fit
from spncore.runs.problem import model_of
from spncore.runs.study import Study
from spncore.trees.induced import enumerate_trees, num_trees
from spncore.trees.steps import preconditioner, tree_weights
from tests.closeness import assert_close
from tests.mixture_of_trees import trees_trainer
from tests.waiting import until

DEEP = Experiment(
    dataset="two-clusters",
    structure="random_partitions",
    num_components=2,
    split_depth=1,
    init_scale=0.9,
    init_noise=0.1,
    floor=1e-9,
    learning_rate=0.05,
    iterations=25,
    num_seeds=2,
    seed=4,
)

STUDY = Study(DEEP, (1, 2), shallow=True)


@pytest.fixture(scope="module")
def run_id(registry, data):
    return finished(registry, STUDY, data)


@pytest.fixture(scope="module")
def trees(data):
    return enumerate_trees(model_of(DEEP, data).circuit)


def finished(registry, study, data):
    run_id = registry.start(study, data, "a")
    run = registry.get(run_id)
    until(lambda: run.computation.ended)
    assert run.state == "done"
    return run_id


def ask(client, run_id, view, **query):
    answer = client.get(f"/api/runs/{run_id}/dynamics/{view}", params=query)
    assert answer.status_code == 200, answer.text
    length = int.from_bytes(answer.content[:4], "little")
    return json.loads(answer.content[4 : 4 + length]), np.frombuffer(answer.content[4 + length :], "<f4")


def test_the_curves_are_the_circuits_and_last_the_mixture_of_its_trees(client, registry, run_id, data):
    layout = client.get(f"/api/runs/{run_id}/layout").json()
    assert [curve["name"] for curve in layout["curves"][: layout["num_depths"]]] == ["L=1", "L=2"]
    (mixture,) = layout["curves"][layout["num_depths"] :]
    assert (mixture["name"], mixture["learner"], mixture["has_rates"]) == ("mixture of trees", "shallow", False)
    run = registry.get(run_id)
    _, rows = frames.frames(run, 0, 0)
    assert rows.shape == (26, layout["fields"])
    alone = np.array([info.llh for _, info in trees_trainer(DEEP.replace(depth=1), data).states(DEEP.iterations)])
    deep = fit(DEEP.replace(depth=1), data).llh
    at = mixture["offsets"]["value"]
    assert_close(rows[:, at : at + 2], alone.astype("<f4"))
    assert_close(rows[:, :2], deep.T.astype("<f4"))
    assert_close(alone[0], deep[:, 0])
    assert run.told().details.startswith("L=1 and the mixture of its trees start as one function (difference ")


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("at", [0, 11, 24])
def test_a_tree_s_weight_and_step_are_those_of_the_recorded_weights(client, run_id, data, trees, depth, at):
    trace = fit(DEEP.replace(depth=depth), data)
    weights = tree_weights(trace.effective_weights[1], trees)
    number = int(weights[at].argmax())
    for asked in ("largest", str(number)):
        header, _ = ask(client, run_id, "tree", depth=depth, seed=1, t=at, tree=asked)
        assert (header["number"], header["at"]) == (str(number), at)
        assert_close(header["weight"], weights[at, number])
        assert_close(header["share"], weights[at, number] / weights[at].sum())
        assert_close(np.prod(header["weights"]), weights[at, number])
        assert_close(header["measured"], weights[at + 1, number] / weights[at, number])
        assert_close(header["exact"], header["measured"])
        assert abs(header["first_order"] - header["exact"]) < 0.02 * abs(header["exact"] - 1.0)


@pytest.mark.parametrize("edge", range(5))
def test_the_trees_through_an_edge_add_up_to_what_the_backward_pass_recorded(client, run_id, edge):
    header, _ = ask(client, run_id, "edge", depth=2, seed=1, t=13, edge=edge)
    assert header["kept"] == 13
    assert_close(header["sum"], header["flow"])  # Trapp et al. (2019), eq. (7)


def test_the_preconditioner_over_trees_is_the_engine_s(client, run_id, data, trees):
    trace = fit(DEEP.replace(depth=1), data)
    header, body = ask(client, run_id, "treematrix", depth=1, seed=0, t=7)
    expected = preconditioner(trace.effective_weights[0, 7], trees)
    assert header["all"] and header["numbers"] == [str(i) for i in range(trees.num_trees)]
    assert_close(body.reshape(expected.shape), expected.astype("<f4"))
    assert_close(header["eigenvalues"], np.linalg.eigvalsh(expected)[::-1])


def test_a_tree_has_the_same_share_in_both_at_the_start_and_another_one_later(client, run_id):
    header, body = ask(client, run_id, "treecurve", depth=1, seed=0, tree=3, **{"from": 0})
    rows = body.reshape(header["frames"], 2)
    assert len(rows) == 26 and header["fields"] == ["circuit", "mixture"]
    assert_close(rows[0, 0], rows[0, 1])
    assert abs(rows[-1, 0] - rows[-1, 1]) > 1e-4


def test_the_drawing_is_whole_and_a_press_folds_what_is_below(client, run_id, data):
    circuit = model_of(DEEP, data).circuit
    whole = client.get(f"/api/runs/{run_id}/drawing").json()
    assert whole["kappa"] == str(num_trees(circuit)) and len(whole["nodes"]) == circuit.num_nodes
    assert any("P(" in node["title"] for node in whole["nodes"] if node["kind"] == "leaf")
    root = whole["nodes"][0]["group"]
    assert len(client.get(f"/api/runs/{run_id}/drawing?pressed={root}").json()["nodes"]) == 1
    assert client.get(f"/api/runs/{run_id}/drawing?pressed={root},{root}").json() == whole


@pytest.mark.parametrize(
    ("view", "query", "said"),
    [
        ("tree", {"tree": "99"}, "tree: give a number from 0 to"),
        ("tree", {"tree": "-1"}, "tree: give a number"),
        ("tree", {"tree": "9" * 401}, "tree: give a number"),
        ("edge", {"edge": "99"}, "edge: 99 is out of range"),
        ("treecurve", {"tree": "0", "from": "99"}, "from: 99 lies beyond"),
    ],
)
def test_ill_formed_questions_are_refused_in_words(client, run_id, view, query, said):
    answer = client.get(f"/api/runs/{run_id}/dynamics/{view}", params=query)
    assert answer.status_code == 400 and answer.json()["error"].startswith(said)
    assert client.get(f"/api/runs/{run_id}/drawing?pressed=a").status_code == 400


def test_a_random_tree_is_any_of_them_and_the_same_for_the_same_draw(client, run_id):
    drawn = [ask(client, run_id, "tree", tree=f"random-{i}")[0]["number"] for i in range(12)]
    assert len(set(drawn)) > 2
    assert drawn[3] == ask(client, run_id, "tree", tree="random-3")[0]["number"]


def test_a_circuit_of_very_many_trees_is_shown_without_its_mixture(client, registry, data):
    study = Study(DEEP.replace(structure="rat", num_components=3, split_depth=3, num_repetitions=1, iterations=4), (1,))
    run_id = finished(registry, study, data)
    picture = client.get(f"/api/runs/{run_id}/drawing").json()
    assert int(picture["kappa"]) > 10_000 and "too many to train side by side; limit 2,000" in picture["trees"]
    layout = client.get(f"/api/runs/{run_id}/layout").json()
    assert len(layout["curves"]) == layout["num_depths"]
    header, _ = ask(client, run_id, "tree", t=2)
    assert int(header["number"]) < int(picture["kappa"])
    header, body = ask(client, run_id, "treematrix", t=2)
    assert not header["all"] and len(body) == len(header["numbers"]) ** 2
    assert ask(client, run_id, "edge", t=2, edge=0)[0]["kept"] is None


def test_fitted_leaves_of_all_seeds_belong_to_the_one_circuit(registry, data):
    study = Study(DEEP.replace(component_init="fitted", train_components=False, iterations=2), (1, 2), shallow=True)
    run = registry.get(finished(registry, study, data))
    one = fit(study.experiments()[0], data)
    assert_close(run.traces()[0].llh, one.llh)
    assert_close(run.traces()[2].llh[:, 0], one.llh[:, 0])


def test_of_a_mixture_there_are_no_such_views(client, registry, data):
    run_id = finished(registry, Study(DEEP.replace(structure="mixture", iterations=2), (1,)), data)
    assert client.get(f"/api/runs/{run_id}/dynamics/tree").status_code == 404
