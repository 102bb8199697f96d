"""Every sentence of the linear networks page against a recount from the tables that the page hands out."""

import csv
import io
import itertools
import re

import pytest

from app.pages.linear import charts, words
from spncore.files import export
from spncore.linear import network
from spncore.studies import linear
from spncore.studies.linear import LinearStudy
from spncore.words import raised

BUDGET = 300  # updates: the sentences are the same as with 3,000
FEWEST, CLOSE, ALIKE = 10, 1.05, 0.2
ENDS = {
    "p": (2, 4),
    "dimension": (1, 3),
    "condition": (1.0, 1000.0),
    "num_layers": (2, 8),
    "init_scale": (1e-3, 1.0, 2.0),
}
MIDDLE = {"p": (2, 4), "dimension": (1, 2), "condition": (10.0,), "num_layers": (2, 3), "init_scale": (0.3,)}
BEST = [dict(zip(ENDS, values, strict=True)) for at in (ENDS, MIDDLE) for values in itertools.product(*at.values())]
CHOSEN = [
    {**dict(zip(MIDDLE, values, strict=True)), "each_at": "chosen", "learning_rate": rate}
    for values in itertools.product((2, 4), (1, 2), (10.0,), (2, 8), (0.3, 1.0, 2.0))
    for rate in (1e-6, 0.2, 10.0)
]
SINGLE = [
    {"p": 2, "each_at": "chosen", "learning_rate": 0.187},  # reached and lost
    {"p": 2, "each_at": "chosen", "learning_rate": 0.1, "init_scale": 1.0},
    {"p": 2, "dimension": 1, "each_at": "chosen", "learning_rate": 0.9},
    {"p": 4, "dimension": 1, "each_at": "chosen", "learning_rate": 1.05, "num_layers": 3},
    {"p": 4, "dimension": 16, "condition": 1.0, "init_scale": 0.3},
]
SINGLE += [{"num_layers": layers, "p": 2 + 2 * (layers % 2)} for layers in range(4, 8)]
TABLE = [*BEST, *CHOSEN]
CASES = [*SINGLE, *(pytest.param(case, marks=[pytest.mark.slow] * (n % 4 > 0)) for n, case in enumerate(TABLE))]


@pytest.fixture(autouse=True)
def a_smaller_budget(monkeypatch):
    monkeypatch.setattr(linear, "MAX_UPDATES", BUDGET)
    monkeypatch.setattr(words, "MAX_UPDATES", BUDGET)


def read(columns, rows):
    """The rows of a table as the page hands it out."""
    return list(csv.DictReader(io.StringIO(export.table(columns, rows, []))))


def recounted(shown):
    """By model what the tables say: its losses, ρ and λ, the rates that were tried, the rate it is shown at."""
    runs = read(linear.COLUMNS, linear.rows(shown))
    rates = read("model eta updates outcome".split(), words.rate_rows(shown))
    found = {}
    for name in dict.fromkeys(row["model"] for row in rates):
        own = [row for row in runs if row["model"] == name]
        series = {q: [float(row["value"]) for row in own if row["quantity"] == q] for q in ("loss", "rho", "lambda")}
        assert [int(row["t"]) for row in own if row["quantity"] == "loss"] == [*range(len(series["loss"]))]
        tried = [(float(row["eta"]), row["updates"], row["outcome"]) for row in rates if row["model"] == name]
        found[name] = {**series, "tried": tried, "eta": float(own[0]["eta"]), **counts(series["loss"])}
    return found


def counts(loss):
    there = [value <= 1e-6 * loss[0] for value in loss]
    needed = there.index(True) if any(there) else None
    away = [t for t in range(needed or 0, len(loss)) if not there[t]] if needed is not None else []
    return {"needed": needed, "lost": away[0] if away else None}


def best_by_brute_force(tried):
    """(rate, updates, fewest, most, interior) of the steady rate with the fewest updates, or None."""
    steady = []
    for rate, updates, outcome in tried:
        near = [each for each in tried if rate / CLOSE < each[0] < rate * CLOSE]
        at_end = rate in (tried[0][0], tried[-1][0]) or near[0][0] == tried[0][0] or near[-1][0] == tried[-1][0]
        if outcome != "reached" or any(each[2] != "reached" for each in near) or len(near) < (5 if at_end else 9):
            continue
        numbers = [int(each[1]) for each in near]
        if all(abs(each - int(updates)) <= max(1, ALIKE * int(updates)) for each in numbers):
            steady.append((int(updates), -rate, min(numbers), max(numbers), len(near) == 9))
    return min(steady, default=None)


def count(number, word="update"):
    return f"{number:,} {word}" + "s" * (number != 1)


def clause(study, own, other):
    """What became of a model, as the headline is to say it."""
    best, tried = own["best"], own["tried"]
    if study.each_at == "best" and best is None:
        landed = sum(updates != "" for _, updates, _ in tried)
        if landed:
            return f"has no best rate (it gets there at {landed} of {len(tried)} rates, none of them steady)"
        if all(outcome == "diverged" for *_, outcome in tried):
            return f"diverges at each of {len(tried)} rates"
        return f"is not there after {BUDGET} updates at any of {len(tried)} rates"
    if own["needed"] is None:
        whole = len(own["loss"]) == BUDGET + 1
        return f"is not there after {BUDGET} updates" if whole else f"diverges at update {len(own['loss']):,}"
    alone = " at its best learning rate" if study.each_at == "best" and other["best"] is None else ""
    if own["lost"] is not None:
        return f"reaches the target after {count(own['needed'])}{alone} and loses it again at {own['lost']:,}"
    return f"needs {count(own['needed'])}{alone}"


def ranked(study, plain, factors):
    """("plain" or "overparametrised" or "", lowest and highest factor): who is faster beyond doubt."""
    models = {"plain": plain, "overparametrised": factors}
    if any(own["needed"] is None or own["lost"] is not None for own in models.values()):
        return "", None
    (fast, a), (slow, b) = sorted(models.items(), key=lambda item: item[1]["needed"])
    if b["needed"] - a["needed"] <= 1:
        return "", None
    if study.each_at == "chosen":
        return fast, None
    if a["best"] is None or b["best"] is None or not (a["best"][4] and b["best"][4]):
        return "", None
    _, _, low, high, _ = a["best"]
    _, _, lowest, highest, _ = b["best"]
    return (fast, (lowest / high, highest / low)) if high < lowest else ("", None)


def judge_verdict(said, study, plain, factors):
    fast, factor = ranked(study, plain, factors)
    claims = [name for name in ("Plain", "Overparametrised") if re.search(rf"{name} (is|needs)", said)]
    assert [name.lower() for name in claims] == ([fast] if fast else [])
    if not fast:
        assert "times" not in said and "faster" not in said.replace("Which one is faster is not decided", "").replace(
            "Neither is faster", ""
        )
        return
    few, many = sorted((plain["needed"], factors["needed"]))
    if few < FEWEST:
        assert "is faster; for fewer than 10 updates no factor is given." in said and "times" not in said
    elif many / few < 1.1:
        assert f"needs {count(many - few)} fewer." in said
    else:
        assert f"is {one(many / few)} times as fast" in said
        if factor:
            assert f"({one(factor[0])} to {one(factor[1])} times over the neighbouring rates)" in said
            assert factor[0] > 1.0, "neighbouring rates do not turn it round"
    assert "1.0 times" not in said


def one(factor):
    return f"{factor:.1f}" if factor < 10 else f"{factor:,.0f}"


@pytest.mark.parametrize("settings", CASES, ids=lambda case: "-".join(f"{value}" for value in case.values()))
def test_every_sentence_is_what_the_tables_say(settings):
    study = LinearStudy(**settings)
    shown = linear.run(study)
    plain, factors = recounted(shown).values()
    for own in (plain, factors):
        own["best"] = best_by_brute_force(own["tried"]) if any(own["loss"][:1]) else None
    judge_headline(words.headline(shown).replace("*", ""), study, plain, factors)
    judge_start(words.at_chosen_start(shown), study, plain, factors)
    judge_rates(words.rate_sentence(shown), factors)
    judge_terms(shown, study, factors)
    for log_axis in (False, True):
        assert charts.loss(shown, "light", log_axis).data and charts.rate_and_term(shown, "rho", "dark", log_axis).data
        assert charts.rate_and_term(shown, "lam", "light", log_axis).data
    assert charts.steps_by_rate(shown, "light").data


def judge_headline(said, study, plain, factors):
    assert said.startswith(f"ℓ{'₂' if study.p == 2 else '₄'} regression, D = {study.dimension}")
    assert ("condition" in said) == (study.dimension > 1)
    if plain["loss"][0] == 0.0:
        assert said.endswith(": both models start at the solution; there is nothing to learn, at any learning rate.")
        assert not any(character.isdigit() for character in said.split("D = ")[1].split(": ")[1])
        return
    assert f": plain {clause(study, plain, factors)}, overparametrised (w₁" in said
    assert f") {clause(study, factors, plain)}" in said
    judge_verdict(said.split(". ", 1)[1] if ". " in said else "", study, plain, factors)
    together = study.each_at == "best" and bool(plain["best"] and factors["best"])
    assert ("each at its own best learning rate" in said) == together


def judge_start(said, study, plain, factors):
    for own in (plain, factors):
        assert f"η = {own['eta']:.3g} (" in said
        if own["best"] and study.each_at == "best":
            assert own["eta"] == -own["best"][1]
        if study.each_at == "chosen" or own["loss"][0] == 0.0:
            assert own["eta"] == study.learning_rate
    lowest = [own for own in (plain, factors) if own["best"] is None and study.each_at == "best" and own["loss"][0]]
    assert said.count("it has no best rate") + said.count(": the smallest") == len(lowest) or plain["loss"][0] == 0.0
    for own in lowest:
        stable = list(itertools.takewhile(lambda each: each[2] != "diverged", own["tried"]))
        assert own["eta"] == (stable or own["tried"])[-1 if stable else 0][0]
    assert ("in every place" in said) == (study.dimension > 1)


def judge_rates(said, factors):
    ratio = [value / factors["eta"] for value in (min(factors["rho"]), max(factors["rho"]))]
    assert all(f"{value:.2g} η" in said for value in ratio)
    lam = factors["lambda"]
    strongest = max(lam, key=abs)
    assert ("λ is 0 throughout" in said) == (strongest == 0.0)
    if strongest:
        ends = (
            f"starts at {lam[0]:.2g} and ends at {lam[-1]:.2g};" if len(lam) > 1 else f"is {lam[0]:.2g} at the start;"
        )
        assert ends.replace("-", "−") in said
    length = 1.0 - strongest  # what is left of w
    assert ("stretches w" in said) == (strongest < 0.0) and ("turns w round" in said) == (strongest > 1.0)
    assert ("shrinks w" in said) == (0.0 < strongest < 1.0)
    for number in re.findall(r"(?:by|to) ([0-9.e+-]+)\N{NO-BREAK SPACE}%", said):
        assert float(number) / 100 == pytest.approx(abs(strongest) if length > 0 else -length, rel=0.06)
        assert float(number) <= 100
    for number in re.findall(r"to ([0-9.e+-]+) times", said):
        assert float(number) == pytest.approx(abs(length), rel=0.06)


def judge_terms(shown, study, factors):
    rows = read("t weight term value".split(), words.term_rows(shown))
    steps = len({row["t"] for row in rows})
    assert steps == min(len(factors["loss"]) - 1, linear.MAX_TERMS)
    said = words.residual_sentence(shown)
    if not steps:
        assert said == "The run has no update that could be taken apart." and "no update" in words.scalar_sentence(
            shown
        )
        return
    values = {(row["t"], row["weight"], row["term"]): float(row["value"]) for row in rows}
    parts = ("before", "adaptive", "multiplicative", "higher")
    rest = without = 0.0
    for t in dict.fromkeys(row["t"] for row in rows):
        own = {key[1:]: value for key, value in values.items() if key[0] == t}
        size = max(map(abs, own.values())) or 1.0
        for place in dict.fromkeys(key[0] for key in own):
            left = own[place, "after"] - sum(own[place, part] for part in parts)
            rest = max(rest, abs(left) / size)
            without = max(without, abs(left + own[place, "higher"]) / size)
    assert (
        f"Over {count(steps)} " in said
        and raised(f"without the term of higher order it would be {without:.2g}") in said.lower()
    )
    assert rest < 1e-13, "what is called rounding is rounding"
    first = "its first " if steps < len(factors["loss"]) - 1 else ""
    assert f" in {first}{count(steps)}." in words.scalar_sentence(shown)
    header = words.step_table(shown, 0).split("\n")[0]
    assert ("steepest" in header) == (study.dimension > 1 and study.condition > 1)


def test_an_arrival_that_is_not_kept_is_no_best_rate():
    shown = linear.run(LinearStudy(p=2))
    outcomes = {outcome for *_, outcome in recounted(shown)["w₁w₂"]["tried"]}
    assert "reached and lost" in outcomes, "the case exists"
    assert shown.factors.lost is None and network.DIVERGED == 1e6


@pytest.mark.parametrize("rate", [1e-6, 10.0])
@pytest.mark.parametrize("num_layers", [2, 8])
def test_both_ends_of_the_chosen_rate_give_a_sentence(rate, num_layers):
    study = LinearStudy(each_at="chosen", learning_rate=rate, num_layers=num_layers)
    assert words.headline(linear.run(study))
