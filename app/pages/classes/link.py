"""A comparison of the page "Predicting a class" as a link of the lab's, on data that is at hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.kit.link import LAB
from app.kit.text import WORDS
from app.pages.classes.study import DEFAULT, fitting
from spncore.data.dataset import is_upload
from spncore.runs.study import Study


def decode(params: Mapping[str, str | Sequence[str]], at_hand: Collection[str]) -> tuple[Study, list[str]]:
    """The nearest study to a link's that this page can show, and one sentence for each thing refused."""
    study, refused = (DEFAULT, []) if set(params) <= {"view"} else LAB.decode(params)
    study, unfit = fitting(study)
    name = study.experiment.dataset
    if name not in at_hand:
        unfit.append(WORDS["upload_again"] if is_upload(name) else f"{name}: {WORDS['missing_data']}")
        study = Study(study.experiment.replace(dataset=DEFAULT.experiment.dataset, class_variable=0), study.depths)
    return study, [*refused, *unfit]
