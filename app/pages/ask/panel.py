"""The controls of the page "Ask the network": data, network, and a switch for each variable's evidence.

The question on screen lives in the session under a key that no widget owns; widgets are seeded from it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.kit import address, controls, data, uploads
from app.kit.controls import draw
from app.kit.session import Shown
from app.kit.text import WORDS, literal
from app.pages.ask import link
from app.pages.ask import question as asking
from app.pages.ask.networks import LAB_RUN, NETWORKS
from app.pages.ask.question import GROUPS, UNKNOWN, Item, Question
from spncore.data.library import DATASETS, Dataset
from spncore.record import Field
from spncore.runs.trace import Recorder

STATE, REFUSED, NOTE = "ask_question", "ask_refused", "ask_note"
MOST_SWITCHES = 20  # a switch each; more variables are chosen from searchable lists
CHOICES = ("?", "0", "1")
DECLARED = Question.declared()
NETWORK_HELP = (
    "What takes longer than about a second is trained in the background. The lab's own run can be asked, too."
)
Evidence = tuple[tuple[str, int], ...]
LEFT_CODES = 6  # the ADL items of NLTCS stand in the first column


def opened() -> Question:
    """The question on screen; where the address has news, the one it asks, or about the data of the lab's run."""
    if address.news(STATE):
        asked = address.settings()
        question, refused = link.LINKS.decode(asked)
        run = st.session_state.get("shown")
        if not asked and run is not None and run.study.experiment.dataset != question.dataset:
            question = replace(question, dataset=run.study.experiment.dataset, evidence=())
        put(question, refused)
    on_screen: Question = st.session_state[STATE]
    return on_screen


def put(question: Question, refused: Sequence[str] = (), note: str | None = None) -> None:
    """Make this the question on screen: the widgets are seeded from it when they are drawn next."""
    st.session_state.update({STATE: question, REFUSED: list(refused), NOTE: note})
    for key in [key for key in st.session_state if str(key).startswith("ask_w_")]:
        del st.session_state[key]


def on_data_at_hand(question: Question, data: dict[str, Dataset]) -> Question:
    """The same question to data that are here; what stands in for what is said on the page."""
    if question.dataset in data:
        return question
    if question.dataset in uploads.FALLBACK:
        moved = replace(question, dataset=uploads.FALLBACK[question.dataset])
        put(moved, st.session_state[REFUSED], WORDS["twin_instead"])
        return moved
    what = "An upload that a link names" if question.dataset not in DATASETS else DATASETS[question.dataset].title
    sentence = f"{what} is not at hand; load it in the lab, then open the link again. NLTCS's twin is asked."
    moved = replace(question, dataset=uploads.FALLBACK["nltcs"], evidence=(), target="")
    put(moved, [*st.session_state[REFUSED], sentence])
    return moved


def lab_run(dataset: Dataset) -> Recorder | None:
    """The deepest network that has taken a step of the run on screen in the lab, if that learns these data."""
    shown: Shown | None = st.session_state.get("shown")
    run = shown.run() if shown else None
    if shown is None or run is None or shown.dataset.sha256 != dataset.sha256:
        return None
    going = [recorder for recorder in run.recorders if recorder.state is not None]
    return going[-1] if going else None


def network_title(name: str, dataset: Dataset) -> str:
    """What a network is called; the lab's run by its depth."""
    if name != LAB_RUN:
        return NETWORKS[name].title
    found = lab_run(dataset)
    return f"On screen in the lab, L = {found.experiment.depth}" if found else "The run of the lab, which is gone"


def network_controls(question: Question, at_hand: dict[str, Dataset]) -> Question:
    """Choose the data set, the network and its K; the question with what they say."""
    dataset = at_hand[question.dataset]
    of_the_lab = [LAB_RUN] if question.network == LAB_RUN or lab_run(dataset) else []
    titles = {name: network_title(name, dataset) for name in (*NETWORKS, *of_the_lab)}
    columns = st.columns([2.2, 2.2, 1.2, 3], vertical_alignment="bottom")
    with columns[0]:
        how = {**data.offered(), "on_change": _change_data, "args": (at_hand,)}
        draw("ask_w", "data", DECLARED["data"], question.dataset, **how)
    with columns[1]:
        how = {"options": list(titles), "words": titles.__getitem__, "help": NETWORK_HELP}
        name = draw("ask_w", "net", DECLARED["net"], question.network, **how)
    k = question.num_components
    if name in NETWORKS and NETWORKS[name].has_components:
        with columns[2]:
            k = draw("ask_w", "k", DECLARED["k"], k, kind="number_input")
    with columns[3].container(horizontal=True, vertical_alignment="bottom"):
        _buttons(dataset)
    return replace(question, network=name, num_components=k)


def _buttons(dataset: Dataset) -> None:
    st.button(
        "Clear",
        key="ask_clear",
        icon=":material/backspace:",
        on_click=_ask_with,
        args=((),),
        help="Sets all to unknown.",
    )
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


def _ask_with(evidence: Evidence) -> None:
    put(replace(st.session_state[STATE], evidence=evidence), note=st.session_state[NOTE])


def _draw(dataset: Dataset) -> None:
    draws = st.session_state["ask_draws"] = st.session_state.get("ask_draws", 0) + 1
    question: Question = st.session_state[STATE]
    row = asking.half_of_a_real_row(dataset, np.random.default_rng([question.seed, draws]))
    _ask_with(asking.as_evidence(row, dataset))


def evidence_controls(question: Question, dataset: Dataset) -> tuple[Evidence, DeltaGenerator]:
    """Unknown, 0 or 1 for each variable; the evidence they say, and a place below the shorter column."""
    every = asking.items(dataset)
    row, refused = asking.evidence_row(question, dataset)
    st.session_state[REFUSED] = [*st.session_state[REFUSED], *refused]
    if len(every) > MOST_SWITCHES:
        return _lists(every, row.tolist()), st.container()
    split = LEFT_CODES if every[0].group else (len(every) + 1) // 2
    columns, said = st.columns(2, gap="small"), dict[str, str]()
    for column, part in zip(columns, (every[:split], every[split:]), strict=True):
        with column, st.container(gap="xxsmall"):
            if part and part[0].group:
                st.caption(GROUPS[part[0].group])
            said |= {item.code: _switch(item, int(row[item.place])) for item in part}
    zero, one = asking.meanings(dataset)
    columns[0].caption(f"? unknown · 0 {zero} · 1 {one}")
    if st.session_state[NOTE]:
        columns[0].caption(f":material/info: {st.session_state[NOTE]}")
    return tuple((code, int(value)) for code, value in said.items() if value in ("0", "1")), columns[0]


def _switch(item: Item, value: int) -> str:
    name = item.name if item.name.isidentifier() else literal(item.name)
    field = Field(str, name, "", "", choices=CHOICES)
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", horizontal_alignment="distribute"):
        st.markdown(literal(item.name), width="stretch")
        begin = CHOICES[value - UNKNOWN]
        said: str = draw("ask_w", f"e_{item.code}", field, begin, label_visibility="collapsed", width="content")
    return said


def _lists(every: Sequence[Item], row: Sequence[int]) -> Evidence:
    """Two searchable lists: what is 1, and what is 0."""
    names = {item.code: f"{item.name} ({item.code})" if item.name != item.code else item.code for item in every}
    said = dict[str, int]()
    begin = {value: [item.code for item in every if row[item.place] == value] for value in (1, 0)}
    for name, value, other in (("ones", 1, "zeros"), ("zeros", 0, "ones")):
        taken = st.session_state.get(f"ask_w_{other}", begin[1 - value])
        free = [code for code in names if code not in taken]
        how: controls.Values = {"options": free, "words": names.__getitem__, "placeholder": "search a variable"}
        field = Field(tuple, f"These are {value}", "", "")
        said |= dict.fromkeys(draw("ask_w", name, field, begin[value], "multiselect", **how), value)
    return tuple((item.code, said[item.code]) for item in every if item.code in said)
