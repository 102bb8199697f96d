"""A comparison of the page "Predicting a class" as a link of the lab's, on data at hand; and how it is looked at."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.kit.link import CARRIED, LAB
from app.kit.text import WORDS
from spncore.data.dataset import is_upload
from spncore.record import Record, choice, switch
from spncore.runs.study import Study
from spncore.studies.classes import CHOICES, DEFAULT, DEPTHS

MAX_ITERATIONS, MAX_SEEDS = 2_000, 24  # every iteration is scored twice
RIGHT = {  # by what a link calls it, what the right chart is of, and how its score is called
    "conditional": ("log p(class | rest)", "test conditional"),
    "llh": ("log-likelihood", "test llh"),
    "objective": ("objective", "objective"),
}


@dataclass(frozen=True)
class Look(Record):
    """What the reader has chosen to look at."""

    right: str = choice("conditional", "right chart", choices=RIGHT)
    control: bool = switch(False, "L = 1 at L·η", "One layer, L times the learning rate.")
    log: bool = switch(False, "updates on a log axis")


def decode(params: Mapping[str, str | Sequence[str]], at_hand: Collection[str]) -> tuple[Study, list[str]]:
    """The nearest study to a link's that this page can show, and one sentence for each thing refused."""
    study, refused = (DEFAULT, []) if not set(params) - {*CARRIED} else LAB.decode(params)
    study, unfit = fitting(study)
    name = study.experiment.dataset
    if name not in at_hand:
        unfit.append(WORDS["upload_again"] if is_upload(name) else f"{name}: {WORDS['missing_data']}")
        study = Study(study.experiment.replace(dataset=DEFAULT.experiment.dataset, class_variable=0), study.depths)
    return study, [*refused, *unfit]


def fitting(study: Study) -> tuple[Study, list[str]]:
    """The nearest study that this page shows, and a sentence for each setting that a link had otherwise."""
    experiment, said = study.experiment, []
    for name, fits, instead in (
        ("objective", experiment.objective in CHOICES, DEFAULT.experiment.objective),
        ("weight_init", experiment.weight_init == "equal", "equal"),
        ("iterations", experiment.iterations <= MAX_ITERATIONS, MAX_ITERATIONS),
        ("num_seeds", experiment.num_seeds <= MAX_SEEDS, MAX_SEEDS),
    ):
        if not fits:
            said.append(f"{name}: {getattr(experiment, name)} is not shown on this page; {instead} is used instead.")
            experiment = experiment.replace(**{name: instead})
    depths = tuple(depth for depth in study.depths if depth in DEPTHS)
    if depths != study.depths:
        said.append(f"depths: this page compares L = 1 to {DEPTHS[-1]}; the others are left out.")
    return Study(experiment, depths or DEPTHS), said
