"""Print the tie-breaking law: how long each depth waits when all components start equal but for noise of size ε.

Run with `python -m experiments.tie_breaking`; it needs NLTCS and takes under a minute. Counted in updates.
"Reported" are this project's own earlier runs: twelve seeds of this engine by ε, and 1,024 seeds in double precision on
an H200. A row agrees when no sign test (binomial test for counts) at 5 % tells the two sides apart; of the many
numbers here a few are refused by chance.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded: one order of arithmetic

from collections.abc import Iterator  # noqa: E402 (the variables above must come first)
from functools import cache  # noqa: E402

import numpy as np  # noqa: E402
from scipy.stats import quantile_test  # noqa: E402

from experiments.fact import Fact, count_fits, first, median_fits, outside, summary, tell  # noqa: E402
from spncore import Experiment, Trace, fit, trainer_of  # noqa: E402
from spncore.circuits.overparam import effective_weights  # noqa: E402

TARGET = -7.2
DEPTHS = (1, 2, 3)
NAMES = [f"L = {depth}" for depth in DEPTHS]
TWELVE = {  # by ε the reported median of those that arrive, L = 1, 2, 3, and how many of twelve arrive at L = 1
    1e-3: (200.5, 183.5, 174, 12),
    1e-5: (222, 193.5, 175, 12),
    1e-7: (252.5, 202, 176, 10),
    1e-9: (282, 203.5, 177, 7),
    1e-11: (325, 203, 177, 9),
    1e-13: (362, 202, 180, 5),
    1e-15: (390, 194.5, 180.5, 8),
}
DECADE = (15.8, 0.9, 0.5)  # reported updates that a decade of noise costs
MANY = {  # of 1,024 seeds: medians over all of them, arrivals at L = 1, L = 3 first, L = 3 better at the end
    1e-12: ((349, 201, 178), 828, 1024, 1019),
    1e-3: ((202, 184, 174), 1024, None, 147),
}
NORMALISED = (565, 199.5, 189)  # reported for leaf pairs that are normalised one by one: six seeds, 1,500 updates


@cache
def trace(noise: float, depth: int, seeds: int) -> Trace:
    """Figure 3's setting with one size of noise."""
    return fit(Experiment(depth=depth, init_noise=noise, num_seeds=seeds))


def waits(noise: float, seeds: int) -> list[list[float]]:
    """By depth and seed the updates to the target."""
    return [first(trace(noise, depth, seeds).llh >= TARGET) for depth in DEPTHS]


def by_noise() -> Iterator[Fact]:
    for noise, (*medians, arrived) in TWELVE.items():
        found = waits(noise, 12)
        here = [[at for at in row if np.isfinite(at)] for row in found]
        fits = [median_fits(row, median) for row, median in zip(here, medians, strict=True)]
        fits.append(count_fits(len(here[0]), 12, arrived, 12) if 0 < arrived < 12 else len(here[0]) == arrived)
        yield Fact(
            f"ε = {noise:g}: updates to −7.2, L = 1 / 2 / 3, 12 seeds; arrived at L = 1",
            " / ".join(f"{median:g}" for median in medians) + f"; {arrived}",
            " / ".join(map(summary, found)) + f"; {len(here[0])}",
            all(fits),
            outside(fits, [*NAMES, "arrivals"]),
        )


def by_decade() -> Iterator[Fact]:
    """A decade costs the difference of the two ends over twelve decades; its bounds come from the medians' own."""
    costs, fits = [], []
    for place, reported in enumerate(DECADE):
        loud, quiet = ([at for at in waits(noise, 12)[place] if np.isfinite(at)] for noise in (1e-3, 1e-15))
        low, high = (quantile_test(row, p=0.5).confidence_interval() for row in (loud, quiet))
        costs.append((float(np.median(quiet)) - float(np.median(loud))) / 12)
        fits.append((high.low - low.high) / 12 <= reported <= (high.high - low.low) / 12)
    yield Fact(
        "updates that a decade of noise costs, L = 1 / 2 / 3 (1e-3 to 1e-15)",
        " / ".join(f"{cost:g}" for cost in DECADE),
        " / ".join(f"{cost:.2g}" for cost in costs),
        all(fits),
        outside(fits, NAMES),
    )


def many_seeds() -> Iterator[Fact]:
    for noise, (medians, arrived, first_of, better) in MANY.items():
        found, total = waits(noise, 64), 64
        fits = [median_fits(row, median) for row, median in zip(found, medians, strict=True)]
        here = int(np.isfinite(found[0]).sum())
        fits.append(count_fits(here, total, arrived, 1024) if arrived < 1024 else here == total)
        yield Fact(
            f"ε = {noise:g}: median updates to −7.2 over all seeds, never being the latest; arrived at L = 1",
            " / ".join(map(str, medians)) + f"; {arrived} of 1,024",
            " / ".join(f"{np.median(row):g}" for row in found) + f"; {here} of {total}",
            all(fits),
            outside(fits, [*NAMES, "arrivals"]),
        )
        sooner = int((np.array(found[2]) < np.array(found[0])).sum())
        ends = [trace(noise, depth, 64).llh[:, -1] for depth in (1, 3)]
        ahead = int((ends[1] > ends[0]).sum())
        known = "not counted" if first_of is None else f"{first_of} of 1,024"
        yield Fact(
            f"ε = {noise:g}: L = 3 arrives before L = 1; has the higher LLH after 500 updates",
            f"{known}; {better} of 1,024",
            f"{sooner} of {total}; {ahead} of {total}",
            count_fits(ahead, total, better, 1024) and (first_of is None or sooner == total),
            "the first to arrive is then the worse one at the end" if better < 512 else "",
        )


def normalised_leaves() -> Iterator[Fact]:
    """A leaf pair's free sum is one more weight of its component; normalised pair by pair it is none."""
    found = [first(_normalised(depth) >= TARGET) for depth in DEPTHS]
    fits = [median_fits(row, median) for row, median in zip(found, NORMALISED, strict=True)]
    yield Fact(
        "each leaf pair normalised by itself, ε = 1e-12: updates to −7.2, L = 1 / 2 / 3, six seeds, 1,500 updates",
        " / ".join(f"{median:g}" for median in NORMALISED),
        " / ".join(map(summary, found)),
        all(fits),
        outside(fits, NAMES),
    )


def _normalised(depth: int) -> np.ndarray:
    """LLH (S, T): the gradient of p = θ / Σθ in θ is the leaf's flow less p times what flows through its pair."""
    experiment = Experiment(depth=depth, num_seeds=6)
    trainer, llh = trainer_of(experiment), []
    sums, weights = trainer.problem.sums, trainer.weights(trainer.init().parameters)
    for _ in range(1500):
        layers, (leaves,) = trainer.problem.split(weights)
        shares = leaves / leaves.sum(axis=1, keepdims=True)
        seen = trainer.evaluator(effective_weights(layers, sums), (shares,))
        flows = trainer.flows(seen.flow, seen.moments, (shares,))
        pairs = flows[:, sums.num_weights :].reshape(leaves.shape)  # a view: what follows is written into `flows`
        pairs -= shares * pairs.sum(axis=1, keepdims=True)
        weights = np.maximum(weights + experiment.learning_rate * flows / weights, experiment.floor)
        llh.append(seen.llh)
    return np.array(llh).T


GROUPS = (by_noise, by_decade, many_seeds, normalised_leaves)


def main() -> None:
    """One row per fact, printed as it is measured."""
    tell("reported", GROUPS)


if __name__ == "__main__":
    main()
