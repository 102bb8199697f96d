"""An address as a QR code, which a phone opens by its camera."""

from html import escape

QUIET = 4  # squares of ground around a code, by which cameras find it
PIXELS = 200
MOST_CHARACTERS = 600  # of longer addresses the squares are too small for a camera in front of a screen


def qr_code(address: str, name: str) -> str:
    """The code of an address as an SVG that is called so, dark on white in every theme; "" of one that is too long."""
    if len(address) > MOST_CHARACTERS:
        return ""
    from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel  # a fifth of a second, when wanted

    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(address)
    code.make()
    places = range(code.getModuleCount())
    squares = (f"M{x + QUIET} {y + QUIET}h1v1h-1z" for y in places for x in places if code.isDark(y, x))
    size = len(places) + 2 * QUIET
    return (
        f'<svg viewBox="0 0 {size} {size}" width="{PIXELS}" height="{PIXELS}" role="img" aria-label="{escape(name)}" '
        f'shape-rendering="crispEdges"><rect width="{size}" height="{size}" fill="#fff"/>'
        f'<path fill="#000" d="{"".join(squares)}"/></svg>'
    )
