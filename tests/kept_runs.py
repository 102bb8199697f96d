"""Small studies that are trained and kept, for the tests of what is done with kept runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from spncore import Experiment, fit_all
from spncore.data.dataset import Dataset
from spncore.data.library import load
from spncore.data.table_file import read_csv
from spncore.kept import runs
from spncore.kept.runs import COMMAND_LINE, Run
from spncore.runs.study import Study
from spncore.store import Store, changes, reading
from spncore.store.rows import Finished
from spncore.studies import history
from spncore.studies.target import fixed

SMALL = Experiment(
    dataset="two-clusters",
    num_components=3,
    iterations=8,
    num_seeds=2,
    init_scale=0.1,
    init_noise=1e-3,
    learning_rate=0.1,
)
FILE = b"a,b,c\n0,1,1\n1,0,0\n1,1,0\n0,1,1\n1,1,1\n"
UPLOAD, _ = read_csv(FILE, 'my "own" table.csv')
PLAIN = Study(SMALL, (1, 3))
RIVAL = Study(SMALL.replace(seed=5, learning_rate=0.2, num_seeds=1), (2,), ("em",))
OWN = Study(SMALL.replace(dataset=f"sha256:{UPLOAD.sha256}", changes=("3:rate:0.05",)), (1,))
DEEP = Study(
    SMALL.replace(structure="random_partitions", num_components=2, num_repetitions=1, component_init="fitted"),
    (1, 2),
    (),
    True,
)
STUDIES = (PLAIN, RIVAL, OWN, DEEP)


def data_of(study: Study) -> Dataset:
    """The rows of a study."""
    return UPLOAD if study.experiment.dataset.startswith("sha256:") else load(study.experiment.dataset)


@cache
def finished(study: Study) -> Finished:
    """A study that was trained to its end."""
    data = data_of(study)
    traces = [*history.retrained(study, data)] if study.shallow else fit_all(study.experiments(), data)
    return history.finished(study, data, traces, fixed(study.experiment, data), 0.25)


def keep(store: Store, studies: Sequence[Study] = STUDIES, names: Sequence[str | None] = ("one", None)) -> list[int]:
    """Put studies into the command line's list, the first with these names; the entries' numbers."""
    called = [*names, *[None] * len(studies)]
    asked = [
        store.write(changes.keep, finished(study), COMMAND_LINE, name=name)
        for study, name in zip(studies, called, strict=False)
    ]
    return [each.result() for each in asked]


def kept(store: Store) -> list[Run]:
    """All runs of the command line's list, the oldest first."""
    query = reading.Query(COMMAND_LINE, descending=False)
    return [*runs.of_store(store, lambda: runs.listed(store, query)).runs()]
