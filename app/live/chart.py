"""Mounts what the browser draws: the view of a run, which it fetches and plays back; and figures made by the server.

It is also asked where the lab lies, which it alone knows, and told what its address is to say.
"""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from app.live import assets
from app.live.catalogues import KIT, catalogue

if TYPE_CHECKING:
    import plotly.graph_objects as go

FIGURE_PIXELS = 450  # height of a figure that does not say its own
_LOADER = (assets.CLIENT / "chart.js").read_text(encoding="utf-8")
_VIEW = st.components.v2.component("spn_lab_view", js=_LOADER, isolate_styles=False)
_FIGURE = st.components.v2.component("spn_lab_figure", js=_LOADER, isolate_styles=False)
_IDEA = st.components.v2.component("spn_lab_idea", js=_LOADER, isolate_styles=False)
_LESSON = st.components.v2.component("spn_lab_lesson", js=_LOADER, isolate_styles=False)
_ROOM = st.components.v2.component("spn_lab_room", js=_LOADER, isolate_styles=False)
_BAR = st.components.v2.component("spn_lab_bar", js=_LOADER, isolate_styles=False)
_PRINT = st.components.v2.component("spn_lab_print", js=_LOADER, isolate_styles=False)
_PLACE = st.components.v2.component("spn_lab_place", js=(assets.CLIENT / "place.js").read_text(encoding="utf-8"))


def lab_view(payload: Mapping[str, Any], key: str, on_touch: Callable[[], None] | None = None) -> Any:
    """Mount the view of a run. In the script run after a press its result has `pin`, the run's id, `unpin`, the id of
    a pinned run or "all", or `share`, the root of the lab's addresses as the browser sees it.

    `on_touch` is called before the script run after a touch on the drawing; what it asks for is then in the state of
    this key, as `touch`.

    `payload`: run_id, stale, about (settings, query), pins (id, mark and words of each), published, labels, view
    ("normal" or "projector"), views ("lab" or "dynamics", a module each), perhaps fixed (nothing in it leads to
    another run). The stream never passes through it: the browser fetches the run by its id.
    """
    data = view_data(payload)
    presses: dict[str, Any] = {f"on_{name}_change": _noted for name in ("pin", "unpin", "share")}
    return _VIEW(key=key, data=data, on_touch_change=on_touch or _noted, **presses)


def view_data(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload with the addresses of what the browser loads once, each from the lab's root on.

    Where that root is only the browser knows: a proxy may put any path before it and take it off again.
    """
    return {**payload, **_own(payload.get("views", "lab"))}


def figure_view(
    figure: "go.Figure",
    words: str,
    config: Mapping[str, Any],
    key: str,
    view: str,
    theme: str,
    clicks: bool = False,
) -> Any:
    """Mount a figure, drawn by the same plotly.js as the views; `words` are for those who do not see it.

    It has the colours of a light or a dark `theme`, which the browser changes where its page is of the other one.

    Where `clicks`, its result has `click`: the customdata of the point that was clicked, in the script run after that.
    Its place has the figure's height before the figure is there.
    """
    data = figure_data(figure, words, config, view, theme, clicks)
    height: Literal["content"] | int = "content" if view == "projector" else int(data["figure"]["layout"]["height"])
    return _FIGURE(key=key, data=data, on_click_change=_noted, height=height)


def idea_view(idea: str, key: str, view: str) -> None:
    """Mount a figure of an idea, which its reader moves; all that it shows is computed in the browser."""
    _IDEA(key=key, data={"idea": idea, "view": view, **_own("ideas")})


def lesson_view(payload: Mapping[str, Any], key: str, on_said: Callable[[], None]) -> None:
    """Mount what a lesson has in the browser: kept answers, the chart to draw on, what a step points at.

    `on_said` is called before the script run after it has something to say: the answers that the browser has kept, or
    a guess that was drawn; `said` is then in the state of this key.

    `payload`: lesson, kept (the document of the answers, None until the browser has said what it kept), step (its
    number), chart (None where nothing is drawn), parts (selectors of the view, and whether the step points at them),
    whole (whether the others are shown, too), told (what came out, to be read out) and view.
    """
    _LESSON(key=key, data={**payload, **_own("lesson")}, on_said_change=on_said)


def room_view(payload: Mapping[str, Any], key: str) -> None:
    """Mount what the browser follows of a room of a class: counts, votes, guesses, and all starts as one distribution.

    The script runs again when the room is otherwise than `known` in what changes the page.

    `payload`: code, known (step, pace, number of the study, paused, hidden, ended), who ("student", "teacher" or
    "wall"), titles (of the steps), questions and axes of the step on screen, and view.
    """
    _ROOM(key=key, data={**payload, **_own("room")}, on_changed_change=_noted)


def bar_view(page: str, key: str) -> None:
    """Mount the bar at the foot of a small screen, and how the page is printed; `page` is where the reader is."""
    loaded = {**_loaded("bar/bar.js"), "styles": [_static("bar/bar.css"), _static("kit/paper.css")], "words": ""}
    _BAR(key=key, data={"page": page, "labels": dict(catalogue("bar")), **loaded})


def print_view(key: str) -> None:
    """Mount a button that prints the page."""
    words = {name: catalogue("teach")[name] for name in ("teach_print", "teach_print_help")}
    loaded = {**_loaded("print/print.js"), "styles": [_static("print/print.css")], "words": ""}
    _PRINT(key=key, data={"labels": words, **loaded})


def place_view(told: Mapping[str, str], key: str, on_root: Callable[[], None]) -> None:
    """Have the browser say where the lab's addresses begin, where that is not the `root` it is told.

    It does so by another script run, before which `on_root` is called; `root` is then in the state of this key. What
    its address is to say, `query`, it says, and with it goes `along` to the lab's other pages.
    """
    _PLACE(key=key, data=dict(told), on_root_change=on_root)


def figure_data(
    figure: "go.Figure", words: str, config: Mapping[str, Any], view: str, theme: str, clicks: bool
) -> dict[str, Any]:
    """The figure without its template, which the browser makes of the page's theme, and what the browser loads once."""
    drawn = json.loads(figure.to_json())
    drawn["layout"].pop("template", None)
    drawn["layout"].setdefault("height", FIGURE_PIXELS)
    looks = {"config": dict(config), "view": view, "theme": theme}
    said = {"figure": drawn, "alt": words, **looks, "clicks": clicks}
    loaded = {"styles": [_static("kit/paper.css")], "words": _static("words/kit.json")}
    return {**said, **_loaded("figures/figures.js"), **loaded}


def _own(page: str) -> dict[str, Any]:
    """What the browser loads once for what has a folder, a style and words of its own."""
    styles = [_static(f"{part}.css") for part in ("kit/kit", "kit/paper", f"{page}/{page}")]
    return {**_loaded(f"{page}/{page}.js"), "styles": styles, "words": _static(f"words/{page}.json")}


def _loaded(module: str) -> dict[str, str]:
    return {
        "module": _static(module),
        "palette": _static("palette.json"),
        "plotly": f"api/{assets.plotly().name}",
        "not_loaded": catalogue(KIT)["not_loaded"],
    }


def _static(name: str) -> str:
    return f"api/static/{assets.static_name(name)}"


def _noted() -> None:
    """Streamlit reports an event only where a callback is registered for it."""
