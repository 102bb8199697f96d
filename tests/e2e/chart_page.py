"""The script of chart_app.py: trains what its query asks for and mounts the lab view, nothing else."""

import numpy as np
import streamlit as st

from app.kit.session import session_name
from app.live.chart import lab_view
from app.live.runs import REGISTRY
from spncore import Experiment
from spncore.data import library
from spncore.runs.study import Study
from tests.e2e.hostile import HOSTILE

st.set_page_config(layout="wide")
query = st.query_params


def study():
    """The query's study; the hostile table has names that would do harm if anything interpreted them."""
    whole = {name: int(query[name]) for name in ("num_components", "num_seeds", "iterations") if name in query}
    depths = tuple(int(text) for text in query.get("depths", "1,2,3").split(","))
    if "hostile" in query:
        bits = np.random.default_rng(0).integers(0, 2, (60, len(HOSTILE)), dtype=np.uint8)
        dataset = library.from_array(bits, HOSTILE[0], HOSTILE, title=HOSTILE[0])
        return Study(Experiment(dataset=f"sha256:{dataset.sha256}", **whole), depths), dataset
    return Study(Experiment(dataset="nltcs-twin", **whole), depths), library.load("nltcs-twin")


if "run" not in st.session_state:
    st.session_state["run"] = REGISTRY.start(*study(), session_name())
    st.session_state["pinned"] = []
asked = lab_view(
    {
        "run_id": query.get("run", st.session_state["run"]),
        "session": session_name(),
        "stale": st.checkbox("stale"),
        "pins": st.session_state["pinned"],
        "about": {"settings": study()[1].title, "query": ""},
        "published": "published" in query,
        "labels": {},
        "view": query.get("view", "normal"),
    },
    key="lab",
)
if asked.pin:
    st.session_state["pinned"] = [{"id": asked.pin, "mark": 0, "words": "the same settings"}]
    st.write("pinned this run")
if asked.share:
    st.write("shared this run")
