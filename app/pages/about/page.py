"""Data and about: what is in use, where it comes from, what the items mean, what the server allows, whom to cite."""

import streamlit as st

from app.kit import address, data, page
from app.kit.text import WORDS, literal, page_text
from app.live.runs import REGISTRY
from spncore.data.library import DATASETS, DataError, available
from spncore.files.provenance import made_by
from spncore.limits import LIMITS


def whereabouts(name: str) -> str:
    """Where a data set would be read from, in a sentence."""
    try:
        return available(name) or "Not on this computer; it can be fetched on the lab page."
    except DataError as error:
        return str(error)


page.titled(WORDS["about"])
page.prose(page_text("about_lab"))

st.header("Data")
shown = st.session_state.get("shown")
if shown is not None:
    with st.container(border=True, width=page.pixels(page.TEXT_PIXELS), gap="xsmall"):
        st.markdown(f"**:material/database: {WORDS['in_use']}**")
        st.text(data.describe(shown.dataset))
        st.caption(literal(shown.dataset.source))
        st.caption(f"SHA-256 of the rows: {shown.dataset.sha256}")
page.prose(page_text("about_data"))
st.table(
    [
        {
            "data set": info.title,
            "rows": f"{info.shapes['train'][0]:,}",
            "variables": len(info.variables),
            "what it is": info.description,
            "terms": info.licence,
            "here": whereabouts(name),
        }
        for name, info in DATASETS.items()
    ]
)

st.header("The 16 items of NLTCS")
page.prose(page_text("about_order"))
st.table(
    [
        {"column": column, "item": variable.name.replace("_", " "), "a 1 means": variable.meaning}
        for column, variable in enumerate(DATASETS["nltcs"].variables, 1)
    ]
)

st.header("Limits of this server")
server = REGISTRY.limits
limits = {
    "components, depth, seeds": f"{LIMITS.num_components}, {LIMITS.depth}, {LIMITS.num_seeds}",
    "iterations of a run": f"{LIMITS.iterations:,}",
    "training time of a run": f"{LIMITS.run_seconds:g} s",
    "memory of all runs": f"{server.memory_bytes / 1e9:.2g} GB",
    "learning rate, starting weight": f"{LIMITS.smallest_rate:g} to {LIMITS.largest_rate:g}",
    "uploaded file": f"{LIMITS.upload_bytes / 1e6:g} MB",
    "rows, columns of a table": f"{LIMITS.rows:,}, {LIMITS.columns}",
    "processes that train, runs that wait for memory": f"{server.trainers}, {server.queue}",
    "runs kept per session, sessions": f"{server.runs_per_session}, {server.sessions}",
}
st.table([{"what": what, "limit": limit} for what, limit in limits.items()])

st.header("Citation")
page.prose(page_text("about_citation"))
page.to_copy(page_text("citation.bib"), WORDS["bibtex"])
st.caption(f"Versions: {made_by()}")
address.write()
