"""Command line: train an experiment, repeat Figure 3, look after data sets."""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from spncore import __version__
from spncore.arrays import Floats
from spncore.data import library, table_file
from spncore.data.library import DataError, Dataset
from spncore.files.results import NOT_SAVED, STOPPED, saved
from spncore.files.whole import fault, make_ready, write_whole
from spncore.kept import command as history
from spncore.kept.runs import KeptError
from spncore.limits import LIMITS
from spncore.record import ExperimentError
from spncore.runs.experiment import FIELDS, Experiment
from spncore.runs.problem import dataset_of
from spncore.runs.trace import Recorder, Trace, write_csv
from spncore.runs.training import all_blocks, trainer_of
from spncore.store import StoreError
from spncore.studies import command as study
from spncore.studies import statistics
from spncore.studies.cells import DEPTHS
from spncore.studies.presets import FIGURE_3
from spncore.studies.published import TARGETS, published_figure3
from spncore.sweep import command as sweep
from spncore.threads import ONE_THREAD

PROGRAM = "python -m spncore"
REPORT_BYTES = 12_000_000  # of what `fit` and `figure3` save: two figures, each with the whole of plotly.js
EXAMPLES = """examples:
  {0} fit dataset=nltcs-twin depth=3 iterations=200 --out results/depth3
  {0} figure3 dataset=nltcs-twin iterations=100 --out results/figure3
  {0} fit dataset=nltcs-twin iterations=200 --keep "a first try"
  {0} history list
  {0} sweep dataset=two-clusters depth=1,2,3 learning_rate=0.02,0.05 iterations=50 --out rates.csv
  {0} data info nltcs"""


def main(arguments: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Run one command; 0 if it did what it was asked for, 2 with one sentence on stderr if the request is refused.

    3 if what it found could not be saved, 130 after Ctrl-C.
    """
    options = parsed(parser(program), arguments)
    try:
        with ONE_THREAD:
            return int(options.command(options))
    except (ExperimentError, DataError, KeptError, StoreError, OSError) as error:
        print(_sentence(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped before there was anything to save.", file=sys.stderr)
        return STOPPED


def parsed(whole: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for; settings may stand before, between and after options."""
    options, rest = whole.parse_known_args(arguments)
    strange = [word for word in rest if word.startswith("-") or "=" not in word]
    if strange or (rest and not hasattr(options, "settings")):
        whole.error(f"unrecognized arguments: {' '.join(strange or rest)}")
    if rest:
        options.settings = [*options.settings, *rest]
    return options


def _sentence(error: Exception) -> str:
    """What was refused; with the place in the file system, which the pages of the lab do not show."""
    if isinstance(error, OSError):
        return fault(error)
    cause = error.__cause__
    return f"{error} ({fault(cause)})" if isinstance(cause, OSError) and cause.filename else str(error)


def parser(program: str = PROGRAM) -> argparse.ArgumentParser:
    """The command line under the name it is called by, with examples that run as they stand."""
    whole = argparse.ArgumentParser(
        program,
        description=__doc__,
        epilog=EXAMPLES.format(program),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"spnlab {__version__}")
    commands = whole.add_subparsers(required=True, metavar="command")
    fit = commands.add_parser("fit", help="train one experiment and print a summary as JSON")
    fit.add_argument("settings", nargs="*", metavar="field=value", help=", ".join(FIELDS))
    fit.add_argument("--out", type=Path, metavar="DIR", help="save the summary, the curves and their data there")
    fit.add_argument("--json", action="store_true", help="print only the JSON line")
    fit.add_argument("--keep", metavar="NAME", help="put the run into the history under this name")
    history.add_store_to(fit)
    fit.set_defaults(command=_fit)
    figure3 = commands.add_parser("figure3", help="train depths 1, 2, 3 as the paper's Figure 3 and save the curves")
    figure3.add_argument("settings", nargs="*", metavar="field=value")
    figure3.add_argument("--out", type=Path, metavar="DIR", required=True)
    figure3.set_defaults(command=_figure3)
    sweep.add_to(commands)
    study.add_to(commands)
    history.add_to(commands)
    data = commands.add_parser("data", help="list, describe, download or check data sets")
    actions = data.add_subparsers(required=True, metavar="action")
    for name, command, words in (
        ("list", _data_list, "the known data sets and where each would come from"),
        ("info", _data_info, "one data set: shape, source, licence, variables"),
        ("fetch", _data_fetch, "download one data set into the cache"),
        ("check", _data_check, "read a CSV file of 0/1 and say what is in it"),
    ):
        action = actions.add_parser(name, help=words)
        if name != "list":
            action.add_argument("name", metavar="FILE" if name == "check" else "NAME")
        action.set_defaults(command=command)
    return whole


def _train(experiment: Experiment, dataset: Dataset) -> tuple[Trace, float]:
    """Train with a progress bar on a terminal; Ctrl-C keeps what was computed. Seconds are wall time."""
    trainer = trainer_of(experiment, dataset)
    recorder = Recorder(experiment, trainer.problem)
    started, name = time.perf_counter(), f"L = {experiment.depth}"
    with tqdm(total=experiment.iterations, desc=name, unit="step", disable=None, file=sys.stderr) as bar:
        try:
            for length in recorder.follow(all_blocks(trainer, experiment)):
                bar.update(length - 1 - bar.n)
                bar.set_postfix_str(f"LLH {np.median(recorder.llh[:, length - 1]):.4f}", refresh=False)
        except KeyboardInterrupt:
            recorder.interrupt()
    return recorder.trace(), time.perf_counter() - started


def _trained(experiments: Sequence[Experiment]) -> tuple[Dataset, list[Trace], list[dict[str, Any]]]:
    """The data, and the traces and summaries of experiments on it, up to one that Ctrl-C ends."""
    dataset, traces, summaries = dataset_of(experiments[0], None), [], []
    for experiment in experiments:
        trace, seconds = _train(experiment, dataset)
        traces.append(trace)
        summaries.append(_summary(trace, dataset, seconds))
        if (trace.stopped or "").startswith("interrupted"):
            break
    return dataset, traces, summaries


def _summary(trace: Trace, dataset: Dataset, seconds: float) -> dict[str, Any]:
    return {
        "experiment": trace.experiment.to_dict(),
        "dataset": {"title": dataset.title, "source": dataset.source, "sha256": dataset.sha256},
        "iterations": max(trace.llh.shape[1] - 1, 0),
        "final_llh": trace.llh[:, -1].tolist() if trace.llh.shape[1] else None,
        "updates_to": {str(target): trace.updates_to(target) for target in TARGETS},
        "stopped": trace.stopped,
        "seconds": round(seconds, 3),
    }


def _fit(options: argparse.Namespace) -> int:
    experiment = Experiment().changed(options.settings)
    if options.out is not None:
        make_ready(options.out, _num_bytes())
    with history.keeping(options.keep, options.store) as keep:
        dataset, traces, [summary] = _trained([experiment])
        is_saved = options.out is None or saved(lambda: _save(options.out, traces, dataset, summary))
        if not options.json:
            print(_table(traces, dataset))
        print(json.dumps(summary))
        is_kept = keep(dataset, traces[0], summary["seconds"])
    return _exit_code(traces, is_saved and is_kept, options.out)


def _figure3(options: argparse.Namespace) -> int:
    base = FIGURE_3.on(_best_nltcs()).experiment.changed(options.settings)
    experiments = [base.replace(depth=depth) for depth in DEPTHS]
    make_ready(options.out, _num_bytes())
    dataset, traces, summaries = _trained(experiments)
    published = published_figure3() if base == FIGURE_3.experiment else None
    is_saved = saved(lambda: _save(options.out, traces, dataset, summaries, published))
    print(_table(traces, dataset))
    if is_saved:
        print(f"saved in {options.out}: {', '.join(sorted(file.name for file in options.out.iterdir()))}")
    return _exit_code(traces, is_saved, options.out)


def _num_bytes() -> int:
    """What is going to be saved; without Plotly it is little."""
    return REPORT_BYTES if find_spec("plotly") else 0


def _exit_code(traces: Sequence[Trace], is_saved: bool, folder: Path | None) -> int:
    """0, 3 where not all is saved, or 130 after Ctrl-C, of which stderr then says what was kept."""
    if (traces[-1].stopped or "").startswith("interrupted"):
        place = f"is saved in {folder}" if folder and is_saved else "is in the summary above and nowhere else"
        print(f"Stopped; what was computed until then {place}.", file=sys.stderr)
        return STOPPED
    return 0 if is_saved else NOT_SAVED


def _best_nltcs() -> str:
    """The real rows where they are at hand, else the synthetic twin, said aloud."""
    if library.available("nltcs"):
        return "nltcs"
    print(
        "NLTCS is not on this machine: using its synthetic twin. For the real rows: python -m spncore data fetch nltcs"
    )
    return "nltcs-twin"


def _save(
    folder: Path,
    traces: Sequence[Trace],
    dataset: Dataset,
    summary: object,
    published: Mapping[int, Floats] | None = None,
) -> None:
    recorded = [trace for trace in traces if trace.llh.shape[1]]
    references = {
        "product of marginals": library.product_of_marginals_llh(dataset),
        "entropy of the rows": library.empirical_llh(dataset),
    }
    write_csv(folder / "curves.csv", recorded)
    write_whole(folder / "summary.json", json.dumps(summary, indent=1) + "\n")
    if find_spec("plotly") is None:
        print("The curves are not drawn, which takes Plotly: pip install 'spnlab[lab]'", file=sys.stderr)
        return
    from spncore.plots import report

    write_whole(folder / "llh.html", report.llh_figure(recorded, references, published).to_html())
    write_whole(folder / "rates.html", report.rate_figure(recorded).to_html())


def _table(traces: Iterable[Trace], dataset: Dataset) -> str:
    lines = [f"{dataset.title}: {dataset.source}", f"{'L':>2} {'final LLH, median':>18}  updates to, median"]
    lines[1] += "".join(f"{target:>14}" for target in TARGETS)
    for trace in traces:
        end = trace.experiment.iterations
        reached = [_reached(trace.updates_to(target), end) for target in TARGETS]
        final = f"{np.median(trace.llh[:, -1]):.4f}" if trace.llh.shape[1] else "none"
        lines.append(f"{trace.experiment.depth:>2} {final:>18}  {'':18}" + "".join(f"{text:>14}" for text in reached))
        if trace.stopped:
            lines.append(f"   {trace.stopped}")
    return "\n".join(lines)


def _reached(updates: Sequence[int | None], end: int) -> str:
    """The median of the seeds, and how many of them were there."""
    arrived = len(updates) - statistics.never(updates)
    return f"{statistics.middle(updates, end)} ({arrived}/{len(updates)})" if arrived else "never"


def _data_list(options: argparse.Namespace) -> int:
    for name, info in library.DATASETS.items():
        print(f"{name:14} {info.title:28} {library.available(name) or 'not here; ' + library.remedy(name)}")
    return 0


def _data_info(options: argparse.Namespace) -> int:
    info = library.DATASETS.get(options.name)
    if info is None:
        raise DataError(f"{options.name}: no such data set; known are {', '.join(library.DATASETS)}")
    print(f"{info.title}\n{info.description}\nlicence: {info.licence}")
    print(f"here: {library.available(options.name) or 'no; ' + library.remedy(options.name)}")
    for position, variable in enumerate(info.variables, start=1):
        print(f"{position:4} {variable.name}: {variable.meaning}")
    return 0


def _data_fetch(options: argparse.Namespace) -> int:
    def show(file: str, so_far: int, total: int | None) -> None:
        if sys.stderr.isatty():
            print(f"\r{file}: {so_far:,} of {total or '?'} bytes", end="", file=sys.stderr, flush=True)

    for path in library.fetch(options.name, show):
        print(path)
    return 0


def _data_check(options: argparse.Namespace) -> int:
    path = Path(options.name)
    with path.open("rb") as file:
        dataset, notes = table_file.read_csv(file.read(LIMITS.upload_bytes + 1), path.name)
    print(f"{dataset.num_rows} rows, {dataset.num_distinct} distinct, {dataset.num_variables} variables")
    print(f"product of marginals {library.product_of_marginals_llh(dataset):.4f}, best possible ", end="")
    print(f"{library.empirical_llh(dataset):.4f} nats per row")
    for note in notes:
        print(note)
    return 0


if __name__ == "__main__":
    sys.exit(main())
