"""What the pages say, as plain values: about the results that ship, and about a short run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from spncore.studies import figure3, update2020
from tests.golden.plain import changes, masked, plain, table
from tests.golden.subject import (
    ASKING,
    LAB,
    Study,
    ask_words,
    asked_networks,
    asking,
    circuit_layout,
    classes_study,
    classes_words,
    data_set,
    envelope,
    errata,
    evidence,
    fair_facts,
    figure3_facts,
    flow_lines,
    grid,
    grid_record,
    grid_words,
    linear_study,
    linear_words,
    phase,
    phase_words,
    recipes,
    results,
    study_record,
    sweep,
    update_facts,
)


def sentences(case: Any) -> Any:
    """What a page says about the results that ship, or about a short run, sentence by sentence."""
    by_page: Mapping[str, Callable[..., Any]] = {
        "figure3": _figure3_words,
        "fair": _fair_words,
        "update2020": _update_words,
        "classes": _classes_words,
        "linear": _linear_words,
        "ask": _ask_words,
        "phase": _phase_words,
        "grid": _grid_words,
        "errata": _errata_words,
    }
    case = dict(case)
    return masked(plain(by_page[case.pop("page")](**case)))


def _shown(name: str, runs: Any) -> results.Results:
    return results.that_ship(evidence.shipped(name), runs)


def _figure3_words() -> Any:
    shown, noises = _shown("figure3", figure3.RUNS), figure3.NOISES
    return {
        "words": shown.words,
        "overview": {str(level): figure3_facts.overview_words(shown, level) for level in figure3_facts.TARGETS},
        "table": {str(noise): figure3_facts.table_rows(shown, noise) for noise in noises},
        "symmetry": figure3_facts.symmetry_words(shown),
        "departure": {str(n): figure3_facts.departure_words(shown, n) for n in figure3.EARLY_NOISES if n},
        "noise": figure3_facts.noise_words(shown, -7.2),
        "pairs": {str(noise): figure3_facts.pair_words(shown, noise, -7.2) for noise in noises},
        "change": figure3_facts.change_words(shown),
        "seed rows": [
            figure3_facts.SEED_COLUMNS,
            len(figure3_facts.seed_rows(shown)),
            figure3_facts.seed_rows(shown)[:5],
        ],
        "lines": [[line.name, line.depth, len(line.median)] for line in figure3_facts.our_lines(shown, 1e-12)],
    }


def _fair_words(topology: str, weights: str, components: str) -> Any:
    case, results = recipes.Case(topology, weights, components), evidence.shipped("held_equal").results
    panels = fair_facts.settings(case, results)
    rows = fair_facts.seed_rows(panels)
    return {
        "target": fair_facts.target(case),
        "summary": fair_facts.summary(panels),
        "panels": [[each.name, each.note, fair_facts.statement(each)] for each in panels],
        "wins": [fair_facts.WIN_COLUMNS, *fair_facts.win_rows(panels)],
        "seed rows": [len(rows), *rows[:3]],
        "ranges": fair_facts.ranges(panels),
    }


def _update_words(data: str) -> Any:
    shown = _shown("update2020", update2020.Runs(data, update2020.SEEDS))
    return {
        "words": shown.words,
        "curves": {each: update_facts.curve_words(shown, each) for each in update2020.OBJECTIVES},
        "scores": update_facts.score_words(shown),
        "table": [update_facts.COLUMNS, *update_facts.table_rows(shown)],
    }


def _classes_words(number: int) -> Any:
    made = list(classes_study.shipped().values())
    if number == len(made):
        return {"answers": [classes_words.ANSWER_COLUMNS, *classes_words.answer_rows(made)]}
    shown = made[number]
    rows = classes_study.rows(shown)
    return {
        "settings": changes(study_record(shown.study), study_record(classes_study.DEFAULT)),
        "about": classes_words.about(shown),
        "headline": classes_words.headline(shown),
        "control": classes_words.control(shown),
        "accuracy": classes_words.accuracy_words(shown),
        "likelihood": {
            each: classes_words.likelihood_words(shown, each) for each in ("test conditional", "test llh", "objective")
        },
        "stopped": classes_words.stopped(shown),
        "table": [classes_words.TABLE_COLUMNS, *classes_words.table_rows(shown)],
        "csv": [classes_study.COLUMNS, len(rows), *rows[:2], *rows[-2:]],
        "best": classes_words.best_levels(shown),
    }


def _linear_words(**settings: Any) -> Any:
    shown = linear_study.run(linear_study.LinearStudy(**settings))
    kinds = {"runs": linear_study.rows, "rates": linear_words.rate_rows, "terms": linear_words.term_rows}
    return {
        "setting": linear_words.setting(shown.study),
        "headline": linear_words.headline(shown),
        "start": linear_words.at_chosen_start(shown),
        "rate": linear_words.rate_sentence(shown),
        "scalar": linear_words.scalar_sentence(shown),
        "residual": re.sub(
            r"\*\*[0-9.e·⁰¹²³⁴⁵⁶⁷⁸⁹⁻-]+\*\*: rounding",
            "**‹rounding›**: rounding",
            linear_words.residual_sentence(shown),
        ),
        "step": linear_words.step_table(shown, 1).replace("−0.000000000000", "+0.000000000000"),
        "csv": {name: [len(list(rows(shown))), list(next(rows(shown)))[:-1]] for name, rows in kinds.items()},
    }


def _errata_words() -> Any:
    same = linear_study.shared_scalar()
    words = linear_words.network_sentence(same)
    return {
        "errata": {
            name: re.sub(r"\*\*[0-9.]+·10⁻[⁰¹²³⁴⁵⁶⁷⁸⁹]+\*\*", "**‹small›**", said)
            for name, said in errata.sentences(errata.measure()).items()
        },
        "shared scalar": re.sub(
            r"(at most \*\*|larger than )[0-9.e·⁰¹²³⁴⁵⁶⁷⁸⁹⁻-]*[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]", r"\1‹rounding›", words
        ),
        "shared scalar rows": len(list(linear_words.network_rows(same))),
        "link": LAB.query_string(same.study),
    }


@cache
def _trained(network: str, components: int) -> asked_networks.Trained:
    return asked_networks.train(network, data_set("nltcs-twin"), components)


def _ask_words(network: str, evidence: str, components: int = 4, about: str = "") -> Any:
    data = data_set("nltcs-twin")
    link = {"data": "nltcs-twin", "net": network, "k": str(components), "e": evidence, "about": about}
    question = ASKING.decode(link)[0]
    trained, (row, refused) = _trained(network, components), asking.evidence_row(question, data)
    given, every = asking.answer(trained.model, row), asking.items(data)
    found, target = asking.matches(data, row), asking.target_of(question, data, given)
    shown, likely = asking.order_by_change(given, data, 24), asking.completion(trained.model, row)
    drawn = asking.samples(trained.model, row, question.seed)
    flow, circuit = asking.flow(trained.model, row), trained.model.circuit
    drawing = circuit_layout.drawing(
        circuit, data.variables, trained.model.parameters, flow_lines.view(circuit, flow, 90)
    )
    root = flow_lines.root_lines(drawing, circuit, flow_lines.lines(drawing, circuit, flow))
    rows = list(ask_words.probability_rows(given, found, every, data.variables))
    return {
        "network": ask_words.network_line(trained, asked_networks.NETWORKS[network].title),
        "refused": refused,
        "likelihood": ask_words.likelihood(given, found, "people"),
        "changes": ask_words.changes(given, shown),
        "data": ask_words.beside_the_data(given, found),
        "completion": ask_words.most_probable(likely, row, every, asking.meanings(data)),
        "sampled": ask_words.sampled(drawn, row, question.seed),
        "telling": target
        and ask_words.telling(
            asking.information(trained.model, given, target.place),
            given,
            target,
            [item for item in every if item != target and row[item.place] < 0],
        ),
        "flow": ask_words.flow_sentence(root, given),
        "drawn": ask_words.drawn_part(len(drawing["nodes"]), drawing["num_nodes"], drawing["complete"]),
        "table": [ask_words.PROBABILITY_COLUMNS, *([*each[:3], *each[5:7]] for each in rows)],
    }


def _grid_words() -> Any:
    [shown] = grid.shipped().values()
    written, axes = grid.to_json(shown), range(len(shown.grid.axes))
    return {
        "words": grid_words.in_words(shown),
        "headline": grid_words.headline(shown),
        "summary": grid_words.summary(shown),
        "along": [grid_words.along(shown, at) for at in axes],
        "fairness": grid_words.fairness(shown),
        "shared": {str(share): grid_words.shared(shown, share) for share in (0.1, 0.25, 0.5)},
        "table": grid_words.table(shown)[:3],
        "csv": table(sweep.to_csv(grid.tidy(shown))),
        "json again": written == grid.to_json(*grid.unpack(envelope.read(written, "grid"))),
        "settings": grid_record(shown.grid),
    }


def _phase_words() -> Any:
    shown = phase.shipped()
    written = phase.to_json(shown)
    depths = shown.plane.depths[1:]
    return {
        "words": phase_words.in_words(shown),
        "summaries": {str(depth): phase_words.summary(shown, depth) for depth in depths},
        "stripes": phase.stripe_agreement(shown),
        "rows": {
            str(control): [len(phase_words.comparison(shown, control)), *phase_words.comparison(shown, control)[:3]]
            for control in (False, True)
        },
        "csv": table(sweep.to_csv(phase.tidy(shown))),
        "json again": written == phase.to_json(*phase.unpack(envelope.read(written, "phase"))),
        "plane": asdict(shown.plane),
        "first cell in the lab": LAB.query_string(
            Study(
                shown.plane.base.replace(learning_rate=shown.plane.rates[0], init_scale=shown.plane.scales[0]), (1, 3)
            )
        ),
    }
