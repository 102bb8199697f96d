"""What an address says of a comparison: which runs, against which of them, and how their curves are looked at."""

from dataclasses import dataclass

from app.kit.stored import KEY
from app.kit.text import WORDS
from spncore.limits import LIMITS
from spncore.record import Field, Manner, Record, cut, declare, switch, whole

MOST = 6


@dataclass(frozen=True)
class Look(Record, manner=Manner(shown=cut)):
    """Keys of runs with commas, the key of the one that others are compared with, the depths on show, and the axis."""

    runs: str = declare(
        "",
        Field(
            str,
            "runs",
            pattern=f"({KEY}(,{KEY}){{0,{MOST - 1}}})?",
            said=f"up to {MOST} keys of runs, each its first 12 characters, with commas",
        ),
    )
    baseline: str = declare("", Field(str, WORDS["compare_baseline"], pattern=f"({KEY})?", said="one of the runs"))
    depth: int = whole(0, WORDS["compare_depth"], "", 0, LIMITS.depth)  # 0 is all of them
    log: bool = switch(False, WORDS["compare_log"])

    @property
    def keys(self) -> tuple[str, ...]:
        """The runs by their keys, each once."""
        return tuple(dict.fromkeys(filter(None, self.runs.split(","))))
