"""One contract for every study: it runs on any rows, stops when asked, keeps its results in a file, and counts."""

import csv
import re
from dataclasses import replace
from statistics import median

import pytest

from spncore.__main__ import main
from spncore.data import library
from spncore.files.strict_json import JsonError
from spncore.studies import envelope, figure3, held_equal, phase, shipped, update2020
from spncore.studies.classes import SHIPPED as CLASSES
from spncore.studies.command import STUDIES, asked, dataset_of
from spncore.studies.envelope import StudyError
from spncore.sweep import Stopped, quiet
from tests.places import ROOT

SMALL = {
    "figure3": ["num_seeds=2"],
    "held_equal": ["topology=tree", "weights=linear", "components=fixed", "num_seeds=1"],
    "update2020": ["num_seeds=1"],
    "phase": [
        "num_components=2",
        "num_seeds=2",
        "iterations=20",
        "depths=1,2",
        "learning_rates=1e-4,1e-2",
        "init_scales=0.01,0.1",
        "resolution=1",
    ],
    "grid": ["axes=depth:1,2 learning_rate:0.0001,0.01", "num_components=2", "num_seeds=2", "iterations=20"],
    "classes": ["objective=hybrid", "num_components=2", "num_seeds=2", "iterations=5", "depths=1,2"],
    "linear": ["p=2", "num_layers=3"],
}
SLOW = ("figure3", "held_equal", "update2020")


def only(rows, quantity, **where):
    """The values of the rows that have a quantity and these settings."""
    return [
        row["value"]
        for row in rows
        if row["quantity"] == quantity and all(row[name] == value for name, value in where.items())
    ]


HEADLINES = {  # a number that the page shows: from the table, and from the result
    "figure3": (
        lambda rows: median(only(rows, "final llh", init_noise=1e-3, L=3)),
        lambda result, record: median(shipped.finals(result.results[figure3.cell(1e-3, 3, record)])),
    ),
    "held_equal": (
        lambda rows: only(rows, "updates to 90 % of the possible gain", L=3, init_convention="per_layer"),
        lambda result, record: [
            "" if at is None else at
            for cell, outcome in result.results.items()
            if cell.experiment.depth == 3 and cell.experiment.init_convention == "per_layer"
            for at in shipped.reached(outcome)
        ],
    ),
    "update2020": (
        lambda rows: only(rows, "test llh", objective="generative", L=3, **{"learning rate": 0.1}),
        lambda result, record: shipped.held_out(result.results[update2020.cell("generative", 3, record)], "test"),
    ),
    "phase": (
        lambda rows: sum(row["state"] == "reached" for row in rows),
        lambda result, record: sum(int((runs >= 0).sum()) for runs in result.runs.values()),
    ),
    "grid": (
        lambda rows: [row["updates"] for row in rows],
        lambda result, record: [at for place in result.grid.cells() for at in result.reached(place)],
    ),
    "classes": (
        lambda rows: [row["value"] for row in rows if (row["quantity"], row["updates"]) == ("test accuracy", "last")],
        lambda result, record: [at for each in result.networks.values() for at in each.final["test accuracy"]],
    ),
    "linear": (
        lambda rows: len(only(rows, "loss", model="plain")) - 1,
        lambda result, record: result.plain.needed,
    ),
}


@pytest.fixture(autouse=True)
def fewer_cells(monkeypatch):
    monkeypatch.setattr(held_equal, "NUM_RATES", 2)
    monkeypatch.setattr(figure3, "NOISES", (1e-12, 1e-3))
    monkeypatch.setattr(figure3, "EARLY_NOISES", (0.0, 1e-3))


def small(name):
    settings = SMALL[name] + (["dataset=two-clusters"] if name != "linear" else [])
    return asked(STUDIES[name].SHIPPED, settings)[0]


def data_of(record):
    name = dataset_of(record)
    return library.load(name) if name else None


def again(name, results):
    """The text of a file with these results, and the results that it gives back."""
    text = envelope.write(name, {}, STUDIES[name].pack(results))
    return text, STUDIES[name].unpack(envelope.read(text, name))


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in STUDIES])
def test_a_study_tells_how_far_it_is_survives_its_file_and_its_table_gives_its_numbers(name):
    record, told = small(name), []
    result = STUDIES[name].run(record, data_of(record), lambda *said: told.append(said))
    assert told[-1][0] == told[-1][1] > 0 and all(0 <= done <= total for done, total in told)
    text, read = again(name, [result])
    assert again(name, read)[0] == text
    rows = STUDIES[name].tidy(result)
    assert len({tuple(row) for row in rows}) == 1, "every row has the same columns"
    counted, shown = HEADLINES[name]
    assert counted(rows) == shown(result, record)
    assert shown(read[0], record) == pytest.approx(shown(result, record), abs=1e-6)  # as many digits are kept


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_stops_when_it_is_asked_to(name):
    told = []

    def report(done, total):
        told.append(done)
        if len(told) > 1:
            raise Stopped

    with pytest.raises(Stopped):
        STUDIES[name].run(small(name), data_of(small(name)), report)
    assert told[-1] < 3


@pytest.mark.parametrize("name", STUDIES)
def test_the_command_names_the_settings_of_a_study(name, capsys):
    with pytest.raises(SystemExit) as end:
        main(["study", name, "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0 and all(setting in said for setting in STUDIES[name].SHIPPED[0].declared())


@pytest.mark.parametrize("name", envelope.FILES)
def test_what_ships_is_what_the_command_makes_of_the_records_that_ship(name):
    read = envelope.shipped(name)
    results = STUDIES[name].unpack(read)
    assert {dataset_of(record) for record in STUDIES[name].SHIPPED} == set(read.data)
    assert again(name, results)[0].split('"body"')[1].count("\n") == envelope.place(name).read_text().count("\n")
    for kept, of in (
        ("phase", lambda result: result.plane),
        ("grid", lambda result: result.grid),
        ("classes", lambda result: result.study),
    ):
        assert name != kept or tuple(map(of, results)) == STUDIES[name].SHIPPED


def test_another_format_or_another_study_is_refused_by_name():
    text = envelope.write("phase", {}, {})
    assert envelope.read(text, "phase").study == "phase"
    for changed, words in (
        (text, "study: these are results of 'phase', not of figure3"),
        (text.replace('"format":3', '"format":1'), "format: 1 is not known; this release reads 2 and 3"),
        (text.replace('"versions"', '"version"').replace("phase", "figure3"), "figure3: expected format, study"),
    ):
        with pytest.raises(StudyError, match=f"^{words}"):
            envelope.read(changed, "figure3")
    with pytest.raises(JsonError, match="not JSON at line 1"):
        envelope.read("x", "phase")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["figure3"], "--out FOLDER: say where the results go"),
        (["figure3", "--ship", "num_seeds=2"], "--ship: leave the settings out"),
        (["linear", "--ship"], "--ship: nothing of linear ships"),
        (["figure3", "depth=2"], "depth: no such setting; known are dataset, num_seeds, seed"),
        (["figure3", "seed"], "seed: write field=value"),
        (["figure3", "seed=1", "seed=2"], "seed: given twice; keep one"),
        (["figure3", "seed=1,2"], "seed: '1,2' is not a whole number"),
        (["linear", "p=3"], "p: 3 is not allowed; allowed: 2 or 4"),
        (["held_equal", "weights=square"], "weights: "),
        (["update2020", "dataset=nowhere"], "dataset: 'nowhere' is not known"),
        (["grid", "axes=depth"], "axes: 'depth' is not understood; allowed: 1 to 3 settings with their values, as"),
        (["grid", "axes=seed:1,2"], "axes: 'seed' is not a setting that can vary; those are structure, split_depth"),
        (["grid", "axes=depth:1,9"], "axes: depth: 9 is out of range; allowed: 1 to 8"),
        (["grid", "depth=2"], "depth: it varies along an axis; leave it out, or give its values in axes"),
        (["phase", "depths=2,3"], "depths: (2, 3) is refused"),
        (["phase", "init_scales=0.1"], "init_scales: [0.1] is refused; allowed: two numbers, rising within"),
        (["phase", "learning_rates=0.1,x"], "learning_rates: '0.1,x' is refused"),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_writes_nothing(arguments, words, tmp_path, capsys):
    out = [] if len(arguments) == 1 or "--ship" in arguments else ["--out", str(tmp_path / "out")]
    assert main(["study", *arguments, *out]) == 2
    assert capsys.readouterr().err.startswith(words) and not (tmp_path / "out").exists()


def test_the_command_writes_results_and_their_table_and_one_setting_changes_every_record(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(envelope, "SHIPPED", tmp_path)
    monkeypatch.setattr(phase, "SHIPPED", (small("phase"), replace(small("phase"), control=False)))
    assert main(["study", "phase", "iterations=9", "control=false", "--out", str(tmp_path / "out")]) == 0
    read = envelope.read((tmp_path / "out" / "phase.json").read_text(), "phase")
    [made] = phase.unpack(read)
    assert (made.plane.base.iterations, made.plane.control) == (9, False), "two records that became one"
    assert read.data == {"two-clusters": library.load("two-clusters").sha256}
    with (tmp_path / "out" / "phase.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(phase.tidy(made))
    monkeypatch.setattr(phase, "SHIPPED", (small("phase"),))
    assert main(["study", "phase", "--ship"]) == 0
    made = phase.run(small("phase"), data_of(small("phase")), quiet)
    assert (tmp_path / "phase-default.json").read_text() == phase.to_json(made)
    assert capsys.readouterr().out.count("phase") == 3


@pytest.mark.slow
def test_shipped_comparisons_are_what_the_study_gives_now():
    record = CLASSES[0]
    now = STUDIES["classes"].run(record, data_of(record), quiet)
    then = STUDIES["classes"].shipped()[record]
    assert now.gains == then.gains
    for name, network in then.networks.items():
        assert now.networks[name] == network


def test_no_script_needs_the_app():
    for file in (ROOT / "experiments").glob("*.py"):
        assert not re.search(r"^\s*(from|import) app\b", file.read_text(encoding="utf-8"), re.MULTILINE), file.name
