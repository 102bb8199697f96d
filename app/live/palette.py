"""The colours and dashes that the browser draws with, light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Depths are L = 1, 2, …; a rival is the plain network under another learner:
# none near a depth's colour, and a dash of its own; `shallow` is the mixture of a circuit's trees.
_CIVIDIS = (
    "00204c 002a66 00346e 273f6c 3c4a6b 4c556b 5b5f6d 686a70 757575 838178 928c78 a19876 b0a572 c0b26d d1c064 e1ce58"
    " f3dd45 ffea46"
)
PALETTE: Mapping[str, Any] = {
    "depths": {
        "light": ("#440154", "#3e4989", "#287d8e", "#22a884", "#8f6a00", "#b5367a", "#7a3b12", "#5f6b7a"),
        "dark": ("#287d8e", "#25ac82", "#7fd34e", "#fde725", "#ff9f6b", "#f28bc4", "#9db4ff", "#c9c9c9"),
    },
    "dashes": (
        *("solid", "8px,4px", "2px,2px", "dashdot", "12px,3px"),
        *("10px,3px,2px,3px,2px,3px", "5px,5px", "1px,4px"),
    ),
    "rivals": {
        "momentum": {"light": "#d1242f", "dark": "#ff4d4d", "dash": "16px,4px"},
        "nesterov": {"light": "#ff2ea6", "dark": "#ff2fd6", "dash": "16px,4px,2px,4px"},
        "adagrad": {"light": "#2563ff", "dark": "#3d7bff", "dash": "4px,2px"},
        "adam": {"light": "#8b6cff", "dark": "#b06bff", "dash": "16px,3px,8px,3px"},
        "exponentiated_gradient": {"light": "#00540f", "dark": "#a87b00", "dash": "6px,2px,1px,2px"},
        "projected_gradient": {"light": "#5f8a00", "dark": "#d2601a", "dash": "6px,2px,1px,2px,1px,2px"},
        "em": {"light": "#b300e6", "dark": "#6ff3ff", "dash": "3px,2px"},
        "online_em": {"light": "#00132e", "dark": "#ffffff", "dash": "3px,2px,8px,2px"},
        "shallow": {"light": "#b45309", "dark": "#ffb000", "dash": "16px,4px,4px,4px"},
    },
    "layers": {  # of sums, root first: other colours than those of depths
        "light": ("#1d4ed8", "#b45309", "#0f766e", "#be185d", "#6d28d9", "#4d7c0f", "#0e7490", "#78716c"),
        "dark": ("#7aa7ff", "#ffb35c", "#5eead4", "#f9a8d4", "#c4a5ff", "#bef264", "#67e8f9", "#d6d3d1"),
    },
    "symbols": {
        "light": {
            **{"picked": "#c2410c", "positive": "#1d4ed8", "negative": "#c2410c", "muted": "#5f6672"},
            **{"rho": "#0b6e5b", "lam": "#6d28d9"},
        },
        "dark": {
            **{"picked": "#ffa94d", "positive": "#7aa7ff", "negative": "#ffa94d", "muted": "#a3abb8"},
            **{"rho": "#5eead4", "lam": "#c4a5ff"},
        },
    },
    "cividis": [tuple(bytes.fromhex(colour)) for colour in _CIVIDIS.split()],
}
