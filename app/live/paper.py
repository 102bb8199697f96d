"""A drawing as a PDF: lines, areas and words that a browser laid out, on one page of its size, the font within it.

What is sent is numbers and words and nothing else: no markup, no address, no picture, so there is nothing to interpret.
It is written in the process of the quick jobs, which imports what writes PDFs when it first needs it.
"""

import io
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from app.live.assets import FONTS
from spncore.files.strict_json import JsonError, parse_object
from spncore.record import ExperimentError

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

LEAST, MOST = 20.0, 2000.0  # points of a side of the page
FAR = 20_000.0  # points from the corner, in any direction
LARGEST_TYPE, LONGEST_TEXT, MOST_TEXTS, MOST_DASHES = 200.0, 1000, 3000, 8
NON_ZERO = 1  # what counts as inside a line, as in SVG
FITTED = 0.8, 1.25  # times their own length, within which words are fitted to the length they had in the browser
Item = Mapping[str, Any]


def pdf(body: bytes, report: Callable[[int, int], None]) -> bytes:
    """The PDF of a drawing as flatten.js sends it; ExperimentError in one sentence where it is no such drawing."""
    from reportlab.pdfgen.canvas import Canvas

    drawing = _parsed(body)
    width, height = (_number(drawing, side, LEAST, MOST) for side in ("width", "height"))
    items, out = _list(drawing, "items"), io.BytesIO()
    canvas = Canvas(out, pagesize=(width, height), initialFontName=_font(False), invariant=1)
    canvas.setTitle(_text(drawing, "title"))
    canvas.setCreator("SPN Lab")
    canvas.setLineJoin(1)
    canvas.translate(0, height)
    canvas.scale(1, -1)  # in the browser y runs down
    clips = words = 0
    for number, item in enumerate(items):
        if not isinstance(item, dict) or item.get("kind") not in DRAWN:
            raise _refusal("items", f"one of {', '.join(DRAWN)} each")
        words += item["kind"] == "text"
        if words > MOST_TEXTS:
            raise _refusal("items", f"at most {MOST_TEXTS} texts")
        clips += {"clip": 1, "unclip": -1}.get(item["kind"], 0)
        if clips < 0:
            raise _refusal("items", "no more unclip than clip")
        DRAWN[item["kind"]](canvas, item)
        report(number, len(items))
    for _ in range(clips):
        canvas.restoreState()
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        return parse_object(body.decode("utf-8"), "a drawing", len(body))
    except (UnicodeDecodeError, JsonError) as error:
        raise ExperimentError(f"The drawing cannot be read: {error}") from None


def _path(canvas: "Canvas", item: Item) -> None:
    """Lines of points, closed or not, filled, drawn or both."""
    fill, stroke = _colour(item, "fill"), _colour(item, "stroke")
    path = canvas.beginPath()
    for line in _list(item, "lines"):
        numbers = _numbers(line, "lines", -FAR, FAR)
        points = list(zip(numbers[::2], numbers[1::2], strict=False))
        for number, point in enumerate(points):
            (path.lineTo if number else path.moveTo)(*point)
        if points and item.get("closed") is True:
            path.close()
    _inked(canvas, fill, stroke)
    canvas.setLineWidth(_number(item, "width", 0.0, FAR))
    dashes = _numbers(item.get("dash"), "dash", 0.0, FAR)
    if len(dashes) > MOST_DASHES or (dashes and not sum(dashes)):
        raise _refusal("dash", f"at most {MOST_DASHES} lengths, not all 0")
    canvas.setDash(dashes)
    canvas.drawPath(path, stroke=int(stroke is not None), fill=int(fill is not None), fillMode=NON_ZERO)


def _words(canvas: "Canvas", item: Item) -> None:
    """Words from a point on, at an angle, as long as they were in the browser."""
    font, size = _font(item.get("bold") is True), _number(item, "size", 0.1, LARGEST_TYPE)
    said = "".join(letter if letter.isprintable() else " " for letter in _text(item, "text"))
    length, own = _number(item, "length", 0.0, FAR), canvas.stringWidth(said, font, size)
    fits = own > 0 and FITTED[0] < length / own < FITTED[1]
    _inked(canvas, _colour(item, "colour"), None)
    canvas.saveState()
    canvas.translate(_number(item, "x", -FAR, FAR), _number(item, "y", -FAR, FAR))
    canvas.rotate(_number(item, "angle", -360.0, 360.0))
    canvas.scale(1, -1)
    line = canvas.beginText(0, 0)
    line.setFont(font, size)
    line.setHorizScale(100 * length / own if fits else 100)
    line.textOut(said)
    canvas.drawText(line)
    canvas.restoreState()


def _clip(canvas: "Canvas", item: Item) -> None:
    box = _numbers(item.get("box"), "box", -FAR, FAR)
    if len(box) != 4:
        raise _refusal("box", "x, y, width and height")
    canvas.saveState()
    path = canvas.beginPath()
    path.rect(*box)
    canvas.clipPath(path, stroke=0, fill=0)


def _unclip(canvas: "Canvas", item: Item) -> None:
    canvas.restoreState()


DRAWN: Mapping[str, Callable[["Canvas", Item], None]] = {
    "path": _path,
    "text": _words,
    "clip": _clip,
    "unclip": _unclip,
}


def _inked(canvas: "Canvas", fill: list[float] | None, stroke: list[float] | None) -> None:
    if fill is not None:
        canvas.setFillColorRGB(*(part / 255 for part in fill[:3]), alpha=fill[3])
    if stroke is not None:
        canvas.setStrokeColorRGB(*(part / 255 for part in stroke[:3]), alpha=stroke[3])


@cache
def _font(bold: bool) -> str:
    """The name of a font, which is registered by then."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    path = FONTS[600 if bold else 400]
    registerFont(TTFont(path.stem, path))
    return path.stem


def _number(item: Item, name: str, low: float, high: float) -> float:
    return _numbers([item.get(name)], name, low, high)[0]


def _numbers(values: Any, name: str, low: float, high: float) -> list[float]:
    allowed = isinstance(values, list) and all(
        type(value) in (int, float) and math.isfinite(value) and low <= value <= high for value in values
    )
    if not allowed:
        raise _refusal(name, f"numbers from {low:g} to {high:g}")
    return [float(value) for value in values]


def _colour(item: Item, name: str) -> list[float] | None:
    if item.get(name) is None:
        return None
    parts = _numbers(item[name], name, 0.0, 255.0)
    if len(parts) != 4 or parts[3] > 1:
        raise _refusal(name, "red, green and blue to 255 and an opacity to 1")
    return parts


def _list(item: Item, name: str) -> list[Any]:
    if not isinstance(item.get(name), list):
        raise _refusal(name, "a list")
    found: list[Any] = item[name]
    return found


def _text(item: Item, name: str) -> str:
    text = item.get(name)
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise _refusal(name, f"a text of at most {LONGEST_TEXT} characters")
    return text


def _refusal(name: str, allowed: str) -> ExperimentError:
    return ExperimentError(f"The drawing cannot be made into a PDF: {name} must be {allowed}.")
