"""All that the door knows of Streamlit: its messages, what widgets it offered, the files and sessions it holds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from app.live.door.offers import Offer, Options, Range

FILE_BYTES = 10_000  # an uploaded file counts as no less
UPLOADS = "_stcore/upload_file/"
SOCKET = "_stcore/stream"


@dataclass(frozen=True)
class Sent:
    """What a message to the browser told: the session's id, and what a widget offers."""

    session: str | None = None
    offers: tuple[tuple[str, Offer], ...] = ()


def sent(data: bytes) -> Sent:
    """What a message of the server tells."""
    message = ForwardMsg()
    message.ParseFromString(data)
    kind = message.WhichOneof("type")
    if kind == "new_session":
        return Sent(session=message.new_session.initialize.session_id)
    if kind != "delta" or message.delta.WhichOneof("type") != "new_element":
        return Sent()
    element = message.delta.new_element
    name = str(element.WhichOneof("type"))
    if name not in OFFERED:
        return Sent()
    widget = getattr(element, name)
    offer = OFFERED[name](widget)
    return Sent(offers=((widget.id, offer),) if offer else ())


def received(data: bytes) -> BackMsg | None:
    """A message of the browser; None where it cannot be read, which Streamlit refuses itself."""
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except Exception:  # the decoder's own kinds of error differ between its implementations
        return None
    return message


def drop_widgets(message: BackMsg, refused: Iterable[str]) -> bytes:
    """The same message without what some widgets say: for Streamlit they say what they said before."""
    states = message.rerun_script.widget_states
    kept = [state for state in states.widgets if state.id not in set(refused)]
    del states.widgets[:]
    states.widgets.extend(kept)
    return bytes(message.SerializeToString())


def values(message: BackMsg) -> list[tuple[str, str, Any]]:
    """What the widgets say: of each its id, the kind of its value, and the value."""
    states = message.rerun_script.widget_states.widgets
    return [(state.id, kind, getattr(state, kind)) for state in states if (kind := state.WhichOneof("value"))]


def no_places_for_files(message: BackMsg, sentence: str) -> bytes:
    """The answer to who asks where to send files: why not now, which the page shows beside the file."""
    answer = ForwardMsg()
    answer.file_urls_response.response_id = message.file_urls_request.request_id
    answer.file_urls_response.error_msg = sentence
    return bytes(answer.SerializeToString())


def load_anew() -> bytes:
    """A message that makes a page load its own address anew."""
    answer = ForwardMsg()
    answer.auth_redirect.SetInParent()  # an empty address is the page's own
    return bytes(answer.SerializeToString())


def held_bytes(session: str) -> int:
    """Bytes of uploaded files that Streamlit holds of a session."""
    files = _files().file_storage.get(session, {})
    return sum(max(FILE_BYTES, len(file.data)) for file in tuple(files.values()))


def held_in_all() -> int:
    """Bytes of uploaded files that Streamlit holds."""
    return sum(map(held_bytes, tuple(_files().file_storage)))


def is_connected(session: str) -> bool:
    """Whether Streamlit sends what a session's script says to a tab."""
    return runtime.get_instance().is_active_session(session)


def end_session(session: str) -> None:
    """End a session that has not come back: its files and its runs are let go of."""
    if runtime.exists() and not is_connected(session):
        runtime.get_instance().close_session(session)


def _files() -> MemoryUploadedFileManager:
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    return manager


def _number_range(widget: Any) -> Offer:
    low = widget.min if widget.has_min else float("-inf")
    return Range(widget.label, low, widget.max if widget.has_max else float("inf"), whole=not widget.data_type)


def _slider(widget: Any) -> Offer | None:
    if widget.type == widget.SELECT_SLIDER:
        return Options(widget.label, tuple(widget.options), ordered=True)
    return Range(widget.label, widget.min, widget.max) if widget.data_type in (widget.INT, widget.FLOAT) else None


def _options(widget: Any) -> Offer | None:
    return None if getattr(widget, "accept_new_options", False) else Options(widget.label, tuple(widget.options))


def _buttons(widget: Any) -> Offer:
    return Options(widget.label, tuple(option.content for option in widget.options))


OFFERED: Mapping[str, Callable[[Any], Offer | None]] = {
    "slider": _slider,
    "number_input": _number_range,
    "selectbox": _options,
    "radio": _options,
    "multiselect": _options,
    "button_group": _buttons,
    "checkbox": lambda widget: Options(widget.label, (True, False)),
}
