"""The catalogue of the interface's words: one place to read, correct and translate them.

Long texts are Markdown files in `text/`. Anything that users or files bring is shown by `literal` or as plain text,
so that no name is ever read as Markdown, HTML or LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spncore.learning.learners import TITLES
from spncore.record import Field
from spncore.runs.experiment import FIELDS

FOLDER = Path(__file__).parents[1] / "text"
JOINER = "\u2060"  # has no width; keeps :shortcodes:, addresses and www. from being recognised
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_RECOGNISED = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\\?\.)", re.IGNORECASE)
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\x00-\x08\x0e-\x1b\x7f-\x9f]")
_STACKED = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{2})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+"
)
MAX_SHOWN = 400

WORDS: Mapping[str, str] = {
    "title": "SPN Lab",
    "lab": "Lab",
    "dynamics": "Dynamics",
    "about": "Data & about",
    "evidence": "Evidence",
    "explained": "Explained",
    "train": "Train",
    "train_help": "Trains the settings of the side panel; the run on screen stays until then.",
    "share": "Share",
    "export": "Export",
    "help": "Help",
    "data_help": "The 0/1 table to learn: a built-in set or one of your own.",
    "upload": "Upload a table",
    "upload_title": "Learn a table of your own",
    "use": "Use this data",
    "preset": "preset",
    "preset_help": "A prepared experiment; it keeps the data set in use.",
    "own_settings": "own settings",
    "more": "More",
    "reset": "Reset",
    "reset_help": "Brings back the settings of Figure 3.",
    "unpin": "Remove baseline",
    "pinned": "Pinned. The next run is drawn over this one.",
    "pin_later": "The run is still going; pin it when it is done.",
    "same": "These settings are on screen already.",
    "no_depth": "depths: none chosen; choose at least one.",
    "depths_help": "How many consecutive sum layers; every depth that is chosen is trained and drawn.",
    "rivals": "compare with",
    "rivals_help": "Other learners of the plain network (L = 1), trained beside the depths from the same start. "
    "EM has no learning rate.",
    "uploaded": "your upload",
    "next_run": "next run",
    "in_use": "On screen in the lab",
    "twin_instead": "This is synthetic: the real NLTCS rows are not on this computer.",
    "fetch": "Fetch the real data",
    "fetching": "Fetching the real data …",
    "missing_data": "This data set is not on this computer yet. Fetch it first; until then nothing changes.",
    "upload_label": "A CSV file of 0 and 1, one row per case",
    "upload_private": "The file stays in this server's memory and goes when you close the page.",
    "nothing_changed": "Nothing was changed.",
    "upload_again": "This link was made with an uploaded file, which a link cannot carry. "
    "Upload the same file again under Data; until then the default data is used.",
    "share_intro": "This link reopens exactly these settings, in this and in later versions.",
    "share_stale": "The link describes the settings of the side panel, which are not trained yet.",
    "share_upload": "The link names your data by its SHA-256 but cannot carry it: "
    "whoever opens the link has to upload the same file again.",
    "export_intro": "The run on screen. Each file holds its link and the versions that made it.",
    "export_running": "The run is still going; the files will hold what there is when you press.",
    "export_csv": "Curves (CSV)",
    "export_csv_help": "One row per seed, curve, step and quantity: LLH, and ρ, λ, w of each component.",
    "export_components": "Components (CSV)",
    "export_components_help": "The last weights and probabilities of every component.",
    "export_json": "Settings and result (JSON)",
    "export_json_help": "All settings, the LLH of every seed and step, and the versions.",
    "export_script": "Python script",
    "export_script_help": "Repeats this run with the engine alone and prints the same numbers.",
    "elsewhere": "This link describes a deep circuit: it belongs to the Circuits page. The lab shows one mixture.",
    "open_circuits": "Open it on the Circuits page",
    "gone": "This run is no longer held by the server. Press Train to make it again.",
    "projector": "Open in the projector view",
    "help_title": "How to read this page",
    "as_it_is": "Nothing had to be normalised.",
}

# What a choice is called on its control; a registry's new row shows under its own name until it is named here.
CHOICES: Mapping[str, str] = {
    "topology.tree": "tree",
    "topology.private": "private chains",
    "topology.shared": "shared scalar",
    "init_convention.per_layer": "per layer",
    "init_convention.matched": "product",
    "parametrisation.linear": "linear",
    "parametrisation.log": "log",
    **{f"optimiser.{name}": title for name, title in TITLES.items()},
}


def page_text(name: str) -> str:
    """The Markdown text of a page or dialog."""
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def sections(name: str) -> tuple[str, dict[str, str]]:
    """A page text with parts under `## name` lines: what stands before the first, and the parts by name."""
    first, *parts = page_text(name).split("\n## ")
    named = (part.split("\n", 1) for part in parts)
    return first.strip(), {heading.strip(): text.strip() for heading, text in named}


def label(name: str) -> str:
    """The label of a setting of an experiment."""
    return FIELDS[name].title


def choice(name: str, value: str) -> str:
    """What one choice of a setting is called."""
    return CHOICES.get(f"{name}.{value}", value.replace("_", " "))


def number(value: float) -> str:
    """A number for a label: 0.001 to 9999 plainly, smaller and larger ones as a power, without padding."""
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:g}"
    mantissa, exponent = f"{value:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def point(field: Field, value: float) -> str:
    """A log-scaled number with the name of the point it is, if it is one: `1e-4 · paper`."""
    names = [word for word, at in field.named.items() if at == value]
    return " · ".join([number(value), *names])


def value_text(name: str, value: Any) -> str:
    """A setting's value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return choice(name, value)
    return number(value)


def plain(name: str) -> str:
    """A foreign text on one line: no invisible or stacked characters, and not too long."""
    line = " ".join(_HIDDEN.sub("�", name).split())
    line = _STACKED.sub(r"\1", line)
    return line if len(line) <= MAX_SHOWN else line[:MAX_SHOWN] + "…"


def literal(foreign: str) -> str:
    """A foreign text as Markdown that shows it character by character."""
    return _RECOGNISED.sub(JOINER, _PUNCTUATION.sub(r"\\\1", plain(foreign)))
