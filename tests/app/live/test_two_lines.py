"""Both lines that are said of a run, over a table of situations, each sentence judged by a recount from the export."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from spncore import Experiment, load
from spncore.learning.learners import LEARNERS
from spncore.learning.objectives import OBJECTIVES
from spncore.runs.study import RIVALS, Study
from spncore.studies.presets import PRESETS
from tests.recount import lab
from tests.recount.lab.details import details
from tests.recount.lab.table import RefusedError
from tests.situations import Situation, hand_made, ran, ran_circuit, uploaded

EARLY = [-11.0, -9.0, -7.3, -7.1, -7.0]
LATE = [-11.0, -10.0, -9.0, -7.3, -7.1]
NEVER = [-11.0, -10.9, -10.0, -9.5, -9.0]
LOST = [-11.0, -9.0, -7.1, -7.5, -7.4]
THROWN = [-11.0, -9.0, -7.1, -12.0, -12.5]
SUNK = [-11.0, -11.2, -11.4, -11.3, -11.2]
AT_START = [-7.1, -7.0, -6.9, -6.8, -6.7]
SHAPES = {"early": EARLY, "late": LATE, "never": NEVER, "lost": LOST, "thrown": THROWN, "sunk": SUNK}
SMALL = Experiment(dataset="two-clusters", num_components=3, iterations=40, num_seeds=2, init_noise=1e-2)


def seeds(curve: list[float], number: int, spread: float = 0.01) -> list[list[float]]:
    """A curve for each of several seeds: alike, but no two the same run."""
    rng = np.random.default_rng(number)
    return [[value + spread * float(rng.uniform(-1, 1)) for value in curve] for _ in range(number)]


def mixed(*curves: list[float]) -> list[list[float]]:
    """A seed for each curve."""
    return [[value + 1e-6 * place for value in curve] for place, curve in enumerate(curves)]


def by_hand() -> Iterator[Situation]:
    """What a run seldom does, made by hand."""
    for number, (one, other) in product((1, 2, 6), product(SHAPES, SHAPES)):
        curves = {"1": seeds(SHAPES[one], number), "3": seeds(SHAPES[other], number, 0.02)}
        yield hand_made(f"{number} seeds, {one} and {other}", curves)
        if number == 6:
            yield hand_made(f"{one} and {other}, no target", curves, levels=None)
            yield hand_made(f"{one} and {other}, under way", curves, ended=False, total=50)
            levels = [-7.2, -7.21, -8.0, -7.2, -7.2, -7.05]
            yield hand_made(f"{one} and {other}, a level for each", curves, levels=levels)
    same = seeds(LATE, 6)
    yield hand_made("all equal", {"1": same, "2": same, "3": same})
    yield hand_made("all equal, eight depths", {str(depth): same for depth in range(1, 9)})
    yield hand_made("one run six times", {"1": [LATE] * 6, "3": [EARLY] * 6})
    yield hand_made("two runs three times", {"1": [LATE, NEVER] * 3, "3": [EARLY] * 6})
    yield hand_made("seeds disagree", {"1": mixed(EARLY, LATE) * 1, "3": mixed(LATE, EARLY)})
    yield hand_made("lost in some", {"1": mixed(LATE, LOST, NEVER, LATE, EARLY, LOST, LATE), "2": seeds(EARLY, 7)})
    yield hand_made("thrown in some", {"1": mixed(LATE, THROWN, LATE, LATE, SUNK, LATE), "2": seeds(EARLY, 6)})
    yield hand_made("at the target from the start", {"1": seeds(AT_START, 3), "2": seeds(EARLY, 3)})
    better = [*EARLY[:-1], -6.9]
    yield hand_made("first but not best", {"1": seeds([-11, -9.5, -8, -7.1, -6.5], 6), "3": seeds(better, 6)})
    yield hand_made("level in the end", {"1": seeds([-11, -9, -8, -7.1, -7.0], 6, 1e-4), "3": seeds(EARLY, 6, 1e-4)})
    half = mixed(EARLY, EARLY, EARLY, NEVER, NEVER, [-11.0, -10.0, -9.0, -7.6, -7.3])
    yield hand_made("alone, in half of the seeds", {"1": half})
    yield hand_made("in half of the seeds", {"1": half, "2": half[::-1], "3": seeds(NEVER, 6)})
    ends = {"1": (-7.0, -8.0, -8.1, -8.2, -9.0, -9.0), "2": (-10.0, -10.0, -8.05, -8.15, -8.9, -8.9)}
    uneven = {depth: mixed(*([-11.0, -10.5, end] for end in row)) for depth, row in ends.items()}
    yield hand_made("leads, but behind in the median pair", uneven, levels=None)
    yield from many_depths()
    yield from with_rivals()
    yield from broken_off()


def many_depths() -> Iterator[Situation]:
    """Three to eight depths, in all orders of a few, and reversed."""
    shapes = list(SHAPES.values())
    for count in (3, 4, 5, 8):
        for turn in range(6):
            rows = {
                str(depth): seeds(shapes[(depth * 5 + turn) % 6], 6, 0.001 * depth) for depth in range(1, count + 1)
            }
            yield hand_made(f"{count} depths, {turn}", rows)
            yield hand_made(f"{count} depths, {turn}, no target", rows, levels=None)
            yield hand_made(f"{count} depths, {turn}, a level for each", rows, levels=[-7.2, -7.3, -8, -8.1, -9, -9.5])
    rising = {str(depth): seeds([-11, -10, -9, -8 + 0.3 * depth, -7.8 + 0.3 * depth], 6) for depth in range(1, 5)}
    falling = {str(5 - int(depth)): rows for depth, rows in rising.items()}
    for name, rows in (
        ("rising", rising),
        ("reversed", falling),
        ("without a plain one", {"2": rising["2"], "4": falling["4"]}),
    ):
        yield hand_made(f"four depths {name}", rows)
        yield hand_made(f"four depths {name}, no target", rows, levels=None)
        yield hand_made(f"four depths {name}, under way", rows, ended=False, total=500)


def with_rivals() -> Iterator[Situation]:
    """Other learners beside, before and behind the depths."""
    for shape, (name, curve) in product(("early", "never", "thrown"), SHAPES.items()):
        rows = {"1": seeds(LATE, 6), "3": seeds(SHAPES[shape], 6), "momentum": seeds(curve, 6), "em": seeds(EARLY, 6)}
        yield hand_made(f"{shape}, rivals {name}", rows)
        yield hand_made(f"{shape}, rivals {name}, no target", rows, levels=None)
    fast = [-11.0, -7.1, -7.0, -7.0, -6.9]
    every = {"1": seeds(LATE, 6), "2": seeds(EARLY, 6), **{name: seeds(fast, 6) for name in RIVALS}}
    yield hand_made("all rivals are earlier", every)
    yield hand_made("all rivals are higher", every, levels=None)
    yield hand_made("one depth and a rival", {"1": seeds(LATE, 3), "em": seeds(fast, 3)})


def broken_off() -> Iterator[Situation]:
    """Curves that diverged, and runs with next to nothing in them."""
    short = [row[:3] for row in seeds(EARLY, 3)]
    yield hand_made("one diverged", {"1": seeds(LATE, 3), "2": short, "3": seeds(EARLY, 3)}, stopped={"2": 2})
    yield hand_made("two diverged", {"1": seeds(LATE, 3), "2": short, "3": short}, stopped={"2": 2, "3": 2})
    yield hand_made("all diverged", {"1": short, "2": short}, stopped={"1": 2, "2": 2}, total=20)
    rows = {"1": short, "em": seeds(LATE, 3)}
    yield hand_made("only a rival is left", rows, stopped={"1": 2}, total=20)
    yield hand_made("a rival diverged", {"1": seeds(LATE, 3), "3": seeds(EARLY, 3), "em": short}, stopped={"em": 2})
    first = [row[:1] for row in seeds(EARLY, 2)]
    yield hand_made(
        "diverged at the start", {"1": [row[:1] for row in seeds(LATE, 3)], "2": seeds(LATE, 3)}, stopped={"1": 0}
    )
    for ended in (True, False):
        yield hand_made(f"no update yet, {ended}", {"1": first, "2": first}, ended=ended)
        for updates in (1, 2, 3):
            rows = {
                depth: [row[: updates + 1] for row in seeds(curve, 6)] for depth, curve in (("1", LATE), ("3", EARLY))
            }
            yield hand_made(f"{updates} updates, {ended}", rows, ended=ended, total=500)
            yield hand_made(f"{updates} updates, {ended}, alone", {"2": rows["3"]}, ended=ended, total=500)
    for name, curve in SHAPES.items():
        yield hand_made(f"alone, {name}", {"3": seeds(curve, 6)})
        yield hand_made(f"alone, {name}, one seed", {"3": seeds(curve, 1)})
        yield hand_made(f"alone, {name}, no target", {"3": seeds(curve, 6)}, levels=None)


def real() -> Iterator[Situation]:
    """Short runs of every preset, learner and objective, on stand-ins and somebody's own data."""
    twin, clusters, labelled = load("nltcs-twin"), load("two-clusters"), load("labelled-clusters")
    for preset in PRESETS.values():
        study = preset.on("two-clusters")
        short = study.experiment.replace(iterations=min(study.experiment.iterations, 60))
        yield from ran(f"preset {preset.name}", replace(study, experiment=short), clusters, (2, 21, None))
    for learner in LEARNERS:
        study = Study(SMALL.replace(optimiser=learner), (1, 2, 3))
        yield from ran(f"learner {learner}", study, clusters, (11, None))
    yield from ran("every rival", Study(SMALL, (1, 2), RIVALS), clusters, (11, None))
    for objective in OBJECTIVES:
        experiment = SMALL.replace(dataset="labelled-clusters", objective=objective, num_seeds=6)
        yield from ran(f"objective {objective}", Study(experiment, (1, 2, 3)), labelled, (11, None))
        yield from ran(f"objective {objective}, alone", Study(experiment, (2,)), labelled)
    own = uploaded(np.random.default_rng(0).integers(0, 2, (60, 5)))
    narrow = uploaded(np.random.default_rng(0).integers(0, 2, (60, 1)))
    for name, data in (("uploaded", own), ("D = 1", narrow)):
        experiment = SMALL.replace(dataset=f"sha256:{data.sha256}", num_seeds=3)
        yield from ran(name, Study(experiment, (1, 2, 3)), data, (6, None))
    yield from ran("K = 1", Study(SMALL.replace(num_components=1), (1, 2)), clusters, (6, None))
    yield from ran("K = 1, alone", Study(SMALL.replace(num_components=1), (2,)), clusters)
    yield from ran("no noise", Study(SMALL.replace(init_noise=0.0, num_seeds=6), (1, 3)), clusters)
    wild = SMALL.replace(learning_rate=10.0, parametrisation="log")
    yield from ran("wild", Study(wild, (1, 2, 3), ("momentum",)), clusters)
    yield from ran("on the stand-in", Study(SMALL.replace(dataset="nltcs-twin"), (1, 2)), twin)


def circuits() -> Iterator[Situation]:
    """Deep circuits beside the mixtures of their trees; some start as they were fitted, whatever the seed."""
    clusters = load("two-clusters")
    for structure, start in (("random_partitions", "uniform"), ("chow_liu", "fitted"), ("learn_spn", "fitted")):
        for depths, number in (((1,), 2), ((1, 2), 6)):
            deep = {"structure": structure, "component_init": start, "split_depth": 1, "num_repetitions": 1}
            noise = 0.0 if start == "fitted" else 0.1
            experiment = SMALL.replace(**deep, num_seeds=number, init_noise=noise, iterations=8, num_components=2)
            yield ran_circuit(f"{structure}, {len(depths)} depths", Study(experiment, depths), clusters)


@cache
def table(part: str) -> tuple[Situation, ...]:
    """The situations of a part of the table."""
    return tuple({"by hand": by_hand, "real": real, "circuits": circuits}[part]())


PARTS = ("by hand", "real", "circuits")


def judge(found: Situation) -> None:
    """Refuse what is not so."""
    found.judge.headline(found.said.headline)
    details(found.judge, found.said.details)


@pytest.mark.parametrize("part", PARTS)
def test_every_sentence_stands_up_to_a_recount_from_the_export(part):
    refused = []
    for found in table(part):
        try:
            judge(found)
        except RefusedError as error:
            refused.append(f"{found.name}: {error}\n    {found.said.headline}\n    {found.said.details}")
    assert not refused, f"{len(refused)} of {len(table(part))}\n" + "\n".join(refused[:8])


def test_the_table_has_hundreds_of_sentences_of_every_kind():
    said = [line for part in PARTS for found in table(part) for line in found.said if line]
    sentences = {sentence for line in said for sentence in re.split(r"(?<=\.) (?=[A-Z0-9])", line)}
    assert len(said) >= 300 and len(sentences) >= 300
    forms = {found.judge.headline(found.said.headline) for part in PARTS for found in table(part)}
    every = "arrived short standing coincident off reached missed alone nothing diverged".split()
    assert forms == set(every)


def sentences(line: str) -> list[str]:
    """The sentences of a line, in one order: of two that diverged, either may be named first."""
    return sorted(re.split(r"(?<=\.) (?=[A-Z0-9])", line))


def mutants(line: str) -> Iterator[str]:
    """The same line with a name, a count or a word changed."""
    for place in re.finditer(r"(?<!momentum )(?<!momentum 0\.)(?<!Nesterov )(?<!Nesterov 0\.)\d+", line):  # a setting
        number = int(place[0])
        if line[max(0, place.start() - 2) : place.start()] == "L=":
            others = [str(other) for other in range(1, 9) if other != number]
            yield line[: place.start()] + others[number % 7] + line[place.end() :]
            continue
        for other in {number + 1, max(number - 1, 0)} - {number}:
            changed = str(other).rjust(len(place[0]), "0")
            yield line[: place.start()] + changed + line[place.end() :]
    for one, other in ((" before ", " above "), (": settled", ": not settled"), (": not settled", ": settled")):
        yield line.replace(one, other, 1)
    for one, other in (("; settled", "; not settled"), ("not settled by", "settled by"), ("never", "always")):
        yield line.replace(one, other, 1)
    names = sorted(set(re.findall(r"L=\d", line)))
    if len(names) > 1:
        turn = dict(zip(names, names[1:] + names[:1], strict=True))
        yield re.sub(r"L=\d", lambda name: turn[name[0]], line)


@pytest.mark.parametrize("part", PARTS)
def test_the_recount_refuses_a_line_with_anything_changed(part):
    passed, tried = [], 0
    rng = random.Random(0)
    for found in rng.sample(table(part), min(60, len(table(part)))):
        for place, line in enumerate(found.said):
            for changed in mutants(line):
                if sentences(changed) == sentences(line):
                    continue
                tried += 1
                said = (changed, found.said.details) if place == 0 else (found.said.headline, changed)
                try:
                    found.judge.headline(said[0])
                    details(found.judge, said[1])
                except (RefusedError, ValueError, KeyError, IndexError):
                    continue
                passed.append(f"{found.name}: {line}\n    passed as: {changed}")
    assert tried > 100 and not passed, f"{len(passed)} of {tried}\n" + "\n".join(passed[:8])


def test_a_missing_sentence_is_missed():
    found = next(each for each in table("by hand") if each.name == "6 seeds, lost and early")
    sentences = re.split(r"(?<=\.) (?=[A-Z0-9])", found.said.details)
    assert len(sentences) > 3
    for left_out in sentences:
        with pytest.raises(RefusedError):
            details(found.judge, " ".join(each for each in sentences if each != left_out))


def test_a_table_of_other_runs_refuses_the_line():
    found = {each.name: each for each in table("by hand")}
    one, other = found["6 seeds, late and early"], found["6 seeds, early and late"]
    with pytest.raises(RefusedError):
        other.judge.headline(one.said.headline)


def test_the_judges_know_neither_engine_nor_words():
    for file in Path(lab.__file__).parent.glob("*.py"):
        names = re.findall(r"^(?:from|import) (\w+(?:\.\w+)*)", file.read_text(encoding="utf-8"), re.MULTILINE)
        own = [name for name in names if name.split(".")[0] not in sys.stdlib_module_names]
        assert all(name.startswith("tests.recount.lab") for name in own), (file.name, own)
