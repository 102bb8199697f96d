"""The builder of a link for a class: boxes to tick, and the link, its code, a frame and a handout that come of them."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.kit import address, page, session
from app.kit.differing import differing
from app.kit.link import ALL, LAB, PARTS, VIEWS
from app.kit.text import WORDS, literal
from app.live.chart import print_view
from app.pages.teach import links
from app.pages.teach.links import HERE, MAIN, MORE, Look
from spncore.data.dataset import is_upload
from spncore.runs.study import Study
from spncore.studies.presets import PRESETS

LOOKS = address.Looks("teach", Look)
COLUMNS = 2


def tick(which: str, name: str) -> None:
    """Take a name among those that are locked or left out, or out of them; before the page is drawn."""
    named = {*getattr(LOOKS.now, which)}
    changed = named | {name} if st.session_state[f"teach_{which}_{name}"] else named - {name}
    LOOKS.choose(which, tuple(one for one in Look.fields[which].choices if one in changed))


def boxes(which: str, names: Sequence[str]) -> None:
    """A box to tick for each name."""
    for column, begin in zip(st.columns(COLUMNS, gap="small"), range(COLUMNS), strict=True):
        with column:
            for name in names[begin::COLUMNS]:
                box(which, name, links.title(name))


def box(which: str, name: str, label: str) -> None:
    """One box to tick."""
    key = f"teach_{which}_{name}"
    st.session_state[key] = name in getattr(LOOKS.now, which)
    st.checkbox(label, key=key, on_change=tick, args=(which, name))


def folded(title: str, key: str, draw: Callable[[], None]) -> None:
    """What is drawn when it is unfolded."""
    fold = st.expander(title, key=key, on_change="rerun")
    if fold.open:
        with fold:
            draw()


def ticked() -> None:
    """Choose what the link opens, what it locks and what it leaves out."""
    words = {HERE: WORDS["teach_begin_lab"], **{name: preset.title for name, preset in PRESETS.items()}}
    LOOKS.draw("begin", kind="selectbox", words=words.__getitem__)
    LOOKS.draw("shown", kind="segmented_control", words=lambda view: WORDS[f"teach_{view}"])
    st.header(WORDS["teach_locks"], divider="gray", anchor=False)
    st.caption(WORDS["teach_locks_words"])
    box("locks", ALL, WORDS["teach_all"])
    if ALL not in LOOKS.now.locks:
        boxes("locks", MAIN)
        folded(WORDS["teach_more"], "teach_lock_more", lambda: boxes("locks", MORE))
    st.header(WORDS["teach_hides"], divider="gray", anchor=False)
    st.caption(WORDS["teach_hides_words"])
    boxes("hides", PARTS)
    folded(WORDS["teach_hide_settings"], "teach_hide_more", lambda: boxes("hides", MAIN + MORE))


def made(study: Study) -> None:
    """What comes of it: the link and its code, a frame, and a handout of what it opens."""
    chosen = LOOKS.now
    about(study)
    link = page.page_address(links.query(study, chosen), "")
    page.share(link, WORDS["share_upload"] if is_upload(study.experiment.dataset) else "")
    print_view("teach_print")
    with st.container(key="teach_frame", gap="small"):
        st.header(WORDS["teach_frame"], divider="gray", anchor=False)
        st.caption(WORDS["teach_frame_words"])
        framed = page.page_address(links.query(study, chosen, VIEWS[2]), "")
        page.to_copy(links.frame(framed), WORDS["teach_frame_code"])


def about(study: Study) -> None:
    """What the link opens, in words, for who reads it on paper."""
    preset = PRESETS.get(LOOKS.now.begin)
    st.header(WORDS["teach_link"] if preset is None else preset.title, divider="gray", anchor=False)
    if preset is None:
        name = study.experiment.dataset
        changed = differing(study, LAB.default().on(name))
        words = WORDS["about_lab" if changed else "about_lab_default"]
        st.markdown(literal(words.format(settings=", ".join([session.data_titles().get(name, name), *changed]))))
    else:
        st.markdown(preset.look_for)
    locked = (ALL,) if ALL in LOOKS.now.locks else LOOKS.now.locks
    for names, sentence in ((locked, "teach_says_locked"), (LOOKS.now.hides, "teach_says_hidden")):
        if names:
            st.caption(literal(WORDS[sentence].format(names=", ".join(map(links.title, names)))))


def builder() -> None:
    """Boxes to tick, and what comes of them beside."""
    ticks, results = st.columns([3, 2], gap="large")
    with ticks, st.container(key="teach_ticks", gap="small"):
        ticked()
    with results:
        made(links.begun(LOOKS.now, session.on_the_lab()))
