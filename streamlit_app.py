"""The entry, `streamlit run streamlit_app.py`: the page, the lab's own routes, and what lives as long as the server."""

import os

# One thread per numerical library: the steps are too small to gain from more, and idle threads that spin for work
# would take the other core from the server. Read once, when NumPy is first imported, so it stands before the imports.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from pathlib import Path  # noqa: E402  after the above

import pandas  # noqa: E402, F401  Plotly imports it on demand, and two first sessions at once would meet it half loaded
import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from streamlit import config  # noqa: E402
from streamlit.runtime.pages_manager import PagesManager  # noqa: E402

from app.live import assets  # noqa: E402
from app.live.files import CompressedFiles  # noqa: E402
from app.live.lifetime import lifespan  # noqa: E402
from app.live.preload import Preloaded  # noqa: E402
from app.live.routes import routes  # noqa: E402
from app.live.runs import REGISTRY  # noqa: E402

# Streamlit takes a folder named pages for its older way of having several, until main.py has run for the first time:
# whoever opened a page by its own address first would have seen it bare. main.py alone says which pages there are.
PagesManager.uses_pages_directory = False

STATIC = Path(st.__file__).with_name("static")
FONT = "static/media/MaterialSymbols-Rounded.*.woff2"

base = config.get_option("server.baseUrlPath") or ""
app = st.App(
    Path(__file__).parent / "app" / "main.py",
    routes=routes(REGISTRY, base, config.get_option("server.corsAllowedOrigins")),
    middleware=[
        Middleware(CompressedFiles, STATIC, base, {FONT: assets.ICONS}),
        Middleware(Preloaded, STATIC, base),
    ],
    lifespan=lifespan,
)
