"""Each preset shows what its sentence says; here on the synthetic twin and with one or two seeds, to be quick."""

from dataclasses import replace

import numpy as np
import pytest

from spncore import fit, load
from spncore.data.library import available, product_of_marginals_llh
from spncore.dynamics.shares import alone_since
from spncore.dynamics.steps import beyond_first_order
from spncore.runs.study import Study
from spncore.studies import presets
from tests.closeness import assert_close


def curves(name, **changes):
    preset = presets.PRESETS[name]
    data = load("nltcs-twin")
    experiment = preset.on("nltcs-twin").experiment.replace(num_seeds=1, **changes)
    traces = [fit(e, data) for e in replace(preset.study, experiment=experiment).experiments()]
    assert not any(trace.stopped for trace in traces)
    return data, traces


def iterations_to(traces, share=0.9):
    start, best = traces[0].llh[0, 0], max(trace.llh[0, -1] for trace in traces)
    return [trace.updates_to(start + share * (best - start))[0] for trace in traces]


@pytest.mark.parametrize("preset", presets.PRESETS.values(), ids=lambda preset: preset.name)
def test_each_preset_says_what_is_held_equal_and_what_to_look_for(preset):
    for sentence in (preset.held_equal, preset.look_for):
        assert sentence.endswith(".") and len(sentence.split()) <= 24
    assert presets.matching(preset.on("two-clusters")) is preset


def test_the_first_preset_is_the_default_study():
    assert next(iter(presets.PRESETS.values())).study == presets.FIGURE_3


def test_presets_differ():
    assert len({preset.study for preset in presets.PRESETS.values()}) == len(presets.PRESETS)


def test_settings_of_ones_own_match_no_preset():
    figure_3 = presets.FIGURE_3
    assert presets.matching(Study(figure_3.experiment.replace(learning_rate=0.02), figure_3.depths)) is None


def test_figure_3_is_known_by_its_setting_however_long_it_runs():
    longer = presets.PRESETS["ten-times-longer"].study
    others = (longer.on("two-clusters"), Study(longer.experiment.replace(num_seeds=1), longer.depths))
    assert presets.is_figure_3(presets.FIGURE_3) and presets.is_figure_3(longer)
    assert not any(map(presets.is_figure_3, others))


def test_in_exact_symmetry_all_depths_draw_one_curve_below_the_independent_model():
    data, traces = curves("exact-symmetry")
    for trace in traces[1:]:
        assert_close(trace.llh, traces[0].llh)
    assert max(trace.llh.max() for trace in traces) <= product_of_marginals_llh(data) + 1e-9


def test_with_fixed_components_deeper_is_faster():
    _, traces = curves("fixed-components")
    assert np.all(np.diff(iterations_to(traces)) < 0)


@pytest.mark.slow
def test_with_equal_products_the_order_turns():
    _, traces = curves("equal-products")
    assert np.all(np.diff(iterations_to(traces)) > 0)


def test_private_chains_in_log_weights_are_a_larger_learning_rate():
    data, traces = curves("private-chains", iterations=30)
    for trace in traces:
        experiment = trace.experiment
        rate = experiment.learning_rate * experiment.depth
        shallow = fit(experiment.replace(depth=1, learning_rate=rate, init_convention="per_layer"), data)
        assert_close(shallow.llh, trace.llh, rtol=1e-4)  # the start differs by a common factor in rounding only


def test_a_shared_scalar_changes_nothing():
    _, traces = curves("shared-scalar", iterations=60)
    for trace in traces[1:]:
        assert_close(trace.llh, traces[0].llh)


@pytest.mark.parametrize(("name", "sooner"), [("against-momentum", 3), ("against-em", 20)])
def test_a_rival_helps_the_plain_network_more_than_depth_does(name, sooner):
    _, traces = curves(name)
    plain, deep, rival = (trace.updates_to(-7.2)[0] for trace in traces)
    assert rival < deep < plain
    assert plain - rival > sooner * (plain - deep) or rival * sooner < deep
    for trace in traces:
        assert np.diff(trace.llh[0]).min() > -0.3, "stable: no curve falls by much"


def test_em_stays_ahead_of_every_depth_to_the_end():
    _, (plain, deep, em) = curves("against-em")
    assert em.llh[0, 20] > -6.5 and (em.llh[0, 1:] > np.maximum(plain.llh, deep.llh)[0, 1:]).all()


def test_a_step_that_is_too_large_hits_the_floor_and_jumps():
    _, traces = curves("step-too-large", iterations=60)
    for trace in traces:
        assert trace.at_floor[0, 1:10].max() > 0 and np.diff(trace.llh[0]).min() < -0.5


def real(name):
    """What a preset shows on the real rows, with all its seeds."""
    if available("nltcs") is None:
        pytest.skip("the real rows are not on this computer")
    study = presets.PRESETS[name].on("nltcs")
    return [fit(experiment, load("nltcs")) for experiment in study.experiments()]


@pytest.mark.slow
def test_ten_times_longer_the_order_turns():
    shallow, _, deep = (trace.llh for trace in real("ten-times-longer"))
    ahead = (deep > shallow).mean(axis=0)
    assert ahead[500] > 0.5 > ahead[5000], "in 1,019 and in 27 of 1,024 seeds elsewhere"


@pytest.mark.slow
def test_ten_times_faster_three_layers_are_last():
    updates = [trace.updates_to(-7.2) for trace in real("ten-times-faster")]
    reached = np.array([[np.inf if at is None else at for at in of_depth] for of_depth in updates])
    medians = np.median(reached, axis=1)
    assert medians[2] == max(medians) > medians[1]
    assert reached[2].max() > 3 * reached[2].min(), "350, and never in 288 of 1,024 seeds, elsewhere"


@pytest.mark.slow
def test_eight_layers_end_on_one_component_at_the_independent_model():
    *_, deepest = real("eight-layers")
    alone = [at for at in alone_since(deepest.components) if at is not None]
    assert 2 * len(alone) > len(deepest.llh), "in 1,012 of 1,024 elsewhere"
    assert_close(np.median(deepest.llh[:, -1]), product_of_marginals_llh(load("nltcs")), atol=1e-3)


@pytest.mark.parametrize("dataset", ["nltcs-twin", "nltcs"])
def test_first_order_describes_every_step_with_fixed_components(dataset):
    if available(dataset) is None:
        pytest.skip("the real rows are not on this computer")
    for experiment in presets.PRESETS["fixed-components"].on(dataset).experiments():
        trace = fit(experiment, load(dataset))
        assert not beyond_first_order(trace.weights, trace.flow, trace.sums, *trace.rates).any()


def test_every_title_is_a_question_and_names_are_those_of_earlier_links():
    for preset in presets.PRESETS.values():
        assert preset.title.endswith("?") and preset.title.count("?") == 1 and len(preset.title) <= 50
    assert presets.PRESETS["figure-3"].title.startswith("Figure 3 of the paper")
    assert len({preset.title for preset in presets.PRESETS.values()}) == len(presets.PRESETS)
