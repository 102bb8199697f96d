"""What a hand-in shows: steps with guess, answer and sentence to keep, the runs with links and numbers; plain HTML.

Everything is escaped, there is no script, and its own policy lets a browser load nothing and run nothing. The same
answers and runs give the same text, so that a reader of files can write it anew and compare.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from app.kit import marking
from app.kit.answers import HANDLES, Given
from app.kit.lessons import Lesson, Step
from app.kit.link import LAB
from app.kit.stored import own_settings
from app.kit.text import WORDS, plain
from app.live.catalogues import catalogue
from spncore.files.provenance import made_by
from spncore.kept.runs import Run
from spncore.studies.statistics import bound, of_several
from spncore.words import counted, signed

LESSON: Mapping[str, str] = catalogue("lesson")
STYLE = """
:root { color-scheme: light dark; background: light-dark(#fff, #121212); color: light-dark(#1a1a1a, #f0f0f0); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; }
h2 { border-top: 1px solid; padding-top: 0.75rem; }
h3 { font-size: 1rem; margin-bottom: 0.25rem; }
dl { margin: 0.5rem 0; }
dt { font-weight: 600; margin-top: 0.5rem; }
dd { margin: 0; }
blockquote { margin: 0.75rem 0; padding-left: 0.75rem; border-left: 4px solid; }
table { border-collapse: collapse; font-size: 0.875rem; width: 100%; }
th, td { border: 1px solid; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; overflow-wrap: normal; }
a { color: light-dark(#1b5a65, #7fd3c4); }
a:focus-visible { outline: 3px solid; }
footer { border-top: 1px solid; font-size: 0.875rem; margin-top: 1.5rem; }
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2, h3 { break-after: avoid; }
  tr, blockquote { break-inside: avoid; }
}
"""
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"


def page(
    lesson: Lesson, given: Mapping[str, Given], runs: Sequence[Run], *, name: str, lab: str, sha256: str, data: str
) -> str:
    """The HTML of a hand-in; `data` is the element with its data, `lab` where the links of its runs lead."""
    title, kept = f"{WORDS['handin_title']}: {lesson.title}", marking.Runs(lesson, runs)
    parts = [
        _text("h1", title),
        *([_text("p", name)] if name else []),
        _text("p", standing(lesson, given, len(kept.by_study))),
        *_steps(lesson, given, kept, lab),
        _foot(lesson, runs, sha256),
    ]
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        _text("title", title),
        f"<style>{STYLE}</style>",
    ]
    body = "\n".join(["<main>", *parts, "</main>", data])
    return "\n".join(
        ['<!doctype html>\n<html lang="en">\n<head>', *head, f"</head>\n<body>\n{body}\n</body>\n</html>\n"]
    )


def standing(lesson: Lesson, given: Mapping[str, Given], num_runs: int) -> str:
    """How much of a lesson is in the file."""
    return WORDS["handin_standing"].format(
        answered=marking.answered(lesson, given),
        right=marking.right(lesson, given),
        all=len(lesson.steps),
        runs=num_runs,
        all_runs=len(marking.studies(lesson)),
    )


def _steps(lesson: Lesson, given: Mapping[str, Given], kept: marking.Runs, lab: str) -> Iterator[str]:
    """Every step, with the runs that no step before it has."""
    shown: dict[str, tuple[int, str]] = {}
    for number, step in enumerate(lesson.steps, 1):
        parts = [_text("h2", f"{number} · {step.title}"), _answers(step, marking.of(given, step))]
        for asked in step.runs:
            run = kept.of(asked)
            if run is not None and run.entry.study not in shown:
                shown[run.entry.study] = number, asked.title
                parts.append(_run(asked.title, run, lab))
            elif run is not None and step.name in given:
                at, first = shown[run.entry.study]
                parts.append(_text("p", WORDS["handin_same"].format(title=asked.title, step=at, first=first)))
        yield "\n".join(["<section>", *parts, "</section>"])


def _answers(step: Step, given: Given) -> str:
    """Questions with what was answered; of the check whether that is right, why, and the sentence to keep."""
    if given == Given():
        return _text("p", WORDS["handin_no_answer"])
    found = []
    if step.guess is not None:
        found += [_text("dt", step.guess.question), _text("dd", marking.guess_in_words(step, given.guess))]
    chosen = marking.chosen(step.check.options, given.check)
    found += [_text("dt", step.check.question), _text("dd", chosen.text if chosen else WORDS["handin_no_answer"])]
    if chosen is not None:
        verdict = LESSON["lesson_right" if chosen.name == step.check.right else "lesson_not_right"]
        found.append(_text("dd", verdict.format(why=chosen.why)))
    keep = _text("blockquote", step.keep) if chosen is not None else ""
    return f"<dl>{''.join(found)}</dl>{_drawn(given)}{keep}"


def _drawn(given: Given) -> str:
    """The points of drawn curves."""
    if given.guess is None or given.guess.kind != "curve":
        return ""
    curves = sorted(given.guess.value.items(), key=lambda curve: int(curve[0]))
    moments = zip(*(points for _, points in curves), strict=True)
    rows = [[f"{place}/{HANDLES - 1}", *(signed(at, ".2f") for at in points)] for place, points in enumerate(moments)]
    return _table([WORDS["handin_moment"], *(f"L = {depth}" for depth, _ in curves)], rows)


def _run(title: str, run: Run, lab: str) -> str:
    study, summary = run.study, run.entry.summary
    experiment = study.experiment
    shape = [counted(experiment.num_seeds, "seed"), counted(experiment.iterations, "update")]
    about = " · ".join([plain(run.entry.title), own_settings(study), *shape])
    link = f'<a href="{escape(f"{lab}?{LAB.query_string(study)}")}">{escape(WORDS["handin_open"])}</a>'
    target = summary["target"]
    columns = [WORDS["handin_curve"], WORDS["handin_end"]]
    columns += [WORDS["handin_updates"].format(target=plain(target["title"]))] if target else []
    rows = [_curve(each, experiment.iterations) for each in summary["curves"]]
    return f"{_text('h3', title)}\n<p>{escape(about)} · {link}</p>\n{_table(columns, rows)}"


def _curve(said: Mapping[str, Any], iterations: int) -> list[str]:
    """A curve's name, its median end and its updates to the target, each with its exact interval."""
    found = [said["name"], said["stopped"] or WORDS["runs_no_end"]]
    if said["end"] is not None:
        middle, low, high, coverage = said["end"]
        found[1] = of_several(signed(middle), signed(low), signed(high), coverage)
    if "span" in said:
        low, high, coverage = said["span"]
        updates, low, high = (bound(number, iterations) for number in (said["updates"], low, high))
        found.append(of_several(updates, low, high, coverage))
    return found


def _foot(lesson: Lesson, runs: Sequence[Run], sha256: str) -> str:
    made = {made_by(run.finished.versions) for run in runs}
    texts = [
        WORDS["handin_about"],
        WORDS["handin_checksum"].format(sha256=sha256),
        WORDS["handin_lesson"].format(lesson=lesson.name, version=lesson.version),
        *(WORDS["handin_made"].format(versions=plain(each)) for each in sorted(made)),
    ]
    return f"<footer>\n{chr(10).join(_text('p', text) for text in texts)}\n</footer>"


def _table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
    lines = [
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    ]
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{''.join(lines)}</tbody></table>"


def _text(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text)}</{tag}>"
