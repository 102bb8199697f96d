"""Ask the network: set evidence, see every conditional probability, samples, and the flow through the drawing."""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import replace

import streamlit as st

from app.kit import files, progress, session, uploads
from app.kit.files import cell, file_name
from app.kit.text import literal, page_text
from app.live import circuit_layout, jobs
from app.pages.ask import charts, flow_lines, link, networks, panel
from app.pages.ask import question as asking
from app.pages.ask import words as ask_words
from app.pages.ask.networks import Trained
from app.pages.ask.panel import REFUSED, STATE
from app.pages.ask.question import UNKNOWN, Answer, Matches, Question
from spncore.data.library import DataError, Dataset
from spncore.files.provenance import made_by
from spncore.inference import explanation, queries, sampling
from spncore.inference.queries import QueryError
from spncore.learning.trainer import Trainer
from spncore.limits import LIMITS
from spncore.runs.training import learner_of

MOST_ROWS = 24  # variables in a chart; of more, those that change most
MOST_MARKS = 90  # in the drawing; a larger network is folded
TEXT_PIXELS = 760


@st.cache_resource(max_entries=64, show_spinner=False)
def quickly(name: str, num_components: int, sha256: str, _dataset: Dataset) -> Trained:
    """A network that is trained in about a second; shared by all users."""
    return networks.train(name, _dataset, num_components)


def network(question: Question, dataset: Dataset) -> Trained | None:
    """The network that is asked; None while it is trained in the background or if it cannot be had, which is said."""
    name, k = question.network, question.num_components
    if name == networks.LAB_RUN:
        return lab_network(dataset)
    try:
        if networks.is_quick(name, dataset, k):
            leave()
            return quickly(name, k, dataset.sha256, dataset)
    except DataError as error:
        st.error(literal(str(error)), icon=":material/block:")
        return None
    key = hashlib.sha256(f"ask {name} {k} {dataset.sha256}".encode()).hexdigest()
    return in_background(key, name, dataset, k)


def lab_network(dataset: Dataset) -> Trained | None:
    """The deepest network of the run in the lab, as it is now."""
    leave()
    found = panel.lab_run(dataset)
    if found is None:
        st.warning("There is no such run in the lab any more; choose another network.", icon=":material/science:")
        return None
    shown, recorder = found
    assert recorder.state is not None
    trainer = Trainer(recorder.problem, learner_of(recorder.experiment))
    return networks.from_the_lab(trainer, recorder.state, shown.dataset)


def in_background(key: str, name: str, dataset: Dataset, num_components: int) -> Trained | None:
    """The result of a job, which is begun if need be; until it is there its progress is shown."""

    def work(job: jobs.Job) -> Trained | None:
        job.unit = "iterations of EM"
        for done, total, result in networks.training(name, dataset, num_components):
            job.report(done, total)
            if job.stop.is_set() or result is not None:
                return result
        return None

    if st.session_state.get("ask_job") != key:
        leave()
    job = jobs.JOBS.get(key)
    again = job is not None and job.state in ("cancelled", "failed")
    if job is not None and job.state == "failed":
        st.error(literal(job.reason or ""), icon=":material/error:")
    if (job is None) or (again and st.button("Train it", key="ask_train", icon=":material/play_arrow:")):
        try:
            job = jobs.JOBS.start(key, work, progress.watcher())
        except jobs.JobRefused as refusal:
            st.warning(str(refusal), icon=":material/hourglass:")
            return None
    if job is not None and not job.ended:
        st.session_state["ask_job"] = key
        st.markdown(f"Training: {networks.NETWORKS[name].title}")
        progress.show_progress(key)
    return job.result if job is not None and job.state == "done" else None


def leave() -> None:
    """A job that this page waits for no more is cancelled, unless others wait for it."""
    key = st.session_state.pop("ask_job", None)
    if key is not None:
        jobs.JOBS.leave(key, progress.watcher())


def link_to(question: Question) -> str:
    """The whole address of this page with its question."""
    root = (st.context.url or "").split("?")[0].rsplit("/", 1)[0]
    return f"{root}/ask?{link.LINKS.query_string(question)}"


def write_address(question: Question) -> None:
    """Let the address bar name the question; a first visit to the default keeps its plain address."""
    values = link.LINKS.encode(question)
    if len(values) == 1 and not st.query_params:
        return
    if "view" in st.query_params:
        values["view"] = st.query_params["view"]
    if values != st.query_params.to_dict():
        st.query_params.from_dict(values)


def take(title: str, what: str, columns: tuple[str, ...], rows: list[list[object]], question: Question) -> None:
    """A button that hands out a table."""
    remarks = [f"link: {link_to(question)}", f"made with: {made_by()}"]
    st.download_button(
        f"{what} (CSV)",
        lambda: files.table(columns, rows, remarks),
        file_name(f"ask {title} {what}", "csv"),
        "text/csv",
        key=f"ask_take_{what}",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )


def share(question: Question) -> None:
    """The link, to be copied."""
    with st.popover("Share", icon=":material/share:"):
        st.markdown("This link asks the same network the same question.")
        st.code(link_to(question), language=None, wrap_lines=True)
        if link.cannot_carry(question):
            st.info("It cannot carry an upload or the lab's run: whoever opens it needs the same one on screen.")


def probabilities(given: Answer, found: Matches, dataset: Dataset, theme: str) -> None:
    """The chart of all conditionals with its sentences."""
    shown = asking.order_by_change(given, dataset, MOST_ROWS)
    people = "people" if asking.items(dataset)[0].group else "rows"
    st.markdown(ask_words.likelihood(given, found, people))
    said = f"{ask_words.changes(given, shown)} {ask_words.beside_the_data(given, found)}"
    st.plotly_chart(
        charts.probabilities(given, found, shown, theme),
        key="ask_probabilities",
        config=charts.STILL,
        alt=f"Probability of a 1 for each variable, before and given the evidence. {said}",
    )
    if len(shown) < dataset.num_variables:
        st.caption(f"The {len(shown)} variables that change most, of {dataset.num_variables}; the table has all.")


def the_flow(trained: Trained, given: Answer, dataset: Dataset, theme: str) -> None:
    """The drawing of the network with the evidence flowing through it."""
    found, circuit = asking.flow(trained.model, given.row), trained.model.circuit
    view = flow_lines.view(circuit, found, MOST_MARKS)
    drawing = circuit_layout.drawing(circuit, dataset.variables, trained.model.parameters, view)
    drawn, items = flow_lines.lines(drawing, circuit, found), asking.items(dataset)
    root = flow_lines.root_lines(drawing, circuit, drawn)
    labels = flow_lines.leaf_labels(drawing, circuit, [item.code for item in sorted(items)], drawn, root)
    said = ask_words.flow_sentence(root, given)
    st.plotly_chart(
        charts.network(drawing, found, drawn, root[: ask_words.SAY], labels, theme),
        key="ask_flow",
        config=charts.CONFIG,
        alt=f"The network, each line as wide as the flow of the evidence. {said}",
    )
    st.markdown(said)
    part = ask_words.drawn_part(len(drawing["nodes"]), drawing["num_nodes"], drawing["complete"])
    names = (
        "; ".join(f"{item.code} {literal(item.name)}" for item in items)
        if set(labels) & {item.code for item in items} and items[0].group
        else ""
    )
    st.caption(
        f"Width: the flow given the evidence. Blue: more than without it; orange, dashed: less; grey: about the "
        f"same. {part} {names}"
    )


def the_samples(trained: Trained, given: Answer, dataset: Dataset, question: Question, theme: str) -> None:
    """Samples given the evidence, and the most probable completion."""
    shown = asking.order_by_change(given, dataset, MOST_ROWS)
    drawn = asking.samples(trained.model, given.row, question.seed)
    likely = asking.completion(trained.model, given.row)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(ask_words.sampled(drawn, given.row, question.seed), width="content")
        st.button("Draw others", key="ask_redraw", icon=":material/refresh:", on_click=redraw)
        columns = ("sample", *(cell(name) for name in dataset.variables))
        rows: list[list[object]] = [[i + 1, *row] for i, row in enumerate(drawn.tolist())]
        take(dataset.title, "Samples", columns, rows, question)
    words = ask_words.most_probable(likely, given.row, asking.items(dataset), asking.meanings(dataset))
    st.plotly_chart(
        charts.samples(drawn, likely.rows[0].astype(int), given.row, shown, theme),
        key="ask_samples",
        config=charts.STILL,
        alt=f"Samples, one per line. {words}",
    )
    st.markdown(words, width=TEXT_PIXELS)


def redraw() -> None:
    """Samples of the next seed."""
    question: Question = st.session_state[STATE]
    st.session_state[STATE] = replace(question, seed=(question.seed + 1) % (LIMITS.seed + 1))


def telling(trained: Trained, given: Answer, dataset: Dataset, question: Question, theme: str) -> None:
    """Which answer would tell most about a variable of choice."""
    target = asking.target_of(question, dataset, given)
    if target is None:
        st.markdown("At least two items must be unknown to ask which one tells about the other.")
        return
    unknown = {item.code: item for item in asking.items(dataset) if given.row[item.place] == UNKNOWN}
    st.session_state["ask_w_target"] = target.code
    st.selectbox(
        "About",
        list(unknown),
        format_func=lambda code: unknown[code].name,
        key="ask_w_target",
        width=320,
        on_change=choose_target,
    )
    gain = asking.information(trained.model, given, target.place)
    ordered = sorted((item for item in unknown.values() if item != target), key=lambda item: -gain[item.place])
    words = ask_words.telling(gain, given, target, ordered)
    if gain.any():
        st.plotly_chart(
            charts.information(gain, ordered[:MOST_ROWS], theme),
            key="ask_information",
            config=charts.STILL,
            alt=f"Expected information of each answer. {words}",
        )
    st.markdown(words)


def choose_target() -> None:
    """Ask about another variable."""
    st.session_state[STATE] = replace(st.session_state[STATE], target=st.session_state["ask_w_target"])


def below(trained: Trained, given: Answer, dataset: Dataset, question: Question, theme: str) -> None:
    """What stands under the probabilities: the flow, samples, the most telling question, the code."""
    st.subheader("The flow of the evidence", anchor=False)
    the_flow(trained, given, dataset, theme)
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader("Samples and the most probable completion", anchor=False)
        the_samples(trained, given, dataset, question, theme)
    with right:
        st.subheader("Which question tells most?", anchor=False)
        telling(trained, given, dataset, question, theme)
    st.markdown(page_text("ask"), width=TEXT_PIXELS)
    with st.expander("Source of what this page runs", icon=":material/code:"):
        asked = (queries.conditionals, queries.flow_of_evidence, sampling.sample, explanation.most_probable)
        for function in (*asked, asking.information):
            st.caption(f"`{function.__module__}.{function.__name__}`")
            st.code(inspect.getsource(function))


theme = "dark" if st.context.theme.type == "dark" else "light"
at_hand = uploads.at_hand(session.held_uploads())
question = panel.on_data_at_hand(panel.opened(), at_hand)
dataset = at_hand[question.dataset]
st.header("Ask the network", anchor=False)
question = panel.network_controls(question, at_hand)
refusals = st.container()
left, right = st.columns([1, 1.15], gap="medium")
with left:
    evidence, free_space = panel.evidence_controls(question, dataset)
    question = replace(question, evidence=evidence)
for sentence in dict.fromkeys(st.session_state[REFUSED]):
    refusals.warning(literal(sentence), icon=":material/link_off:")
with right:
    trained = network(question, dataset)
    answer = None
    if trained is not None:
        try:
            answer = asking.answer(trained.model, asking.evidence_row(question, dataset)[0])
        except QueryError:
            st.error(ask_words.IMPOSSIBLE, icon=":material/block:")
    if answer is not None:
        matching = asking.matches(dataset, answer.row)
        probabilities(answer, matching, dataset, theme)
with free_space, st.container(horizontal=True):
    share(question)
    if answer is not None:
        table = list(ask_words.probability_rows(answer, matching, asking.items(dataset), dataset.variables))
        take(dataset.title, "Probabilities", ask_words.PROBABILITY_COLUMNS, table, question)
with left:
    if answer is not None:
        shown = asking.order_by_change(answer, dataset, MOST_ROWS)
        st.markdown(f"{ask_words.changes(answer, shown)} {ask_words.beside_the_data(answer, matching)}")
    if trained is not None:
        st.caption(literal(ask_words.network_line(trained, panel.network_title(question.network, dataset))))
if trained is not None and answer is not None:
    below(trained, answer, dataset, question, theme)
st.session_state[STATE] = question
write_address(question)
