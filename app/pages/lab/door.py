"""What stands first on the lab's page: its question, what the networks are for in two sentences, and what to ask next.

A link with settings, and a view for a wall, show the question alone: who follows a link comes for its run.
"""

from app.kit import terms
from app.kit.link import VIEWS, Params, decode_view
from app.kit.text import WORDS
from spncore.data.dataset import Dataset
from spncore.runs.study import Study
from spncore.studies import presets
from spncore.studies.presets import Preset

PEOPLE = ("nltcs", "nltcs-twin")  # of other rows the words would not be true
# Each turns the answer of the one before; the last leads back to the first.
QUESTIONS = ("figure-3", "ten-times-faster", "fixed-components", "equal-products")
STYLE = """
.spn-door { display: grid; grid-template-columns: 1fr 1fr; gap: 0.25rem 2rem; align-items: center; }
.spn-door h1 { margin: 0; padding: 0; font-size: 1.35rem; line-height: 1.25; font-weight: 600; letter-spacing: 0; }
.spn-door > div { font-size: 0.95rem; line-height: 1.7; }
.spn-door .spn-term > summary { padding: 0; margin: 0; }
.spn-door h1:only-child { grid-column: 1 / -1; font-size: 1.15rem; }
@media (min-width: 901px) { .spn-door h1 span { display: inline-block; } }
@media (max-width: 900px) { .spn-door { grid-template-columns: 1fr; } .spn-door h1 { font-size: 1.2rem; } }
"""


def is_open(params: Params) -> bool:
    """Whether there is more than the question: at an address without settings, where it is no view for a wall."""
    people = set(params.get("dataset", PEOPLE)) <= set(PEOPLE)  # which of the two is what the server has, not a setting
    return people and decode_view(params)[0] == VIEWS[0] and not set(params) - {"v", "view", "dataset"}


def opening(people: Dataset | None) -> str:
    """The question and, where it is of people, what they were asked."""
    said = terms.unfolding(WORDS["door"].format(rows=f"{people.num_rows:,}")) if people else ""
    title = f"<h1>{WORDS['claim']} <span>{WORDS['question']}</span></h1>"
    return f'<style>{STYLE}</style><div class="spn-door">{title}{said}</div>'


def next_question(study: Study) -> Preset:
    """The preset to try after what is on screen."""
    found = presets.matching(study)
    at = QUESTIONS.index(found.name) if found and found.name in QUESTIONS else 0
    return presets.PRESETS[QUESTIONS[(at + 1) % len(QUESTIONS)]]
