"""Make the synthetic data sets that ship in data/, and print how close the NLTCS twin is to NLTCS.

    python -m experiments.make_twin            all, needs the real NLTCS (SPNLAB_DATA_DIR or the cache)
    python -m experiments.make_twin --check    only compare the shipped twin with the real data

A mixture is fitted to the real rows by expectation maximisation, its parameters are rounded, and new rows are
drawn from the rounded mixture. Only parameters and drawn rows are written. One draw of 16,181 rows misses a
true marginal by 0.01 now and then, so draws are repeated with the next seed until all checks pass; the seed
is written with the parameters.
"""

from __future__ import annotations

import hashlib
import json
import sys
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from spncore.arrays import Floats
from spncore.circuits.circuit import mixture
from spncore.data.library import DATASETS, SPLITS, Dataset, KnownMixture, from_array, load, product_of_marginals_llh
from spncore.files.places import SHIPPED
from spncore.learning import em
from spncore.runs.scores import best_possible

NUM_COMPONENTS = 24
FIT_SEED = 2019
SMALLEST_GROUP = 50  # rows: a component that stands for fewer would be close to a description of persons
LARGEST_GAP = {"marginals": 0.01, "pairwise marginals": 0.02, "product-of-marginals LLH": 0.05}
TWO_CLUSTERS = {
    "weights": [0.6, 0.4],
    "probabilities": [[0.9, 0.8, 0.8, 0.7, 0.3, 0.2, 0.2, 0.1], [0.2, 0.1, 0.3, 0.2, 0.8, 0.7, 0.9, 0.8]],
}

# Which of four groups a row is of decides x1 to x8, and says nothing of the class, which only x9 to x12 tell.
GROUPS = {"11111111": 0.4, "11110000": 0.3, "00001111": 0.2, "00000000": 0.1}
OF_GROUP, OF_CLASS, OF_LABEL = 0.9, 0.75, 0.95  # probabilities that a variable is what its group or class says

Bits = NDArray[np.uint8]


def draw(weights: Floats, probabilities: Floats, num_rows: int, rng: np.random.Generator) -> Bits:
    """Return num_rows rows (N, D) drawn from the mixture: a component each, then every variable by itself."""
    components = rng.choice(len(weights), size=num_rows, p=weights)
    return (rng.random((num_rows, probabilities.shape[1])) < probabilities[components]).astype(np.uint8)


def log_probability(rows: Bits, weights: Floats, probabilities: Floats) -> Floats:
    """Return the log-probability (N,), in nats, of each row under the mixture."""
    ones = rows.astype(np.float64)
    log_components = ones @ np.log(probabilities).T + (1.0 - ones) @ np.log1p(-probabilities).T  # (N, K)
    return np.asarray(logsumexp(log_components + np.log(weights), axis=1), dtype=np.float64)


def expected_llh(weights: Floats, probabilities: Floats) -> float:
    """Return the mean LLH of the mixture on its own distribution, exactly: a sum over all 2^D rows."""
    num_variables = probabilities.shape[1]
    codes = np.arange(2**num_variables, dtype=">u4")[:, None].view(np.uint8)  # (2^D, 4)
    worlds = np.unpackbits(codes, axis=1)[:, -num_variables:]
    log_values = log_probability(worlds, weights, probabilities)
    return float(np.exp(log_values) @ log_values)


def gaps(real: Dataset, twin: Dataset) -> dict[str, float]:
    """Return the largest differences between two data sets in what LARGEST_GAP names."""
    moments = [(d.rows * d.counts[:, None]).T @ d.rows / d.num_rows for d in (real, twin)]  # (D, D) each
    difference = np.abs(moments[0] - moments[1])
    llh = abs(product_of_marginals_llh(real) - product_of_marginals_llh(twin))
    sizes = (difference.diagonal().max(), difference.max(), llh)
    return dict(zip(LARGEST_GAP, map(float, sizes), strict=True))


def is_close(real: Dataset, twin: Dataset) -> bool:
    """Return whether every gap is within its bound."""
    return all(gap <= LARGEST_GAP[name] for name, gap in gaps(real, twin).items())


def write(name: str, weights: Floats, probabilities: Floats, seed: int, **provenance: Any) -> None:
    """Draw all splits with `seed` and write them and the parameters to data/; print the files' SHA-256."""
    rng = np.random.default_rng(seed)
    llh: dict[str, float] = {}
    for split in SPLITS:
        rows = draw(weights, probabilities, DATASETS[name].shapes[split][0], rng)
        llh[split] = float(log_probability(rows, weights, probabilities).mean())
        file = SHIPPED / f"{name}.{split}.npy"
        np.save(file, np.packbits(rows, axis=1), allow_pickle=False)
        print(f"{file.name}  sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}")
    parameters = {
        "about": f"Synthetic: the mixture that the rows of {name} were drawn from. LLH in nats per row.",
        **provenance,
        "sample_seed": seed,
        "weights": weights.tolist(),
        "probabilities": probabilities.tolist(),
        "expected_llh": expected_llh(weights, probabilities),
        "llh": llh,
    }
    (SHIPPED / f"{name}.json").write_text(json.dumps(parameters, indent=1) + "\n", encoding="utf-8")


def make_twin(real: Dataset) -> None:
    """Fit, draw until the training split is close enough to the real one, and write."""
    fitted = em.fit(mixture(NUM_COMPONENTS, real.num_variables), real, np.random.default_rng(FIT_SEED))
    (sums,), (leaves,) = fitted.model.parameters
    probabilities = np.round(np.clip(leaves[1], 0.001, 0.999), 4)
    weights = np.round(sums[0, 0], 6)
    weights /= weights.sum()
    smallest = weights.min() * real.num_rows
    print(f"fitted LLH {fitted.llh:.4f}, smallest component stands for {smallest:.0f} rows")
    if smallest < SMALLEST_GROUP:
        raise SystemExit(f"a component stands for {smallest:.0f} rows: use fewer components")
    num_rows, variables = real.num_rows, real.variables
    for seed in count():
        rows = draw(weights, probabilities, num_rows, np.random.default_rng(seed))
        if is_close(real, from_array(rows, "draw", variables)):
            break
    write("nltcs-twin", weights, probabilities, seed, fit_seed=FIT_SEED, fitted_llh=round(fitted.llh, 6))


def labelled_clusters() -> tuple[Floats, Floats]:
    """Return the mixture behind labelled-clusters: weights (8,), two equal ones a group, and probabilities (8, 13)."""
    weights, probabilities = [], []
    for group, weight in GROUPS.items():
        for is_one in (False, True):
            of_class = [OF_CLASS] * 4 + [OF_LABEL]
            in_group = [OF_GROUP if bit == "1" else 1.0 - OF_GROUP for bit in group]
            probabilities.append(in_group + (of_class if is_one else [1.0 - share for share in of_class]))
            weights.append(weight / 2.0)
    return np.array(weights), np.round(probabilities, 4)


def make_labelled() -> None:
    """Write labelled-clusters, with what the best classifier there can be attains."""
    weights, probabilities = labelled_clusters()
    known = KnownMixture(weights, probabilities, 0.0, {})
    accuracy, conditional = best_possible(known, class_variable=12)
    best = {"bayes_accuracy": accuracy, "bayes_conditional_llh": conditional}
    write("labelled-clusters", weights, probabilities, seed=0, class_variable=13, **best)


def main(arguments: list[str]) -> int:
    """Return 0 if the twin, made anew unless --check is given, is within all bounds."""
    real = load("nltcs")
    if "--check" in arguments:
        twin = load("nltcs-twin")
    else:
        make_twin(real)
        weights, probabilities = (np.array(TWO_CLUSTERS[key]) for key in ("weights", "probabilities"))
        write("two-clusters", weights, probabilities, seed=0)
        make_labelled()
        packed = np.load(SHIPPED / "nltcs-twin.train.npy", allow_pickle=False)
        twin = from_array(np.unpackbits(packed, axis=1), "nltcs-twin", real.variables)
    for name, gap in gaps(real, twin).items():
        print(f"largest difference in {name}: {gap:.5f} (at most {LARGEST_GAP[name]})")
    print(f"distinct rows: real {real.num_distinct}, twin {twin.num_distinct}")
    return 0 if is_close(real, twin) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
