"""What an address says of the list of runs: which part of it, in which order, and which run is opened."""

from dataclasses import dataclass

from app.kit.stored import KEY
from app.kit.text import WORDS
from spncore.record import Field, Manner, Record, choice, cut, declare, switch, whole
from spncore.runs.experiment import FIELDS
from spncore.store.changes import TAG_CHARACTERS
from spncore.store.reading import Query

SEEDS = "seeds"  # runs together that differ in nothing else
OWN = ("seed", "num_seeds", "depth")  # settings that are not those of a group
GROUPS = (SEEDS, "depths", *(name for name in FIELDS if name not in OWN))
ORDERS = {  # by name: the store's order, and whether it descends
    "newest": ("made", True),
    "oldest": ("made", False),
    "name": ("name", False),
    "data": ("data", False),
    "end": ("end", True),
    "seconds": ("seconds", True),
}
PART = 20  # runs at a time
MOST_PARTS = 10_000
WORDS_CHARACTERS = 80


def _text(title: str, pattern: str, said: str) -> Field:
    return Field(str, title, pattern=pattern, said=said)


@dataclass(frozen=True)
class Look(Record, manner=Manner(shown=cut)):
    """The run that is opened, if one is; else what of the list is shown, how it is ordered, and which part of it."""

    run: str = declare("", _text("run", f"({KEY})?", "the first 12 characters of a run's key"))
    words: str = declare("", _text(WORDS["runs_words"], f".{{0,{WORDS_CHARACTERS}}}", f"{WORDS_CHARACTERS} characters"))
    data: str = declare("", _text(WORDS["runs_data"], "[a-z0-9:-]{0,80}", "the name of a data set"))
    tag: str = declare("", _text(WORDS["runs_tag"], f".{{0,{TAG_CHARACTERS}}}", f"{TAG_CHARACTERS} characters"))
    named: bool = switch(False, WORDS["runs_named"])
    order: str = choice("newest", WORDS["runs_order"], choices=ORDERS)
    group: str = choice("", WORDS["runs_group"], choices=("", *GROUPS), said=f"nothing, or one of {', '.join(GROUPS)}")
    fold: str = declare("", _text("fold", f"({KEY})?", "the first 12 characters of a key"))
    part: int = whole(1, "part", "", 1, MOST_PARTS)

    def query(self, owner: str) -> Query:
        """What is asked of the store."""
        order, descending = ORDERS[self.order]
        return Query(
            owner,
            words=self.words,
            tag=self.tag,
            dataset=self.data,
            named=self.named,
            fold=self.fold,
            order=order,
            descending=descending,
            skip=(self.part - 1) * PART,
            most=PART,
        )

    @property
    def by(self) -> tuple[str, ...]:
        """The place of the setting by which runs are together, among a study's."""
        if self.group in ("", SEEDS):
            return ()
        return ("depths",) if self.group == "depths" else ("experiment", self.group)

    @property
    def by_number(self) -> bool:
        """Whether that setting is a number."""
        return self.group in FIELDS and FIELDS[self.group].kind in (int, float)

    @property
    def narrowed(self) -> bool:
        """Whether not all of the list is asked for."""
        return bool(self.words or self.data or self.tag or self.named or self.fold)
