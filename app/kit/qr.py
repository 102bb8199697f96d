"""An address as a QR code, which a phone opens by its camera."""

from base64 import b64encode
from html import escape

QUIET = 4  # squares of ground around a code, by which cameras find it
PIXELS = 200
MOST_CHARACTERS = 600  # of longer addresses the squares are too small for a camera in front of a screen


def qr_code(address: str, name: str, pixels: int = PIXELS) -> str:
    """The code of an address as a picture that is called so, that wide; "" of an address that is too long.

    As HTML, which Streamlit cleans of every drawing that is no picture.
    """
    if len(address) > MOST_CHARACTERS:
        return ""
    source = f"data:image/svg+xml;base64,{b64encode(drawn(address).encode()).decode()}"
    return f'<img src="{source}" alt="{escape(name)}" width="{pixels}" height="{pixels}">'


def drawn(address: str) -> str:
    """The code as an SVG, dark on white in every theme."""
    from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel  # a fifth of a second, when wanted

    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(address)
    code.make()
    places = range(code.getModuleCount())
    squares = (f"M{x + QUIET} {y + QUIET}h1v1h-1z" for y in places for x in places if code.isDark(y, x))
    size = len(places) + 2 * QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="white"/><path fill="black" d="{"".join(squares)}"/></svg>'
    )
