"""What a page shows and its address, which says the same: taken up when somebody comes, written whenever it changes.

A session holds what each of its pages shows, under keys that no widget owns. A page takes its address up at the first
visit, and again when the browser goes Back or Forward or a link with settings leads to it; coming by the menu keeps
what there was. What of a page stands in its address: its settings, a record with `Links` of its own, and what its
reader has chosen to look at, a record of `Looks`. The place in a run, what is unfolded and what is pinned do not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.kit import controls
from app.kit.link import CARRIED, VIEWS, decode_carried, decode_choices, decode_lists, encode_choices
from app.kit.locks import GOES_ALONG
from spncore.record import Record

PAGE = "page"  # under which a session keeps the name of the page it is on
ALONG_REFUSED = "along_refused"  # and what was refused of what goes with the reader from page to page
# When the address last had something to show on each page, when what is kept under a key was last taken from it,
# whether a page has just been come to, and what the browser is to be told of that.
MOVES, TAKEN, JUST_COME, TO_TELL = "address_moves", "address_taken", "just_come", "address_to_tell"
SAID = "address_said"  # and what it was to say last
FRAMED = ("embed", "embed_options")  # Streamlit's own, which it neither shows to a script nor lets one change
Params = Mapping[str, Sequence[str]]
Held = TypeVar("Held")
Look = TypeVar("Look", bound=Record)


def params() -> dict[str, list[str]]:
    """The address's query: all values of each name."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def settings(besides: type[Record] | None = None) -> dict[str, list[str]]:
    """What the address says of the page's own settings, without its choices."""
    others = {*CARRIED, *(besides.declared() if besides else ())}
    return {name: values for name, values in params().items() if name not in others}


def arrived(name: str) -> None:
    """Note that a script runs for the page of this name, and whether its address is to be taken up; before it is drawn.

    Coming from another page by the menu, the address says nothing of settings, and what there was stays.
    """
    before, running = st.session_state.get(PAGE), get_script_run_ctx()
    in_history = running is not None and running.is_history_navigation
    came = name != before
    if in_history or (came and settings()):
        moves = st.session_state.setdefault(MOVES, {})
        moves[name] = 1 + max(moves.values(), default=0)
    if in_history or before is None:
        st.session_state[GOES_ALONG] = decode_carried(params())
    elif came:
        st.session_state[GOES_ALONG] = {**goes_along(), **decode_carried(params())}
    if in_history or came:
        st.session_state[ALONG_REFUSED] = decode_lists(params())[1]
    st.session_state[JUST_COME] = came and not in_history  # a change that cuts this run off is an entry of its own
    st.session_state[PAGE] = name


def news(key: str) -> bool:
    """Whether the address has something to say of what is kept under this key; asked again, it has not."""
    taken = st.session_state.setdefault(TAKEN, {})
    last = st.session_state.get(MOVES, {}).get(st.session_state.get(PAGE), 0)
    found = key not in taken or taken[key] < last
    taken[key] = max(last, taken.get(key, 0))
    return found


def opened(
    decode: Callable[[Params], tuple[Held, list[str]]],
    key: str,
    refused: str,
    besides: type[Record] | None = None,
    show: Callable[[Held], None] = lambda held: None,
) -> Held:
    """What is on screen, by its key; what the address says where it has news, with what of it is refused.

    `besides` are the page's choices, which `decode` is not asked about; `show` makes its controls say what is new.
    """
    if news(key):
        st.session_state[key], st.session_state[refused] = decode(settings(besides))
        show(st.session_state[key])
    held: Held = st.session_state[key]
    return held


def goes_along() -> dict[str, str]:
    """What goes with the reader from page to page."""
    found: dict[str, str] = st.session_state.setdefault(GOES_ALONG, decode_carried(params()))
    return found


def along_refused() -> list[str]:
    """What was refused of what goes along, when this page was come to."""
    sentences: list[str] = st.session_state.get(ALONG_REFUSED, [])
    return sentences


def carry(**texts: str) -> None:
    """Have something go along with the reader from here on, such as the step of a lesson; `write` says it."""
    st.session_state[GOES_ALONG] = {**goes_along(), **texts}


def drop(name: str) -> None:
    """Have something go along no more; `write` then does not say it."""
    st.session_state[GOES_ALONG] = {key: text for key, text in goes_along().items() if key != name}


def view() -> str:
    """How pages are shown to this reader."""
    return decode_carried(params()).get("view") or goes_along().get("view", VIEWS[0])


def write(values: Mapping[str, str] = {}, looks: "Looks[Any] | None" = None, plain: bool | None = None) -> None:
    """Let the address say what is on screen; at the end of a page's script.

    `plain` where a page shows the same without settings, by default if nothing but a version is said: an address
    without any then stays so. Streamlit makes an entry of the browser's history of it, but in a script run of Back or
    Forward; an address that is only put right, where somebody has just come, is told to the browser quietly.
    """
    if (set(values) <= {"v"} if plain is None else plain) and not settings(looks.record if looks else None):
        values = {}
    said = st.session_state[SAID] = {**values, **(looks.said() if looks else {}), **goes_along()}
    if {name: [text] for name, text in said.items()} != params():
        _say(said, quietly=st.session_state.get(JUST_COME, False))
    st.session_state[JUST_COME] = False


def _say(said: Mapping[str, str], quietly: bool) -> None:
    """Change the address; quietly by the browser's own means, in place of the entry that is there."""
    running = get_script_run_ctx()
    if not quietly or running is None:
        st.session_state.pop(TO_TELL, None)
        st.query_params.from_dict(said)
        return
    framed = [pair for pair in parse_qsl(running.query_string) if pair[0].lower() in FRAMED]
    running.query_string = st.session_state[TO_TELL] = urlencode([*said.items(), *framed])


def in_own_tab() -> str:
    """The query by which a tab of its own shows what is in a frame."""
    return urlencode(_outside(st.session_state.get(SAID, {})), safe=",:")


def _outside(said: Mapping[str, str]) -> dict[str, str]:
    """What of an address holds outside the frame of another page, too."""
    return {name: text for name, text in said.items() if (name, text) != ("view", VIEWS[2])}


def to_tell() -> dict[str, str]:
    """What the browser is to be told, once: what its address is to say, and what goes along to other pages."""
    return {"query": st.session_state.pop(TO_TELL, ""), "along": urlencode(_outside(goes_along()))}


class Looks(Generic[Look]):
    """What the reader of a page has chosen to look at: choices that the address says beside the page's settings.

    `beside` where the page has settings of its own.
    """

    def __init__(self, page: str, record: type[Look], beside: bool = False) -> None:
        self.page, self.record, self.beside = page, record, beside
        self._key, self._refused = f"{page}_looks", f"{page}_looks_refused"

    def opened(self) -> Look:
        """The choices on screen, those of the address where it has news; to be called before one is drawn."""
        if news(self._key):
            self._keep(*decode_choices(self.record, params(), self.beside))
            controls.show(self.page, self.now.settings())
        return self.now

    @property
    def now(self) -> Look:
        """The choices on screen."""
        held: Look = st.session_state[self._key]
        return held

    @property
    def refused(self) -> list[str]:
        """What of the address was refused."""
        sentences: list[str] = st.session_state[self._refused]
        return sentences

    def draw(self, name: str, **how: Any) -> Any:
        """Draw one choice as it is declared, or as `how` says otherwise; what it says."""
        said = controls.widget(self.page, name, self.record.declared()[name], self.now.settings()[name], **how)
        self.choose(name, said)
        return said

    def choose(self, name: str, value: Any) -> None:
        """Take a choice that is made otherwise than by `draw`."""
        self._keep(self.record.of({**self.now.settings(), name: value}), self.refused)

    def said(self) -> dict[str, str]:
        """The choices as the address says them."""
        return encode_choices(self.now)

    def _keep(self, look: Look, refused: list[str]) -> None:
        st.session_state.update({self._key: look, self._refused: refused})
