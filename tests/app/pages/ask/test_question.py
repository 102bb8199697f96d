"""Questions and answers: equal to brute force over all worlds and to counting rows; links, words, drawing."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from app.live.circuit_layout import drawing
from app.pages.ask import charts, flow_lines, networks
from app.pages.ask import question as asking
from app.pages.ask import words as ask_words
from app.pages.ask.link import LINKS
from app.pages.ask.networks import NETWORKS
from app.pages.ask.question import UNKNOWN, Question
from spncore import Experiment, load
from spncore.circuits.circuit import mixture
from spncore.circuits.model import Model, Parameters
from spncore.data.library import DataError, from_array
from spncore.inference.queries import QueryError
from spncore.inference.values import log_values
from spncore.runs.trace import Recorder
from spncore.runs.training import all_blocks, trainer_of
from spncore.words import percent
from tests.closeness import assert_close

WORLDS = np.array(list(product((0, 1), repeat=8)))
HOSTILE = ("<img src=x onerror=alert(1)>", "**bold** $x$", ":material/home:")


@pytest.fixture(scope="module")
def data():
    return load("two-clusters")


@pytest.fixture(scope="module")
def models(data):
    return {name: networks.train(name, data, 3).model for name in NETWORKS}


def evidence(**values):
    row = np.full(8, UNKNOWN)
    for name, value in values.items():
        row[int(name[1:]) - 1] = value
    return row


def joint(model):
    values = log_values(model, WORLDS)
    return np.exp(values - np.logaddexp.reduce(values))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_asked_right_by_enumeration(models, name):
    model, row = models[name], evidence(x2=1, x5=0)
    weights = joint(model)
    fits = (WORLDS[:, 1] == 1) & (WORLDS[:, 4] == 0)
    found = asking.answer(model, row)
    assert_close(found.before, weights @ WORLDS)
    assert_close(found.after, weights[fits] @ WORLDS[fits] / weights[fits].sum())
    assert_close(found.log_evidence, math.log(weights[fits].sum()))
    likely = asking.completion(model, row)
    if likely.exact[0]:
        assert_close(math.exp(likely.log_values[0]), weights[fits].max())


@pytest.mark.parametrize("name", ["mixture", "chow_liu"])
def test_expected_information_is_the_mutual_information_given_the_evidence(models, name):
    row, target = evidence(x1=1), 3
    weights = joint(models[name]) * (WORLDS[:, 0] == 1)
    weights /= weights.sum()
    expected = np.zeros(8)
    for d in set(range(8)) - {0, target}:
        for a, b in product((0, 1), repeat=2):
            one, other = WORLDS[:, d] == a, WORLDS[:, target] == b
            both = weights[one & other].sum()
            expected[d] += both * math.log(both / (weights[one].sum() * weights[other].sum()))
    assert_close(asking.information(models[name], asking.answer(models[name], row), target), expected)


def test_training_gets_better_with_every_iteration_and_says_how_far_it_is(data):
    told = []
    trained = networks.train("mixture", data, 3, lambda *progress: told.append(progress))
    assert told == [(done, 200) for done in range(trained.iterations + 1)] and trained.iterations > 2
    start = networks.em.fit(mixture(3, 8), data, np.random.default_rng(0), iterations=0).model
    assert trained.llh > networks.mean_llh(start, data) + 0.01
    assert trained.test_llh < trained.llh


def test_a_learned_network_is_tuned_from_what_was_learned(data):
    learned = networks.STRUCTURES["learn_spn"](
        data, networks.StructureSettings(), np.random.default_rng(networks.TRAINING_SEED)
    )
    tuned = networks.train("learn_spn", data, 8)
    assert networks.mean_llh(learned, data) <= tuned.llh + 1e-9


def test_a_table_that_would_take_too_long_is_refused_in_words(data, monkeypatch):
    monkeypatch.setattr(networks, "MOST_SECONDS", 1e-3)
    with pytest.raises(DataError, match="LearnSPN, tuned by EM: about 0 minutes .* choose another"):
        networks.train("learn_spn", data, 8)


def test_matching_rows_are_counted_and_their_interval_is_the_exact_one(data):
    row = evidence(x1=1, x2=0)
    rows = np.repeat(data.rows, data.counts, axis=0)
    fitting = rows[(rows[:, 0] == 1) & (rows[:, 1] == 0)]
    found = asking.matches(data, row)
    assert (found.num, found.num_rows) == (len(fitting), len(rows))
    np.testing.assert_array_equal(found.ones, fitting.sum(axis=0))
    for d in range(8):
        exact = binomtest(int(found.ones[d]), found.num).proportion_ci(0.95, "exact")
        assert_close([found.low[d], found.high[d]], list(exact))


def test_without_a_matching_row_nothing_is_claimed():
    found = asking.matches(from_array(np.zeros((3, 2), dtype=int)), np.array([1, UNKNOWN]))
    assert found.num == 0 and not found.enough and found.low.tolist() == [0, 0] and found.high.tolist() == [1, 1]


def test_samples_hold_the_evidence_and_follow_the_seed(models):
    row = evidence(x3=0, x8=1)
    drawn = asking.samples(models["mixture"], row, 5)
    assert (drawn[:, [2, 7]] == [0, 1]).all() and drawn.shape == (asking.NUM_SAMPLES, 8)
    np.testing.assert_array_equal(drawn, asking.samples(models["mixture"], row, 5))
    assert (drawn != asking.samples(models["mixture"], row, 6)).any()


def test_half_of_a_real_row_agrees_with_a_row_of_the_data(data):
    row = asking.half_of_a_real_row(data, np.random.default_rng(1))
    assert (row == UNKNOWN).sum() == 4 and asking.matches(data, row).num > 0
    question = Question("two-clusters", evidence=asking.as_evidence(row, data))
    np.testing.assert_array_equal(asking.evidence_row(question, data)[0], row)


def test_items_of_nltcs_stand_in_the_order_of_the_survey_with_their_groups():
    items = asking.items(load("nltcs-twin"))
    assert [item.code for item in items] == [f"Y{i}" for i in range(1, 17)]
    assert [item.group for item in items] == ["ADL"] * 6 + ["IADL"] * 10
    assert (items[0].name, items[0].place, items[-1].name) == ("eating", 15, "telephoning")


def test_evidence_on_a_variable_that_the_data_lack_is_left_out_in_words(data):
    row, [sentence] = asking.evidence_row(Question("two-clusters", evidence=(("x1", 1), ("Y4", 0))), data)
    assert row.tolist() == evidence(x1=1).tolist() and "Y4" in sentence and "x1 to x8" in sentence


def test_impossible_evidence_has_no_answer():
    sure = Model(mixture(1, 2), Parameters((np.ones((1, 1, 1)),), (np.array([[[1.0, 0.5]], [[0.0, 0.5]]]),)))
    with pytest.raises(QueryError):
        asking.answer(sure, np.array([1, UNKNOWN]))


@pytest.mark.parametrize(
    "question",
    [
        Question("nltcs", evidence=(("Y4", 1),)),
        Question("nltcs"),
        Question("plants", "chow_liu", 16, (("x3", 1), ("x12", 0), ("x69", 1)), "x5", 42),
        Question("sha256:" + "a" * 64, "lab", evidence=(("x1", 0),)),
    ],
)
def test_a_link_asks_the_same_question_again(question):
    assert LINKS.decode(LINKS.encode(question)) == (question, [])


def test_a_link_to_other_data_begins_without_evidence():
    assert LINKS.decode({"data": "plants"}) == (Question("plants"), [])
    assert LINKS.encode(Question("nltcs-twin"))["e"] == "none"


def test_the_default_link_holds_nothing_but_its_version():
    assert LINKS.encode(Question("nltcs", evidence=(("Y4", 1),))) == {"v": "1"}
    assert LINKS.query_string(Question("nltcs", evidence=(("Y3", 1), ("Y7", 0)))) == "v=1&e=Y3:1,Y7:0"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("e", "Y3"),
        ("e", "Y3:2"),
        ("e", "Y3:1,Y3:0"),
        ("e", "Y3:1;Y4:0"),
        ("e", ""),
        ("e", "Y0:1"),
        ("k", "0"),
        ("k", "65"),
        ("k", "3.5"),
        ("net", "oracle"),
        ("data", "../x"),
        ("data", "sha256:1"),
        ("seed", "-1"),
        ("seed", "99999999999"),
        ("about", "<b>"),
        ("colour", "red"),
        ("e", "x" * 9999),
    ],
)
def test_a_bad_part_of_a_link_is_refused_in_words_and_the_default_kept(name, text):
    question, refusals = LINKS.decode({name: text})
    assert question == LINKS.decode({})[0]
    [sentence] = refusals
    assert name in sentence and "default is kept" in sentence and len(sentence) < 200


def test_a_part_given_twice_and_an_unknown_version_are_refused():
    assert "2 times" in LINKS.decode({"k": ["2", "3"]})[1][0]
    question, [sentence] = LINKS.decode({"v": "9", "k": "3"})
    assert question.num_components == 8 and "version" in sentence


def test_the_sentences_hold_the_answer_s_numbers(data, models):
    row = evidence(x1=1)
    given, found = asking.answer(models["mixture"], row), asking.matches(data, row)
    said = ask_words.likelihood(given, found, "rows")
    assert f"−{-given.log_evidence:.3f} nats" in said and f"1 in {1 / math.exp(given.log_evidence):.1f} rows" in said
    assert f"{found.num:,} of 2,000 rows" in said
    largest = max(range(1, 8), key=lambda d: abs(given.after[d] - given.before[d]))
    assert (
        f"x{largest + 1} from {percent(given.before[largest])} to {percent(given.after[largest])}"
        in ask_words.changes(given, asking.items(data))
    )
    assert ask_words.IMPOSSIBLE.count(".") == 1, "one sentence"


@pytest.mark.parametrize(("value", "words"), [(1.04, "1.0"), (9.96, "10.0"), (123.4, "123"), (16_181, "16,200")])
def test_a_number_of_people_is_rounded_to_what_can_be_read(value, words):
    assert ask_words.rounded(value) == words


@pytest.mark.parametrize("name", ["mixture", "chow_liu"])
def test_most_probable_completions_say_whether_they_are_exact(models, data, name):
    row = evidence(x1=1)
    said = ask_words.most_probable(asking.completion(models[name], row), row, asking.items(data), ("0", "1"))
    assert ("This is exact" in said) == (name == "chow_liu") and ("NP-hard" in said) == (name == "mixture")


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("most", [12, 1000])
def test_flow_in_a_drawing_starts_as_one_and_is_kept_by_every_product(models, data, name, most):
    circuit = models[name].circuit
    found = asking.flow(models[name], evidence(x1=1, x4=0))
    shown = drawing(circuit, data.variables, view=flow_lines.view(circuit, found, most))
    drawn = flow_lines.lines(shown, circuit, found)
    below = flow_lines.root_lines(shown, circuit, drawn)
    assert_close(sum(line.after for line in below), 1.0)
    assert_close(sum(line.before for line in below), 1.0)
    for place, node in enumerate(shown["nodes"]):
        out = drawn.after[drawn.ends[:, 0] == place]
        if node["kind"] == "sum" and out.size:
            assert_close(out.sum(), found.nodes[0, node["nodes"]].sum())
        elif node["kind"] == "product" and out.size and len(node["nodes"]) == 1:
            assert_close(out, np.full(out.size, found.nodes[0, node["id"]]))


def test_leaves_are_labelled_by_their_variables_or_by_their_number_below_the_root(models, data):
    for name, expected in (("mixture", {"1", "2", "3"}), ("chow_liu", set(data.variables))):
        circuit = models[name].circuit
        found = asking.flow(models[name], evidence(x1=1))
        shown = drawing(circuit, data.variables)
        drawn = flow_lines.lines(shown, circuit, found)
        below = flow_lines.root_lines(shown, circuit, drawn)
        assert set(flow_lines.leaf_labels(shown, circuit, data.variables, drawn, below)) - {""} == expected


def test_a_large_network_is_unfolded_where_the_evidence_leads(models, data):
    circuit = models["chow_liu"].circuit
    found = asking.flow(models["chow_liu"], evidence(x1=1))
    view = flow_lines.view(circuit, found, 30)
    shown = drawing(circuit, data.variables, view=view)
    assert 3 < len(shown["nodes"]) <= 30 and view.folded and not shown["complete"]
    assert flow_lines.view(circuit, found, 1000).folded == frozenset()


@pytest.mark.fault("C08")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chart_shows_the_answer_and_hostile_names_only_as_text(theme):
    rng = np.random.default_rng(0)
    table = from_array(rng.integers(0, 2, (60, 3)), variables=HOSTILE)
    model = networks.train("mixture", table, 2).model
    given = asking.answer(model, np.array([1, UNKNOWN, UNKNOWN]))
    items = asking.items(table)
    figure = charts.probabilities(given, asking.matches(table, given.row), items, theme)
    traces = {trace.name: trace for trace in figure.data}
    assert_close(traces["no evidence"].x, given.before)
    assert_close(traces["given the evidence"].x, given.after[1:])
    assert traces["set by you"].x.tolist() == [1.0]
    assert_close(traces[f"data, {percent(0.95)} interval"].x, asking.matches(table, given.row).share[1:])
    text = figure.to_json()
    assert "<img" not in text.replace("\\u003c", "<") and "&lt;img" in text.replace("\\u0026", "&")
    drawn = asking.samples(model, given.row, 0)
    strip = charts.samples(drawn, asking.completion(model, given.row).rows[0].astype(int), given.row, items, theme)
    np.testing.assert_array_equal(strip.data[0].z[1:], drawn)
    for other in (strip, charts.information(asking.information(model, given, 1), items, theme)):
        assert "<img" not in other.to_json().replace("\\u003c", "<")


def test_a_network_of_the_lab_is_asked_as_it_is(data):
    experiment = Experiment(dataset="two-clusters", num_components=2, depth=2, iterations=3, num_seeds=2)
    trainer = trainer_of(experiment, data)
    recorder = Recorder(experiment, trainer.problem)
    state = trainer.init()
    for _ in range(3):  # the last state is not recorded yet
        state, block = trainer.advance(state, 1)
        recorder.add(block)
    trained = networks.from_the_lab(recorder, state, data)
    assert_close(trained.llh, float(trainer.score(state, data)[0]))
    assert trained.iterations == 3 and recorder.length == 3


def test_the_llh_of_a_run_that_has_ended_is_the_recorded_one_and_no_row_of_it_is_looked_at_again(data, monkeypatch):
    experiment = Experiment(dataset="two-clusters", num_components=2, depth=2, iterations=3, num_seeds=2)
    recorder = Recorder(experiment, trainer_of(experiment, data).problem)
    for _ in recorder.follow(all_blocks(trainer_of(experiment, data), experiment)):
        pass
    expected = networks.mean_llh(networks.from_the_lab(recorder, recorder.state, data).model, data)

    def of_others(model, rows):
        assert rows is not data
        return 0.0

    monkeypatch.setattr(networks, "mean_llh", of_others)
    assert_close(networks.from_the_lab(recorder, recorder.state, data).llh, expected)
