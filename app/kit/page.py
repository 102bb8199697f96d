"""What every page is made with: its address, the theme, text, charts with words and data, downloads, links, sources."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any, Literal
from urllib.parse import urlsplit

import plotly.graph_objects as go
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.kit import address, locks
from app.kit.address import PAGE
from app.kit.link import LAB, VIEWS
from app.kit.qr import qr_code
from app.kit.text import WORDS, literal, sections
from app.kit.turns import TURNS
from app.live.chart import bar_view, figure_view, place_view
from spncore.files import export
from spncore.plots.drawing import CONFIG
from spncore.runs.study import Study

ROOT = "root"  # under which a session keeps where all pages lie, if the browser had to say so
TEXT_PIXELS = 490  # some 75 letters, a line that the eye can follow
ON_A_WALL = 1.35  # how large all that is written or drawn is there, beside what it is on a screen; kit.css has it, too
TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
    "py": "text/x-python",
    "npz": "application/octet-stream",
    "spnlab": "application/octet-stream",
    "parquet": "application/vnd.apache.parquet",
    "ipynb": "application/x-ipynb+json",
}
# How a text to be copied looks, and how much of it stands in a line of the narrowest place.
COPIED = (
    "width: 100%; padding: 0.5rem; color: inherit; background: transparent; border: 1px solid; border-radius: 0.5rem; "
    "font: 0.875rem/1.5 monospace; overflow-wrap: anywhere; resize: vertical; field-sizing: content"
)
COPIED_CHARACTERS = 40
OWN_HOSTS = ("localhost", "127.0.0.1", "::1")  # by which a computer calls itself, and no other one does


def refusals(sentences: Iterable[str]) -> None:
    """What a link or a setting got wrong, a line each."""
    for sentence in dict.fromkeys(sentences):
        st.warning(literal(sentence), icon=":material/link_off:")


def refused(what: object) -> None:
    """Why something was not done, in the words of what refused it; nothing where that is None."""
    if what is not None:
        st.error(literal(str(what)), icon=":material/block:")


def page_address(query: str, page: str | None = None, root: str | None = None) -> str:
    """The whole address of this page, or of another one (the lab's name is empty), with its settings.

    All pages lie side by side; `root` is their place where the browser has just said it.
    """
    return f"{root or _root()}{st.session_state.get(PAGE, '') if page is None else page}?{query}"


def _root() -> str:
    """Where all pages lie: what the browser has said, or is taken from where it was when it asked.

    Inside a frame of the same site that is the address of the page around it, until the browser has said better.
    Streamlit's `st.context.url` would lack the root's last slash, and part of a root that ends as a page is called.
    """
    running = get_script_run_ctx()
    asked = running.context_info.url if running and running.context_info else ""
    return str(st.session_state.get(ROOT) or f"{asked.rpartition('/')[0]}/")


def find_root() -> None:
    """Have the browser say where all pages lie, if that is elsewhere; the page then runs anew, with other links.

    The browser is told what its address is to say. To be called when the page is there: what asks takes room below
    all else.
    """
    place_view({"root": _root(), **address.to_tell()}, "place", _take_root)


def foot() -> None:
    """The bar at the foot of a small screen, to the other pages and to what can be set; below all else.

    In another page's frame there is but a link to a tab of its own.
    """
    if embedded():
        link = page_address(address.in_own_tab())
        st.link_button(WORDS["embed_tab"], link, key="own_tab", type="tertiary", icon=":material/open_in_new:")
    else:
        bar_view(str(st.session_state.get(PAGE, "")), "foot")


def _take_root() -> None:
    st.session_state[ROOT] = st.session_state["place"]["root"]


def to_copy(text: str, name: str) -> None:
    """A text to be copied, in a field that is called so and cannot be written in.

    Streamlit's own loads 514 KB for the colours of programs.
    """
    label, rows = escape(name), 1 + len(text) // COPIED_CHARACTERS
    st.html(
        f'<textarea readonly rows="{rows}" spellcheck="false" aria-label="{label}" style="{COPIED}">'
        f"{escape(text)}</textarea>"
    )


def share(link: str, *notes: str) -> None:
    """A link to be copied or taken up by a camera, and what is to be known about it; empty notes are left out."""
    to_copy(link, WORDS["share_link"])
    code = qr_code(link, WORDS["share_code"])
    if code:
        st.html(code)
        st.caption(WORDS["share_own"] if urlsplit(link).hostname in OWN_HOSTS else WORDS["share_camera"])
    for note in filter(None, notes):
        st.info(note)


@st.dialog(WORDS["share"])
def share_dialog(link: str, *notes: str, projector: bool = False) -> None:
    """The link to the settings of a run, to be copied; where that is at hand, to the view for a projector."""
    st.markdown(WORDS["share_intro"])
    projected = projector and st.toggle(WORDS["projector"], key="share_projector")
    share(link + ("&view=projector" if projected else ""), *notes)


@st.dialog(WORDS["help_title"], width="large")
def help_dialog(*words: str) -> None:
    """How to read the page."""
    for text in words:
        st.markdown(text)


def train_button(
    key: str, stale: bool, possible: bool, train: Callable[[], None], help: str | None = None, label: str = ""
) -> None:
    """The button that trains the settings; it stands out when they are not on screen.

    `train` is called before the script runs, so that the run is begun by then and the script runs once.
    """
    st.button(
        label or WORDS["train"],
        key=key,
        type="primary" if stale else "secondary",
        icon=":material/play_arrow:",
        help=help,
        disabled=not possible,
        on_click=TURNS.taken()(train),
    )


def on_a_wall() -> bool:
    """Whether the page is shown to a room, by a projector."""
    return address.view() == VIEWS[1]


def embedded() -> bool:
    """Whether the page is shown in the frame of another one, with nothing around what it is about."""
    return address.view() == VIEWS[2]


def pixels(plain: int) -> int:
    """A width as it is in the view of this reader."""
    return round(ON_A_WALL * plain) if on_a_wall() else plain


def scale() -> str:
    """The style that makes all of Streamlit as large as a room needs it; none for one reader."""
    size = ON_A_WALL * st.get_option("theme.baseFontSize")
    return f"<style>:root {{ font-size: {size:g}px; }}</style>" if on_a_wall() else ""


def theme() -> Literal["light", "dark"]:
    """Light or dark, as the page is shown."""
    return "dark" if st.context.theme.type == "dark" else "light"


def prose(words: str) -> None:
    """Text in lines that the eye can follow."""
    st.markdown(words, width=pixels(TEXT_PIXELS))


def titled(title: str) -> None:
    """The title of the page, its one heading of the first level."""
    st.title(title, anchor=False)


def introduced(title: str, name: str) -> dict[str, str]:
    """Write the title and what a page's text begins with; the parts of the text that follow, by heading."""
    titled(title)
    intro, parts = sections(name)
    prose(intro)
    return parts


def parts_of_text(parts: Mapping[str, str]) -> None:
    """The parts of a page's text, each under its heading."""
    for heading, words in parts.items():
        st.header(heading, divider="gray")
        prose(words)


def plot(figure: go.Figure, key: str, words: str, config: Mapping[str, Any] = CONFIG) -> None:
    """A chart, with words for those who do not see it."""
    figure_view(figure, words, config, key, address.view(), theme())


def clicked(figure: go.Figure, key: str, words: str, config: Mapping[str, Any]) -> Any:
    """A chart as `plot` draws it; gives the customdata of the point that was clicked, once, else None."""
    return figure_view(figure, words, config, key, address.view(), theme(), clicks=True).click


def titled_chart(figure: go.Figure, title: str, words: str, key: str) -> None:
    """A chart under its title, and what it shows in words made from its numbers."""
    st.markdown(f"**{literal(title)}**")
    plot(figure, key, f"{title}. {words}")
    st.markdown(literal(words))


def chart(
    figure: go.Figure, words: str, key: str, columns: Sequence[str], rows: export.Rows, remarks: Sequence[str] = ()
) -> None:
    """A chart under its title, what it shows in words made from its numbers, and its data to take away."""
    title = str(figure.layout.meta)
    titled_chart(figure, title, words, key)
    download("Data (CSV)", title, columns, rows, export.signed(title, *remarks), f"{key}_csv")


def table(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table with its columns' names."""
    st.table([dict(zip(columns, row, strict=True)) for row in rows], hide_index=True)


def download(
    label: str, name: str, columns: Sequence[str], rows: export.Rows, remarks: Sequence[str], key: str, **look: Any
) -> None:
    """A button that hands out a table; its rows are made when it is pressed."""
    hand_out(label, lambda: export.table(columns, rows(), remarks), name, "csv", key, **{"type": "tertiary", **look})


def head_button(part: str, key: str, icon: str, disabled: bool = False) -> bool:
    """A button over the view of a page, which a link may hide; whether it was pressed."""
    return not locks.hides(part) and st.button(WORDS[part], key=key, icon=icon, disabled=disabled)


def hand_out(label: str, make: Callable[[], str | bytes], name: str, suffix: str, key: str, **look: Any) -> None:
    """A button that hands out a file, which is made when it is pressed."""
    st.download_button(
        label,
        make,
        export.file_name(name, suffix),
        TYPES[suffix],
        key=key,
        on_click="ignore",
        icon=":material/download:",
        **look,
    )


def lab_link(label: str, study: Study, key: str) -> None:
    """A link that opens the lab with a study, in a tab of its own so that the place in the text is kept."""
    st.link_button(label, f"./?{LAB.query_string(study)}", key=key, icon=":material/science:")


def sources(*functions: Callable[..., Any]) -> None:
    """The source of what a page runs, to unfold; only then is what colours it loaded."""
    folded = st.expander("Source of what this page runs", icon=":material/code:", key="sources", on_change="rerun")
    with folded:
        for function in functions if folded.open else ():
            st.caption(f"`{function.__module__}.{function.__name__}`")
            st.code(inspect.getsource(function))
