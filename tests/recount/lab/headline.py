"""The judge of both lines that are said of a run: every clause is parsed and counted again, what is missing is missed.

It imports the recount alone: neither the engine nor the words of the lab.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from statistics import median

from tests.recount.lab.table import (
    NAME,
    NAMES,
    NEVER,
    NUMBER,
    SAME,
    Table,
    hold,
    learner,
    near,
    of_names,
)

MOST_WORDS, MOST_NAMED = 25, 4
TARGET = r"(?:−[\d.]+|90 % of EM's gain|the target)"
BY = r"(?: by the ([\w-]+) objective)?"
PLACE = rf"(?:then |plain |last )?{NAMES} \([^)]*\)"
FORMS = {
    "arrived": rf"(Of \d+ depths )?({NAMES}) (is|are) (first|level)( of the depths)? at ({TARGET}) "
    rf"\((median )?([\d.]+) (updates?)\)((?:, {PLACE})*)",
    "short": rf"No depth reached ({TARGET})( in most seeds)? within (\d+) updates?; "
    rf"({NAMES}) (leads|lead|are level) with ({NUMBER}){BY}((?:, {PLACE})*)",
    "standing": rf"((?:Of \d+ depths, a|A)fter) (\d+)(?: of (\d+))? updates? ({NAMES}) (leads|lead|are level) "
    rf"with ({NUMBER}){BY}( \(median\))?((?:, {PLACE})*)",
    "coincident": rf"({NAMES}|All (\d+) depths) coincide at ({NUMBER}){BY} after (\d+)(?: of (\d+))? updates?"
    r"(, the level of independent variables)?",
    "off": rf"After (\d+)(?: of (\d+))? updates? ({NAMES}) (?:is|are) (thrown off, below|below) (its|their) start"
    r"(: nobody leads)?",
    "reached": rf"({NAME}) reached ({TARGET}) after ([\d.]+) (updates?)( \(median\))?",
    "missed": rf"({NAME}) (?:did not reach|reached) ({TARGET})(?: in (\d+) of (\d+) seeds?)? within (\d+) updates?; "
    rf"it is at ({NUMBER})( \(median\))?",
    "alone": rf"After (\d+)(?: of (\d+))? updates? ({NAME}) is at ({NUMBER}){BY}( \(median\))?",
}
RIVAL = r"[A-Za-z][\w ]*?(?: [\d.]+)?"
TAIL = (
    rf"(?:; (still earlier|still higher|at the target): ({RIVAL} \({NUMBER}\)(?:(?:, | and ){RIVAL} \({NUMBER}\))*)"
    r"|; (\d+) rivals? (still earlier|still higher|at the target))?; (.*)\."
)


class Judge(Table):
    """A table, and what may be said of it; `total` updates were asked for, `unmixed` begins `K = 1` or `D = 1`."""

    def __init__(self, text: str, ended: bool, total: int, unmixed: str = "", independent: float | None = None) -> None:
        super().__init__(text, ended)
        self.total, self.unmixed, self.independent = total, unmixed, independent

    def middle(self, name: str) -> float:
        """Where the median over the seeds is."""
        return median(self.last(name))

    @property
    def arriving(self) -> bool:
        """Whether depths are compared by when they arrived."""
        return self.by_target(self.depths)

    def groups(self, arrivals: bool) -> list[list[str]]:
        """The depths in order, those together that are level, those that were thrown off last."""
        key = {
            name: (self.off(name), self.arrival(name) if arrivals else 0.0, -self.middle(name)) for name in self.depths
        }
        groups: list[list[str]] = []
        for name in sorted(self.depths, key=key.__getitem__):
            first = groups[-1][0] if groups else None
            if first and self._level(first, name, arrivals):
                groups[-1].append(name)
            else:
                groups.append([name])
        return groups

    def _level(self, one: str, other: str, arrivals: bool) -> bool:
        if self.off(one) or self.off(other):
            return self.off(one) == self.off(other)
        if arrivals:
            return self.arrival(one) == self.arrival(other)
        return self.middle(one) - self.middle(other) < SAME

    @property
    def order(self) -> list[str]:
        """The depths in order."""
        return [name for group in self.groups(self.arriving) for name in group]

    def most(self, one: str, other: str) -> float:
        """The most that the median lead of one over another can be."""
        most = sorted(high for _, high in self.differences(one, other, self.arriving))
        return (most[(len(most) - 1) // 2] + most[len(most) // 2]) / 2

    @property
    def alike(self) -> bool:
        """Whether no update tells one depth from another."""
        columns = (zip(*rows, strict=True) for rows in zip(*(self.values[name] for name in self.depths), strict=True))
        return len(self.depths) > 1 and all(max(at) - min(at) < SAME for rows in columns for at in rows)

    # the first line

    def headline(self, said: str) -> str:
        """Judge the first line; gives the form it has."""
        said = said.replace("\N{NO-BREAK SPACE}", " ")
        hold(len(said.split()) <= MOST_WORDS, len(said.split()), "words:", said)
        if self.updates < 1:
            hold(said == ("Nothing trained yet." if self.ended else "Training starts."), said)
            return "nothing"
        none = re.fullmatch(rf"({NAMES}) diverged: nothing to compare\.", said)
        if none:
            self._all_diverged(none[1])
            return "diverged"
        mixed = re.fullmatch(r"(?:([KD] = 1): nothing to mix\. )?(.*)", said)
        assert mixed
        hold((mixed[1] or "") == self.unmixed, "nothing to mix?", said)
        for form, pattern in FORMS.items():
            parts = re.fullmatch(pattern + TAIL, mixed[2])
            if parts:
                own = re.compile(pattern).groups
                hold(form in self._form(), "form", form, "where", self._form(), "is due:", said)
                getattr(self, f"_{form}")(*parts.groups()[:own])
                self._rivals_ahead(*parts.groups()[own : own + 4])
                hold(parts.groups()[own + 4] == self._seeds(), "seeds:", said, "; due:", self._seeds())
                return form
        hold(False, "not parsed:", said)
        return ""

    def _all_diverged(self, text: str) -> None:
        """No table tells that all diverged; but then the run is over before its time."""
        hold(self.ended and self.updates < self.total, "nobody diverged")
        curves = [name for name in self.sizes if name.startswith("L=")]
        self.diverged = sorted({*self.diverged, *curves})
        self.values = {name: rows for name, rows in self.values.items() if name not in curves}
        hold(re.findall(NAME, text) == self.diverged, text)

    def _form(self) -> tuple[str, ...]:
        """Which saying is due; `short` may give way to `standing`, where it would be too long."""
        if all(map(self.off, self.depths)):
            return ("off",)
        if len(self.depths) == 1:
            return ("reached" if self.arriving else "missed" if self.levels and self.ended else "alone",)
        if self.alike:
            return ("coincident",)
        if self.arriving:
            return ("arrived",)
        kept = any(map(self.in_most, self.depths))
        return ("short", "standing") if self.levels and self.ended and not kept else ("standing",)

    def _label(self, name: str) -> str:
        if self.off(name):
            return "thrown off" if self.ended else "below its start"
        if not self.arriving:
            return f"{self.middle(name):.3f}".replace("-", "−")
        if self.arrival(name) < NEVER:
            return f"{self.arrival(name):g}"
        if self.in_most(name):
            return "not kept"
        return f"not within {self.updates}" if self.ended else "not yet"

    def _named(self, text: str) -> str:
        """A target's name must be the one of the table."""
        if text == "the target":
            return text
        level = self.levels[0] if self.levels else 0.0
        due = "90 % of EM's gain" if "nine tenths" in self.target else f"{level:g}".replace("-", "−")
        hold(text == due, "target", text, "; due:", due)
        return text

    def _arrived(self, of, lead, verb, first, of_depths, target, middle, at, unit, rest) -> None:  # type: ignore[no-untyped-def]
        groups = self.groups(True)
        self._several(lead, groups[0], verb == "are")
        hold((first == "level") == (len(groups) == 1 and not self.diverged_depths), first)
        hold(bool(of_depths) == bool(self.rivals), "of the depths")
        self._named(target)
        hold(bool(middle) == (len(self.own) > 1), "median")
        hold(f"{self.arrival(groups[0][0]):g}" == at and (unit == "update") == (at == "1"), "first at", at)
        self._rest(of, groups[1:], rest)

    def _short(self, target, most, within, lead, verb, value, by, rest) -> None:  # type: ignore[no-untyped-def]
        hold(bool(most) == any(map(self.in_seeds, self.depths)), most)
        self._named(target)
        hold(int(within) == self.updates, within)
        self._leads(lead, verb, value, by)
        self._rest(None, self.groups(False)[1:], rest)

    def _standing(self, when, after, total, lead, verb, value, by, middle, rest) -> None:  # type: ignore[no-untyped-def]
        of = re.match(r"Of (\d+) depths", when)
        self._after(after, total)
        self._leads(lead, verb, value, by)
        hold(bool(middle) == (len(self.own) > 1), "median")
        self._rest(of and of[0], self.groups(False)[1:], rest)

    def _leads(self, lead: str, verb: str, value: str, by: str | None) -> None:
        groups = self.groups(False)
        self._several(lead, groups[0], verb != "leads")
        hold((verb == "are level") == (len(groups) == 1), verb)
        hold(near(value, self.middle(groups[0][0])), "leads with", value)
        hold(bool(by) == self.objective, "objective", by)

    def _several(self, text: str, group: list[str], plural: bool) -> None:
        hold(plural == (len(group) > 1), "number of", text)
        self._group(text, group)

    def _group(self, text: str, group: list[str]) -> None:
        names = of_names(text, self.depths)
        known = [name for name in names if name != "?"]
        hold(len(names) == len(group) and set(known) <= set(group), "group", text, "; due:", group)

    def _rest(self, of: str | None, groups: list[list[str]], text: str) -> None:
        """All other depths in order, or, of many, the plain one and the last; the shortest has the last alone."""
        many = len(self.depths) > MOST_NAMED
        hold(not of or (many and int(re.findall(r"\d+", of)[0]) == len(self.depths)), "of how many", of)
        places = re.findall(rf", (then |plain |last )?({NAMES}) \(([^)]*)\)", text)
        hold("".join(f", {word}{names} ({label})" for word, names, label in places) == text, "rest", text)
        lost = [name for _, names, label in places if label == "diverged" for name in re.findall(NAME, names)]
        hold(lost == self.diverged_depths or (many and not of and not lost), "diverged", text)
        places = [place for place in places if place[2] != "diverged"]
        due = [("then " * (place == 0), group) for place, group in enumerate(groups)]
        if many:
            word = "plain " if of else ""
            plain = [(word, ["L=1"])] * any("L=1" in group for group in groups[:-1])
            due = plain * (bool(of) or len(places) > 1) + [("last ", group) for group in groups[-1:]]
        hold([word for word, _, _ in places] == [word for word, _ in due], "order of", text, "; due:", due)
        for (_, names, label), (_, group) in zip(places, due, strict=True):
            self._group(names, group)
            hold(label == self._label(group[0]), "label", label, "; due:", self._label(group[0]))

    def _coincident(self, names, many, value, by, after, total, level) -> None:  # type: ignore[no-untyped-def]
        if many:
            hold(int(many) == len(self.depths) > MOST_NAMED, many)
        else:
            hold(of_names(names, self.depths) == sorted(self.depths), names)
        hold(near(value, self.middle(self.depths[0])) and bool(by) == self.objective, value)
        self._after(after, total)
        due = self.ended and self.independent is not None
        hold(bool(level) == (due and abs(self.middle(self.depths[0]) - (self.independent or 0.0)) < SAME), level)

    def _off(self, after, total, names, end, whose, nobody) -> None:  # type: ignore[no-untyped-def]
        self._after(after, total)
        self._group(names, self.depths)
        hold((end == "below") == (not self.ended), end)
        hold((whose == "their") == bool(nobody) == (len(self.depths) > 1), whose)

    def _reached(self, name, target, at, unit, middle) -> None:  # type: ignore[no-untyped-def]
        hold([name] == of_names(name, self.depths), name)
        self._named(target)
        hold(f"{self.arrival(name):g}" == at and (unit == "update") == (at == "1"), "reached after", at)
        hold(bool(middle) == (len(self.own) > 1), "median")

    def _missed(self, name, target, some, all_of, within, value, middle) -> None:  # type: ignore[no-untyped-def]
        self._named(target)
        hold(int(some or 0) == self.in_seeds(name) and int(all_of or len(self.own)) == len(self.own), some, all_of)
        hold(int(within) == self.updates and near(value, self.middle(name)), within, value)
        hold(bool(middle) == (len(self.own) > 1), "median")

    def _alone(self, after, total, name, value, by, middle) -> None:  # type: ignore[no-untyped-def]
        self._after(after, total)
        (own,) = self.depths
        hold(name.lower() == own.lower() and near(value, self.middle(own)), name, value)
        hold(bool(by) == self.objective and bool(middle) == (len(self.own) > 1), by, middle)

    def _after(self, after: str, total: str | None) -> None:
        hold(int(after) == self.updates, "after", after, "; due:", self.updates)
        due = self.total if not self.ended and self.total != self.updates else None
        hold((int(total) if total else None) == due, "of", total)

    @property
    def diverged_depths(self) -> list[str]:
        """Depths that diverged, in order."""
        return sorted(name for name in self.diverged if name.startswith(("L=", "the ")))

    def _rivals_ahead(self, word: str | None, said: str | None, count: str | None, other: str | None) -> None:
        first = self.order[0]
        arrived = [name for name in self.rivals if self.arrival(name) < self.arrival(first)]
        if self.arriving or arrived:
            due = {name: f"{self.arrival(name):g}" for name in arrived}
            kind = "still earlier" if self.arriving else "at the target"
        else:
            above = [n for n in self.rivals if not self.off(n) and self.middle(n) >= self.middle(first) + SAME]
            due, kind = {name: f"{self.middle(name):.3f}".replace("-", "−") for name in above}, "still higher"
        if count:
            hold(int(count) == len(due) and other == kind, count, "rivals; due:", due)
            return
        found = re.findall(rf"(?:^|, | and )({RIVAL}) \(({NUMBER})\)", said or "")
        hold({learner(name): label for name, label in found} == due, "rivals", said, "; due:", due)
        hold(not said or word == kind, word)

    def _seeds(self) -> str:
        seeds, runs = len(self.seeds), len(self.own)
        if seeds > 1 and runs == 1:
            return f"{seeds} seeds are one run"
        who = f"{seeds} seed" + "s" * (seeds != 1) if runs == seeds else f"{runs} different runs"
        if len(self.depths) == 1 or self.alike or all(map(self.off, self.depths)):
            return who
        if seeds == 1:
            return "one seed settles nothing"
        near_by = [(self.wins(*pair, self.arriving), self.settled(*pair, self.arriving)) for pair in self._neighbours]
        if not any(ahead + behind for (ahead, behind, _), _ in near_by):
            return f"level in {who}"
        if all(sure or ahead + behind == 0 for (ahead, behind, _), sure in near_by):
            return f"settled by {who}"
        pairs = [pair for two in combinations(self.order, 2) for pair in (two, two[::-1])]
        some = any(self.settled(*pair, self.arriving) for pair in pairs)
        return f"{'partly' if some else 'not'} settled by {who}"

    @property
    def _neighbours(self) -> list[tuple[str, str]]:
        return list(pairwise(self.order))
