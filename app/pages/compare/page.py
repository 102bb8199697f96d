"""Compare: runs of the list on one axis, the settings in which they differ, and who is ahead, seed by seed."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from app.kit import address, page, stored, takeaway
from app.kit.differing import apart
from app.kit.stored import Stored
from app.kit.text import WORDS, literal, plain
from app.pages.compare import charts, link, words
from spncore.store import StoreError

LOOKS = address.Looks("compare", link.Look)


def found() -> dict[str, Stored]:
    """The runs that the address names, by their keys; of those that cannot be shown it is said why."""
    runs = {}
    for key in LOOKS.now.keys:
        entry = stored.named(key)
        if entry is None:
            st.warning(literal(WORDS["compare_missing"].format(key=key)), icon=":material/link_off:")
        elif entry.deleted_at is not None:
            name = plain(entry.name or key)
            st.warning(literal(WORDS["compare_deleted"].format(name=name)), icon=":material/backspace:")
        else:
            try:
                runs[key] = stored.opened(entry)
            except stored.REFUSED as error:
                page.refused(error)
    return runs


def title(run: Stored) -> str:
    """What a run is called here."""
    return plain(stored.title(run.entry, run.study))


def choose(runs: Mapping[str, Stored]) -> str:
    """The run that others are compared with, and how the curves are looked at; the letter of that run."""
    letters = dict(zip(runs, words.LETTERS, strict=False))
    if LOOKS.now.baseline not in runs:
        LOOKS.choose("baseline", next(iter(runs)))
        st.session_state["compare_baseline"] = LOOKS.now.baseline
    depths = sorted({depth for run in runs.values() for depth in run.study.depths})
    columns = st.columns([3, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        said = {key: f"{letters[key]} · {title(run)}" for key, run in runs.items()}
        LOOKS.draw("baseline", kind="selectbox", options=[*runs], words=lambda key: said.get(key, key))
    with columns[1]:
        if len(depths) > 1 or LOOKS.now.depth:
            LOOKS.draw("depth", kind="segmented_control", options=[0, *depths], words=depth_words)
    with columns[2]:
        LOOKS.draw("log")
    return letters[LOOKS.now.baseline]


def depth_words(depth: int) -> str:
    """Which depths are on show."""
    return f"{depth}" if depth else WORDS["compare_depth_all"]


def key_of_letters(sides: Mapping[str, Stored]) -> None:
    """Which run goes by which letter, how it is drawn, and the way to it."""
    for letter, run in sides.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            drawn = f"{charts.mark(letter, sides)}, {words.dashed(charts.place(letter, sides))}"
            st.markdown(
                f"**{letter}** ({drawn}): {literal(title(run))} · {literal(plain(run.entry.title))}", width="content"
            )
            query = {"run": stored.short(run.entry)}
            st.page_link("pages/runs/page.py", label=WORDS["compare_open"].format(letter=letter), query_params=query)


def differing(sides: Mapping[str, Stored]) -> None:
    """The settings in which they are not all alike."""
    st.header(WORDS["compare_settings"], divider="gray", anchor=False)
    rows = apart([run.study for run in sides.values()])
    if rows:
        page.table(("setting", *sides), [[literal(name), *map(literal, values)] for name, values in rows])
    else:
        st.markdown(WORDS["compare_alike"])


def verdicts(sides: Mapping[str, Stored], letter: str) -> None:
    """Who is ahead of the baseline, in sentences, and what they do not show."""
    st.header(WORDS["compare_verdict"], divider="gray", anchor=False)
    others, number = {name: run for name, run in sides.items() if name != letter}, 0
    for paired, sentences in words.verdicts(sides[letter], others, letter):
        st.markdown(literal(paired) + "".join(f"\n- {literal(sentence)}" for sentence in sentences))
        number += len(sentences)
    if number:
        st.caption(f"{words.caution(number)} {WORDS['restarts']}")


def numbers(sides: Mapping[str, Stored], letter: str) -> None:
    """Where every curve ends and when it was at its target, and how far that is from the baseline's."""
    st.header(WORDS["compare_numbers"], divider="gray", anchor=False)
    rows = words.rows(sides, letter)
    page.table(words.columns(letter), [[literal(cell) for cell in row] for row in rows])
    page.download("Table (CSV)", "comparison", words.columns(letter), lambda: rows, [], "compare_table_csv")


def compared(runs: Mapping[str, Stored]) -> None:
    """Two runs or more."""
    letter = choose(runs)
    sides = dict(zip(words.LETTERS, runs.values(), strict=False))
    now = LOOKS.now
    if len({run.entry.data_sha256 for run in sides.values()}) > 1:
        st.warning(WORDS["compare_rows"], icon=":material/error:")
    key_of_letters(sides)
    figure = charts.figure(sides, WORDS["compare_chart"], now.depth, now.log, page.theme())
    said = words.chart(sides, now.depth)
    page.chart(figure, said, "compare_curves", charts.CURVE_COLUMNS, partial(charts.rows, sides, now.depth))
    verdicts(sides, letter)
    differing(sides)
    numbers(sides, letter)


LOOKS.opened()
page.introduced(WORDS["compare"], "compare")
page.refusals(LOOKS.refused)
try:
    chosen = found()
    if len(chosen) > 1:
        compared(chosen)
        here = page.page_address(urlencode(LOOKS.said(), safe=","))
        with st.container(horizontal=True):
            if st.button(WORDS["share"], key="compare_share", icon=":material/share:"):
                page.share_dialog(here, WORDS["compare_share"])
            if st.button(WORDS["take"], key="compare_take", icon=":material/download:"):
                takeaway.take_dialog([run.entry for run in chosen.values()], here)
    else:
        st.info(WORDS["compare_one" if chosen else "compare_none"], icon=":material/info:")
        st.page_link("pages/runs/page.py", label=WORDS["compare_choose"], icon=":material/list:")
except StoreError as error:
    page.refused(error)
address.write(looks=LOOKS)
