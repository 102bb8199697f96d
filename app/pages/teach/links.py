"""What a link for a class says: the study that it opens, how it is shown, what is locked and what is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import urlencode

from app.kit.link import ALL, LAB, LISTS, PARTS, VIEWS
from app.kit.text import WORDS
from spncore.record import Record, choice, declare
from spncore.runs.study import Study
from spncore.studies.presets import PRESETS

HERE = "here"  # begins with what the lab shows now
FRAME = (640, 420)  # pixels
# Settings of the lab's panel, those first that a class changes most.
MAIN = "dataset num_components depths learning_rate init_scale init_convention rivals changes".split()
OF_CIRCUITS = ("structure", "split_depth", "num_repetitions", "depth")
MORE = [name for name in Study.declared() if name not in (*MAIN, *OF_CIRCUITS)]


@dataclass(frozen=True)
class Look(Record):
    """What is chosen for the link; its lists are called otherwise than a link's own, which hold for this page, too."""

    begin: str = choice(HERE, WORDS["teach_begin"], WORDS["teach_begin_help"], (HERE, *PRESETS))
    shown: str = choice(VIEWS[0], WORDS["teach_shown"], WORDS["teach_shown_help"], VIEWS)
    locks: tuple[str, ...] = declare((), replace(LISTS["lock"], name="locks"))
    hides: tuple[str, ...] = declare((), replace(LISTS["hide"], name="hides"))


def begun(chosen: Look, on_the_lab: Study) -> Study:
    """The study that the link opens."""
    return on_the_lab if chosen.begin == HERE else PRESETS[chosen.begin].study


def query(study: Study, chosen: Look, view: str = "") -> str:
    """The link's query, by default in the view that is chosen."""
    locks = (ALL,) if ALL in chosen.locks else chosen.locks
    lists = {name: ",".join(names) for name, names in (("lock", locks), ("hide", chosen.hides)) if names}
    shown = view or chosen.shown
    said: Mapping[str, str] = {**LAB.encode(study), **({"view": shown} if shown != VIEWS[0] else {}), **lists}
    return urlencode(said, safe=",:")


def frame(address: str) -> str:
    """What shows an address in a page of a course, as HTML."""
    width, height = FRAME
    return (
        f'<iframe src="{escape(address)}" width="{width}" height="{height}" title="{escape(WORDS["title"])}" '
        'style="border: 0" loading="lazy" allow="fullscreen"></iframe>'
    )


def title(name: str) -> str:
    """What a setting, or another part of a page, is called; one of another page's by its name in links."""
    if name in PARTS:
        return WORDS[f"part_{name}"]
    own = {ALL: WORDS["teach_all"].lower(), "changes": WORDS["teach_changes"]}
    return own.get(name) or (Study.declared()[name].title if name in Study.declared() else name)
