"""What one session holds: the study its controls show, the run on screen, its uploads.

Everything lives in `st.session_state` under keys that no widget owns. A refused change leaves all of it as it was.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import streamlit as st

from app.kit import address, controls, locks, page, pins, uploads
from app.kit.differing import differing
from app.kit.link import CIRCUITS, LAB, PARTS, decode_view
from app.kit.progress import duration
from app.kit.text import WORDS, plain
from app.kit.turns import TURNS
from app.kit.uploads import FALLBACK, Upload
from app.live import touch
from app.live.chart import lab_view
from app.live.door.visitor import COOKIE
from app.live.history import HISTORY
from app.live.locks import LOCKS
from app.live.run import LiveRun
from app.live.runs import REGISTRY, RunRefused
from app.live.shares import guessed
from spncore.data.dataset import is_upload
from spncore.data.library import DATASETS, DataError, Dataset
from spncore.record import ExperimentError, Record
from spncore.runs.study import Study
from spncore.runs.trace import Trace

GOING = ("queued", "running", "done")  # states of a run that pressing Train would only repeat
PREPARE_SECONDS = 2.0  # in which most circuits are drawn or learned; a page then knows whether they can be


@dataclass(frozen=True)
class Shown:
    """The run on screen: it keeps its own settings whatever the controls say."""

    run_id: str
    study: Study
    dataset: Dataset

    def run(self) -> LiveRun | None:
        """The live run, or None when the server has let go of it."""
        return REGISTRY.get(self.run_id)

    def traces(self) -> list[Trace]:
        """What has been recorded so far, a trace per curve; none when the run is gone."""
        run = self.run()
        return run.traces() if run else []

    def file(self, make: Callable[..., Any], more: Any) -> Any:
        """A file of the run as far as it is now: `make(study, dataset, traces, more)`."""
        run = self.run()
        return make(run.study if run else self.study, self.dataset, run.traces() if run else [], more)


def session_name() -> str:
    """The name of this session for `REGISTRY`, which only its own page knows; it outlives a lost connection."""
    name: str = st.session_state.setdefault("session_name", secrets.token_urlsafe(16))
    HISTORY.belongs(name, st.context.cookies.get(COOKIE))
    LOCKS.tell(name, locks.locked())
    _connected(name)
    return name


@st.cache_resource(scope="session", on_release=REGISTRY.release, show_spinner=False)
def _connected(name: str) -> str:
    """Streamlit lets go of this when the connection is lost, and a script run of the session's return makes it anew."""
    REGISTRY.welcome(name)
    return name


def own(run_id: object) -> Shown | None:
    """A run of this session by its id, of which the browser may hear sooner than the page."""
    run = REGISTRY.get(run_id) if isinstance(run_id, str) else None
    return Shown(run.id, run.study, run.dataset) if run is not None and run.session == session_name() else None


def open_session(training: bool = True, besides: type[Record] | None = None) -> None:
    """Where the address has news: read the link and find the data; train what is not on screen, if asked to, once.

    `besides` are choices of the page's own that stand in its address.
    """
    if address.news("study"):
        _take_up(besides)
    if training and st.session_state["untrained"]:
        st.session_state["untrained"] = False
        current = shown()
        if current is None or is_stale() or current.run() is None:
            _register()


def _take_up(besides: type[Record] | None) -> None:
    """What a session holds from the start, and the controls at what the address says."""
    study, refusals = LAB.decode(address.settings(besides))
    elsewhere = None
    if study.deep:  # the Circuits page's: the lab shows one mixture
        elsewhere, study = study, replace(study, experiment=study.experiment.replace(structure="mixture"))
    held_uploads()
    for name in ("shown", "said"):
        st.session_state.setdefault(name, None)
    st.session_state.update(
        instead_of=None,
        not_at_hand=None,
        problem=None,
        untrained=True,
        elsewhere=elsewhere,
        notices=[*refusals, *decode_view(address.params())[1]],
    )
    _put(_on_data_at_hand(study))


def _put(study: Study) -> None:
    st.session_state["study"] = study
    controls.show("control", controls.settings(study))


def show(wanted: Study) -> bool:
    """Make the lab's controls show this study; to be called before they are drawn, or in a callback.

    Whether they do: where it has otherwise what the link locks, the page says so, and nothing changes.
    """
    may = _may_be(wanted)
    if may:
        _put(wanted)
    return may


def may_show(wanted: Study) -> bool:
    """Whether the link leaves free all that another study has otherwise than the controls' one."""
    return locks.refusal(study(), wanted) is None


def _may_be(wanted: Study) -> bool:
    """The same; where not, the page says why."""
    refused = locks.refusal(study(), wanted)
    if refused is not None:
        st.session_state["problem"] = refused
    return refused is None


def study() -> Study:
    """The study that the controls show."""
    current: Study = st.session_state["study"]
    return current


def on_the_lab() -> Study:
    """The study that the lab's controls show, or would if the lab had been opened."""
    current: Study = st.session_state.get("study", LAB.default())
    return current


def usual_data() -> str:
    """The data that the lab begins with, or what stands in for it where its rows are not at hand."""
    return uploads.instead(LAB.default().experiment.dataset, held_uploads())[0]


def shown() -> Shown | None:
    """The run on screen, if there is one."""
    run: Shown | None = st.session_state["shown"]
    return run


def held_uploads() -> dict[str, Upload]:
    """The session's uploaded tables by the name an experiment gives them, whichever page took them."""
    held: dict[str, Upload] = st.session_state.setdefault("uploads", {})
    return held


def is_stale() -> bool:
    """Whether the controls say something else than what is on screen."""
    run = shown()
    return run is None or run.study != study()


def price() -> float:
    """CPU seconds that the lab's controls' study will take."""
    return price_of(study())


def price_of(wanted: Study) -> float:
    """CPU seconds that a study will take, as guessed from its size; none where its data is not at hand."""
    dataset = uploads.find(wanted.experiment.dataset, held_uploads())
    return guessed(wanted, dataset) if dataset else 0.0


def is_short(seconds: float) -> bool:
    """Whether what takes so many CPU seconds is trained as soon as the controls say it, without a press."""
    return seconds <= touch.TOUCH_SECONDS


def price_words(seconds: float, words: str) -> str:
    """What a button says that trains: with the price where that is long, else nothing of its own."""
    return "" if is_short(seconds) else words.format(time=duration(seconds))


def follow() -> None:
    """Train what the controls say as soon as they say it; what is long waits until Train is pressed."""
    if is_stale() and is_short(price()):
        train()


def train() -> None:
    """Register the controls' study as a run and show it; when it is refused, say why and keep the run on screen."""
    st.session_state["problem"] = None
    current = shown()
    if current is not None:
        st.session_state.update(notices=[], elsewhere=None)
        run = current.run()
        if not is_stale() and run is not None and run.state in GOING:
            st.session_state["said"] = WORDS["same"]
            return
    _register()


def _register() -> None:
    try:
        st.session_state["shown"] = started(study(), "lab")
    except (DataError, ExperimentError, RunRefused) as error:
        st.session_state["problem"] = str(error)


def started(wanted: Study, where: str) -> Shown:
    """Register a study as the run of a page; DataError, ExperimentError or RunRefused if it is refused."""
    dataset = uploads.find(wanted.experiment.dataset, held_uploads())
    if dataset is None:
        raise DataError(WORDS["missing_data"])
    run_id = REGISTRY.start(wanted, dataset, session_name(), where)
    with TURNS.aside():
        REGISTRY.prepared(run_id, PREPARE_SECONDS)
    return Shown(run_id, wanted, dataset)


def run_view(key: str, run: Shown, stale: bool, on_touch: Callable[[], None] | None = None, **more: Any) -> Any:
    """Mount the browser's view of a run; what was pressed in it comes back, `on_touch` hears of touches before that."""
    own = {"run_id": run.run_id, "session": session_name(), "about": about(run)}
    kept = {"hide": " ".join(locks.hidden(PARTS)), "locked": sorted(locks.locked())}
    payload = {**own, **kept, "views": key, "stale": stale, "labels": {}, "view": address.view()}
    return lab_view({**payload, **more}, key, on_touch)


def about(run: Shown) -> dict[str, str]:
    """What a file says of a run: what of it differs from Figure 3 or the circuits' default, and its link's query."""
    links, end = (CIRCUITS, "about_circuit") if run.study.deep else (LAB, "about_lab")
    changed = differing(run.study, links.default().on(run.study.experiment.dataset))
    said = WORDS[end if changed else f"{end}_default"].format(settings=", ".join([run.dataset.title, *changed]))
    return {"settings": plain(said), "query": links.query_string(run.study)}


def answer(asked: Any, run: Shown, described: Study) -> None:
    """Do what was pressed in the view of a run: pin or unpin, or open the link to the study that the page describes.

    A key does nothing whose button is not there.
    """
    if asked.pin and not (page.embedded() or locks.hides("pin")):
        pins.pin(run)
        st.rerun()
    if asked.unpin:
        pins.unpin(str(asked.unpin))
        st.rerun()
    if asked.share and not (page.embedded() or locks.hides("share")):
        upload = WORDS["share_upload"] if is_upload(described.experiment.dataset) else ""
        link = page.page_address(LAB.query_string(described), root=asked.share)
        page.share_dialog(link, WORDS["share_stale"] if run.study != described else "", upload, projector=True)


def choose_data(name: str) -> None:
    """Make the controls' study use a data set that is at hand, unless the link locks which one."""
    wanted = study().on(name)
    if _may_be(wanted):
        st.session_state.update(study=wanted, instead_of=None, not_at_hand=None, problem=None)


def keep(upload: Upload) -> None:
    """Hold an uploaded table for this session and choose it."""
    held_uploads()[upload.name] = upload
    choose_data(upload.name)


def data_titles() -> dict[str, str]:
    """Every data set that can be chosen, and what it is called: the registry's title, or the uploaded file's name.

    Files of the same name are numbered, for a choice is told from others by what it is called.
    """
    titles = {name: info.title for name, info in DATASETS.items()}
    for name, upload in held_uploads().items():
        title = plain(upload.dataset.title)
        numbered = (title if number == 1 else f"{title} ({number})" for number in count(1))
        titles[name] = next(one for one in numbered if one not in titles.values())
    return titles


def say() -> None:
    """Show once what the last press led to."""
    if st.session_state.get("said"):
        st.toast(st.session_state["said"])
        st.session_state["said"] = None


def _on_data_at_hand(wanted: Study) -> Study:
    """The same study, on a stand-in if its data is not at hand; what stands in for what is remembered and shown."""
    name = wanted.experiment.dataset
    used, why = uploads.instead(name, held_uploads())
    if used == name:
        return wanted
    if why != WORDS["twin_instead"]:  # that is said beside the data in use
        st.session_state["notices"].append(why)
    st.session_state["instead_of"] = name if name in FALLBACK else None
    default = LAB.default().experiment.dataset
    return wanted.on(default if name not in FALLBACK and uploads.ready(default) else used)
