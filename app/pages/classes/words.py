"""What the page "Predicting a class" says and draws: does depth get there sooner, made from the numbers on screen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from statistics import median

from app.kit.text import choice, number, value_text
from spncore.data.library import DATASETS, known_mixture
from spncore.files.export import Row
from spncore.plots.curves import Line
from spncore.runs.experiment import FIELDS
from spncore.runs.scores import MAX_COLUMNS, OBJECTIVE, best_possible
from spncore.studies import statistics
from spncore.studies.cells import depth_name, faster_name
from spncore.studies.classes import DEFAULT, SHARE, Comparison
from spncore.studies.statistics import Iterations, Wins
from spncore.words import DASH, counted, of_seeds, percent, signed

NAMES: Mapping[str, str] = {
    OBJECTIVE: "the objective",
    "test accuracy": "accuracy on test rows",
    "test conditional": "log p(class | rest) on test rows",
    "test llh": "log-likelihood of test rows",
    "train accuracy": "accuracy on training rows",
    "train conditional": "log p(class | rest) on training rows",
    "train llh": "log-likelihood of training rows",
}
TABLE = (OBJECTIVE, "test accuracy", "test conditional", "test llh")
TABLE_COLUMNS = ("of", "comparison", "ahead, behind, level", "share of wins", "updates", "its rival's")
ANSWER_COLUMNS = ("what learns", "objective", "L=3 against L=1", "L=3 against L=1 at 3η")
ONE_RUN = " (all one run, for no random number enters: counted once)"
SAID = (  # by the line under the charts, in words of its own
    "dataset class_variable depth objective hybrid_mix labelled_share train_components num_components learning_rate "
    "iterations num_seeds seed"
).split()


def depths(shown: Comparison) -> list[str]:
    """The names of the deep networks, the deepest first; none when only one depth was trained."""
    return [depth_name(depth) for depth in reversed(shown.study.depths) if depth > 1]


def rivals(shown: Comparison) -> list[tuple[str, str]]:
    """Who is compared with whom: each deep network with the shallow one, and with that at L times the rate."""
    against = ((name, rival) for name in depths(shown) for rival in (depth_name(1), _faster(name)))
    return [(name, rival) for name, rival in against if rival in shown.networks]


def _faster(name: str) -> str:
    """The shallow network at as many times the rate as a deep one has layers."""
    return faster_name(int(name.removeprefix("L=")))


def wins(shown: Comparison, name: str, rival: str) -> Wins:
    """Who is first at nine tenths of the plain network's gain in the objective, seed by seed."""
    return statistics.paired_wins(*_pair(shown, OBJECTIVE, name, rival))


def headline(shown: Comparison) -> str:
    """The answer, in a sentence: does the acceleration carry over, and is it more than a larger learning rate?"""
    if not depths(shown) or depth_name(1) not in shown.networks:
        return "Choose L = 1 and a deeper network: their comparison is the answer."
    if not _gained(shown, OBJECTIVE):
        return f"{_plain(shown)} gained nothing in any seed: nothing to be faster at. {_learning(shown)}"
    won = wins(shown, depths(shown)[0], depth_name(1))
    each = [(name, wins(shown, name, depth_name(1))) for name in depths(shown)]
    counts = [f"{name} is first in {of_seeds(own.ahead, own.pairs)}, L=1 in {own.behind}" for name, own in each]
    answer = {
        "ahead": "The acceleration carries over",
        "behind": "The acceleration does not carry over: depth is slower",
        "level": "The acceleration does not show: no seed tells depths apart",
        "open": "The acceleration does not show clearly: these seeds do not settle it",
    }[won.verdict]
    return f"{answer}. {_learning(shown)}, at {SHARE} of L=1's gain: {'; '.join(counts)}."


def control(shown: Comparison) -> str:
    """The same against a shallow network with a larger learning rate."""
    deep = next(iter(depths(shown)), depth_name(1))
    rival = _faster(deep)
    if rival not in shown.networks or not _gained(shown, OBJECTIVE):
        return ""
    words = _compared(shown, OBJECTIVE, deep, rival)
    won = wins(shown, deep, rival)
    meaning = {
        "ahead": "depth does more than a larger learning rate",
        "behind": "a larger learning rate does more than depth",
        "level": "depth and a larger learning rate do the same",
        "open": "depth is not shown to do more than a larger learning rate",
    }[won.verdict]
    return f"The control, one layer at {deep[2:]} times the learning rate: {words}. So {meaning}."


def accuracy_words(shown: Comparison) -> str:
    """What was right in the end, and who was there first."""
    ends = _ends(shown, "test accuracy", lambda share: percent(share, 1))
    best, bound = best_levels(shown).get("test accuracy"), ""
    if best:
        error = percent((best * (1.0 - best) / shown.num_rows["test"]) ** 0.5, 1)
        bound = f" The distribution itself is right in {percent(best, 1)} of all rows, ± {error} on so few."
    own = _bound(shown, "test accuracy", lambda share: percent(share, 1))
    return f"Median accuracy on test rows in the end: {ends}.{bound}{own}{_race(shown, 'test accuracy')}"


def likelihood_words(shown: Comparison, quantity: str) -> str:
    """Where a quantity of the right chart ends."""
    ends, best = _ends(shown, quantity, signed), best_levels(shown).get(quantity)
    bound = f" The distribution itself scores {signed(best)} on average over all rows." if best else ""
    own = _bound(shown, quantity, signed)
    return f"Median of {NAMES[quantity]} in the end, nats per row: {ends}.{bound}{own}{_race(shown, quantity)}"


def _bound(shown: Comparison, quantity: str, said: Callable[[float], str]) -> str:
    """What nothing passes on the test rows, in a sentence that begins with a space; a finite sample has its own."""
    if quantity not in shown.bounds:
        return ""
    passed = " Curves may pass it by chance:" if quantity in best_levels(shown) else ""
    return f"{passed} nothing passes {said(shown.bounds[quantity])} on these {shown.num_rows['test']:,} test rows."


def best_levels(shown: Comparison) -> dict[str, float]:
    """What a synthetic set's own distribution attains over all rows, by quantity; nothing where it is not known."""
    name = shown.study.experiment.dataset
    info = DATASETS.get(name)
    if info is None or not info.synthetic or len(info.variables) > MAX_COLUMNS:
        return {}
    column = shown.study.experiment.labels(len(info.variables)).class_variable
    accuracy, conditional = _best(name, column)
    return {"test accuracy": accuracy, "test conditional": conditional, "test llh": known_mixture(name).expected_llh}


@cache
def _best(name: str, column: int) -> tuple[float, float]:
    return best_possible(known_mixture(name), column)


def lines(shown: Comparison, quantity: str, with_control: bool) -> list[Line]:
    """The curves of a quantity: depths in their colours, training rows thin; the control grey, test rows only."""
    drawn = []
    for name, network in shown.networks.items():
        is_control = name.endswith("η")
        if is_control and not with_control:
            continue
        depth = int(name.split()[-1].removeprefix("L=").removesuffix("η"))
        alone = is_control or quantity == OBJECTIVE
        for each in (quantity,) if alone else (quantity, quantity.replace("test", "train")):
            thin, curve = each.startswith("train"), network.curves[each]
            low, high = ("", "") if is_control else ("low", "high")
            drawn.append(
                Line(
                    f"{name}, training rows" if thin else name,
                    depth,
                    network.iterations,
                    curve["median"],
                    curve.get(low, ()),
                    curve.get(high, ()),
                    faint=is_control,
                    group=name,
                    thin=thin,
                )
            )
    return drawn


def table_rows(shown: Comparison) -> list[Row]:
    """A row per quantity and comparison: counts, exact interval of the share, medians with intervals."""
    rows: list[Row] = []
    for quantity in TABLE:
        if not _gained(shown, quantity):
            rows.append((NAMES[quantity], f"{_plain(shown)} gained nothing", *[DASH] * 4))
            continue
        for name, rival in rivals(shown):
            cells = statistics.row(*_pair(shown, quantity, name, rival), shown.study.experiment.iterations)
            rows.append((NAMES[quantity], f"{name} against {rival}", *cells))
    return rows


def by_chance(shown: Comparison, made: Sequence[Comparison]) -> str:
    """How many verdicts stand in the two tables, and how many a coin would give."""
    here = len([name for quantity in TABLE if _gained(shown, quantity) for name in rivals(shown)])
    all_of_them, share = here + 2 * len(made), 1.0 - statistics.LEVEL
    return (
        f"{counted(here, 'verdict')} stand here and {2 * len(made)} in the table below. If depth made no difference, "
        f"up to {percent(share)} would still be settled, by chance: {share * all_of_them:.1f} of all."
    )


def columns_explained(shown: Comparison) -> str:
    """What the columns of the first table hold, with what its intervals cover."""
    seeds = 1 if shown.one_run else shown.study.experiment.num_seeds
    coverage = statistics.median_interval([0] * seeds).coverage
    return (
        f"Updates to {SHARE} of the gain of {_plain(shown)}: median [interval that holds the median with "
        f"{statistics.covered(coverage)} probability]. Counts: pairs with the same seed. Share of wins: exact 95 % "
        "interval."
    )


def answer_rows(made: Sequence[Comparison]) -> list[Row]:
    """The verdicts of several comparisons: deepest against shallow, at the same rate and at L times the rate."""
    rows: list[Row] = []
    for shown in made:
        cells = []
        deep, experiment = depths(shown)[0], shown.study.experiment
        for rival in (depth_name(1), _faster(deep)):
            won = wins(shown, deep, rival)
            cells.append(f"{statistics.VERDICTS[won.verdict]}: {won.counts}")
        trained = "everything" if experiment.train_components else "sum weights only"
        rows.append((trained, choice("objective", experiment.objective), *cells))
    return rows


def about(shown: Comparison) -> str:
    """The rows, the class and the settings, in a line."""
    experiment = shown.study.experiment
    rows = f"{shown.num_rows['train']:,} training and {shown.num_rows['test']:,} test rows"
    also = "".join(
        f", {FIELDS[name].title}: {value_text(name, value)}"
        for name, value in asdict(experiment).items()
        if name not in SAID and value != getattr(DEFAULT.experiment, name)
    )
    last = experiment.seed + experiment.num_seeds - 1
    return (
        f"{shown.title}: {rows}; class “{shown.class_name}”. {_learning(shown)}, K = {experiment.num_components}, "
        f"η = {number(experiment.learning_rate)}, {experiment.iterations:,} updates, "
        f"seeds {experiment.seed} to {last}{ONE_RUN * shown.one_run}{also}"
    )


def stopped(shown: Comparison) -> list[str]:
    """A sentence for every network that ended before its time."""
    return [
        f"{name} {network.stopped}. Its curve ends there."
        for name, network in shown.networks.items()
        if network.stopped
    ]


def _ends(shown: Comparison, quantity: str, said: Callable[[float], str]) -> str:
    """Where each network ends, in the middle of its seeds."""
    finals = {name: network.final[quantity] for name, network in shown.networks.items()}
    return ", ".join(f"{name} {said(median(values))}" for name, values in finals.items() if values)


def _race(shown: Comparison, quantity: str) -> str:
    """The deepest network against the shallow one, in a sentence that begins with a space."""
    if not depths(shown) or depth_name(1) not in shown.networks:
        return ""
    if not _gained(shown, quantity):
        return f" {_plain(shown)} gained nothing in any seed, so nobody is ahead."
    return f" To {SHARE} of L=1's gain: {_compared(shown, quantity, depths(shown)[0], depth_name(1))}."


def _compared(shown: Comparison, quantity: str, name: str, rival: str) -> str:
    pair = _pair(shown, quantity, name, rival)
    return statistics.compared(name, rival, *pair, shown.study.experiment.iterations)


def _pair(shown: Comparison, quantity: str, name: str, rival: str) -> tuple[Iterations, Iterations]:
    return shown.networks[name].reached[quantity], shown.networks[rival].reached[quantity]


def _gained(shown: Comparison, quantity: str) -> bool:
    return any(at is not None for network in shown.networks.values() for at in network.reached[quantity])


def _plain(shown: Comparison) -> str:
    """The network whose gain is waited for."""
    return next(iter(shown.networks))


def _learning(shown: Comparison) -> str:
    experiment = shown.study.experiment
    objective = choice("objective", experiment.objective)
    parts = {
        "hybrid": f" ({percent(experiment.hybrid_mix)} generative)",
        "semi_supervised": f" ({percent(experiment.labelled_share)} labelled)",
    }
    part = parts.get(experiment.objective, "")
    trained = "everything trained" if experiment.train_components else "sum weights trained"
    return f"{objective[0].upper()}{objective[1:]} objective{part}, {trained}"
