"""The controls of the page "Ask the network": data, network, and a switch for each variable's evidence.

The question on screen lives in the session under a key that no widget owns; widgets are seeded from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.kit import page, uploads
from app.kit.session import Shown
from app.kit.text import WORDS, literal, plain
from app.pages.ask import link
from app.pages.ask import question as asking
from app.pages.ask.networks import NETWORKS
from app.pages.ask.question import GROUPS, UNKNOWN, Item, Question
from spncore.data.library import DATASETS, Dataset
from spncore.limits import LIMITS
from spncore.runs.trace import Recorder

STATE, REFUSED, NOTE = "ask_question", "ask_refused", "ask_note"
MOST_SWITCHES = 20  # a switch each; more variables are chosen from searchable lists
CHOICES = ("?", "0", "1")
Evidence = tuple[tuple[str, int], ...]
LEFT_CODES = 6  # the ADL items of NLTCS stand in the first column


def opened() -> Question:
    """The question on screen; at the first visit the one in the address, or about the data of the lab's run."""
    if STATE not in st.session_state:
        params = page.params()
        question, refused = link.decode(params)
        run = st.session_state.get("shown")
        if not set(params) - {"view"} and run is not None and run.study.experiment.dataset != question.dataset:
            question = replace(question, dataset=run.study.experiment.dataset, evidence=())
        put(question, refused)
    on_screen: Question = st.session_state[STATE]
    return on_screen


def put(question: Question, refused: Sequence[str] = ()) -> None:
    """Make this the question on screen: the widgets are seeded from it when they are drawn next."""
    st.session_state.update({STATE: question, REFUSED: list(refused), NOTE: None})
    for key in [key for key in st.session_state if str(key).startswith("ask_w_")]:
        del st.session_state[key]


def on_data_at_hand(question: Question, data: dict[str, Dataset]) -> Question:
    """The same question to data that are here; what stands in for what is said on the page."""
    if question.dataset in data:
        return question
    if question.dataset in uploads.FALLBACK:
        moved = replace(question, dataset=uploads.FALLBACK[question.dataset])
        put(moved, st.session_state[REFUSED])
        st.session_state[NOTE] = WORDS["twin_instead"]
        return moved
    what = "An upload that a link names" if question.dataset not in DATASETS else DATASETS[question.dataset].title
    sentence = f"{what} is not at hand; load it in the lab, then open the link again. NLTCS's twin is asked."
    moved = replace(question, dataset=uploads.FALLBACK["nltcs"], evidence=(), target="")
    put(moved, [*st.session_state[REFUSED], sentence])
    return moved


def lab_run(dataset: Dataset) -> tuple[Shown, Recorder] | None:
    """The run on screen in the lab if it learns these data, and its deepest network that has taken a step."""
    shown: Shown | None = st.session_state.get("shown")
    run = shown.run() if shown else None
    if shown is None or run is None or shown.dataset.sha256 != dataset.sha256:
        return None
    going = [recorder for recorder in run.recorders if recorder.state is not None]
    return (shown, going[-1]) if going else None


def network_title(name: str, dataset: Dataset) -> str:
    """What a network is called; the lab's run by its depth."""
    if name != link.LAB:
        return NETWORKS[name].title
    found = lab_run(dataset)
    return f"On screen in the lab, L = {found[1].experiment.depth}" if found else "The run of the lab"


def network_controls(question: Question, data: dict[str, Dataset]) -> Question:
    """Choose the data set, the network and its K; the question with what they say."""
    _seed("data", question.dataset)
    _seed("net", question.network)
    _seed("k", question.num_components)
    columns = st.columns([2.2, 2.2, 1.2, 3], vertical_alignment="bottom")
    columns[0].selectbox(
        "Data set",
        list(data),
        format_func=lambda name: plain(data[name].title),
        key="ask_w_data",
        on_change=_change_data,
        args=(data,),
    )
    dataset = data[question.dataset]
    titles = {name: network.title for name, network in NETWORKS.items()}
    if lab_run(dataset):
        titles[link.LAB] = network_title(link.LAB, dataset)
    elif question.network == link.LAB:
        titles[link.LAB] = "The run of the lab, which is gone"
    name = columns[1].selectbox(
        "Network",
        list(titles),
        format_func=titles.__getitem__,
        key="ask_w_net",
        help="What takes longer than about a second is trained in the background. The lab's own run can be asked, too.",
    )
    if name in NETWORKS and NETWORKS[name].has_components:
        columns[2].number_input("Components (K)", 1, LIMITS.num_components, key="ask_w_k")
    k = int(st.session_state.get("ask_w_k", question.num_components))
    with columns[3].container(horizontal=True, vertical_alignment="bottom"):
        _buttons(dataset)
    return replace(question, network=name, num_components=k)


def _buttons(dataset: Dataset) -> None:
    st.button("Clear", key="ask_clear", icon=":material/backspace:", on_click=_clear, help="Sets all to unknown.")
    st.button(
        "Half of a real row",
        key="ask_draw",
        icon=":material/casino:",
        on_click=_draw,
        args=(dataset,),
        help="Draws a row of the data and sets a random half of its values.",
    )


def _change_data(data: dict[str, Dataset]) -> None:
    """Another data set: evidence stays where the variables are the same."""
    question: Question = st.session_state[STATE]
    name = st.session_state["ask_w_data"]
    same = question.dataset in data and data[question.dataset].variables == data[name].variables
    network = question.network if question.network in NETWORKS else "mixture"
    put(replace(question, dataset=name, network=network, evidence=question.evidence if same else (), target=""))


def _clear() -> None:
    _ask_with(())


def _ask_with(evidence: Evidence) -> None:
    note = st.session_state[NOTE]
    put(replace(st.session_state[STATE], evidence=evidence))
    st.session_state[NOTE] = note


def _draw(dataset: Dataset) -> None:
    draws = st.session_state["ask_draws"] = st.session_state.get("ask_draws", 0) + 1
    question: Question = st.session_state[STATE]
    row = asking.half_of_a_real_row(dataset, np.random.default_rng([question.seed, draws]))
    _ask_with(asking.as_evidence(row, dataset))


def _seed(name: str, value: object) -> None:
    """Let a widget begin with what the question says, at the first visit or back from another page."""
    if f"ask_w_{name}" not in st.session_state:
        st.session_state[f"ask_w_{name}"] = value


def evidence_controls(question: Question, dataset: Dataset) -> tuple[Evidence, DeltaGenerator]:
    """Unknown, 0 or 1 for each variable; the evidence they say, and a place below the shorter column."""
    every = asking.items(dataset)
    row, refused = asking.evidence_row(question, dataset)
    if refused:
        st.session_state[REFUSED] = [*st.session_state[REFUSED], *refused]
    if len(every) > MOST_SWITCHES:
        return _lists(every, row.tolist()), st.container()
    split = LEFT_CODES if every[0].group else (len(every) + 1) // 2
    columns = st.columns(2, gap="small")
    for column, part in zip(columns, (every[:split], every[split:]), strict=True):
        with column, st.container(gap="xxsmall"):
            if part and part[0].group:
                st.caption(GROUPS[part[0].group])
            for item in part:
                _switch(item, int(row[item.place]))
    said = {item.code: st.session_state[f"ask_w_e_{item.code}"] for item in every}
    zero, one = asking.meanings(dataset)
    columns[0].caption(f"? unknown · 0 {zero} · 1 {one}")
    if st.session_state[NOTE]:
        columns[0].caption(f":material/info: {st.session_state[NOTE]}")
    return tuple((code, int(value)) for code, value in said.items() if value in ("0", "1")), columns[0]


def _switch(item: Item, value: int) -> None:
    _seed(f"e_{item.code}", CHOICES[value - UNKNOWN])
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", horizontal_alignment="distribute"):
        st.markdown(literal(item.name), width="stretch")
        st.segmented_control(
            item.name if item.name.isidentifier() else literal(item.name),
            CHOICES,
            key=f"ask_w_e_{item.code}",
            required=True,
            label_visibility="collapsed",
            width="content",
        )


def _lists(every: Sequence[Item], row: Sequence[int]) -> Evidence:
    """Two searchable lists: what is 1, and what is 0."""
    names = {item.code: f"{item.name} ({item.code})" if item.name != item.code else item.code for item in every}
    for name, value in (("ones", 1), ("zeros", 0)):
        _seed(name, [item.code for item in every if row[item.place] == value])
    ones, zeros = st.session_state["ask_w_ones"], st.session_state["ask_w_zeros"]
    for name, label, taken in (("ones", "These are 1", zeros), ("zeros", "These are 0", ones)):
        st.multiselect(
            label,
            [code for code in names if code not in taken],
            format_func=names.__getitem__,
            key=f"ask_w_{name}",
            placeholder="search a variable",
        )
    said = {**dict.fromkeys(st.session_state["ask_w_zeros"], 0), **dict.fromkeys(st.session_state["ask_w_ones"], 1)}
    return tuple((item.code, said[item.code]) for item in every if item.code in said)
