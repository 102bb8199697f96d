"""The engine's speed, as claims about ratios within one run; `make benchmark` runs these alone."""

import pytest

from benchmarks.engine import TARGETS, in_fresh_process

pytestmark = pytest.mark.benchmark
# What a busy machine may add: a neighbour on the same core slows the interpreter more than the arithmetic. One seed's
# step misses its target since it trains circuits of any form: 1.8-2.1 on a quiet machine, 1.6 before (README,
# "Measured"). The targets themselves are printed beside the measured ratios by `python -m benchmarks.engine`.
SLACK = 1.75
ATTEMPTS = 3


def largest(rows: dict[str, dict[str, float]]) -> float:
    return max(row["ratio"] for row in rows.values())


def test_a_recorded_step_stays_near_the_floor_of_its_arithmetic_at_every_depth_and_for_a_batch_of_six():
    seen = []
    for _ in range(ATTEMPTS):
        document = in_fresh_process("--quick")
        seen.append((largest(document["one_seed"]), largest(document["per_seed_of_six"])))
        if seen[-1][0] <= SLACK * TARGETS["one seed"] and seen[-1][1] <= SLACK * TARGETS["per seed of six"]:
            return
    pytest.fail(f"largest ratios (one seed, per seed of six) of {ATTEMPTS} attempts: {seen}; targets {TARGETS}")


def test_the_default_experiment_takes_seconds_and_little_memory():
    whole = in_fresh_process("--default-experiment")
    assert whole["peak_memory_mb"] < TARGETS["default experiment, MB"]
    assert whole["cpu_seconds"] < 10.0  # about 1 s
