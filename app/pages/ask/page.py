"""Ask the network: set evidence, see every conditional probability, samples, and the flow through the drawing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from app.kit import address, page, progress, session, uploads
from app.kit.text import literal, page_text
from app.live import circuit_layout
from app.pages.ask import charts, flow_lines, link, networks, panel
from app.pages.ask import question as asking
from app.pages.ask import words as ask_words
from app.pages.ask.charts import MOVABLE
from app.pages.ask.networks import Trained
from app.pages.ask.panel import REFUSED, STATE
from app.pages.ask.question import Answer, Item, Matches, Question
from spncore.data.library import Dataset
from spncore.files.export import Row, cell, linked
from spncore.inference import explanation, queries, sampling
from spncore.inference.queries import QueryError
from spncore.limits import LIMITS
from spncore.plots.drawing import STILL

MOST_ROWS = 24  # variables in a chart; of more, those that change most
JOB = "ask_job"  # the key of the job that this page waits for
MOST_MARKS = 90  # in the drawing; a larger network is folded


class OnScreen(NamedTuple):
    """A question with its answer; `shown` are the variables in charts, `said` is what the answer changes, in words."""

    question: Question
    dataset: Dataset
    trained: Trained
    given: Answer
    found: Matches
    shown: Sequence[Item]
    said: str


def network(question: Question, dataset: Dataset) -> Trained | None:
    """The network that is asked; None while it is trained or if it cannot be had, which is said."""
    name, k = question.network, question.num_components
    if name == networks.LAB_RUN:
        return lab_network(dataset)
    trained: Trained | None = progress.soon(
        JOB,
        progress.key_of("ask", name, k, dataset.sha256),
        networks.train,
        *(name, dataset, k),
        title=f"Training: {networks.NETWORKS[name].title}",
        unit="iterations of EM",
        quick=networks.seconds(name, dataset, k) <= networks.QUICK_SECONDS,
    )
    return trained


def lab_network(dataset: Dataset) -> Trained | None:
    """The deepest network of the run in the lab, as it is now."""
    progress.leave(JOB)
    found = panel.lab_run(dataset)
    if found is None or found.state is None:
        st.warning("There is no such run in the lab any more; choose another network.", icon=":material/science:")
        return None
    return networks.from_the_lab(found, found.state, dataset)


def link_to(question: Question) -> str:
    """The whole address of this page with its question."""
    return page.page_address(link.LINKS.query_string(question), "ask")


def take(asked: OnScreen, what: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """A button that hands out a table."""
    remarks = linked(link_to(asked.question))
    page.download(
        f"{what} (CSV)", f"ask {asked.dataset.title} {what}", columns, lambda: rows, remarks, f"ask_take_{what}"
    )


def answered(question: Question, dataset: Dataset, trained: Trained) -> OnScreen | None:
    """The question with its answer; None if the network holds the evidence impossible, which is said."""
    try:
        given = asking.answer(trained.model, asking.evidence_row(question, dataset)[0])
    except QueryError:
        page.refused(ask_words.IMPOSSIBLE)
        return None
    found, shown = asking.matches(dataset, given.row), asking.order_by_change(given, dataset, MOST_ROWS)
    said = f"{ask_words.changes(given, shown)} {ask_words.beside_the_data(given, found)}"
    return OnScreen(question, dataset, trained, given, found, shown, said)


def probabilities(asked: OnScreen) -> None:
    """The chart of all conditionals with its sentences."""
    people = "people" if asking.items(asked.dataset)[0].group else "rows"
    st.markdown(ask_words.likelihood(asked.given, asked.found, people))
    page.plot(
        charts.probabilities(asked.given, asked.found, asked.shown, page.theme()),
        "ask_probabilities",
        f"Probability of a 1 for each variable, before and given the evidence. {asked.said}",
        STILL,
    )
    num, every = len(asked.shown), asked.dataset.num_variables
    if num < every:
        st.caption(f"The {num} variables that change most, of {every}; the table has all.")


def the_flow(asked: OnScreen) -> None:
    """The drawing of the network with the evidence flowing through it."""
    model, items = asked.trained.model, asking.items(asked.dataset)
    found, circuit = asking.flow(model, asked.given.row), model.circuit
    view = flow_lines.view(circuit, found, MOST_MARKS)
    drawing = circuit_layout.drawing(circuit, asked.dataset.variables, model.parameters, view)
    drawn = flow_lines.lines(drawing, circuit, found)
    root = flow_lines.root_lines(drawing, circuit, drawn)
    labels = flow_lines.leaf_labels(drawing, circuit, [item.code for item in sorted(items)], drawn, root)
    said = ask_words.flow_sentence(root, asked.given)
    figure = charts.network(drawing, found, drawn, root[: ask_words.SAY], labels, page.theme())
    page.plot(figure, "ask_flow", f"The network, each line as wide as the flow of the evidence. {said}", MOVABLE)
    st.markdown(said)
    part = ask_words.drawn_part(len(drawing["nodes"]), drawing["num_nodes"], drawing["complete"])
    named = items[0].group and any(item.code in labels for item in items)
    names = "; ".join(f"{item.code} {literal(item.name)}" for item in items) if named else ""
    st.caption(
        f"Width: the flow given the evidence. Blue: more than without it; orange, dashed: less; grey: about the "
        f"same. {part} {names}"
    )


def the_samples(asked: OnScreen) -> None:
    """Samples given the evidence, and the most probable completion."""
    row, dataset, seed = asked.given.row, asked.dataset, asked.question.seed
    drawn = asking.samples(asked.trained.model, row, seed)
    likely = asking.completion(asked.trained.model, row)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(ask_words.sampled(drawn, row, seed), width="content")
        st.button("Draw others", key="ask_redraw", icon=":material/refresh:", on_click=redraw)
        columns = ("sample", *map(cell, dataset.variables))
        take(asked, "Samples", columns, [[i, *values] for i, values in enumerate(drawn.tolist(), 1)])
    words = ask_words.most_probable(likely, row, asking.items(dataset), asking.meanings(dataset))
    figure = charts.samples(drawn, likely.rows[0].astype(int), row, asked.shown, page.theme())
    page.plot(figure, "ask_samples", f"Samples, one per line. {words}", STILL)
    page.prose(words)


def redraw() -> None:
    """Samples of the next seed."""
    question: Question = st.session_state[STATE]
    st.session_state[STATE] = replace(question, seed=(question.seed + 1) % (LIMITS.seed + 1))


def telling(asked: OnScreen) -> None:
    """Which answer would tell most about a variable of choice."""
    given = asked.given
    target = asking.target_of(asked.question, asked.dataset, given)
    if target is None:
        st.markdown("At least two items must be unknown to ask which one tells about the other.")
        return
    unknown = {item.code: item for item in asking.items(asked.dataset) if given.free[item.place]}
    st.session_state["ask_w_target"] = target.code
    st.selectbox(
        "About",
        list(unknown),
        format_func=lambda code: unknown[code].name,
        key="ask_w_target",
        width=320,
        on_change=choose_target,
    )
    gain = asking.information(asked.trained.model, given, target.place)
    ordered = sorted((item for item in unknown.values() if item != target), key=lambda item: -gain[item.place])
    words = ask_words.telling(gain, given, target, ordered)
    if gain.any():
        figure = charts.information(gain, ordered[:MOST_ROWS], page.theme())
        page.plot(figure, "ask_information", f"Expected information of each answer. {words}", STILL)
    st.markdown(words)


def choose_target() -> None:
    """Ask about another variable."""
    st.session_state[STATE] = replace(st.session_state[STATE], target=st.session_state["ask_w_target"])


at_hand = uploads.at_hand(session.held_uploads())
question = panel.on_data_at_hand(panel.opened(), at_hand)
dataset = at_hand[question.dataset]
page.titled("Ask the network")
question = panel.network_controls(question, at_hand)
top = st.container()
left, right = st.columns([1, 1.15], gap="medium")
with left:
    evidence, free_space = panel.evidence_controls(question, dataset)
    question = replace(question, evidence=evidence)
with top:
    page.refusals(st.session_state[REFUSED])
with right:
    trained = network(question, dataset)
    asked = answered(question, dataset, trained) if trained else None
    if asked is not None:
        probabilities(asked)
with free_space, st.container(horizontal=True):
    with st.popover("Share", icon=":material/share:"):
        st.markdown("This link asks the same network the same question.")
        cannot = "It cannot carry an upload or the lab's run: whoever opens it needs the same one on screen."
        page.share(link_to(question), cannot if link.cannot_carry(question) else "")
    if asked is not None:
        rows = ask_words.probability_rows(asked.given, asked.found, asking.items(dataset), dataset.variables)
        take(asked, "Probabilities", ask_words.PROBABILITY_COLUMNS, rows)
with left:
    if asked is not None:
        st.markdown(asked.said)
    if trained is not None:
        st.caption(literal(ask_words.network_line(trained, panel.network_title(question.network, dataset))))
if asked is not None:  # the flow, samples, the most telling question, the code
    st.header("The flow of the evidence", anchor=False)
    the_flow(asked)
    left, right = st.columns(2, gap="medium")
    with left:
        st.header("Samples and the most probable completion", anchor=False)
        the_samples(asked)
    with right:
        st.header("Which question tells most?", anchor=False)
        telling(asked)
    page.prose(page_text("ask"))
    asks = (queries.conditionals, queries.flow_of_evidence, sampling.sample, explanation.most_probable)
    page.sources(*asks, asking.information)
st.session_state[STATE] = question
address.write(link.LINKS.encode(question))
