"""The class's table and tallies, counted again from the files by a parser of their own."""

from __future__ import annotations

import base64
import io
import json
import random
import zipfile
from collections import Counter
from typing import Any

import numpy as np
import pytest

from app.kit import handin
from app.kit.answers import Given, Guessed
from app.kit.handin import HandinError
from app.live.limits import ServerLimits
from app.pages.teach import pile
from app.pages.teach.pile import ANSWERS, CLASS, Opened
from spncore.kept.verifying import verified
from spncore.studies import history
from tests import handins
from tests.handins import edited, falsified, lesson, lessons, values_of, written

RIGHT = {"choose": "this", "count": "this", "draw": "this"}
LEVEL = -7.2  # at which runs on NLTCS and its stand-in are compared


def rows_of(entry: Any) -> Any:
    return handins.data() if entry.data_sha256 == handins.data().sha256 else None


def opened(*files: bytes) -> list[Opened]:
    found: list[Opened] = []
    for number, data in enumerate(files):
        found.append(pile.added(found, f"{number}.html", data, lessons()))
    return found


def judged(found: list[Opened]) -> dict[str, Any]:
    asked = pile.pending(found, {}, rows_of)
    return {
        key: verdict
        for keys, verdicts in zip(asked.keys, verified(asked.work), strict=True)
        for key, verdict in zip(keys, verdicts, strict=True)
    }


def a_class(number: int = 24) -> list[bytes]:
    """Files of students who answer at random, some with a run that was falsified and some without runs."""
    chance, files = random.Random(7), []
    for student in range(number):
        answers = {}
        for step, guess in (
            ("choose", Guessed("choice", chance.choice(["more", "less"]))),
            ("count", Guessed("number", chance.randrange(16) / 2)),
            ("draw", handins.drawn(L1=chance.choice([-9.0, -7.0]), L2=chance.choice([-9.0, -9.0, -7.0]))),
        ):
            answers[step] = Given(guess if chance.random() < 0.8 else None, chance.choice([None, "this", "that"]))
        answers = {step: given for step, given in answers.items() if given != Given()}
        data = written(answers, f"student {student}", handins.runs()[: chance.choice([0, 1, 2, 3, 3, 3])])
        files.append(falsified(data) if student in (3, 8) and values_of(data)["runs"] != EMPTY else data)
    return files


EMPTY = values_of(written(kept=[]))["runs"]


def counted(data: bytes) -> dict[str, Any]:
    """What the table should say of a file, from its JSON and its archive alone."""
    values = values_of(data)
    steps = values["answers"]["steps"]
    checks = {name: said["check"] for name, said in steps.items() if "check" in said}
    curves: dict[str, list[float]] = {}
    runs = 0
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(values["runs"]))) as archive:
        for name in archive.namelist():
            if name.endswith(".f64"):
                runs += 1
                about = json.loads(archive.read(name.replace(".f64", ".json")))
                if about["settings"]["experiment"]["learning_rate"] == 0.1:
                    curves = _arrivals(about, np.frombuffer(archive.read(name), "<f8"))
    drawn = steps.get("draw", {}).get("guess", {}).get("value")
    return {
        "name": values["name"],
        "answered": f"{len(checks)} of 3",
        "right": f"{sum(check == RIGHT[name] for name, check in checks.items())} of 3",
        "first": _first(drawn, curves),
        "runs": runs,
    }


def _arrivals(about: dict[str, Any], numbers: Any) -> dict[str, list[float]]:
    found, begin = {}, 0
    for curve in about["curves"]:
        size = curve["states"] * len(curve["seeds"])
        llh = numbers[begin : begin + size].reshape(len(curve["seeds"]), -1)
        begin += size
        there = [next((t for t, value in enumerate(seed) if value >= LEVEL), float("inf")) for seed in llh.tolist()]
        found[str(curve["depth"])] = there
    return found


def _first(drawn: dict[str, list[float]] | None, curves: dict[str, list[float]]) -> str:
    if not drawn or not curves:
        return ""
    guessed = {depth: 0.0 if points[0] >= LEVEL else float("inf") for depth, points in drawn.items()}
    came = {depth: sorted(at)[len(at) // 2] for depth, at in curves.items()}
    first = [
        {depth for depth, at in arrivals.items() if at == min(arrivals.values()) < float("inf")}
        for arrivals in (guessed, came)
    ]
    return ("yes" if first[0] == first[1] else "no") if all(first) else ""


def test_the_table_of_the_class_is_what_the_files_say() -> None:
    files = a_class()
    found = opened(*files)
    verdicts = judged(found)
    firsts = set()
    for number, (each, data) in enumerate(zip(found, files, strict=True)):
        row, said = pile.row(each, verdicts, rows_of), counted(data)
        assert {name: row[name] for name in ("name", "answered", "right", "first")} == {
            name: said[name] for name in ("name", "answered", "right", "first")
        }
        firsts.add(row["first"])
        if not said["runs"]:
            assert row["runs"] == "no runs"
        elif number in (3, 8):
            assert row["runs"].startswith("no: 1 of ") and "stored numbers differ" in row["notes"]
        else:
            runs = "run" if said["runs"] == 1 else "runs"
            assert row["runs"] == f"yes: {said['runs']} {runs}, bit for bit" and not row["notes"]
    assert firsts == {"yes", "no", ""}


def test_who_is_first_is_judged_by_the_run_and_not_by_what_was_drawn() -> None:
    run = handins.runs()[2]
    level = run.entry.summary["target"]["levels"][0]
    came = {each["name"]: each["updates"] for each in run.entry.summary["curves"]}
    known = {name: at for name, at in came.items() if at is not None}
    first = min(known, key=known.__getitem__)
    high, low = level + 0.1, level - 1.0
    for ahead, said in ((first, "yes"), (next(name for name in came if name != first), "no")):
        points = {f"L{name[2:]}": high if name == ahead else low for name in came}
        [each] = opened(written({"draw": Given(handins.drawn(**points), None)}))
        assert pile.row(each, {}, rows_of)["first"] == said


def test_answers_to_each_question_are_counted_and_the_right_one_is_marked() -> None:
    files = a_class()
    rows = pile.tally(lesson(), opened(*files))
    for step, name in enumerate(RIGHT, 1):
        chosen = Counter(values_of(data)["answers"]["steps"].get(name, {}).get("check") for data in files)
        own = [row for row in rows if row[0] == str(step)]
        assert [row[2] for row in own] == ["This & that", "That"]
        assert [int(row[4]) for row in own] == [chosen["this"], chosen["that"]]
        assert [row[3] for row in own] == ["yes", ""]


def test_a_row_for_every_step_of_every_file_says_what_was_answered() -> None:
    files = a_class(4)
    rows = pile.answers(opened(*files))
    assert len(rows) == 12
    for number, data in enumerate(files):
        steps = values_of(data)["answers"]["steps"]
        for row, name in zip(rows[3 * number : 3 * number + 3], RIGHT, strict=True):
            check = steps.get(name, {}).get("check")
            assert row["answer"] == {"this": "This & that", "that": "That", None: ""}[check]
            assert row["is_right"] == {"this": "yes", "that": "no", None: ""}[check]


def test_thirty_files_are_verified_with_one_training_for_each_study(monkeypatch: pytest.MonkeyPatch) -> None:
    trained, retrained = [], history.retrained
    found = opened(*(written(name=f"student {number}") for number in range(30)))
    monkeypatch.setattr(history, "retrained", lambda study, data: (trained.append(study), retrained(study, data))[1])
    verdicts = judged(found)
    assert trained == handins.studies() and len(verdicts) == 3
    assert {pile.row(each, verdicts, rows_of)["runs"] for each in found} == {"yes: 3 runs, bit for bit"}
    assert len({id(run) for each in found for run in each.runs.values()}) == 3, "equal numbers are held once"
    assert not pile.pending(found, verdicts, rows_of).work


def test_a_run_that_was_falsified_is_trained_with_the_others_and_named() -> None:
    found = opened(*(written(name=f"student {number}") for number in range(4)), falsified(written(), 1))
    asked = pile.pending(found, {}, rows_of)
    assert [len(keys) for keys in asked.keys] == [1, 2, 1] and asked.files == 5
    verdicts = judged(found)
    row = pile.row(found[-1], verdicts, rows_of)
    assert row["runs"] == "no: 1 of 3 runs differ" and row["notes"].count("Count, The run: 1 of ") == 1


def test_runs_from_another_computer_are_verified_within_a_tolerance() -> None:
    found = opened(falsified(written(), BLAS_kernel="Z80"))
    row = pile.row(found[0], judged(found), rows_of)
    assert row["runs"] == "yes: 3 runs, 1 of them within the tolerance between computers"
    assert "BLAS kernel Z80 then" in row["notes"]


def test_runs_without_their_rows_are_not_verified_and_said_to_be() -> None:
    found = opened(written())
    assert not pile.pending(found, {}, lambda entry: None).work
    row = pile.row(found[0], {}, lambda entry: None)
    assert row["runs"] == "not yet: 3 of 3 runs" and row["notes"].startswith(
        "3 runs not verified: the rows (NLTCS twin"
    )


def test_what_is_not_as_it_should_be_is_said_beside_the_file() -> None:
    strange = handins.studies()[0]
    small = type(strange)(strange.experiment.replace(iterations=3), (1,))
    found = opened(
        written(name="a").replace(b"<h1>", b"<h1>!"),
        edited(written(name="b"), lambda values: values["answers"].update(version=2)),
        edited(written(name="c"), lambda values: values["answers"].update(lesson="other")),
        edited(written(name="d"), lambda values: values["answers"]["steps"]["count"].update(check="none")),
        written(name="e", kept=handins.runs([small])),
    )
    said = [pile.row(each, {}, rows_of) for each in found]
    assert said[0]["notes"].startswith("What the file shows is not what its data say")
    assert said[2]["notes"].startswith("This server has no lesson other") and said[2]["answered"] == ""
    assert "Answers in count do not fit" in said[3]["notes"]
    assert "1 run in the file belong" in said[4]["notes"] and said[4]["runs"] == "no runs"
    assert said[1]["answered"] == "", "answers to another version are not judged"


def test_a_file_that_is_there_already_or_one_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = opened(written())
    with pytest.raises(HandinError, match=r"its data are those of 0\.html"):
        pile.added(found, "again.html", written(), lessons())
    monkeypatch.setattr(pile, "server_limits", lambda: ServerLimits(handins_per_session=1))
    with pytest.raises(HandinError, match="1 files are open already"):
        pile.added(found, "b.html", written(name="b"), lessons())
    monkeypatch.setattr(pile, "server_limits", lambda: ServerLimits(handin_bytes_per_session=11_500))
    assert pile.added(found, "b.html", written(name="b"), lessons()), "equal numbers count once"
    with pytest.raises(HandinError, match=r"more different numbers than 0\.0115 MB"):
        pile.added(found, "b.html", falsified(written()), lessons())


def test_no_cell_of_a_table_is_a_formula_or_breaks_its_line() -> None:
    [each] = opened(written(name="=HYPERLINK(1)"))
    rows = [{**pile.row(each, {}, rows_of), "file": "@x\n.html"}]
    [cells] = pile.cells(rows, CLASS)
    assert cells[:2] == ["'@x .html", "'=HYPERLINK(1)"]
    assert pile.cells(pile.answers([each]), ANSWERS)[0][1] == "'=HYPERLINK(1)"
    assert handin.called("=HYPERLINK(1)") == "=HYPERLINK(1)", "in the file it is what was typed"
