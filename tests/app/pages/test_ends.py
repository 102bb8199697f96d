"""Every control of every page at both ends of its range, by a link and by the page itself: a picture or a sentence.

Nothing is trained here but one update of what a page asks for, so that a setting the engine cannot take is found, too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from streamlit.testing.v1.element_tree import ButtonGroup, Multiselect, Radio, Selectbox, SelectSlider

from app.kit import uploads
from app.kit.link import GRID, LAB
from app.live.jobs import JOBS
from app.live.runs import REGISTRY
from app.pages.ask.link import LINKS as ASK
from app.pages.classes.link import Look as ClassesLook
from app.pages.compare.link import Look as CompareLook
from app.pages.dynamics.link import Look as DynamicsLook
from app.pages.figure3.link import Look as Figure3Look
from app.pages.grid.link import Look as GridLook
from app.pages.held_equal.link import Look as FairLook
from app.pages.linear.link import LINKS as LINEAR
from app.pages.linear.link import Look as LinearLook
from app.pages.phase.link import Look as PhaseLook
from app.pages.runs.link import Look as RunsLook
from app.pages.teach.links import Look as TeachLook
from app.pages.update2020.link import Look as UpdateLook
from spncore import fit
from spncore.data import library
from spncore.limits import LIMITS
from spncore.record import Field, Record
from spncore.runs.study import Study
from spncore.studies import classes, linear
from tests.addresses import at_address
from tests.icons import of_pages

TINY = {"dataset": "two-clusters", "num_components": "2", "iterations": "3", "num_seeds": "1"}
WITH_CLASS = {"dataset": "labelled-clusters", "objective": "hybrid", "optimiser": "momentum", "rivals": "em"}
TEXTS = {  # of evidence and axes, which have no range
    "e": ("none", "x1:0", "x8:1"),
    "about": ("", "x1", "x8"),
    "axes": ("", "depth:1", "structure:mixture,learn_spn depth:1,8 optimiser:gradient_ascent,online_em"),
}
NEEDED = {"objective": {"dataset": "labelled-clusters"}, "class_variable": WITH_CLASS}


class Page(NamedTuple):
    """A page: its address, the records its links are of, links that open it with all its controls, what it starts."""

    url: str
    records: tuple[type[Record], ...] = ()
    links: tuple[Mapping[str, str], ...] = ({},)
    button: str = ""


DEEP = {**TINY, "depths": "1", "split_depth": "1"}
PAGES = {
    "lab": Page("", (Study,), (TINY, {**TINY, **WITH_CLASS}), "train"),
    "dynamics": Page("dynamics", (Study, DynamicsLook), (TINY,)),
    "circuits": Page("circuits", (Study,), (DEEP, {**DEEP, "structure": "rat"}), "circuit_train"),
    "ask": Page("ask", (ASK.record,), ({"data": "two-clusters"}, {"data": "two-clusters", "e": "x1:1"})),
    "lesson": Page("lesson", (), ({}, {"step": "2"}, {"lesson": "figure3", "step": "2"})),
    "runs": Page("runs", (RunsLook,)),
    "compare": Page("compare", (CompareLook,)),
    "figure3": Page("figure3", (Figure3Look,)),
    "fair": Page("fair", (FairLook,)),
    "phase": Page("phase", (PhaseLook,), button="phase_compute"),
    "grid": Page(
        "grid",
        (GRID.record, GridLook),
        ({}, {"axes": "depth:1,2", "asked": "end", "dataset": "two-clusters"}),
        "grid_run",
    ),
    "classes": Page("classes", (Study, ClassesLook), ({**TINY, **WITH_CLASS},), "classes_run"),
    "update2020": Page("update2020", (UpdateLook,)),
    "linear": Page(
        "linear", (LINEAR.record, LinearLook), ({"each_at": "chosen"}, {"num_layers": "8", "condition": "1000"})
    ),
    "teach": Page("teach", (TeachLook,)),
    "maths": Page("maths"),
    "about": Page("about"),
}


class Said(str):
    """An option as the page words it, which a browser sends; Streamlit's harness takes values and words them anew."""


@pytest.fixture(autouse=True)
def cheap(monkeypatch, tmp_path, jobs_in_threads):
    monkeypatch.setattr(library, "user_cache_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.delenv("SPNLAB_DATA_DIR", raising=False)
    uploads._registered.cache_clear()
    real = REGISTRY.start
    small = Study(LAB.default().experiment.replace(**{k: LAB.record.known(k).parse(v) for k, v in TINY.items()}), (1,))

    def one_update(study: Study, dataset: Any, *asked_by: str) -> str:
        for experiment in study.experiments():
            fit(experiment.replace(iterations=1, num_seeds=1), dataset)
        return real(small, library.load("two-clusters"), *asked_by)

    monkeypatch.setattr(REGISTRY, "start", one_update)
    begin = JOBS.start

    def quick_ones(key: str, watcher: str, work: Callable[..., Any], *arguments: Any, quick: bool, unit: str) -> Any:
        cheap = quick and work is not classes.run
        return begin(key, watcher, work, *arguments, quick=quick, unit=unit) if cheap else None

    monkeypatch.setattr(JOBS, "start", quick_ones)
    monkeypatch.setattr(linear, "MAX_UPDATES", 30)
    for kind in (ButtonGroup, SelectSlider, Selectbox, Multiselect, Radio):
        monkeypatch.setattr(kind, "format_func", property(_as_it_is(kind.format_func.fget)))
    yield
    uploads._registered.cache_clear()


def _as_it_is(of: Callable[[Any], Callable[[Any], Any]]) -> Callable[[Any], Callable[[Any], Any]]:
    return lambda widget: lambda value: value if isinstance(value, Said) else of(widget)(value)


def texts(field: Field) -> list[str]:
    """A setting at the ends of its range, as a link has it."""
    return list(TEXTS[field.name]) if field.name in TEXTS else [field.text(value) for value in ends(field)]


def ends(field: Field) -> list[Any]:
    """What a setting may be at the ends of its range: numbers, the first and the last of choices, some and all."""
    if field.kind is bool:
        return [False, True]
    if field.name == "changes":
        rates = [f"{at}:rate:{LIMITS.largest_rate}" for at in range(LIMITS.changes)]
        return [("0:rate:1e-06",), ("9999:rate:1e-06",), ("0:L1.w0.1:10.0",), tuple(rates)]
    if field.kind is tuple:
        low, high = int(field.low), int(field.high)
        choices = field.choices or tuple(range(low, high + 1))
        return [choices[:1], choices[-1:], choices]
    if field.choices:
        return [field.choices[0], field.choices[-1]]
    numbers = [field.low, field.high, *([0.0] if field.zero_allowed else [])]
    return [field.kind(number) for number in numbers]


def shows_something(at: Any) -> bool:
    """Whether there is a chart, a view of a run, or a sentence on the page."""
    kinds = ("bidi_component", "markdown", "caption", "error", "warning", "info")
    return any(at.get(kind) for kind in kinds)


def problem(at: Any) -> str:
    """What went wrong on a page, empty if nothing did."""
    if at.exception:
        return f"{at.exception[0].value}"
    return "" if shows_something(at) else "nothing is shown"


def pages(slow: Iterable[str], some: Iterable[str] = PAGES) -> Any:
    """A test of each page by its name; of those named first, not in the quick run."""
    marked = [pytest.param(name, marks=[pytest.mark.slow] * (name in slow)) for name in some]
    return pytest.mark.parametrize("name", marked)


@pytest.mark.fault("K05")
@pages(("circuits", "classes", "dynamics", "lab"), [name for name, page in PAGES.items() if page.records])
def test_a_link_with_any_setting_at_an_end_gives_a_picture_or_a_sentence(name):
    page, wrong = PAGES[name], {}
    for record in page.records:
        for field in record.declared().values():
            for text in texts(field):
                given = {**page.links[0], **NEEDED.get(field.name, {}), field.name: text}
                if said := problem(at_address(page.url, **given).run()):
                    wrong[field.name, text] = said
    assert not wrong


def reach(at: Any) -> Iterator[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]]:
    """For every widget and each end: what it is, how to bring it there, how to bring it back."""
    for kind in ("slider", "number_input"):
        for widget in at.get(kind):
            for end in (widget.min, widget.max):
                yield _moved(kind, widget, end, widget.value)
    for kind in ("select_slider", "selectbox", "radio"):
        for widget in at.get(kind):
            for option in (widget.options[0], widget.options[-1]) if widget.options else ():
                yield _moved(kind, widget, Said(option), widget.value)
    for kind in ("button_group", "multiselect"):
        for widget in at.get(kind):
            several = kind == "multiselect" or not widget._is_single_select
            options = [Said(option) for option in widget.options]
            for end in ([], options[:1], options[-1:], options) if several else (options[0], options[-1]):
                yield _moved(kind, widget, end, widget.value)
    for kind in ("toggle", "checkbox"):
        for widget in at.get(kind):
            yield _moved(kind, widget, not widget.value, widget.value)


def _moved(kind: str, widget: Any, end: Any, value: Any) -> tuple[str, Callable[[Any], Any], Callable[[Any], Any]]:
    def put(at: Any, what: Any) -> None:
        for found in at.get(kind):
            if found.id == widget.id or (widget.key and found.key == widget.key):
                found.set_value(what)

    return f"{kind} {widget.key or widget.label} → {end}", lambda at: put(at, end), lambda at: put(at, value)


@pytest.mark.fault("K05")
@pages(("circuits", "classes", "lab", "phase", "grid", "ask"))
def test_any_control_of_a_page_at_an_end_gives_a_picture_or_a_sentence(name):
    page, wrong = PAGES[name], {}
    for link in page.links:
        at = at_address(page.url, **link).run()
        assert not problem(at)
        for what, there, back in list(reach(at)):
            there(at)
            if page.button and (pressed := [one for one in at.button if one.key == page.button and not one.disabled]):
                pressed[0].click()
            at.run()
            if said := problem(at):
                wrong[what] = said
                at = at_address(page.url, **link).run()
            else:
                back(at)
    assert not wrong


def test_every_page_of_the_lab_is_here():
    from app.main import PAGES as ALL

    assert {url for entries in ALL.values() for _, url, *_ in entries} == {page.url for page in PAGES.values()}
    assert of_pages() == [icon for entries in ALL.values() for *_, icon in entries], "the font has them all"
