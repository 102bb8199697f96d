"""Make the results that ship with the page "Predicting a class": `python -m experiments.classes`, a few minutes.

Every objective with a class, and the generative one, with everything trained and with sum weights only, on the
synthetic rows that ship. One process, one thread.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy is loaded: one order of arithmetic

import sys  # noqa: E402 (the variables above must come first)

from app.pages.classes import study  # noqa: E402
from app.pages.classes.study import CHOICES, DEPTHS, SETUPS, Comparison  # noqa: E402
from spncore.data import library  # noqa: E402
from spncore.runs import scores  # noqa: E402
from spncore.runs.study import Study  # noqa: E402


def measure(asked: Study) -> Comparison:
    """All networks of one study."""
    rows = study.rows_of(asked, library.load(asked.experiment.dataset))
    curves = {name: scores.train(each, rows) for name, each in study.networks(asked).items()}
    return study.comparison(asked, rows, curves)


def main() -> None:
    """Measure and write."""
    made = []
    for name, setup in SETUPS.items():
        for objective in CHOICES:
            made.append(measure(Study(setup.replace(objective=objective), DEPTHS)))
            print(name, objective, file=sys.stderr, flush=True)
    study.RUNS.write_text(study.to_json(made, study.SCRIPT), encoding="utf-8")


if __name__ == "__main__":
    main()
