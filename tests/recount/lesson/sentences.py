"""The judge of each sentence: parsed by its form, and counted again."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median

from tests.recount.lab.details import details
from tests.recount.lab.table import NEVER, NUMBER, hold, near, number
from tests.recount.lesson.counting import SMALL, L, Parts, Step, arrived, close, scored, whole

PERCENT = r"(\d+)\u00a0%"


def headline(step: Step, parts: Parts) -> None:
    """The lab's first line."""
    step.run(parts[0]).judge.headline(f"{parts[1]}.")


def furthest(step: Step, parts: Parts) -> None:
    """Where the medians are furthest apart."""
    run, (deep, shallow) = step.run(), (step.run().ends)
    medians = [[median(at) for at in zip(*run.judge.values[name], strict=True)] for name in (deep, shallow)]
    gaps = [abs(one - other) for one, other in zip(*medians, strict=True)]
    hold(parts[:2] == (deep, shallow) and whole(parts[2]) == gaps.index(max(gaps)), parts, gaps.index(max(gaps)))
    scored(run, parts[3], whole(parts[2]))


def after(step: Step, parts: Parts) -> None:
    """Who is higher after so many updates: of all, or a tenth of them."""
    run, update = step.run(parts[0]), whole(parts[1])
    hold(update in (run.judge.updates, run.judge.updates // 10), "after", update)
    scored(run, parts[2], update)


def at_end(step: Step, parts: Parts) -> None:
    """Who is higher in the end."""
    scored(step.run("honest"), parts[0], step.run("honest").judge.updates)


def noise(step: Step, parts: Parts) -> None:
    """Who arrived first, with so much noise."""
    run = step.run({"10⁻¹²": "rounding", "10⁻³": "honest"}[parts[0]])
    hold(number(parts[1]) == (run.judge.levels or [NEVER])[0], "target", parts)
    arrived(run, parts[2])


def changed(step: Step, parts: Parts) -> None:
    """What one known answer changes most and least, from the shares and probabilities of the components."""
    rows = [row for row in step.run().components if row["L"] == "1" and row["seed"] == str(step.run().judge.seeds[0])]
    share = {row["component"]: float(row["share"]) for row in rows}
    ones = {(row["component"], row["variable"]): float(row["probability"]) for row in rows}
    posterior = {k: share[k] * ones[k, step.given] for k in share}
    found = {}
    for name in step.variables:
        before = sum(share[k] * ones[k, name] for k in share) / sum(share.values())
        known = sum(posterior[k] * ones[k, name] for k in share) / sum(posterior.values())
        found[name.replace("_", " ")] = before, known
    hold(parts[0] == step.given.replace("_", " "), parts)
    found.pop(parts[0])
    ranked = sorted(found, key=lambda name: abs(found[name][1] - found[name][0]))
    for name, due, before, known in ((parts[1], ranked[-1], *parts[2:4]), (parts[4], ranked[0], *parts[5:7])):
        hold(name == due, name, "; due:", due)
        said = tuple(round(100 * share) for share in found[name])
        hold((int(before), int(known)) == said, name, said)


def levels(step: Step, parts: Parts) -> None:
    """The LLH of equally likely rows, and of independent columns."""
    columns, total = len(step.variables), sum(step.data.values())
    shares = [sum(count for row, count in step.data.items() if row[d]) / total for d in range(columns)]
    terms = [p * math.log(p) for share in shares for p in (share, 1 - share) if p]
    hold(whole(parts[0]) == 2**columns and near(parts[1], -columns * math.log(2)), parts)
    hold(near(parts[2], sum(terms)), parts, sum(terms))


def independent(step: Step) -> float:
    """The LLH of independent columns."""
    found = step.run().judge.independent
    assert found is not None
    return found


def mixture(step: Step, parts: Parts) -> None:
    """Where the plain mixture ends, and how far above independent columns."""
    judge = step.run().judge
    over = judge.middle("L=1") - independent(step)
    hold(near(parts[0], judge.middle("L=1")) and int(parts[1]) == len(judge.own), parts)
    hold(near(parts[2], over) and close(parts[3], math.exp(over)), parts, over, math.exp(over))


def entropy(step: Step, parts: Parts) -> None:
    """Minus the entropy of the rows."""
    total = sum(step.data.values())
    hold(near(parts[0], sum(n / total * math.log(n / total) for n in step.data.values())), parts)


def first_values(step: Step, quantity: str) -> list[float]:
    """A quantity of the component of which a step speaks, before the first update, by depth."""
    run, k = step.run(), step.run().heaviest()
    return [run.series(f"{quantity}[{k}]", depth, run.judge.own[0])[0] for depth in (1, 2, 3)]


def rates(step: Step, parts: Parts) -> None:
    """ρ over η at the start."""
    due = [rho / step.run().rate for rho in first_values(step, "rho")]
    hold(all(map(close, parts, due)), parts, due)


def pulls(step: Step, parts: Parts) -> None:
    """λ at the start, of the heaviest component and the first seed."""
    hold(int(parts[0]) == step.run().heaviest() and int(parts[4]) == step.run().judge.own[0], parts)
    due = first_values(step, "lambda")
    hold(all(map(close, parts[1:4], due)), parts, due)


def changes(step: Step, parts: Parts) -> None:
    """By how much the first update changes the weight."""
    run, k = step.run(), step.run().heaviest()
    weights = [run.series(f"w[{k}]", depth, run.judge.own[0]) for depth in (1, 2, 3)]
    due = [100 * (row[1] / row[0] - 1) for row in weights]
    hold(all(map(close, parts, due)), parts, due)


def deepest(step: Step, quantity: str) -> list[float]:
    """ρ or λ of the component in the deepest network, before each update."""
    run = step.run()
    return run.series(f"{quantity}[{run.heaviest()}]", int(run.ends[0][2:]), run.judge.own[0])[: run.judge.updates]


def memory(step: Step, parts: Parts) -> None:
    """How much the first gradient counts beside the newest that is remembered, in the last update."""
    run, rho, lam = step.run(), deepest(step, "rho"), deepest(step, "lambda")
    last = len(lam) - 1
    oldest = rho[0] * math.prod(1 + lam[s] for s in range(1, last))
    hold(parts[0] == run.ends[0] and int(parts[1]) == run.heaviest() and int(parts[5]) == run.judge.own[0], parts)
    hold(close(parts[2], oldest / rho[last - 1]), parts, oldest / rho[last - 1])
    hold(whole(parts[3]) == last - 1 and close(parts[4], 0.9 ** (last - 1)), parts)


def signs(step: Step, parts: Parts) -> None:
    """The sign of the memory in the last update, and how often λ changes its own."""
    lam = deepest(step, "lambda")
    turns = sum(one * other < 0 for one, other in zip(lam, lam[1:], strict=False))
    due = {0: "never", 1: "once", 2: "twice"}.get(turns, f"{turns} times")
    hold(parts == ("positive" if lam[-1] > 0 else "negative", due), parts, "; due:", due)


def starts(step: Step, parts: Parts) -> None:
    """Where the plain network starts in either run."""
    for text, name in zip(parts, ("small", "large"), strict=True):
        due = median(row[0] for row in step.run(name).judge.values["L=1"])
        hold(near(text, due), text, due)


def gains(step: Step, parts: Parts) -> None:
    """What the plain network gains in either run."""
    hold(whole(parts[1]) == step.run("small").judge.updates, parts)
    for text, name in ((parts[0], "small"), (parts[2], "large")):
        due = median(row[-1] - row[0] for row in step.run(name).judge.values["L=1"])
        hold(near(text, due), text, due)


def apart(step: Step, parts: Parts) -> None:
    """How far two runs ever are from each other."""
    one, other = (step.run(name).judge.values for name in ("small", "rescaled"))
    pairs = [zip(a, b, strict=True) for name in one for a, b in zip(one[name], other[name], strict=True)]
    due = max(abs(a - b) for pair in pairs for a, b in pair)
    hold(close(parts[0], due), parts, due)


def best(step: Step, parts: Parts) -> None:
    """Of the runs that differ in their rate alone, each depth's with the earliest median."""
    last = step.run("fastest")
    alike = [run for run in step.runs.values() if run.settings == last.settings]
    said = re.findall(rf"({L}) at (?:([\d.e-]+) \(([\d.]+) updates?\)|(none))", parts[0])
    hold([name for name, *_ in said] == sorted(last.judge.depths), parts)
    for name, rate, at, none in said:
        found = min((run.judge.arrival(name), run.rate) for run in alike)
        hold(bool(none) == (found[0] == NEVER), name, found)
        hold(bool(none) or (f"{found[0]:g}", f"{found[1]:g}") == (at, rate), name, found)


def between(step: Step, parts: Parts) -> None:
    """The largest difference between two depths."""
    rows = [zip(*seeds, strict=True) for seeds in zip(*step.run().judge.values.values(), strict=True)]
    due = max(max(at) - min(at) for row in rows for at in row)
    hold(close(parts[0], due), parts, due)


def second_line(step: Step, text: str) -> None:
    """The lab's second line, of many sentences."""
    details(step.run().judge, text)


FROM_TO = rf"([\w ]+) from {PERCENT} to {PERCENT}"
FORMS: dict[str, Callable[[Step, Parts], None]] = {
    rf"Once it is known that somebody has difficulty with ([\w ]+), the largest change is {FROM_TO}; "
    rf"the smallest is {FROM_TO}\.": changed,
    rf"If all ([\d,]+) combinations of answers were equally likely, the LLH would be ({NUMBER}); "
    rf"answers that know nothing of each other have ({NUMBER})\.": levels,
    rf"This mixture ends at ({NUMBER}) \(median of (\d+) seeds?\), ({NUMBER}) nats per row above independent answers: "
    r"the geometric mean of the rows' probabilities is ([\d.,]+) times as large\.": mixture,
    rf"No model can pass ({NUMBER}) on these rows\.": entropy,
    rf"The medians of ({L}) and ({L}) are furthest apart after ([\d,]+) updates: (.*)\.": furthest,
    r"()After ([\d,]+) updates: (.*)\.": after,
    rf"Before the first update ρ/η is {SMALL}, {SMALL} and {SMALL} for L = 1, 2 and 3\.": rates,
    rf"λ of component (\d+), the largest in the end, is then {SMALL}, {SMALL} and {SMALL} \(seed (\d+)\)\.": pulls,
    r"The first update changes its weight by ([^ ]+)\u00a0%, ([^ ]+)\u00a0% and ([^ ]+)\u00a0%\.": changes,
    rf"In the last update at ({L}) the first gradient of component (\d+) counts {SMALL} times as much as the newest "
    rf"one that is remembered, ([\d,]+) updates later; momentum with β = 0\.9 would leave {SMALL} of it "
    r"\(seed (\d+)\)\.": memory,
    r"The memory is (positive|negative) there, as λ is; over the run λ changes its sign "
    r"(never|once|twice|\d+ times)\.": signs,
    rf"With every edge at 0\.1 the LLH of L = 1 starts at ({NUMBER}), with every edge at 1 at ({NUMBER})\.": starts,
    rf"At the same rate, L = 1 then gains ({NUMBER}) nats per row in ([\d,]+) updates from 0\.1, "
    rf"and ({NUMBER}) from 1\.": gains,
    rf"With a hundred times the rate the run from 1 is never further than {SMALL} nats from the one that starts at "
    r"0\.1, at any depth, seed or update\.": apart,
    r"Of the three rates each depth has its earliest median at: (.*)\. The best is chosen by the same seeds that "
    r"measure it\.": best,
    rf"The largest difference between two depths, over all seeds and updates, is {SMALL} nats per row\.": between,
    rf"Noise of (10⁻¹²|10⁻³), to reach ({NUMBER}): (.*)\.": noise,
    r"At the end, with noise of 10⁻³: (.*)\.": at_end,
}
# Sentences that begin with a run's part of the step, and the lab's own two lines.
BEGINNINGS = {
    "As in step 3: ": "paper",
    "Same product: ": "product",
    "Five times the rate: ": "faster",
    "Ten times the rate: ": "fastest",
    "Ten times as long, after ": "longer",
    "And after ": "longer",
}


def judge(step: Step, said: str) -> str:
    """Refuse what is not so; gives what the sentence is about."""
    for pattern, check in FORMS.items():
        parts = re.fullmatch(pattern, said)
        if parts:
            check(step, tuple(part or "" for part in parts.groups()))
            return check.__name__
    for beginning, name in BEGINNINGS.items():
        if said.startswith(beginning):
            rest = said.removeprefix(beginning)
            timed = re.fullmatch(r"([\d,]+)(?: updates)?: (.*)\.", rest)
            if timed:
                after(step, (name, *timed.groups()))
            else:
                headline(step, (name, rest.removesuffix(".")))
            return f"{name}'s"
    if "Target: " in said or "No target: " in said:
        second_line(step, said)
        return "details"
    headline(step, ("", said.removesuffix(".")))
    return "headline"


def data_of(rows: Sequence[Sequence[int]], counts: Sequence[int]) -> Counter[tuple[int, ...]]:
    """Every row as often as it occurs."""
    return Counter({tuple(row): count for row, count in zip(rows, counts, strict=True)})
