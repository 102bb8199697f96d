"""What a PDF that Chromium printed has on its pages: words and straight lines, where they are and in which colour."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ContentStream

POINTS = 72 / 25.4  # of a millimetre
PLAIN = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
Matrix = tuple[float, ...]
Place = tuple[float, float]


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    p, q, r, s, t, u = other
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _at(matrix: Matrix, x: float, y: float) -> Place:
    return matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]


@dataclass
class Printed:
    """What a page has: where each piece of text begins and its colour; both ends of each straight line; its text."""

    letters: list[tuple[Place, Matrix]] = field(default_factory=list)
    lines: list[tuple[Place, Place]] = field(default_factory=list)
    size: Place = (0.0, 0.0)
    text: str = ""


@dataclass
class _State:
    matrix: Matrix
    ink: Matrix = (0.0, 0.0, 0.0)


class _Reader:
    """Goes through what is painted, in the order in which it is."""

    def __init__(self, pdf: PdfReader, printed: Printed) -> None:
        self.pdf, self.printed = pdf, printed

    def read(self, stream: Any, resources: Any, matrix: Matrix, ink: Matrix = (0.0, 0.0, 0.0)) -> None:
        state, kept, text, path = _State(matrix, ink), list[_State](), PLAIN, list[Place]()
        for values, operator in ContentStream(stream, self.pdf).operations:
            name = operator.decode()
            if name == "q":
                kept.append(_State(state.matrix, state.ink))
            elif name == "Q":
                state = kept.pop()
            elif name == "cm":
                state.matrix = _times(_numbers(values), state.matrix)
            elif name in ("rg", "g"):
                state.ink = _numbers(values) * (3 if name == "g" else 1)
            elif name in ("Tm", "BT"):
                text = _numbers(values) if name == "Tm" else PLAIN
            elif name in ("Tj", "TJ"):
                self.printed.letters.append((_at(_times(text, state.matrix), 0, 0), state.ink))
            elif name in ("m", "l", "c"):
                path = [*([] if name == "m" else path), _at(state.matrix, *_numbers(values)[-2:])]
            elif name == "S" and len(path) == 2:
                self.printed.lines.append((path[0], path[1]))
            elif name == "Do":
                self._form(resources["/XObject"][values[0]], state)

    def _form(self, form: Any, state: _State) -> None:
        if form["/Subtype"] == "/Form":
            matrix = _times(_numbers(form.get("/Matrix", PLAIN)), state.matrix)
            self.read(form, form.get("/Resources", {}), matrix, state.ink)


def _numbers(values: Any) -> Matrix:
    return tuple(float(value) for value in values)


def pages(content: bytes) -> Iterator[Printed]:
    """The pages of a PDF; places are in points from its lower left corner."""
    pdf = PdfReader(io.BytesIO(content))
    for page in pdf.pages:
        printed = Printed(size=(float(page.mediabox.width), float(page.mediabox.height)), text=page.extract_text())
        _Reader(pdf, printed).read(page.get_contents(), page["/Resources"], PLAIN)
        yield printed
