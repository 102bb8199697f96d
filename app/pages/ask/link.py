"""Links that ask a network a question; evidence is written by codes, `e=Y3:1,Y7:0`, and none at all is `e=none`."""

from app.kit.link import Links
from app.pages.ask.networks import LAB_RUN
from app.pages.ask.question import Question
from spncore.data.dataset import is_upload
from spncore.limits import LIMITS

LINKS = Links(
    Question,
    {1: "data=nltcs&net=mixture&k=8&e=none&about=&seed=0"},
    where={("data", name): "e=Y4:1" for name in ("nltcs", "nltcs-twin")},
    reads="{known}. The default question is asked.",
    most=8 * LIMITS.columns,  # evidence on every variable
)


def cannot_carry(question: Question) -> bool:
    """Whether the link names something it does not hold: an upload, or the run in the lab."""
    return is_upload(question.dataset) or question.network == LAB_RUN
