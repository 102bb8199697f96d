"""A link is a promise: it reopens the same study, and says in words what it could not read."""

import re
import sys
import time
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.link import CIRCUITS, GRID, LAB, MAX_SENTENCES, decode_view
from app.pages.ask.link import LINKS as ASKING
from app.pages.linear.link import LINKS as LINEAR
from spncore.data.dataset import is_upload
from spncore.record import ExperimentError
from spncore.runs.experiment import Experiment
from spncore.runs.study import Study
from spncore.studies import presets
from tests import axes, changes

KINDS = {"lab": LAB, "circuits": CIRCUITS, "ask": ASKING, "linear": LINEAR, "grid": GRID}
SHA = "sha256:" + "0a" * 32

# Links as they were given out: none of them may ever open another study.
GIVEN_OUT = {
    "": Study(Experiment(num_seeds=6), (1, 2, 3)),
    "&depths=2,8&learning_rate=0.1": Study(Experiment(num_seeds=6, learning_rate=0.1), (2, 8)),
    "&init_noise=0.0&num_seeds=1": Study(Experiment(init_noise=0.0), (1, 2, 3)),
    "&topology=private&parametrisation=log&train_components=false&seed=4294967290&num_seeds=2": Study(
        Experiment(topology="private", parametrisation="log", train_components=False, seed=4294967290, num_seeds=2),
        (1, 2, 3),
    ),
    "&rivals=em,momentum": Study(Experiment(num_seeds=6), (1, 2, 3), ("momentum", "em")),
    "&iterations=1": Study(Experiment(num_seeds=6, iterations=1), (1, 2, 3)),
    "&iterations=5000": Study(Experiment(num_seeds=6, iterations=5000), (1, 2, 3)),
}


def one_update_fewer(study):
    return replace(study, experiment=study.experiment.replace(iterations=study.experiment.iterations - 1))


OF_VERSION_1 = one_update_fewer(LAB.default())


def reopen(study):
    return LAB.decode(parse_qs(LAB.query_string(study), strict_parsing=True))


def values_of(field):
    """A strategy for the values of a field."""
    if field.name == "e":
        codes = st.dictionaries(st.sampled_from(["Y3", "Y7", "x1", "x12"]), st.integers(0, 1))
        return codes.map(
            lambda found: field.parse(",".join(f"{code}:{value}" for code, value in found.items()) or "none")
        )
    if field.name == "about":
        return st.sampled_from(["", "Y5", "x12"])
    if field.name == "changes":
        return changes.of_rates()
    if field.name == "axes":
        return axes.of_settings(values_of)
    if field.kind is tuple:
        return st.sets(st.sampled_from(field.choices), min_size=field.rising).map(
            lambda some: tuple(choice for choice in field.choices if choice in some)
        )
    if field.choices:
        return st.sampled_from([*field.choices, *([SHA] if field.name in ("data", "dataset") else [])])
    if field.kind is bool:
        return st.booleans()
    if field.only:
        return st.sampled_from(field.only)
    if field.kind is int:
        return st.integers(int(field.low), int(field.high))
    inside = st.floats(field.low, field.high)
    return st.one_of(inside, st.just(0.0)) if field.zero_allowed else inside


@st.composite
def records(draw, links):
    """What a link of this kind can say; the default where settings do not go together."""
    fields = links.record.declared()
    values = draw(st.fixed_dictionaries({name: values_of(field) for name, field in fields.items()}))
    try:
        return links.record.of({**values, **{name: () for name in ("rivals", "changes") if name in links.refused}})
    except ExperimentError:
        return links.default()


def test_the_default_study_is_figure_3_with_six_seeds():
    assert LAB.default() == Study(Experiment(num_seeds=6), (1, 2, 3))


@pytest.mark.parametrize("links", KINDS.values(), ids=KINDS)
def test_frozen_defaults_hold_every_setting(links):
    for link in links.defaults.values():
        said = parse_qs(link, keep_blank_values=True, strict_parsing=True)
        assert set(said) == set(links.record.declared()) - ({"depth", "changes"} & set(links.refused))


@pytest.mark.parametrize("links", KINDS.values(), ids=KINDS)
@given(st.data())
def test_any_record_survives_its_link(links, data):
    record = data.draw(records(links))
    assert links.decode(links.encode(record)) == (record, [])
    assert links.decode(parse_qs(links.query_string(record), strict_parsing=True)) == (record, [])


@pytest.mark.parametrize("links", KINDS.values(), ids=KINDS)
@given(st.data())
def test_any_text_is_read_or_refused_in_a_sentence_that_names_the_setting(links, data):
    name = data.draw(st.sampled_from([*links.record.declared(), "colour"]))
    text = data.draw(st.text(max_size=60))
    record, refusals = links.decode({name: text})
    if refusals:
        [sentence] = refusals
        assert re.match(rf"\W?{name}\W", sentence) and sentence.replace("…", "").isascii() and len(sentence) < 700
    assert links.decode(links.encode(record)) == (record, [])


@pytest.mark.parametrize("links", KINDS.values(), ids=KINDS)
@given(st.dictionaries(st.text(max_size=20), st.lists(st.text(max_size=30), max_size=3), max_size=5))
def test_no_query_whatever_raises(links, params):
    record, refusals = links.decode(params)
    assert type(record) is links.record and all(isinstance(sentence, str) for sentence in refusals)


@pytest.mark.fault("C12")
@pytest.mark.parametrize("rest", GIVEN_OUT, ids=str)
def test_a_link_opens_what_it_always_opened_and_one_of_version_1_makes_one_update_fewer(rest):
    study = GIVEN_OUT[rest]
    assert LAB.decode(parse_qs(f"v=2{rest}")) == (study, [])
    assert LAB.decode(parse_qs(f"v=1{rest}")) == (one_update_fewer(study), [])
    reopened = LAB.encode(one_update_fewer(study))
    assert reopened["v"] == "2" and LAB.decode(reopened) == (one_update_fewer(study), [])


@pytest.mark.parametrize("preset", presets.PRESETS.values(), ids=lambda preset: preset.name)
def test_each_preset_survives_its_link(preset):
    assert reopen(preset.study) == (preset.study, [])


@given(records(LAB))
def test_a_link_holds_only_what_differs_from_the_default(study):
    values = LAB.encode(study)
    assert values.pop("v") == "2"
    for name in values:
        assert LAB.decode({"v": "2", name: values[name]})[0] != LAB.default()


def test_a_default_link_is_only_its_version():
    assert LAB.query_string(LAB.default()) == "v=2"


REFUSED = {
    "learning_rate": [
        "nan",
        "NaN",
        "inf",
        "-inf",
        "-1",
        "0",
        "1e-400",
        "1e400",
        "abc",
        "",
        "1_0",
        "0x1",
        "١",
        "11",
        " 0.1",
    ],
    "num_components": ["abc", "8.5", "1e9", "9" * 100, "", "999", "0", "-1", "8 ", "１"],
    "depths": ["", "0", "9", "1,,2", "1;2", "1,2,3,", "one", "1.0", "-1", "1," * 99],
    "rivals": ["gradient_ascent", "sgd", "em,", "em;momentum", "EM", "em," * 99],
    "dataset": ["../../data/history.db", "file:///etc/passwd", "' OR 1=1 --", "sha256:xyz", "NLTCS", "\x00"],
    "train_components": ["1", "True", "yes", ""],
    "topology": ["<script>alert(1)</script>", "[x](javascript:alert(1))"],
    "seed": ["4294967296", "-1", "1e3"],
    "iterations": ["5001", "0"],
    "floor": ["0", "1"],
    "init_noise": ["0.2", "1e-17", "-0.1"],
}


@pytest.mark.fault("C01", "C02", "C03", "C04", "C07")
@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in REFUSED.items() for text in texts])
def test_a_bad_value_is_refused_in_words_and_the_default_kept(name, text):
    study, refusals = LAB.decode({"v": "1", name: text, "init_scale": "0.1"})
    assert study == Study(OF_VERSION_1.experiment.replace(init_scale=0.1), (1, 2, 3))
    assert len(refusals) == 1
    assert refusals[0].startswith(f"{name}: ") or refusals[0].startswith(f"'{name}': ")
    assert refusals[0].endswith("The default is kept.")
    assert refusals[0].replace("…", "").isascii() and len(refusals[0]) < 300


@pytest.mark.fault("C05", "C06")
@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"colour": "red"}, "no such setting"),
        ({"depth": "3"}, "write depths=1,2,3"),
        ({"learning_rate": ["0.1", "0.2"]}, "given 2 times"),
        ({"learning_rate": []}, "given 0 times"),
        ({"dataset": "x" * 100_000}, "100000 characters"),
    ],
    ids=["unknown", "depth", "repeated", "empty", "huge"],
)
def test_what_is_no_setting_is_refused(params, words):
    study, [sentence] = LAB.decode({"v": "1", **params})
    assert study == OF_VERSION_1 and words in sentence


@pytest.mark.fault("C12")
@pytest.mark.parametrize("version", ["3", "0", "01", "", "one", "1.0", ["1", "1"]], ids=str)
def test_an_unknown_version_opens_the_default_and_says_so(version):
    study, [sentence] = LAB.decode({"v": version, "learning_rate": "0.5"})
    assert study == LAB.default() and sentence.startswith("'v'" if isinstance(version, list) else "v:")


@pytest.mark.fault("C14")
def test_settings_that_ask_for_too_much_together_are_refused_together():
    params = {"iterations": "5000", "num_seeds": "64", "num_components": "64", "depths": "8"}
    study, [sentence] = LAB.decode(params)
    assert study == LAB.default() and "GB" in sentence and "All defaults are kept." in sentence


@pytest.mark.fault("C05")
def test_five_thousand_parameters_cost_little_and_say_little():
    def calls(number):
        events = []
        sys.setprofile(lambda frame, event, arg: events.append(event) if event.endswith("call") else None)
        try:
            LAB.decode({f"p{i}": "1" for i in range(number)})
        finally:
            sys.setprofile(None)
        return len(events)

    assert calls(5000) < 2.2 * calls(2500) < 2.2 * 2500 * 60, "each costs the same few calls"
    _, refusals = LAB.decode({f"p{i}": "1" for i in range(5000)})
    assert len(refusals) == MAX_SENTENCES + 1 and refusals[-1].startswith("4995 more")


def test_uploaded_data_is_named_by_its_content_only():
    study = Study(Experiment(dataset=SHA), (1,))
    assert LAB.encode(study)["dataset"] == SHA and is_upload(SHA)
    assert not is_upload("nltcs")


@pytest.mark.parametrize(
    ("params", "view", "num_refusals"),
    [
        ({}, "normal", 0),
        ({"view": "projector"}, "projector", 0),
        ({"view": ["embed"]}, "embed", 0),
        ({"view": "<b>"}, "normal", 1),
        ({"view": ["embed", "embed"]}, "normal", 1),
    ],
)
def test_the_view_is_one_of_three(params, view, num_refusals):
    found, refusals = decode_view(params)
    assert found == view and len(refusals) == num_refusals


@pytest.mark.parametrize(
    "params",
    [
        {"num_components": "9" * 100_000},
        {"depths": ",".join(["1"] * 50_000)},
        {"x" * 100_000: "1"},
        {f"p{number}": "1" for number in range(5000)},
        {"seed": ["1"] * 5000},
        {"v": "2" * 100_000, "view": "x" * 100_000},
    ],
    ids=["long value", "long list", "long name", "5,000 names", "5,000 values", "long version"],
)
def test_a_link_of_any_size_is_read_in_a_moment_and_refused_in_few_words(params):
    begin = time.process_time()
    for codec in (LAB, CIRCUITS):
        _, refusals = codec.decode(params)
        assert 1 <= len(refusals) <= MAX_SENTENCES + 1 and len("".join(refusals)) < 1500
    decode_view(params)
    assert time.process_time() - begin < 0.2  # of CPU; it is a fiftieth of that
