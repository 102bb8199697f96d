import json
import math

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from spncore import Experiment, ExperimentError
from spncore.runs.experiment import FIELDS
from tests import changes


def any_value(name):
    field = FIELDS[name]
    if name == "changes":
        return changes.of_rates()
    if field.choices:
        return st.sampled_from(field.choices)
    if field.kind is bool:
        return st.booleans()
    if field.kind is int:
        return st.integers(int(field.low), min(int(field.high), 50))
    return st.floats(field.low, field.high)


def experiment_or_reject(values):
    try:
        return Experiment(**values)
    except ExperimentError as error:  # allowed one by one, but not together
        assert str(error).split(":")[0] in {"parametrisation", "objective", "learning_rate", "changes"}
        return reject()


experiments = st.fixed_dictionaries({name: any_value(name) for name in FIELDS}).map(experiment_or_reject)


@given(experiments)
def test_json_round_trip_gives_the_same_experiment(experiment):
    assert Experiment.from_json(experiment.to_json()) == experiment


@given(experiments)
def test_text_round_trip_gives_the_same_values(experiment):
    for name in FIELDS:
        assert FIELDS[name].parse(FIELDS[name].text(getattr(experiment, name))) == getattr(experiment, name)


def test_the_defaults_are_the_paper_s_experiment():
    experiment = Experiment()
    assert (experiment.num_components, experiment.depth, experiment.iterations) == (8, 3, 500)
    assert (experiment.learning_rate, experiment.init_scale, experiment.floor) == (0.01, 1e-4, 1e-4)


def test_every_field_says_what_it_is_and_holds_its_default():
    for name, field in FIELDS.items():
        assert field.label and field.help.endswith(".") and len(field.help.split()) <= 20, name
        assert getattr(Experiment(), name) == getattr(Experiment, name)
        for point in field.named.values():
            assert getattr(Experiment(**{name: point}), name) == point


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("learning_rate", -1.0),
        ("learning_rate", 0),
        ("learning_rate", 1e-400),
        ("learning_rate", "0.01"),
        ("learning_rate", True),
        ("learning_rate", 10.1),
        ("num_components", 0),
        ("num_components", 65),
        ("num_components", 8.0),
        ("num_components", True),
        ("depth", 9),
        ("depth", None),
        ("topology", "Tree"),
        ("topology", "<script>"),
        ("init_noise", 1e-17),
        ("init_noise", 0.2),
        ("floor", 0.0),
        ("train_components", 1),
        ("seed", -1),
        ("seed", 2**32),
        ("dataset", "../../data/history.db"),
        ("dataset", "sha256:xyz"),
        ("iterations", 5001),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_its_name_and_the_allowed_range(name, value):
    with pytest.raises(ExperimentError) as refusal:
        Experiment(**{name: value})
    sentence = str(refusal.value)
    assert sentence.startswith(f"{name}: ") and f"allowed: {FIELDS[name].allowed()}" in sentence and len(sentence) < 300


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("num_components", "abc"),
        ("num_components", "8.5"),
        ("num_components", "1e9"),
        ("num_components", ""),
        ("num_components", "١"),
        ("num_components", "1_0"),
        ("num_components", " 8"),
        ("learning_rate", "nan"),
        ("learning_rate", "inf"),
        ("learning_rate", "1e-400"),
        ("learning_rate", "0x1p-3"),
        ("learning_rate", "1_0"),
        ("learning_rate", "０.１"),
        ("train_components", "1"),
        ("train_components", "True"),
        ("dataset", "file:///etc/passwd"),
        ("nonsense", "1"),
        ("__class__", "1"),
    ],
)
def test_text_that_is_not_exactly_a_value_is_refused(name, text):
    with pytest.raises(ExperimentError, match=f"^{name}: ") as refusal:
        Experiment().changed([f"{name}={text}"])
    assert len(str(refusal.value)) < 500


@pytest.mark.fault("C03")
def test_a_number_of_5000_digits_is_refused_in_a_short_sentence():
    for refused in (lambda: Experiment(num_components=10**5000), lambda: FIELDS["num_components"].parse("9" * 5000)):
        with pytest.raises(ExperimentError, match="^num_components: ") as refusal:
            refused()
        assert len(str(refusal.value)) < 200


@pytest.mark.fault("C11", "F06")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.pop("depth"), r"\$\.depth: missing"),
        (lambda d: d.update(extra=1), r"\$\.extra: no such setting"),
        (lambda d: d.update(schema=5), r"\$\.schema: 5 is not known; this release reads schemas 1 to 4"),
        (lambda d: d.update(schema=True), r"\$\.schema: True"),
        (lambda d: d.pop("schema"), r"\$\.schema: None"),
        (lambda d: d.update(num_seeds=True), r"\$\.num_seeds: True is not a whole number"),
        (lambda d: d.update(learning_rate="0.01"), r"\$\.learning_rate: '0\.01' is not a number"),
        (lambda d: d.update(depth=[[1]]), r"\$\.depth: \[\[1\]\] is not a whole number"),
    ],
)
def test_a_saved_experiment_that_is_not_whole_is_refused_by_key_path(change, sentence):
    values = json.loads(Experiment().to_json())
    change(values)
    with pytest.raises(ExperimentError, match=sentence):
        Experiment.from_json(json.dumps(values))


@pytest.mark.fault("C11")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not JSON at line 1"),
        ("[]", "is a JSON object"),
        ('{"a": NaN}', "NaN is not a number JSON allows"),
        ('{"a": 1, "a": 2}', r"\$\.a: given twice"),
        ("[" * 9_999, "nested too deeply|not JSON"),
        ("[" * 100_000, "100000 characters"),
        ('{"a": ' + "9" * 5000 + "}", "too many digits"),
    ],
)
def test_text_that_is_no_saved_experiment_is_refused(text, sentence):
    with pytest.raises(ExperimentError, match=sentence):
        Experiment.from_json(text)


@pytest.mark.fault("C14")
def test_settings_too_large_together_are_refused_with_the_estimate_before_anything_is_allocated():
    with pytest.raises(ExperimentError, match=r"together about \d+\.\d GB of trace; the limit is 1 GB; lower one"):
        Experiment(num_components=64, depth=8, iterations=5000, num_seeds=64)


def test_seeds_that_run_past_the_largest_are_refused():
    with pytest.raises(ExperimentError, match="seed: 4294967295 plus 2 seeds"):
        Experiment(seed=2**32 - 1, num_seeds=2)
