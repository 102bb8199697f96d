"""A comparison of the page "Predicting a class" as a link of the lab's, on data that is at hand."""

from collections.abc import Collection, Mapping, Sequence

from app.kit.link import LAB
from app.kit.text import WORDS
from spncore.data.dataset import is_upload
from spncore.runs.study import Study
from spncore.studies.classes import CHOICES, DEFAULT, DEPTHS

MAX_ITERATIONS, MAX_SEEDS = 2_000, 24  # every iteration is scored twice


def decode(params: Mapping[str, str | Sequence[str]], at_hand: Collection[str]) -> tuple[Study, list[str]]:
    """The nearest study to a link's that this page can show, and one sentence for each thing refused."""
    study, refused = (DEFAULT, []) if set(params) <= {"view"} else LAB.decode(params)
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
