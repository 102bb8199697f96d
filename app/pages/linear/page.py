"""Linear networks, section 2.1 of the paper: factors learn faster, and in an SPN the same scalar does nothing."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from app.kit import address, controls, page, progress
from app.kit.link import LAB
from app.kit.text import WORDS, page_text
from app.pages.linear import charts, words
from app.pages.linear.link import LINKS, Look
from spncore.files import export
from spncore.linear import network, rates, steps
from spncore.studies import linear
from spncore.studies.linear import Comparison, LinearStudy, SharedScalar

STATE, REFUSED = "linear_study", "linear_refused"
LOOKS = address.Looks("linear", Look, beside=True)
EQUATIONS = (  # of two layers, of more
    (
        r"w(t{+}1) \;=\; w \;-\; \rho\,\nabla \;-\; \lambda\,w \;+\; \eta^2\,\nabla_{w_1}\nabla_{w_2}",
        r"\rho = \eta\,w_2^2 \qquad \lambda = \eta\,\nabla_{w_2} / w_2",
    ),
    (
        r"w(t{+}1) \;=\; (w - \rho\,\nabla)\prod_{l>1}\bigl(1-\eta\,\nabla_{w_l}/w_l\bigr)",
        r"\rho = \eta\prod_{l>1} w_l^2 \qquad \lambda = \eta\sum_{l>1}\nabla_{w_l}/w_l",
    ),
)
HOW: Mapping[str, controls.Values] = {  # in the order of the controls
    "p": {"kind": "segmented_control", "options": [2, 4], "words": {2: "ℓ₂", 4: "ℓ₄"}.get},
    "condition": {"options": [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]},
    "num_layers": {"kind": "segmented_control"},
    "dimension": {"kind": "select_slider", "options": range(1, 17)},
    "init_scale": {"options": [1e-3, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0]},
    "each_at": {"words": {"best": "each at its own best", "chosen": "both at a chosen one"}.get},
}


def compared(study: LinearStudy) -> Comparison | None:
    """The runs of a comparison, about a second of CPU time; None until they are there."""
    key = progress.key_of("linear", study)
    found: Comparison | None = progress.soon(
        "linear_job", key, linear.run, study, title=WORDS["linear_computing"], unit="models"
    )
    return found


def shared_scalar() -> SharedScalar | None:
    """The runs of the network with a shared scalar, once for all users; None until they are there."""
    title = WORDS["linear_network_computing"]
    found: SharedScalar | None = progress.soon(
        "linear_network_job", progress.key_of("shared scalar"), linear.shared_scalar, title=title, unit="networks"
    )
    return found


def chosen(study: LinearStudy) -> LinearStudy:
    """Draw the controls; the comparison they describe."""
    fields = LinearStudy.declared()
    at_chosen = controls.said("linear", study.settings(), ["each_at"], fields)["each_at"] == "chosen"
    names = (*HOW, *(["learning_rate"] if at_chosen else []))
    with st.sidebar:
        values = study.settings()
        made = controls.panel("linear", values, LinearStudy.of, names, fields=fields, how=HOW)
    return made or study


def take(title: str, columns: Sequence[str], rows: export.Rows, link: str) -> None:
    """A button that hands out the data of the charts above it."""
    page.download(f"{title} (CSV)", f"linear {title}", columns, rows, export.linked(link), f"take_{title}")


def _titled(title: str, axis: str = "") -> bool:
    """A chart's title; with an axis, also the switch of its steps, and whether that says log."""
    with st.container(horizontal=True, vertical_alignment="center", height="content" if axis else 32, border=False):
        st.markdown(title, width="stretch")
        said = axis and LOOKS.draw(axis, label_visibility="collapsed", width="content")
    return said == "log"


def runs(shown: Comparison, link: str) -> None:
    """The four charts of both models."""
    theme, sentence = page.theme(), words.rate_sentence(shown)
    loss, by_rate = st.columns(2, gap="medium")
    with loss:
        log_steps = _titled("**Loss**", "loss_axis")
        page.plot(charts.loss(shown, theme, log_steps), "linear_loss", words.headline(shown).replace("*", ""))
    with by_rate:
        _titled("**Updates to the target** by learning rate")
        page.plot(charts.steps_by_rate(shown, theme), "linear_rates", words.at_chosen_start(shown))
    titles = {"rho": "**Adaptive rate (ρ)**", "lam": "**Multiplicative term (λ)**"}
    for column, (name, title) in zip(st.columns(2, gap="medium"), titles.items(), strict=True):
        with column:
            log_steps = _titled(title, f"{name}_axis")
            page.plot(charts.rate_and_term(shown, name, theme, log_steps), f"linear_{name}", sentence)
    st.caption(sentence)
    with st.container(horizontal=True):
        take("runs", linear.COLUMNS, partial(linear.rows, shown), link)
        take("rates", "model eta updates outcome".split(), partial(words.rate_rows, shown), link)


def one_step(shown: Comparison, link: str) -> None:
    """The identity, with the numbers of one step of the run in it, and its residual over the run."""
    for equation in EQUATIONS[shown.study.num_layers > 2]:
        st.latex(equation)
    last = len(shown.terms.before) - 1
    if last >= 0:
        st.markdown(words.step_table(shown, chosen_step(last)))
    st.markdown(words.residual_sentence(shown))
    take("terms", "t weight term value".split(), partial(words.term_rows, shown), link)


def chosen_step(last: int) -> int:
    """After how many updates, at most so many; the slider that says it."""
    if last == 0:
        return 0
    key = "linear_t"
    st.session_state[key] = min(st.session_state.get(key, LOOKS.now.t), last)
    step = st.slider(Look.fields["t"].title, 0, last, key=key, width=360)
    if step != min(LOOKS.now.t, last):
        LOOKS.choose("t", step)
    return step


def in_a_network(shown: Comparison) -> None:
    """The same scalar on an SPN: the same curve at every depth."""
    same, moved, theme = shared_scalar(), shown.terms.scalars[:, 0], page.theme()
    if same is None:
        return
    sentence, scalar = words.network_sentence(same), words.scalar_sentence(shown)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**SPN, train LLH**: three depths, one curve")
        page.plot(charts.same_curve(same.llh, theme), "linear_spn", sentence.replace("*", ""))
    with right:
        st.markdown("**The scalar, over its start**")
        figure = charts.scalars(moved / moved[0], same.scalars, shown.study.num_layers, theme)
        page.plot(figure, "linear_scalars", scalar)
    page.prose(f"{sentence} {scalar}")
    link = page.page_address(LAB.query_string(same.study), "")
    with st.container(horizontal=True):
        page.lab_link("Open these runs in the lab", same.study, "linear_lab")
        take("shared scalar", "L t quantity value".split(), partial(words.network_rows, same), link)


def show(shown: Comparison, link: str) -> None:
    """A comparison in charts, its equations with its numbers, and the same scalar in an SPN."""
    st.header(words.headline(shown), anchor=False)
    st.caption(words.at_chosen_start(shown))
    runs(shown, link)
    page.prose(page_text("linear_charts"))
    st.header("One step, exactly")
    page.prose(page_text("linear_identity"))
    one_step(shown, link)
    st.header("In a sum-product network the same scalar does nothing")
    page.prose(page_text("linear_network"))
    in_a_network(shown)


def taken_up() -> LinearStudy:
    """The comparison on screen; where the address has news, what it says."""
    LOOKS.opened()
    return address.opened(LINKS.decode, STATE, REFUSED, Look, lambda study: controls.show("linear", study.settings()))


study = st.session_state[STATE] = chosen(taken_up())
page.titled("Linear networks")
page.prose(page_text("linear_intro"))
page.refusals([*st.session_state[REFUSED], *LOOKS.refused])
on_screen = compared(study)
if on_screen is not None:
    show(on_screen, page.page_address(LINKS.query_string(study), "linear"))
page.sources(network.step, steps.step_terms, rates.search, rates.outcomes_by_rate)
address.write(LINKS.encode(study), LOOKS)
