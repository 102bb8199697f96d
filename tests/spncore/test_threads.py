"""One BLAS thread while something computes; the caller's number before, after and between, however it ends."""

import threading

import numpy as np
import pytest

from spncore import Experiment, fit, run
from spncore.__main__ import main
from spncore.data.dataset import from_array
from spncore.learning.divergence import DivergenceError
from spncore.learning.evaluator import Evaluator
from spncore.runs.scores import train
from spncore.threads import ONE_THREAD, blas, on_one_thread, set_numbers

SHORT = Experiment(dataset="two-clusters", iterations=4)


def numbers():
    return [library.num_threads for library in blas()]


@pytest.fixture(autouse=True)
def two_threads():
    """A caller who has two threads."""
    before = numbers()
    set_numbers([(library, 2) for library in blas()])
    if not before or 2 not in numbers():
        pytest.skip("this BLAS does not say or change its number of threads")
    yield
    assert set(numbers()) == {2}, "the caller's number was not restored"
    set_numbers(list(zip(blas(), before, strict=True)))


@pytest.fixture
def during(monkeypatch):
    """The numbers of threads that rows are worked on with."""
    seen, add_rows = [], Evaluator.add_rows

    def watched(*arguments):
        seen.append(frozenset(numbers()))
        return add_rows(*arguments)

    monkeypatch.setattr(Evaluator, "add_rows", watched)
    return seen


def test_inside_there_is_one_thread_also_within_each_other_and_after_an_error():
    with ONE_THREAD:
        with pytest.raises(ValueError, match="inside"), ONE_THREAD:
            raise ValueError("inside")
        assert set(numbers()) == {1}
    assert set(numbers()) == {2}


def test_the_last_of_several_threads_of_the_process_restores():
    entered, leave = threading.Event(), threading.Event()

    def other():
        with ONE_THREAD:
            entered.set()
            leave.wait(30)

    thread = threading.Thread(target=other)
    with ONE_THREAD:
        thread.start()
        assert entered.wait(30)
    assert set(numbers()) == {1}  # the other one still computes
    leave.set()
    thread.join()


def test_where_every_thread_has_a_number_of_its_own_each_is_limited_and_restored(monkeypatch):
    own = threading.local()

    class Library:
        threading_layer = "openmp"
        num_threads = property(lambda self: getattr(own, "number", 5))

        def set_num_threads(self, number):
            own.number = number

    library, seen = Library(), []
    monkeypatch.setattr("spncore.threads.blas", lambda: (library,))

    def compute():
        with ONE_THREAD:
            seen.append(library.num_threads)
        seen.append(library.num_threads)

    thread = threading.Thread(target=compute)
    with ONE_THREAD:
        thread.start()
        thread.join()
        assert library.num_threads == 1
    assert seen == [1, 5] and library.num_threads == 5


def test_fit_computes_on_one_thread(during):
    fit(SHORT, held_out=("test",))
    assert len(during) >= 4 and set(during) == {frozenset({1})}


def test_run_computes_on_one_thread_and_gives_the_callers_back_between_its_items(during):
    for _ in run(SHORT):
        assert set(numbers()) == {2}
    assert len(during) >= 4 and set(during) == {frozenset({1})}


def test_a_run_that_is_not_gone_through_leaves_nothing_behind(during):
    steps = run(SHORT)
    next(steps)
    steps.close()
    assert set(numbers()) == {2}
    two = run(SHORT), run(SHORT.replace(depth=1))  # one is left lying in the middle of the other
    next(two[0])
    list(two[1])
    assert set(numbers()) == {2} and set(during) == {frozenset({1})}


def test_a_run_that_diverges_restores_too():
    wild = SHORT.replace(
        parametrisation="log", learning_rate=10.0, optimiser="nesterov", momentum=0.999, iterations=400
    )
    with pytest.raises(DivergenceError):
        list(run(wild))
    assert fit(wild).stopped


def test_items_come_unchanged():
    assert list(on_one_thread(iter([None, 0, 1]))) == [None, 0, 1]


def test_scores_and_the_command_line_compute_on_one_thread(during, capsys):
    labelled = Experiment(dataset="labelled-clusters", objective="discriminative", iterations=2)
    rows = from_array(np.random.default_rng(0).integers(0, 2, (40, 5)))
    train(labelled.replace(dataset=f"sha256:{rows.sha256}"), {"train": rows, "test": rows})
    assert main(["fit", "dataset=two-clusters", "iterations=3", "--json"]) == 0
    assert len(during) >= 5 and set(during) == {frozenset({1})} and capsys.readouterr().out


@pytest.mark.fault("D04")
@pytest.mark.parametrize("num_components", [8, 64])
def test_a_run_has_the_same_bits_however_many_threads_the_caller_has(num_components):
    rng = np.random.default_rng(0)
    data = from_array((rng.random((3000, 100)) < rng.uniform(0.1, 0.9, 100)).astype(int))
    experiment = Experiment(
        dataset=f"sha256:{data.sha256}", num_components=num_components, iterations=3, init_noise=0.01
    )
    with_two = fit(experiment, data)
    with ONE_THREAD:
        with_one = fit(experiment, data)
    stepped = [info.flow for _, info in run(experiment, data)]
    assert np.array_equal(with_two.flow, with_one.flow)
    assert np.array_equal(np.stack(stepped, axis=1), with_one.flow)
