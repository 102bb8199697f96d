"""The one home of colours, dashes and markers: what figures here are drawn with, and what the browser is sent.

Every colour has a light and a dark form that stand out from the page's ground. Curves differ by dash as well, so that
colour is never alone. `BROWSER` is all that the browser's half needs, as JSON takes it.
"""

from collections.abc import Mapping
from typing import Any

from spncore.symbols import LABELS

THEMES = ("light", "dark")


def _by_theme(light: str, dark: str) -> Mapping[str, tuple[str, ...]]:
    return {"light": tuple(light.split()), "dark": tuple(dark.split())}


def _single(light: str, dark: str) -> Mapping[str, str]:
    return {"light": light, "dark": dark}


INK, GROUND = _single("#31333f", "#fafafa"), _single("#ffffff", "#0e1117")
FAINT = _single("#6b6e78", "#a3a8b4")  # what others are compared with: published curves, bounds
ACCENT = _single("#22707f", "#25ac82")  # of controls, and of an answer
PLAIN = _single("#b5500b", "#f0a868")  # the model without depth, the data: apart from every depth
BEFORE = _single("#767676", "#9a9a9a")  # before any evidence
# Of L = 1…8. The first four are the product's; the others keep a contrast of 3 and stay apart for the colour-blind.
DEPTHS = _by_theme(
    "#440154 #3e4989 #287d8e #22a884 #8f6a00 #b5367a #7a3b12 #8c38e0",
    "#287d8e #25ac82 #7fd34e #fde725 #995f26 #c20cff #9db4ff #c9c9c9",
)
DASHES = (
    *("solid", "8px,4px", "2px,2px", "dashdot"),
    *("12px,3px", "10px,3px,2px,3px,2px,3px", "5px,5px", "1px,4px"),
)
MARKERS = tuple("circle square triangle-up diamond cross triangle-down pentagon star".split())
# Of the plain network under another learner: none near a depth's colour, and a dash of its own.
_RIVALS = """
momentum               #d1242f #ff4d4d 16px,4px
nesterov               #ff2ea6 #ff2fd6 16px,4px,2px,4px
adagrad                #2563ff #3d7bff 4px,2px
adam                   #8b6cff #b06bff 16px,3px,8px,3px
exponentiated_gradient #00540f #a87b00 6px,2px,1px,2px
projected_gradient     #5f8a00 #d2601a 6px,2px,1px,2px,1px,2px
em                     #b300e6 #6ff3ff 3px,2px
online_em              #00132e #ffffff 3px,2px,8px,2px
shallow                #b45309 #ffb000 16px,4px,4px,4px
"""  # the last is the mixture of a circuit's trees
RIVALS = {
    name: {"light": light, "dark": dark, "dash": dash}
    for name, light, dark, dash in map(str.split, _RIVALS.strip().splitlines())
}
# Scales: signed ones from orange to blue, on cells and as lines that are seen on either ground; probabilities Cividis.
SIGNED = ((0.0, "#c8570c"), (0.25, "#f0a868"), (0.5, "#f7f7f7"), (0.75, "#7aa9d8"), (1.0, "#1f5a9e"))
SIGNED_LINES = _by_theme("#b5500b #d98a4b #8a8a8a #5f8fc6 #1f5a9e", "#ff9d4d #c98a58 #8a8a8a #6f9fd0 #7db8ff")
ON_SCALE, GUIDE = "#111111", "#7d7d7d"  # marks and guides on coloured cells, in either theme
CIVIDIS = [
    tuple(bytes.fromhex(colour))
    for colour in (
        "00204c 002a66 00346e 273f6c 3c4a6b 4c556b 5b5f6d 686a70 757575 838178 928c78 a19876 b0a572 c0b26d d1c064 "
        "e1ce58 f3dd45 ffea46"
    ).split()
]


def _pairs() -> list[tuple[str, str]]:
    """Every colour of a light page with that of the same thing on a dark one."""
    single = (INK, GROUND, FAINT, ACCENT, PLAIN, BEFORE, *RIVALS.values())
    several = (DEPTHS, SIGNED_LINES)
    each = [(one["light"], one["dark"]) for one in single]
    return [*each, *(pair for one in several for pair in zip(one["light"], one["dark"], strict=True))]


_SYMBOLS = """
picked   #c2410c #ffa94d
positive #1d4ed8 #7aa7ff
negative #c2410c #ffa94d
muted    #5f6672 #a3abb8
rho      #0b6e5b #5eead4
lam      #6d28d9 #c4a5ff
"""
BROWSER: Mapping[str, Any] = {
    "pairs": _pairs(),
    "depths": DEPTHS,
    "dashes": DASHES,
    "markers": MARKERS,
    "rivals": RIVALS,
    "layers": _by_theme(  # of sums, root first: other colours than those of depths
        "#1d4ed8 #b45309 #0f766e #be185d #6d28d9 #4d7c0f #0e7490 #78716c",
        "#7aa7ff #ffb35c #5eead4 #f9a8d4 #c4a5ff #bef264 #67e8f9 #d6d3d1",
    ),
    "symbols": {
        theme: {row.split()[0]: row.split()[1 + place] for row in _SYMBOLS.strip().splitlines()}
        for place, theme in enumerate(THEMES)
    },
    "cividis": CIVIDIS,
    "labels": LABELS,  # of quantities, by the names of spncore.symbols
}


def stroke(depth: int, theme: str, width: float = 2.5, rival: str = "") -> dict[str, Any]:
    """The line that a curve of a depth is drawn with, or that of a rival."""
    if rival:
        return {"color": RIVALS[rival][theme], "dash": RIVALS[rival]["dash"], "width": width}
    return {"color": DEPTHS[theme][depth - 1], "dash": DASHES[depth - 1], "width": width}
