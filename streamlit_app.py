"""The entry, `streamlit run streamlit_app.py`: the page, the lab's own routes, and what lives as long as the server."""

import os
import sys

# One thread per numerical library: the steps are too small to gain from more, and idle threads that spin for work
# would take the other core from the server. Read once, when NumPy is first imported, so it stands before the imports.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from pathlib import Path  # noqa: E402  after the above

from streamlit import logger  # noqa: E402

from app.live import log  # noqa: E402
from app.live.door.settings import DoorSettings  # noqa: E402
from app.live.limits import LimitError, server_limits  # noqa: E402

try:
    log.begin(os.environ, sys.stderr)
    server_limits()
    DoorSettings.of(os.environ)
except LimitError as refused:
    sys.exit(f"The server does not start. {refused}")
logger.setup_formatter = log.take_over  # of loggers that Streamlit makes later, each of which had an output of its own

import pandas  # noqa: E402, F401  Plotly imports it on demand, and two first sessions at once would meet it half loaded
import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from streamlit import config  # noqa: E402
from streamlit.runtime.pages_manager import PagesManager  # noqa: E402

from app.live import assets, metrics  # noqa: E402
from app.live.document import Document  # noqa: E402
from app.live.door.middleware import middleware  # noqa: E402
from app.live.files import CompressedFiles  # noqa: E402
from app.live.framed import PartitionedCookies  # noqa: E402
from app.live.lifetime import SOURCES, lifespan  # noqa: E402
from app.live.preload import Preloaded  # noqa: E402
from app.live.projected import Projected  # noqa: E402
from app.live.routes import routes  # noqa: E402
from app.live.runs import REGISTRY  # noqa: E402

# Streamlit takes a folder named pages for its older way of having several, until main.py has run for the first time:
# whoever opened a page by its own address first would have seen it bare. main.py alone says which pages there are.
PagesManager.uses_pages_directory = False

MAIN = Path(__file__).parent / "app" / "main.py"
# Streamlit puts this folder onto the import path for each script run and takes it off again. While it does so, whatever
# another session looks up along the path (an import, a package's version) may be missed; if it is there, nothing moves.
sys.path.append(str(MAIN.parent))

STATIC = Path(st.__file__).with_name("static")
FONTS = {
    "static/media/MaterialSymbols-Rounded.*.woff2": assets.ICONS,
    "static/media/SourceSansVF-Upright.*.woff2": assets.TEXT,
}
BASE = config.get_option("server.baseUrlPath") or ""

app = st.App(
    MAIN,
    routes=[
        *metrics.routes(SOURCES, BASE),
        *routes(REGISTRY, BASE, config.get_option("server.corsAllowedOrigins")),
    ],
    lifespan=lifespan,
    middleware=[
        Middleware(PartitionedCookies),
        *middleware(BASE, config.get_option("server.disconnectedSessionTTL")),
        Middleware(Projected, BASE),
        Middleware(CompressedFiles, STATIC, BASE, FONTS),
        Middleware(Preloaded, STATIC, BASE),
        Middleware(Document, STATIC, BASE),
    ],
)
