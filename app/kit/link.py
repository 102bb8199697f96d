"""A record as plain `name=value` pairs of a link, and back; what a link gets wrong is refused in words.

A link leaves out what equals the defaults of its version, and those are frozen here and beside the pages that have
links of their own: a link reopens the same record in every later release, whatever that release's own defaults are.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from spncore.record import ExperimentError, Field, Manner, Record, Several, cut
from spncore.runs.experiment import FIELDS, updates_of
from spncore.runs.study import Study
from spncore.studies.grid import Grid
from spncore.studies.linear import LinearStudy
from spncore.words import listed

VIEWS = ("normal", "projector", "embed")
# What belongs to no page and goes with the reader from one to the next: how pages are shown, the room that the reader
# is in, the lesson and its step, and what of the controls is locked or hidden there.
CARRIED = ("view", "room", "lesson", "step", "lock", "hide")
MAX_CHARACTERS = 200  # of one value; the longest that can be right is a data set's SHA-256
LISTED_CHARACTERS = 600  # of a list of names, which may be many
MAX_SENTENCES = 5
# What a link can lock and hide: settings, on whichever page they are, and other parts of pages.
ALL = "all"
SETTINGS = (
    *dict.fromkeys(name for record in (Study, LinearStudy, Grid) for name in record.declared() if name != "depth"),
    *("resolution", "control"),  # of the phase diagram
)
PARTS = ("menu", "questions", "data", "more", "reset", "export", "keep", "help", "pin", "share", "tabs")
Params = Mapping[str, str | Sequence[str]]
Kind = TypeVar("Kind", bound=Record)
_VIEW = Field(str, choices=VIEWS, name="view", manner=Manner(one_of="", shown=cut))
LISTS = {
    name: Several(tuple, choices=choices, name=name, refused="names what is no setting", manner=Manner(shown=cut))
    for name, choices in (("lock", (ALL, *SETTINGS)), ("hide", (*PARTS, *SETTINGS)))
}


class Earlier(NamedTuple):
    """A setting of earlier links: how it was declared, and what its value is now."""

    field: Field
    now: Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Links(Generic[Kind]):
    """How records of one kind are written as links.

    `defaults` has by version the link that says everything, in the order in which settings are written. Never change
    what a version says, links out there rely on it: a new setting is added with what was so before it came, a new
    default is a new version. `where` has defaults that go with the value of another setting; `refused` settings that
    a link cannot have, and what is said. The other texts are parts of sentences; without `unreadable` a link whose
    version cannot be read is taken for one of the newest. `earlier` has by version and name what meant something else.
    `decided` gives the settings that others of the record decide: they are not written, and given they are not used.
    """

    record: type[Kind]
    defaults: Mapping[int, str]
    where: Mapping[tuple[str, str], str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    most: int = MAX_CHARACTERS
    unknown: str = "no such setting in a link to this page"
    reads: str = "{known}. The defaults are shown."
    long: str = "the value has more than {most} characters"
    unreadable: str = ""
    earlier: Mapping[tuple[int, str], Earlier] = field(default_factory=dict)
    decided: Callable[[Kind], Collection[str]] = lambda record: ()
    _kept: dict[tuple[int, str], Mapping[str, Any]] = field(default_factory=dict, init=False, repr=False)

    def default(self) -> Kind:
        """What a link without any setting opens."""
        return self._opened(max(self.defaults), {})

    def encode(self, record: Kind) -> dict[str, str]:
        """The version and every setting that differs from that version's defaults."""
        version, values, fields = max(self.defaults), record.settings(), record.declared()
        start, decided = self._start(version, values), self.decided(record)
        changed = {name: fields[name].text(values[name]) for name in start if values[name] != start[name]}
        changed = {name: text for name, text in changed.items() if name not in decided}
        return {"v": str(version), **changed}

    def query_string(self, record: Kind) -> str:
        """`encode` as the part of an address after the question mark."""
        return urlencode(self.encode(record), safe=",:")

    def decode(self, params: Params) -> tuple[Kind, list[str]]:
        """The record that a link describes, and one sentence for each thing refused; the default is kept for those."""
        version, refusals = self._version(params)
        if not version:
            return self.default(), refusals
        start, given = self._start(version, {}), dict[str, Any]()
        for name in params:
            try:
                if name in self.refused:
                    refusals.append(self.refused[name])
                elif name in start:
                    given[name] = self._value(version, name, self.only(name, params[name]))
                elif name not in ("v", *CARRIED):
                    raise ExperimentError(f"{cut(name)}: {self.unknown}")
            except ExperimentError as error:
                refusals.append(f"{error}. The default is kept.")
        try:
            opened = self._opened(version, given)
        except ExperimentError as error:
            given, opened = {}, self._opened(version, {})
            refusals.append(f"{error}. All defaults are kept.")
        decided = [name for name in given if name in self.decided(opened)]
        refusals += [f"{name}: another setting of the link decides it. It is not used." for name in decided]
        return opened, _few(refusals)

    def only(self, name: str, value: str | Sequence[str]) -> str:
        """The one value of a parameter; refused when it is repeated or longer than any right value."""
        values = [value] if isinstance(value, str) else value
        if len(values) != 1:
            raise ExperimentError(f"{cut(name)}: given {len(values)} times; a link gives each setting once")
        if len(values[0]) > self.most:
            said = self.long.format(length=len(values[0]), most=self.most)
            raise ExperimentError(f"{cut(name)}: {said}")
        return values[0]

    def _version(self, params: Params) -> tuple[int, list[str]]:
        """The version of a link and what is refused about it; 0 where the link cannot be read."""
        known = {str(version): version for version in self.defaults}
        try:
            text = self.only("v", params.get("v", max(known)))
        except ExperimentError as error:
            said = self.unreadable or "The default is kept."
            return 0 if self.unreadable else max(self.defaults), [f"{error}. {said}"]
        if text in known:
            return known[text], []
        reads = self.reads.format(known=listed([*known]))
        return 0, [f"v: this link is of version {cut(text)}; this release reads {reads}"]

    def _opened(self, version: int, given: Mapping[str, Any]) -> Kind:
        return self.record.of({**self._start(version, given), **given})

    def _start(self, version: int, given: Mapping[str, Any]) -> dict[str, Any]:
        """The defaults of a version beside what is given."""
        start = dict(self._read(version, self.defaults[version]))
        for (name, value), link in self.where.items():
            if given.get(name, start[name]) == value:
                start |= self._read(version, link)
        return start

    def _read(self, version: int, link: str) -> Mapping[str, Any]:
        """What a link of defaults says; every script of a page asks for it."""
        if (version, link) not in self._kept:
            pairs = parse_qsl(link, keep_blank_values=True)
            self._kept[version, link] = {name: self._value(version, name, text) for name, text in pairs}
        return self._kept[version, link]

    def _value(self, version: int, name: str, text: str) -> Any:
        """What a text means in a link of a version."""
        before = self.earlier.get((version, name))
        return self.record.declared()[name].parse(text) if before is None else before.now(before.field.parse(text))


def _few(refusals: list[str]) -> list[str]:
    more = len(refusals) - MAX_SENTENCES
    return [*refusals[:MAX_SENTENCES], f"{more} more settings were refused."] if more > 0 else refusals


_links = partial(
    Links,
    Study,
    unknown="no such setting in a link",
    reads="versions {known}. The default experiment is open.",
    long="the value has {length} characters; at most {most} are allowed",
    unreadable="The link cannot be read, so the default experiment is open.",
    earlier={(1, "iterations"): Earlier(replace(FIELDS["iterations"], low=1), updates_of)},  # it counted the start too
)
_DEPTH = {"depth": "depth: no such setting in a link; write depths=1,2,3. The default is kept."}

_LAB = (
    "dataset=nltcs&structure=mixture&split_depth=2&num_repetitions=4&num_components=8&depths=1,2,3&topology=tree"
    "&learning_rate=0.01&init_scale=0.0001&init_convention=per_layer&weight_init=equal&component_init=uniform"
    "&init_noise=1e-12&train_components=true&parametrisation=linear&floor=0.0001&objective=generative"
    "&class_variable=0&hybrid_mix=0.5&labelled_share=0.1&optimiser=gradient_ascent&momentum=0.9&batch_size=0"
    "&rivals=&iterations=500&num_seeds=6&seed=0&changes="
)
_CIRCUITS = (
    "structure=random_partitions&split_depth=2&num_repetitions=1&num_components=2&depths=1,2&learning_rate=0.1"
    "&init_scale=1.0&component_init=fitted&train_components=false&init_noise=0.0&floor=1e-09&iterations=200"
    "&num_seeds=3&dataset=nltcs&topology=tree&init_convention=per_layer&weight_init=equal&parametrisation=linear"
    "&objective=generative&class_variable=0&hybrid_mix=0.5&labelled_share=0.1&optimiser=gradient_ascent"
    "&momentum=0.9&batch_size=0&rivals=&seed=0&changes="
)
LAB = _links({1: _LAB, 2: _LAB}, refused=_DEPTH)
_LONG = replace(LAB, most=LISTED_CHARACTERS)
CIRCUITS = _links(
    {1: _CIRCUITS, 2: _CIRCUITS},
    refused=_DEPTH | {"rivals": "rivals: this page compares a circuit with the mixture of its trees only."},
)
_GRID = (
    "axes=learning_rate:0.0001,0.0003,0.001,0.003+topology:tree,private,shared+depth:1,2,3&asked=gain&gain=0.9"
    "&level=-7.2&dataset=nltcs&structure=mixture&split_depth=2&num_repetitions=4&num_components=8&depth=3&topology=tree"
    "&learning_rate=0.01&init_scale=0.1&init_convention=per_layer&weight_init=equal&component_init=fitted"
    "&init_noise=0.0&train_components=false&parametrisation=linear&floor=0.0001&objective=generative"
    "&class_variable=0&hybrid_mix=0.5&labelled_share=0.1&optimiser=gradient_ascent&momentum=0.9&batch_size=0"
    "&iterations=1000&num_seeds=6&seed=0"
)
GRID = Links(
    Grid,
    {1: _GRID},
    refused={"changes": "changes: a grid's runs train as they begin; leave it out."},
    most=1_000,  # three settings with many values each
    decided=lambda grid: grid.varied,
)


def decode_choices(record: type[Kind], params: Params, beside: bool) -> tuple[Kind, list[str]]:
    """What a page's reader has chosen to look at, a parameter for each choice, and a sentence for each that is refused.

    Such links have no version: a choice keeps its name, its meaning and its default. `beside` where the page has
    settings of its own, by which the other names are read.
    """
    declared, given, refusals = record.declared(), dict[str, Any](), list[str]()
    for name in params:
        try:
            if name in declared:
                codec = _LONG if isinstance(declared[name], Several) else LAB
                given[name] = declared[name].parse(codec.only(name, params[name]))
            elif not beside and name not in ("v", *CARRIED):
                raise ExperimentError(f"{cut(name)}: no such setting in a link to this page")
        except ExperimentError as error:
            refusals.append(f"{error}. The default is kept.")
    return record.of(given), _few(refusals)


def encode_choices(chosen: Record) -> dict[str, str]:
    """Every choice that differs from what is declared."""
    values, plain, declared = chosen.settings(), type(chosen)().settings(), chosen.declared()
    return {name: declared[name].text(values[name]) for name in plain if values[name] != plain[name]}


def decode_carried(params: Params) -> dict[str, str]:
    """What goes with the reader from page to page, as texts; what is no view, or longer than any right value, does not.

    The normal view is what is not said, and of lists there is what is known.
    """
    (view, _), (lists, _) = decode_view(params), decode_lists(params)
    plain = [name for name in CARRIED[1:] if name not in LISTS]
    found = {name: given for name in plain if (given := _one(name, params)) is not None}
    return {**({"view": view} if view != VIEWS[0] else {}), **found, **lists}


def _one(name: str, params: Params) -> str | None:
    try:
        return LAB.only(name, params[name]) if name in params else None
    except ExperimentError:
        return None


def decode_view(params: Params) -> tuple[str, list[str]]:
    """How the page is to be shown, and what was refused about it."""
    try:
        return _VIEW.parse(LAB.only("view", params.get("view", VIEWS[0]))), []
    except ExperimentError as error:
        return VIEWS[0], [f"{error}. The normal view is shown."]


def decode_lists(params: Params) -> tuple[dict[str, str], list[str]]:
    """What a link locks and hides, as texts of known names, each once; and a sentence for each list that is not right.

    Names that are not known do not count, the rest of their list does.
    """
    found, refusals = dict[str, str](), list[str]()
    for name in (name for name in LISTS if name in params):
        try:
            text, unknown = _known(LISTS[name], _LONG.only(name, params[name]))
        except ExperimentError as error:
            refusals.append(f"{error}. The list is not used.")
            continue
        if text:
            found[name] = text
        if unknown:
            more = f" and {len(unknown) - MAX_SENTENCES} more" if len(unknown) > MAX_SENTENCES else ""
            said = ", ".join(map(cut, unknown[:MAX_SENTENCES]))
            refusals.append(f"{name}: no such setting: {said}{more}. The rest of the list holds.")
    return found, refusals


def _known(field: Several, text: str) -> tuple[str, list[str]]:
    """Those of a list's names that are known, in order, and the others."""
    parts = list(filter(None, dict.fromkeys(text.split(","))))
    known = tuple(name for name in field.choices if name in parts)
    return field.text(known), [part for part in parts if part not in field.choices]
