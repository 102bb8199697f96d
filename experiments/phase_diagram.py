"""Compute the phase diagram that ships with the lab, data/phase-default.json.

Run with `python -m experiments.phase_diagram`: real NLTCS where it is at hand, else its synthetic twin (the file says
which). Components fitted by EM and held, sum weights only, every weight starting at s: the setting in which depth is
all that differs. 16 learning rates × 13 starts × depths 1–4 and the shallow control at L·η, three seeds, 1,000
iterations at most, to 90 % of the possible gain. Every cell is computed; that (η, w0) and (c²η, c·w0) coincide is
printed, not used. 20 minutes on one busy core (1,456 cells); cells are kept, so it goes on where it was stopped.

Not shipped, but a change of `BASE` away: `init_convention="matched"` (every product starts at w0: the effect turns),
`train_components=True` (the leaves move too; the stripes blur), `topology="private"`.
"""

from __future__ import annotations

from tqdm import tqdm

from spncore import Experiment
from spncore.data import library
from spncore.files.places import SHIPPED
from spncore.studies.findings import stripe_agreement, summary
from spncore.studies.phase import Plane, diagram, shown_depths
from spncore.sweep import LocalWorkers, Store, run_cells

FILE = SHIPPED / "phase-default.json"
BASE = Experiment(
    component_init="fitted", train_components=False, init_noise=0.0, init_scale=0.1, iterations=1000, num_seeds=3
)


def main() -> None:
    """Sweep, write the file, print what it says."""
    name = "nltcs" if library.available("nltcs") else "nltcs-twin"
    plane, dataset = Plane(BASE.replace(dataset=name)), library.load(name)
    cells = list(plane.cells().values())
    steps = run_cells(cells, {name: dataset}, lambda n: LocalWorkers({name: dataset}, 1, niceness=15), Store())
    outcomes = {step.outcome.key: step.outcome for step in tqdm(steps, total=len(cells), unit="cell")}
    found = diagram(plane, dataset, outcomes)
    FILE.write_text(found.to_json() + "\n", encoding="utf-8")
    print(f"{dataset.title}: {len(outcomes)} cells, {sum(o.seconds for o in outcomes.values()):.0f} s of training")
    print("same iterations for {} of {} neighbours on a stripe".format(*stripe_agreement(found)))
    for depth in shown_depths(plane):
        print("\n".join(summary(found, depth)))


if __name__ == "__main__":
    main()
