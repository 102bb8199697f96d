"""A page that cannot do without what a job makes of its one setting."""

import streamlit as st

from app.kit import progress
from tests.app.live import tasks

word = st.text_input("word", "none", key="word")
function = tasks.patient if word.startswith("slow") else tasks.refused if word == "wrong" else tasks.given
made = progress.soon("job", progress.key_of("soon", word), function, word, title="Being made.", unit="words")
st.markdown(f"Made: {made}")
