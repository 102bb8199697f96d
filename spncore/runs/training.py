"""Training as an experiment describes it: as a generator of steps, or to its end with a score on other rows."""

from collections.abc import Iterator, Sequence

from spncore.data import library
from spncore.data.library import Dataset
from spncore.learning.learners import LearnerSettings
from spncore.learning.lockstep import trainers_side_by_side
from spncore.learning.states import Block, StepInfo, TrainState
from spncore.learning.trainer import Trainer
from spncore.loop import updates
from spncore.record import ExperimentError
from spncore.runs import changes
from spncore.runs.experiment import Experiment
from spncore.runs.problem import problem_of
from spncore.runs.trace import Recorder, Trace
from spncore.threads import ONE_THREAD, on_one_thread


def learner_of(experiment: Experiment) -> LearnerSettings:
    """How an experiment learns, and with which seeds."""
    return LearnerSettings(*(getattr(experiment, name) for name in LearnerSettings._fields))


def trainer_of(experiment: Experiment, dataset: Dataset | None = None) -> Trainer:
    """An experiment's learner on its problem; DataError or ExperimentError if the data cannot be used."""
    with ONE_THREAD:
        return Trainer(problem_of(experiment, dataset), learner_of(experiment))


def run(
    experiment: Experiment, dataset: Dataset | None = None, state: TrainState | None = None
) -> Iterator[tuple[TrainState, StepInfo]]:
    """Train, one item per state: after t updates, from the start, t = 0, on, and what is seen at it; stop at any time.

    Go on from any `state` it gave: it and the remaining items are the same, bit for bit. `DivergenceError` ends a run
    whose numbers overflow. BLAS has one thread while an item is computed, and as many as before between two items.

    >>> experiment = Experiment(dataset="two-clusters", iterations=5)
    >>> states = [state for state, info in run(experiment)]
    >>> [state.iteration for state, info in run(experiment, state=states[2])]
    [2, 3, 4, 5]
    """
    yield from all_states(trainer_of(experiment, dataset), experiment, state)


def all_states(
    trainer: Trainer, experiment: Experiment, state: TrainState | None = None
) -> Iterator[tuple[TrainState, StepInfo]]:
    """From `state`, or from the start, to the last update; ExperimentError if the state does not fit."""
    return on_one_thread(_states(trainer, experiment, _fitting(trainer, experiment, state)))


def _states(trainer: Trainer, experiment: Experiment, here: TrainState) -> Iterator[tuple[TrainState, StepInfo]]:
    *stops, end = changes.stops([experiment], here.iteration)
    for stop in stops:
        trainer, here = changes.changed(trainer, experiment, here)
        for after, info in trainer.until(updates(stop), state=here):
            yield here, info
            here = after
    trainer, here = changes.changed(trainer, experiment, here)
    yield from trainer.states(end, here)


def all_blocks(trainer: Trainer, experiment: Experiment, state: TrainState | None = None) -> Iterator[Block]:
    """The same in blocks of states: as fast as it goes."""
    begin = _fitting(trainer, experiment, state)
    for found in on_one_thread(changes.blocks([experiment], [trainer], [begin])):
        yield from (block for _, block in found)


def traced(trainer: Trainer, experiment: Experiment, state: TrainState | None = None) -> Trace:
    """Everything that is recorded of a run, to its end."""
    recorder = Recorder(experiment, trainer.problem)
    for _ in recorder.follow(all_blocks(trainer, experiment, state)):
        pass
    return recorder.trace()


def fit_all(experiments: Sequence[Experiment], dataset: Dataset | None = None) -> list[Trace]:
    """`fit` for several experiments on the same data, side by side: a trace for each, with the bits that it has alone.

    Depths, seeds, rates and starts of one kind of network are worked on together, which takes less time.
    ExperimentError if they do not make equally many updates.

    >>> traces = fit_all([Experiment(dataset="two-clusters", depth=depth, iterations=20) for depth in (1, 2, 3)])
    >>> [trace.llh.shape for trace in traces]
    [(1, 21), (1, 21), (1, 21)]
    """
    if not experiments:
        return []
    if len({experiment.iterations for experiment in experiments}) > 1:
        raise ExperimentError("iterations: runs side by side make equally many updates; give all the same number")
    with ONE_THREAD:
        trainers = trainers_side_by_side((problem_of(each, dataset), learner_of(each)) for each in experiments)
        recorders = [Recorder(each, trainer.problem) for each, trainer in zip(experiments, trainers, strict=True)]
        try:
            for blocks in changes.blocks(experiments, trainers, [trainer.init() for trainer in trainers]):
                for run, block in blocks:
                    recorders[run].add(block)
        except KeyboardInterrupt:
            for recorder in recorders:
                recorder.interrupt()
    return [recorder.trace() for recorder in recorders]


def _fitting(trainer: Trainer, experiment: Experiment, state: TrainState | None) -> TrainState:
    """The state, or the start; ExperimentError if it does not fit."""
    if state is None:
        return trainer.init()
    expected = experiment.num_seeds, trainer.problem.num_weights
    if state.parameters.shape != expected:
        raise ExperimentError(
            f"state: its parameters have shape {state.parameters.shape}, this experiment's have {expected}; "
            "go on with the experiment it was saved from"
        )
    own = trainer.optimiser.init(state.parameters[:, : trainer.num_trained])
    if [array.shape for array in own] != [array.shape for array in state.optimiser]:
        raise ExperimentError("state: it is of another learner; go on with the experiment it was saved from")
    return state


def fit(
    experiment: Experiment,
    dataset: Dataset | None = None,
    state: TrainState | None = None,
    held_out: Sequence[str] = (),
) -> Trace:
    """Train to the end and return the trace; a divergence or Ctrl-C ends it early, and `stopped` says why.

    `held_out` names splits ("valid", "test") to score the final state on. BLAS has one thread until it returns.

    >>> trace = fit(Experiment(dataset="two-clusters", depth=2, num_seeds=3, iterations=20), held_out=("test",))
    >>> trace.llh.shape, trace.rho.shape  # (seeds, states), (seeds, states, components); the first state is the start
    ((3, 21), (3, 21, 8))
    >>> bool((trace.llh[:, -1] > trace.llh[:, 0]).all())
    True
    """
    with ONE_THREAD:
        trainer = trainer_of(experiment, dataset)
        trace = traced(trainer, experiment, state)
        if trace.final_state is not None:
            for split in held_out:
                trace.held_out[split] = trainer.score(trace.final_state, library.load(experiment.dataset, split))
        return trace
