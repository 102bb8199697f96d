"""The named studies of the lab: each says what is held equal between its depths, and what to look for."""

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from spncore.runs.experiment import Experiment
from spncore.runs.study import Study


class Preset(NamedTuple):
    """A study with a name; its data set is only a default, a preset keeps the data in use."""

    name: str
    title: str
    held_equal: str
    look_for: str
    study: Study

    def on(self, dataset: str) -> Study:
        """The preset's study on a data set."""
        return self.study.on(dataset)


FIGURE_3 = Study(Experiment(num_seeds=6), (1, 2, 3))
# Components fitted by EM beforehand and held; only sum weights are trained, so depth is all that differs.
_FIXED = Experiment(
    component_init="fitted",
    train_components=False,
    init_scale=0.1,
    init_noise=0.0,
    learning_rate=1e-3,
    iterations=300,
    num_seeds=6,
)

# Stable for every learner, and no learner waits for rounding errors to grow.
_AGAINST = FIGURE_3.experiment.replace(init_noise=1e-3, init_scale=0.2)

_ALL = (
    Preset(
        "figure-3",
        "Figure 3 of the paper: does depth learn faster?",
        "Every edge starts at the same weight, whatever the depth.",
        "Deeper networks leave the symmetric start earlier; the order at the end is not settled by that.",
        FIGURE_3,
    ),
    Preset(
        "ten-times-longer",
        "Is depth still ahead ten times later?",
        "Every edge starts at the same weight, as in Figure 3; only the run goes on for 5,000 updates.",
        "On NLTCS three layers lead one at 500 updates and trail it at 5,000, in most seeds: the order turns.",
        Study(FIGURE_3.experiment.replace(iterations=5000), FIGURE_3.depths),
    ),
    Preset(
        "ten-times-faster",
        "Does depth still win at ten times the rate?",
        "Every edge starts at the same weight, as in Figure 3; the learning rate is ten times as large.",
        "On NLTCS three layers, first in Figure 3, come last by the median, and their seeds lie far apart.",
        Study(FIGURE_3.experiment.replace(learning_rate=0.1), FIGURE_3.depths),
    ),
    Preset(
        "eight-layers",
        "Are eight layers better than three?",
        "Every edge starts at the same weight, as in Figure 3; one network has eight sum layers.",
        "On NLTCS eight layers put all weight on one component, in most seeds, and end at the independent model.",
        Study(FIGURE_3.experiment, (1, 3, 8)),
    ),
    Preset(
        "exact-symmetry",
        "What if nothing tells the components apart?",
        "Every edge starts at the same weight, and no noise tells the components apart.",
        "All depths draw one curve and never pass the independent model.",
        Study(FIGURE_3.experiment.replace(init_noise=0.0, num_seeds=1), FIGURE_3.depths),
    ),
    Preset(
        "honest-noise",
        "How much of the lead was rounding errors?",
        "Every edge starts at the same weight; the leaves differ by one part in a thousand.",
        "Most of the gap of Figure 3 is gone: much of it was waiting for rounding errors to grow.",
        Study(FIGURE_3.experiment.replace(init_noise=1e-3), FIGURE_3.depths),
    ),
    Preset(
        "fixed-components",
        "Does depth help when only weights learn?",
        "Every edge starts at 0.1; the components are fitted beforehand and stay as they are.",
        "Only sum weights move, and deeper is faster: each layer adds its own step.",
        Study(_FIXED, (1, 2, 3)),
    ),
    Preset(
        "equal-products",
        "Does depth still win from equal products?",
        "Every product of weights from root to component starts at 0.1, whatever the depth.",
        "The order turns: held equal in this way, the shallow network is the fastest.",
        Study(_FIXED.replace(init_convention="matched", iterations=2000), (1, 2, 3)),
    ),
    Preset(
        "private-chains",
        "When is depth just a larger rate?",
        "Every edge starts at 0.1; each component has a chain of weights of its own.",
        "Depth L is exactly a learning rate L times as large: set it so at L = 1 and compare.",
        Study(
            _FIXED.replace(topology="private", parametrisation="log", learning_rate=0.1, iterations=200),
            (1, 2, 3, 4),
        ),
    ),
    Preset(
        "shared-scalar",
        "What if the added layers are shared by all?",
        "Every edge starts at 0.1; the layers above the last are one weight for all components.",
        "All depths draw one curve: a common factor has no gradient, because the network is normalised.",
        Study(_FIXED.replace(topology="shared"), (1, 2, 3)),
    ),
    Preset(
        "against-momentum",
        "Is depth as good as momentum?",
        "Every edge starts at 0.2 and has one learning rate; the leaves differ by one part in a thousand.",
        "Depth helps gradient ascent a little; momentum helps the plain network several times as much.",
        Study(_AGAINST, (1, 3), ("momentum",)),
    ),
    Preset(
        "against-em",
        "Is depth as good as EM?",
        "Every edge starts at 0.2; the leaves differ by one part in a thousand. EM has no learning rate.",
        "EM is far ahead after a few iterations, and no depth catches up within the run.",
        Study(_AGAINST, (1, 3), ("em",)),
    ),
    Preset(
        "update-2020",
        "What does the authors' update of 2020 do?",
        "Every weight, of sums and of leaves, starts at 0.1 times the size of a normal random number.",
        "The later script subtracts Z, not log Z: its steps pull log Z to 0, and with many columns overshoot for ever.",
        Study(
            Experiment(
                parametrisation="log",
                component_init="random",
                weight_init="random",
                init_scale=0.1,
                init_noise=0.0,
                learning_rate=0.1,
                objective="unnormalised",
                iterations=1000,
                num_seeds=5,
            ),
            (1, 2, 3),
        ),
    ),
    Preset(
        "step-too-large",
        "When is a step too large?",
        "Every edge starts at the same weight, as in Figure 3; the learning rate is 100 times as large.",
        "Weights hit the floor from the first steps on, and the curves jump instead of climbing.",
        Study(FIGURE_3.experiment.replace(learning_rate=1.0), FIGURE_3.depths),
    ),
)
PRESETS = {preset.name: preset for preset in _ALL}


def is_figure_3(study: Study) -> bool:
    """Whether it is the published setting on the published rows, however many updates it makes."""
    return study == replace(FIGURE_3, experiment=FIGURE_3.experiment.replace(iterations=study.experiment.iterations))


@lru_cache(maxsize=64)  # a page asks at each of its script's runs
def matching(study: Study) -> Preset | None:
    """The preset that this study is, on whatever data, or None for settings of the user's own."""
    dataset = study.experiment.dataset
    return next((preset for preset in _ALL if preset.on(dataset) == study), None)
