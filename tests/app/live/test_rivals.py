"""Rivals: other learners of the plain network, trained beside the depths from the same start."""

import csv
import io
import json
from itertools import combinations

import numpy as np
import pytest

from app.kit.link import LAB
from app.live.headline.told import told
from app.live.views import derived, frames
from app.live.views.query import BadQueryError
from app.pages.lab import files
from spncore import Experiment, fit, load
from spncore.plots.palette import BROWSER
from spncore.record import ExperimentError
from spncore.runs.study import RIVALS, Study
from spncore.studies.target import fixed
from tests.app.live import here
from tests.closeness import assert_close
from tests.waiting import until

SMALL = Experiment(dataset="two-clusters", num_components=3, iterations=29, num_seeds=2, init_noise=1e-2)
SOME = Study(SMALL, (1, 3), ("momentum", "em"))
GROUNDS = {"light": "#ffffff", "dark": "#171614"}  # of the pages


@pytest.fixture(scope="module")
def data():
    return load("two-clusters")


@pytest.fixture(scope="module")
def run(data):
    registry = here.registry(trainers=1)
    run = registry.get(registry.start(SOME, data, "a"))
    until(lambda: run.computation.ended)
    yield run
    registry.close()


@pytest.fixture(scope="module")
def fitted(data):
    return [fit(experiment, data) for experiment in SOME.experiments()]


def test_a_rival_is_the_plain_network_under_another_learner():
    experiments = Study(SMALL.replace(parametrisation="log"), (1, 3), RIVALS).experiments()
    assert [(e.depth, e.optimiser) for e in experiments[2:]] == [(1, name) for name in RIVALS]
    own = ("exponentiated_gradient", "projected_gradient", "em", "online_em")
    for experiment in experiments[2:]:
        assert experiment.parametrisation == ("linear" if experiment.optimiser in own else "log")


def test_rivals_are_put_in_order_so_that_equal_studies_are_equal():
    assert Study(SMALL, (1, 2), ("em", "adam")) == Study(SMALL, (1, 2), ("adam", "em")) != Study(SMALL, (1, 2))


def test_every_curve_has_a_name():
    names = Study(SMALL, (1, 3), RIVALS).names()
    assert names[:2] == ("L=1", "L=3") and {"L=1 · momentum 0.9", "L=1 · EM", "L=1 · AdaGrad"} < set(names)
    assert len(set(names)) == 2 + len(RIVALS)


@pytest.mark.parametrize("rivals", [("sgd",), ("em", "em"), ("gradient_ascent",), (1,)])
def test_what_is_no_rival_is_refused(rivals):
    with pytest.raises(ExperimentError, match="rivals: .* allowed: momentum, "):
        Study(SMALL, (1, 2), rivals)


def test_a_rival_that_trains_the_depths_already_is_refused():
    with pytest.raises(ExperimentError, match="rivals: adam trains the depths already"):
        Study(SMALL.replace(optimiser="adam"), (1, 2), ("adam",))


@pytest.mark.parametrize(
    ("changes", "rival", "words"),
    [
        ({"objective": "unnormalised"}, "em", "objective: em maximises the generative one alone"),
        ({"objective": "discriminative"}, "online_em", "objective: online_em maximises"),
        ({"learning_rate": 2.0}, "online_em", "learning_rate: 2 is out of range for online_em"),
    ],
)
def test_a_rival_that_cannot_be_is_refused_in_words(changes, rival, words):
    with pytest.raises(ExperimentError, match=words):
        Study(SMALL.replace(**changes), (1,), (rival,)).experiments()
    study, [sentence] = LAB.decode({"rivals": rival, **{name: str(value) for name, value in changes.items()}})
    assert study == LAB.default() and sentence.startswith(words)


def test_all_learners_start_at_one_likelihood_because_it_ignores_scale(data):
    start = LAB.default().experiment.replace(dataset="two-clusters", iterations=1)
    first = [fit(experiment, data).llh[:, 0] for experiment in Study(start, (1, 3), RIVALS).experiments()]
    for llh in first[1:]:
        assert_close(llh, first[0], rtol=1e-11)


def test_a_live_run_ends_at_the_engines_own_numbers(run, fitted):
    assert run.state == "done" and len(run.traces()) == 4
    for live, own in zip(run.traces(), fitted, strict=True):
        assert np.array_equal(live.llh, own.llh) and np.array_equal(live.weights, own.weights)


def test_frames_hold_every_curve_and_no_rates_of_a_rival(run, fitted):
    layout = frames.layout(run)
    assert [curve["depth"] for curve in layout["curves"][: layout["num_depths"]]] == [1, 3]
    assert [(rival["name"], rival["learner"]) for rival in layout["curves"][2:]] == [
        ("L=1 · momentum 0.9", "momentum"),
        ("L=1 · EM", "em"),
    ]
    _, body = frames.frames(run, 0, 1)
    assert body.shape == (30, layout["fields"])
    for curve, trace in zip(layout["curves"], fitted, strict=True):
        at = curve["offsets"]
        assert np.array_equal(body[:, at["value"] :][:, :2], trace.value.T.astype("<f4"))
        assert np.array_equal(body[:, at["w"] :][:, :3], trace.effective_weights[1].astype("<f4"))
        rho, lam = body[:, at["rho"] :][:, :3], body[:, at["lam"] :][:, :3]
        assert curve["has_rates"] == (curve["learner"] == "gradient_ascent")
        if curve["has_rates"]:
            assert np.array_equal(rho, trace.rho[1].astype("<f4")) and np.array_equal(lam, trace.lam[1].astype("<f4"))
        else:
            assert np.isnan(rho).all() and np.isnan(lam).all()


def test_components_are_kept_of_every_curve(run, data):
    _, body = frames.components(run, 29, 0)
    assert body.shape == (4, 3, data.num_variables) and ((body >= 0) & (body <= 1)).all()


def test_the_dynamics_views_know_the_depths_alone(run):
    header, _ = derived.answer(run, "norms", {"depth": "1"})
    assert header["depth"] == 1 and header["frames"] == 30
    _, values = derived.answer(run, "step", {"depth": "1"})
    assert np.isfinite(values[:-1]).any(), "of the plain gradient, not of a rival at L = 1"
    with pytest.raises(BadQueryError, match="it has 1, 3"):
        derived.answer(run, "norms", {"depth": "2"})


def test_a_rival_that_diverged_is_named(data):
    wild = Study(SMALL.replace(learning_rate=10.0, parametrisation="log"), (1,), ("momentum", "em"))
    computation = here.computed(wild, data)
    stopped = [name for name, _, _ in computation.diverged()]
    said = " ".join(told(computation.traces(), data, computation.target, num_rivals=2))
    for name in stopped:
        assert f"{name.removeprefix('L=1 · ')} diverged after".lower() in said.lower()
    assert "L=1 · EM" not in stopped and "EM" in said


def test_a_rival_or_a_depth_more_never_moves_the_target(data):
    targets = []
    for depths, rivals in (((1,), ()), ((1, 3), ()), ((2, 3), ("em",)), ((1, 2, 3, 4), ("momentum", "em"))):
        targets.append(here.computed(Study(SMALL.replace(iterations=1), depths, rivals), data).target)
    assert targets[0] is not None and len(set(targets)) == 1
    assert targets[0] == fixed(SMALL, data)


def test_many_rivals_are_told_briefly(data):
    study = Study(SMALL.replace(num_seeds=1), (1,), RIVALS)
    target = fixed(study.experiment, data)
    said = told([fit(e, data) for e in study.experiments()], data, target, num_rivals=len(RIVALS))
    assert len(said.headline.split()) <= 25
    assert "At L=1, momentum 0.9 " in said.details and "online EM " in said.details and len(said.details) < 700


def test_every_export_carries_the_learner(run, fitted, data):
    link = "http://host/?" + LAB.query_string(SOME)
    text = files.curves_csv(SOME, data, run.traces(), link)
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith(("#", '"#'))))
    last = {
        (r["learner"], r["L"], r["seed"]): float(r["value"]) for r in rows if (r["t"], r["quantity"]) == ("29", "llh")
    }
    for trace in fitted:
        for i, seed in enumerate(trace.experiment.seeds):
            assert last[trace.experiment.optimiser, str(trace.experiment.depth), str(seed)] == trace.llh[i, -1]
    assert {r["learner"] for r in rows if r["quantity"].startswith(("rho", "lambda"))} == {"gradient_ascent"}
    assert {r["learner"] for r in rows if r["quantity"].startswith("w[")} == {"gradient_ascent", "momentum", "em"}
    document = json.loads(files.result_json(SOME, data, run.traces(), link))
    assert document["settings"]["rivals"] == ["momentum", "em"]
    assert [entry["learner"] for entry in document["result"]] == ["gradient_ascent"] * 2 + ["momentum", "em"]
    components = files.components_csv(SOME, data, run.traces(), link)
    assert {row[2] for row in csv.reader(io.StringIO(components)) if len(row) == 7} == {
        "learner",
        "gradient_ascent",
        "momentum",
        "em",
    }


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_rival_has_a_colour_and_a_dash_of_its_own_that_stand_out():
    drawn = BROWSER
    found = {name: (rival["light"], rival["dark"], rival["dash"]) for name, rival in drawn["rivals"].items()}
    assert set(found) == {*RIVALS, "shallow"}, "the mixture of a circuit's trees is drawn beside them"
    depths, dashes = drawn["depths"], drawn["dashes"]
    assert len({*dashes, *(dash for _, _, dash in found.values())}) == len(dashes) + len(found)
    for place, mode in enumerate(GROUNDS):
        own = [entry[place] for entry in found.values()]
        assert all(contrast(colour, GROUNDS[mode]) >= 3 for colour in own)
        for one, other in combinations([*own, *depths[mode]], 2):
            if one in own:
                channels = (abs(int(one[i : i + 2], 16) - int(other[i : i + 2], 16)) for i in (1, 3, 5))
                assert sum(channels) >= 60, (one, other)
