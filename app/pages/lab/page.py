"""The lab: choose an experiment, watch it train, play it back, take it away."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from app.kit import address, controls, data, keeping, locks, page, pins, session, terms
from app.kit.controls import SETTINGS
from app.kit.link import CIRCUITS, LAB
from app.kit.session import Shown
from app.kit.text import WORDS, literal, page_text
from app.kit.turns import TURNS
from app.live import touch
from app.pages.lab import files
from app.pages.lab.door import PEOPLE, is_open, next_question, opening
from spncore.data.dataset import Dataset
from spncore.learning.learners import title
from spncore.record import ExperimentError, Field
from spncore.runs.study import Study
from spncore.studies import presets
from spncore.studies.presets import Preset

MAIN = "num_components depths learning_rate init_scale init_convention rivals".split()
MORE = """
topology component_init init_noise weight_init train_components parametrisation floor objective class_variable
hybrid_mix labelled_share optimiser momentum batch_size iterations num_seeds seed
""".split()
DOOR = "door"  # under which the session keeps whether its first address left room for more than the question
QUESTIONS = "questions"  # and whether those to choose from are unfolded
TERMS = {"num_components": "component", "depths": "sum_layer", "learning_rate": "learning_rate", "num_seeds": "seed"}
MEANT: Mapping[str, Mapping[str, Any]] = {
    name: {"help": f"{terms.sentence(term)} {SETTINGS[name].help}"} for name, term in TERMS.items()
}
PRESET = Field(str, WORDS["preset"], "", WORDS["preset_help"], choices=tuple(presets.PRESETS))
FILES: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "export_csv": ("csv", files.curves_csv),
    "export_components": ("csv", files.components_csv),
    "export_json": ("json", files.result_json),
    "export_script": ("py", lambda study, dataset, traces, link: files.script(study, dataset, link)),
}
WITH_TARGET = ("export_csv", "export_json")


def preset_control() -> None:
    """Choose a question that the link leaves free; which of them the controls ask, and what to look for in it.

    No list of one line each could show the questions whole.
    """
    found, dataset = presets.matching(session.study()), session.study().experiment.dataset
    controls.show("control", {"preset": found.name if found else None})
    title = found.title if found else WORDS["own_settings"]
    free = [*presets.PRESETS]
    if locks.locked():
        free = [name for name in free if session.may_show(presets.PRESETS[name].on(dataset))]
    look: dict[str, Any] = {"help": WORDS["preset_help"], "width": "stretch", "wrap": True, "disabled": not free}
    with st.popover(title, key=QUESTIONS, on_change="rerun", **look):
        if free:
            words = {"words": lambda name: presets.PRESETS[name].title, "index": None, "on_change": choose_preset}
            controls.draw("control", "preset", PRESET, None, "radio", options=free, **words)
    if found:
        st.caption(f"**Look for:** {found.look_for}  \n**Held equal:** {found.held_equal}")


def choose_preset() -> None:
    """Show the chosen study, on the data set in use, and fold the questions."""
    st.session_state[QUESTIONS] = False
    preset = presets.PRESETS.get(st.session_state["control_preset"] or "")
    if preset is not None:
        session.show(preset.on(session.study().experiment.dataset))


def ask(preset: Preset) -> None:
    """Show a prepared study, on the data set in use, and train it."""
    if session.show(preset.on(session.study().experiment.dataset)):
        session.train()


def door() -> Dataset | None:
    """The page's question, with what it is about where there is room: of which people, if they are on screen."""
    run = session.shown()
    people = run.dataset if run and st.session_state[DOOR] and run.dataset.name in PEOPLE else None
    st.html(opening(people))
    return people


def try_button(preset: Preset) -> None:
    """The one thing to try: a question that is answered by pressing it."""
    st.button(
        WORDS["try"].format(question=preset.title),
        key="try",
        icon=":material/play_arrow:",
        help=WORDS["try_help"],
        on_click=TURNS.taken()(ask),
        args=(preset,),
        disabled=not session.may_show(preset.on(session.study().experiment.dataset)),
    )


def default() -> Study:
    """What the lab shows to begin with, on the data set in use."""
    return LAB.default().on(session.study().experiment.dataset)


def reset() -> None:
    """Bring back the default study."""
    session.show(default())


def reset_button() -> None:
    """The button that does so, unless the link locks what it would change, or hides it."""
    if not locks.hides("reset"):
        look: dict[str, Any] = {"help": WORDS["reset_help"], "disabled": not session.may_show(default())}
        st.button(WORDS["reset"], key="reset", on_click=reset, **look)


def train() -> None:
    """Train what the controls say, unless it is refused; the panel then says why."""
    with suppress(ExperimentError):
        st.session_state["study"] = controls.study_of(
            controls.said("control", controls.settings(session.study()), MAIN + MORE)
        )
        session.train()


def touched() -> None:
    """Show what was asked for by a touch on the drawing; with another rate the run on screen stays as a pin."""
    said = st.session_state["lab"].get("touch")
    run = session.shown()
    if run is None or not isinstance(said, dict) or set(said) != {"of", "asked"}:
        return
    run, asked = session.own(said["of"]) or run, said["asked"]
    try:
        study = touch.after(run.study, asked)
    except ExperimentError as error:
        st.session_state["problem"] = str(error)
        return
    st.session_state["problem"] = None
    if session.show(study) and touch.is_branch(asked):
        pins.pin(run)


def take_back(kept: Study) -> None:
    """Show a study with fewer changes on the way."""
    session.show(kept)


def changes_control() -> None:
    """What is changed on the way, each with a press that takes it back."""
    study = session.study()
    made = study.experiment.on_the_way
    if not made:
        return
    st.caption(WORDS["changes"])
    for place, change in enumerate(made):
        kept = touch.with_changes(study, [text for at, text in enumerate(study.experiment.changes) if at != place])
        st.button(
            change.words,
            key=f"change_{change.at}_{change.what}",
            icon=":material/close:",
            help=WORDS["changes_help"],
            width="stretch",
            on_click=take_back,
            args=(kept,),
            disabled=not session.may_show(kept),
        )


def train_button(possible: bool) -> None:
    """Train what is not trained by itself, with its price; and once more what was stopped."""
    stale = session.is_stale()
    label = session.price_words(session.price(), WORDS["train_price"]) if stale else ""
    page.train_button("train", stale, possible, train, WORDS["train_help"], label)


def stored_instead() -> None:
    """A way to the run that is stored, where what the controls say would take long to train once more."""
    if session.is_stale() and not session.is_short(session.price()):
        keeping.offer_stored(session.study())


@st.dialog(WORDS["export"])
def export_dialog(shown: Shown | None) -> None:
    """The run on screen as files; each is made when its button is pressed."""
    run = shown.run() if shown else None
    if shown is None or run is None:
        st.warning(WORDS["gone"])
        return
    st.markdown(WORDS["export_intro"])
    if not run.ended:
        st.info(WORDS["export_running"])
    link = page.page_address(LAB.query_string(shown.study))
    for kind, (suffix, make) in FILES.items():
        if kind in WITH_TARGET:
            make = partial(make, target=run.computation.target)
        name = f"{shown.dataset.title} {kind.removeprefix('export_')}"
        written, words = partial(shown.file, make, link), WORDS[f"{kind}_help"]
        page.hand_out(WORDS[kind], written, name, suffix, kind, help=words, width="stretch")


def side_panel() -> Study | None:
    """Draw what can be set; the study that it describes, or None where that is refused."""
    with st.sidebar:
        top = st.container()
        said = controls.settings(session.study())
        rival = partial(title, momentum=st.session_state.get("control_momentum", said["momentum"]))
        how: Mapping[str, Mapping[str, Any]] = {**MEANT, "rivals": {"words": rival}}
        wanted = controls.panel("control", said, controls.study_of, MAIN, MORE, how=how)
        st.session_state["study"] = wanted or session.study()
        with top:
            if not locks.hides("questions"):
                preset_control()
            changes_control()
        data.data_control()
        reset_button()
    return wanted


def head(wanted: Study | None, people: Dataset | None) -> str:
    """What stands over the view: the data, and what can be done with the run; which window was asked for, if any."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if people is not None:
            try_button(next_question(session.study()))
        with st.container(width="stretch", gap="xxsmall"):
            data.data_in_use()
        data.fetch_instead()
        train_button(wanted is not None)
        stored_instead()
        pressed = {
            "keep": keeping.keep_button("keep_run", session.shown()),
            "export": page.head_button("export", "export", ":material/download:"),
            "help": page.head_button("help", "help", ":material/help:"),
        }
    return next(filter(pressed.__getitem__, pressed), "")


def framed_title(shown: Shown) -> None:
    """What the run on screen asks, over its view in the frame of another page."""
    preset = presets.matching(shown.study)
    page.titled(literal(preset.title if preset else session.about(shown)["settings"]))


if DOOR not in st.session_state:
    st.session_state[DOOR] = is_open(address.params())
session.open_session()
framed = page.embedded()
wanted = None if framed else side_panel()
if wanted is not None or framed:
    session.follow()
people = None if framed else door()
if st.session_state["notices"]:
    st.warning("  \n".join(literal(sentence) for sentence in st.session_state["notices"]), icon=":material/link_off:")

if st.session_state["elsewhere"] is not None:
    st.info(WORDS["elsewhere"], icon=":material/account_tree:")
    values = CIRCUITS.encode(st.session_state["elsewhere"])
    st.page_link("pages/circuits/page.py", label=WORDS["open_circuits"], query_params=values)

opened = "" if framed else head(wanted, people)
page.refused(st.session_state["problem"])

shown = session.shown()
if shown is not None:
    if framed:
        framed_title(shown)
    preset = presets.matching(shown.study)
    asked = session.run_view(
        "lab",
        shown,
        session.is_stale(),
        touched,
        pins=pins.sent(shown),
        published=presets.is_figure_3(shown.study),
        preset=preset.name if preset else None,
        door=people is not None,
    )
    session.answer(asked, shown, session.study())

session.say()
address.write(LAB.encode(session.study()))
if opened == "keep":
    keeping.keep_dialog(shown)
elif opened == "export":
    export_dialog(shown)
elif opened == "help":
    page.help_dialog(page_text("lab"), f"**{WORDS['terms']}**\n\n{terms.glossary()}")
