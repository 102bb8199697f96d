"""The numbers and generated sentences of the Figure 3 page: published curves against ours, no Streamlit."""

from collections.abc import Mapping

import numpy as np

from app.kit.results import Results
from app.kit.text import number
from spncore.arrays import Floats
from spncore.files.export import Row
from spncore.plots.curves import Line
from spncore.runs.experiment import Experiment
from spncore.studies import figure3, statistics
from spncore.studies.cells import DEPTHS, depth_name
from spncore.studies.figure3 import HONEST, NOISES, ROUNDING
from spncore.studies.published import TARGETS, published_figure3
from spncore.studies.shipped import FirstSteps, finals
from spncore.studies.shipped import reached as reached_by_seed
from spncore.studies.statistics import Iterations
from spncore.sweep import Outcome
from spncore.words import DASH, counted, listed, signed, slashed

PUBLISHED = published_figure3()
LEFT = 3e-6  # nats per row; reading off the figure leaves less than that
ROUNDED = 1e-9  # nats per row: differences below are those of sums in another order
LEVEL_WITH = 5e-4  # nats per row: what three decimals do not tell apart
SMALLEST = 1e-16  # what a difference of zero is drawn as, on an axis of powers of ten
QUIET = 1e-14  # less than this is not noise of its size: a double near one half has a grid of 1e-16
SEED_COLUMNS = "noise L seed target updates".split()
CURVE_COLUMNS = "setting L iteration median low high".split()
LAB_SEEDS = 6


def published_reached(level: float) -> dict[int, int]:
    """By depth the updates after which the published curve is first at a level; its first row is the start."""
    return {depth: int(np.argmax(curve >= level)) for depth, curve in PUBLISHED.items()}


def outcome(shown: Results, noise: float, depth: int) -> Outcome:
    """The runs of one noise and depth."""
    return shown.results[figure3.cell(noise, depth, shown.runs)]


def reached(shown: Results, noise: float, level: float) -> dict[int, Iterations]:
    """By depth, seed by seed, the updates to a level."""
    return {depth: reached_by_seed(outcome(shown, noise, depth), TARGETS.index(level)) for depth in DEPTHS}


def by_noise(shown: Results, level: float) -> dict[int, dict[float, Iterations]]:
    """By depth and noise, seed by seed, the updates to a level."""
    return {depth: {noise: reached(shown, noise, level)[depth] for noise in NOISES} for depth in DEPTHS}


def end(shown: Results) -> int:
    """The last update."""
    return figure3.cell(ROUNDING, 1, shown.runs).experiment.iterations


def six(shown: Results, noise: float) -> Experiment:
    """The setting as the lab opens it: fewer seeds, so that it is quick."""
    return figure3.cell(noise, DEPTHS[-1], shown.runs).experiment.replace(num_seeds=LAB_SEEDS)


def published_lines() -> list[Line]:
    """The published curves."""
    return [
        Line.from_start(f"published L={depth}", depth, curve, faint=True, group="published")
        for depth, curve in PUBLISHED.items()
    ]


def our_lines(shown: Results, noise: float) -> list[Line]:
    """Medians and ranges of our runs."""
    return shown.lines(figure3.cell(noise, depth, shown.runs) for depth in DEPTHS)


def _apart(shown: Results, llh: Floats) -> Floats:
    """|LLH − LLH of the symmetric run| at the first steps, (…, T)."""
    apart: Floats = np.abs(llh - _first(shown, 0.0, 1).llh[0, : llh.shape[-1]])
    return apart


def departures(shown: Results, noise: float, length: int) -> list[Line]:
    """|LLH − symmetric| of our first steps: median and range of six seeds."""
    lines = []
    for depth in DEPTHS:
        apart = np.maximum(_apart(shown, _first(shown, noise, depth).llh[:, :length]), SMALLEST)
        lines.append(
            Line.from_start(depth_name(depth), depth, *(of(apart, axis=0) for of in (np.median, np.min, np.max)))
        )
    return lines


def published_departures(shown: Results, length: int) -> list[Line]:
    """|published LLH − symmetric| of the first steps."""
    return [
        Line.from_start(f"published L={depth}", depth, _apart(shown, curve[:length]), faint=True)
        for depth, curve in PUBLISHED.items()
    ]


def first_changes(shown: Results, length: int) -> list[Line]:
    """Step sizes with honest noise, and in grey with noise of rounding size."""
    lines = []
    for noise, faint in ((ROUNDING, True), (HONEST, False)):
        for depth in DEPTHS:
            change = np.maximum(_first(shown, noise, depth).change[:length], SMALLEST)
            name = f"{depth_name(depth)}, noise {number(noise)}"
            group = f"noise {number(noise)}, any L" if faint else ""
            numbers = [*range(1, len(change) + 1)]  # the first update is the one after the start
            lines.append(Line(name, depth, numbers, change.tolist(), faint=faint, group=group))
    return lines


def table_rows(shown: Results, noise: float) -> list[dict[str, str]]:
    """Updates to every level: published, ours, the better of two of ours; a row per level and depth."""
    rows = []
    for level in TARGETS:
        ours = reached(shown, noise, level)
        for depth in DEPTHS:
            runs, published = ours[depth], published_reached(level)[depth]
            inside = shown.data.synthetic or _inside(published, runs)
            rows.append(
                {
                    "LLH": signed(level, "g"),
                    "depth": depth_name(depth),
                    "published": str(published) if inside else f"**{published}**",
                    "ours, one run": statistics.span(runs, end(shown)),
                    "never": f"{statistics.never(runs)} of {len(runs)}",
                    "ours, better of two": _better_of_two(runs, end(shown)),
                }
            )
    return rows


def seed_rows(shown: Results, only: float | None = None) -> list[Row]:
    """Every seed's updates to every level."""
    return [
        (noise, depth, seed.seed, level, "" if at is None else at)
        for noise in (NOISES if only is None else (only,))
        for depth in DEPTHS
        for seed in outcome(shown, noise, depth).seeds
        for level, at in zip(TARGETS, seed.reached, strict=True)
    ]


def curve_rows(lines: list[Line]) -> list[Row]:
    """A row per curve and update; a single run is its own range."""
    rows: list[Row] = []
    for line in lines:
        low, high = line.low or line.median, line.high or line.median
        points = zip(line.iterations, line.median, low, high, strict=True)
        rows += [(line.name, line.depth, *point) for point in points]
    return rows


def overview_words(shown: Results, level: float) -> str:
    """Published and ours at one level, in two sentences."""
    published, ours = published_reached(level), reached(shown, ROUNDING, level)
    said, spans = slashed(published.values()), slashed(statistics.span(runs, end(shown)) for runs in ours.values())
    outside = [depth_name(depth) for depth in DEPTHS if not _inside(published[depth], ours[depth])]
    seeds, spread = (
        counted(len(ours[1]), "seed"),
        [number(noise) for noise in NOISES if _all_inside(shown, noise, level)],
    )
    verb = "lies" if len(outside) == 1 else "lie"
    close = (
        f"The published {listed(outside)} {verb} outside the range of our {seeds}."
        if outside
        else f"Every published value lies within the range of our {seeds}."
    )
    if shown.data.synthetic:
        close = "The published runs saw the real rows, so the two are not compared."
        spread = []
    close += f" All three lie within it at noise {listed(spread)}." if outside and spread else ""
    return f"Updates to {signed(level, 'g')} for L = 1 / 2 / 3: published {said}; ours {spans}. {close}"


def symmetry_words(shown: Results) -> str:
    """Whether the depths coincide without noise, and where they end."""
    runs = [outcome(shown, 0.0, depth) for depth in DEPTHS]
    curves = np.array([(run.curve or {})["median"] for run in runs])
    apart, last, updates = float(np.ptp(curves, axis=0).max()), finals(runs[0])[0], runs[0].seeds[0].iterations
    independent = shown.data.references["independent"]
    same = "coincide" if apart < ROUNDED else f"differ by at most {apart:.1g} nats per row"
    side = "at" if abs(last - independent) < LEVEL_WITH else "short of" if last < independent else "above"
    return (
        f"All three depths {same} and end at {signed(last)} after {counted(updates, 'update')}, {side} "
        f"{signed(independent)}, the level of independent variables, which is the best that equal components can reach."
    )


def departure_words(shown: Results, noise: float) -> str:
    """How long the published curves stay with the symmetric one, and how long ours do."""
    apart = {line.depth: np.array(line.median) for line in published_departures(shown, 60)}
    leave = {depth: int(np.argmax(rows > LEFT)) for depth, rows in apart.items()}
    common = min(leave.values()) - 1
    within = max(float(rows[: common + 1].max()) for rows in apart.values())
    ours = {depth: _leaves(shown, noise, depth) for depth in DEPTHS}
    if shown.data.synthetic:
        return (
            f"Ours with noise {number(noise)} leave the symmetric curve (by more than {number(LEFT)} nats per row) "
            f"after {slashed(ours.values())} updates for L = 1 / 2 / 3. The published runs saw other rows."
        )
    size = f"{within:.1e}".replace("e-0", "e-")
    return (
        f"For the first {counted(common, 'update')} all three published curves are within {size} nats per row of our "
        f"symmetric curve; they leave it (by more than {number(LEFT)}) after {slashed(leave.values())} updates "
        f"for L = 1 / 2 / 3. Ours with noise {number(noise)} leave after {slashed(ours.values())}."
    )


def noise_words(shown: Results, level: float) -> str:
    """The gap at rounding-size and at honest noise, from paired seeds."""
    runs = {noise: reached(shown, noise, level) for noise in NOISES}
    parts = [
        f"Noise {number(noise)}: {statistics.compared('L=3', 'L=1', runs[noise][3], runs[noise][1], end(shown))}."
        for noise in (ROUNDING, HONEST)
    ]
    known = {noise: gap for noise, each in runs.items() if (gap := _gap(each)) is not None}
    if len(known) > 1:
        first, last = min(known), max(known)
        parts.append(
            f"The median of L=1 less that of L=3 goes from {signed(known[first], 'g')} updates at noise "
            f"{number(first)} to {signed(known[last], 'g')} at {number(last)}."
        )
    return " ".join(parts)


def pair_words(shown: Results, noise: float, level: float) -> str:
    """What scoring by the better of two changes, per depth."""
    parts = []
    for depth, runs in reached(shown, noise, level).items():
        better = statistics.better_of_two(runs)
        parts.append(
            f"{depth_name(depth)}: median {statistics.middle(runs, end(shown))} for one run, "
            f"{_better_of_two(runs, end(shown))} for the better of two; "
            f"{statistics.never(runs)} of {counted(len(runs), 'run')} and {statistics.never(better)} of "
            f"{counted(len(better), 'pair')} are not there after {counted(end(shown), 'update')}"
        )
    return ". ".join(parts) + "."


def law_words(shown: Results, level: float) -> str:
    """What a decade of noise costs each depth: medians of the runs that arrive, at the two ends of the range."""
    ends, arrived = (QUIET, HONEST), []
    for depth in DEPTHS:
        runs = [reached(shown, noise, level)[depth] for noise in ends]
        arrived.append([[at for at in row if at is not None] for row in runs])
    fewest, total = min(len(row) for pair in arrived for row in pair), len(outcome(shown, HONEST, 1).seeds)
    if not fewest:
        return f"At one of the noises {number(ends[0])} and {number(ends[1])} no run of some depth arrives."
    decades = round(np.log10(ends[1] / ends[0]))
    costs = [float(np.median(quiet) - np.median(loud)) / decades for quiet, loud in arrived]
    said = slashed(signed(float(f"{cost:.2g}"), "g") for cost in costs)
    much = costs[0] > 0 and max(map(abs, costs[1:])) < costs[0] / 5
    close = " Depth makes the wait nearly independent of how small the difference is." if much else ""
    return (
        f"From noise {number(ends[1])} down to {number(ends[0])} every power of ten less costs L = 1 / 2 / 3 another "
        f"{said} updates: medians of the runs that arrive, at least {fewest} of {total} each.{close}"
    )


def change_words(shown: Results) -> str:
    """The size of the first steps, in factors."""
    experiment = figure3.cell(HONEST, 1, shown.runs).experiment
    ratio = experiment.learning_rate / experiment.init_scale**2
    first = {depth: float(_first(shown, HONEST, depth).change[0]) for depth in DEPTHS}
    factors = slashed(f"{float(f'{1.0 + change:.2g}'):,.0f}" for change in first.values())
    doubled = {depth: _doubles(_first(shown, ROUNDING, depth)) for depth in DEPTHS}
    start = float(np.median([_first(shown, ROUNDING, depth).change[0] for depth in DEPTHS]))
    return (
        f"η/w0² = {ratio:,.0f}. With noise {number(HONEST)} the very first update multiplies the weight that changes "
        f"most by {factors} for L = 1 / 2 / 3. With noise {number(ROUNDING)} it changes it by about "
        f"{number(float(f'{start:.0e}'))} of itself only, but each update enlarges the next: a weight first doubles "
        f"within one in update {slashed(doubled.values())}."
    )


def _first(shown: Results, noise: float, depth: int) -> FirstSteps:
    return shown.first_steps[figure3.cell(noise, depth, shown.runs).experiment]


def _leaves(shown: Results, noise: float, depth: int) -> str:
    """Range over seeds of the update in which a run leaves the symmetric one."""
    left = _apart(shown, _first(shown, noise, depth).llh) > LEFT
    at = sorted(int(np.argmax(row)) for row in left if row.any())
    if not at:
        return "none shown"
    said = str(at[0]) if at[0] == at[-1] else f"{at[0]}{DASH}{at[-1]}"
    return said if len(at) == len(left) else f"{said} ({len(left) - len(at)} of {len(left)} in none shown)"


def _better_of_two(runs: Iterations, last: int) -> str:
    """The median over all pairs of what the earlier one of two scores; one run makes no pair."""
    pairs = statistics.better_of_two(runs)
    return statistics.middle(pairs, last) if pairs else DASH


def _doubles(steps: FirstSteps) -> str:
    large = steps.change >= 1.0
    return str(int(np.argmax(large)) + 1) if large.any() else "none shown"


def _gap(runs: Mapping[int, Iterations]) -> float | None:
    shallow, deep = statistics.median(runs[1]), statistics.median(runs[3])
    return None if shallow is None or deep is None else shallow - deep


def _inside(value: int, runs: Iterations) -> bool:
    known = [at for at in runs if at is not None]
    return bool(known) and min(known) <= value and (None in runs or value <= max(known))


def _all_inside(shown: Results, noise: float, level: float) -> bool:
    return all(map(_inside, published_reached(level).values(), reached(shown, noise, level).values()))
