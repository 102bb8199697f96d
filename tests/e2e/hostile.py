"""Names that must only ever be shown: markup, scripts, links, LaTeX, marks that reorder or pile up (FAULTS C8–C10)."""

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "[x](javascript:alert(3))",
    "$\\href{javascript:alert(4)}{y}$",
    "<b>bold</b>",
    "**b** :material/home: # h",
    "&lt;i&gt;",
    "<a href=//example.com>z</a>",
)
