"""What Streamlit's theme leaves too faint to read, set right for all pages: every word has a contrast of 4.5.

Its captions are its text at six tenths, and its main button is written in white on whatever colour accents have. With
forced colours, what is chosen in its controls, and its sliders, cannot be seen.
"""

from spncore.plots.palette import BROWSER, GROUND, THEMES

_MUTED = ", ".join(BROWSER["symbols"][theme]["muted"] for theme in THEMES)
_ON_ACCENT = ", ".join(GROUND[theme] for theme in THEMES)
STYLE = f"""
[data-testid="stCaptionContainer"] {{ opacity: 1; color: light-dark({_MUTED}); }}
[data-testid="stBaseButton-primary"]:not(:disabled) {{ color: light-dark({_ON_ACCENT}); }}
@media (forced-colors: active) {{
  .stApp button[data-selected] {{ forced-color-adjust: none; background: Highlight; color: HighlightText; }}
  [data-testid="stSlider"] [role="group"] [data-rac] {{ outline: 1px solid CanvasText; }}
  [data-testid="stSlider"] [data-rac][style*="left"] {{ forced-color-adjust: none; background: CanvasText; }}
}}
@media print {{ [data-testid="stCaptionContainer"] {{ color: {BROWSER["symbols"]["light"]["muted"]}; }} }}
@media (prefers-contrast: more) {{ [data-testid="stCaptionContainer"] {{ color: inherit; }} }}
"""
