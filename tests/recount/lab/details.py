"""The judge of the second line: every sentence counted again, and those that are due looked for."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.recount.lab.headline import NEVER, Judge
from tests.recount.lab.table import (
    NAME,
    NAMES,
    NUMBER,
    SAME,
    SEEDS,
    SIZE,
    SURE,
    check_size,
    check_wins,
    hold,
    learner,
    near,
)

FEW = 6
RIVAL = r"[A-Za-z][\w ]*?(?: [\d.]+)?"
WHERE = (
    rf"(?:was thrown off to {NUMBER}|is at {NUMBER}|arrived after [\d.]+|was there, but thrown off"
    r"|not within \d+ updates?|not yet)"
    rf"(?:, (?:before|above) {NAME} in \d+ of \d+ seeds?(?:, level in \d+)?)?"
)
Parts = tuple[str, ...]


def known(text: str) -> str:
    """A name as the table has it, wherever in a sentence it stands."""
    return text if text.startswith("L=") else text[0].lower() + text[1:]


def pair(judge: Judge, parts: Parts) -> str:
    """One depth before, or above, another."""
    one, word, other, *wins, lead, size, sure = parts
    one, other = known(one), known(other)
    hold((word == "before") == judge.arriving, word)
    check_wins(judge, wins, one, other, judge.arriving)
    if size:
        check_size(judge, size, one, other, judge.arriving)
        hold((lead == "by") == (judge.most(one, other) >= 0), lead, size)
    check_sure(judge, sure, one, other, judge.arriving)
    return f"pair {one} {other}"


def check_sure(judge: Judge, sure: str, one: str, other: str, arrivals: bool) -> None:
    """Settled, not settled, or nothing where too few seeds could settle anything."""
    if len(judge.own) < FEW:
        hold(not sure, sure)
    else:
        hold(sure == (": settled" if judge.settled(one, other, arrivals) else ": not settled"), sure)


def level_pair(judge: Judge, parts: Parts) -> str:
    """Two depths that no seed tells apart."""
    one, other = known(parts[0]), known(parts[1])
    n = len(judge.own)
    hold(judge.wins(one, other, judge.arriving) == (0, 0, n) and parts[2:] == (str(n), str(n)), "level", parts)
    return f"pair {one} {other}"


def behind(judge: Judge, parts: Parts) -> str:
    """First to arrive, but not the best now."""
    one, at, other, size, *wins, sure = parts
    one, other = known(one), known(other)
    hold(int(at) == judge.updates and one == judge.order[0], "first", one, at)
    check_size(judge, size, other, one, False)
    check_wins(judge, wins, other, one, False)
    check_sure(judge, sure, other, one, False)
    hold(other == best_now(judge), "best now", other)
    return "behind"


def best_now(judge: Judge) -> str:
    """The best of the depths at the last update."""
    return judge.groups(False)[0][0]


def level_now(judge: Judge, parts: Parts) -> str:
    """Depths that are level now."""
    at, text = parts
    hold(int(at) == judge.updates, at)
    said = [re.findall(NAME, names) for names in text.split("; ")]
    hold(said == due_level(judge), text, due_level(judge))
    return "level now"


def due_level(judge: Judge) -> list[list[str]]:
    """Groups that are level now, without those that were thrown off."""
    return [sorted(group) for group in judge.groups(False) if len(group) > 1 and not judge.off(group[0])]


COUNTS = (
    "Never there",
    "Not there yet",
    "Reached and lost again",
    "Thrown off, below the start",
    "Below the start now",
)


def due_counts(judge: Judge, title: str) -> dict[str, int]:
    """In how many seeds of each curve something happened."""
    curves = judge.depths if title in COUNTS[:2] else [*judge.depths, *judge.rivals]
    found = {}
    for name in curves:
        arrivals, levels = judge.arrivals(name), judge.levels or []
        if title.startswith(("Thrown", "Below")):
            found[name] = sum(judge.thrown(name))
        elif title.startswith("Reached"):
            ends = zip(arrivals, judge.last(name), levels, strict=True) if levels else ()
            found[name] = sum(at < NEVER and last < level for at, last, level in ends)
        else:
            found[name] = any(map(judge.in_seeds, judge.depths)) * (len(arrivals) - judge.in_seeds(name))
    return {name: count for name, count in found.items() if count}


def counts(judge: Judge, parts: Parts) -> str:
    """Seeds that never arrived, lost what they had, or were thrown off."""
    title, text = parts
    hold(title in (COUNTS[0::2][:2] + COUNTS[3:4] if judge.ended else COUNTS[1:3] + COUNTS[4:]), title)
    said = {}
    for clause in re.split(r", | and ", text):
        each = re.fullmatch(rf"({NAME}|{RIVAL}) in (\d+) of (\d+) seeds?", clause)
        hold(each is not None and int(each[3]) == len(judge.own), clause)  # type: ignore[index]
        assert each
        said[known(each[1]) if re.fullmatch(NAME, each[1]) else learner(each[1])] = int(each[2])
    hold(list(said.items()) == list(due_counts(judge, title).items()), title, said, "; due:", due_counts(judge, title))
    return title


def rivals(judge: Judge, parts: Parts) -> str:
    """Where every rival is, and of a few in how many seeds it was before the first of the depths."""
    first = judge.order[0]
    arriving = judge.by_target([*judge.depths, *judge.rivals])
    said = []
    for clause in parts[0].split("; "):
        found = re.fullmatch(rf"({RIVAL}) ({WHERE})", clause)
        hold(found is not None, clause)
        assert found
        said.append(learner(found[1]))
        where, _, wins = found[2].partition(", ")
        check_where(judge, said[-1], where, arriving)
        hold(bool(wins) == (len(judge.rivals) <= 2 and not judge.off(said[-1])), wins)
        if wins:
            each = re.fullmatch(rf"(before|above) ({NAME}) in {SEEDS}", wins)
            hold(each is not None and (each[1] == "before") == arriving and each[2] == first, wins)  # type: ignore[index]
            assert each
            check_wins(judge, each.groups()[2:], said[-1], first, arriving)
    hold(said == judge.rivals, said, "; due:", judge.rivals)
    return "rivals"


def check_where(judge: Judge, name: str, text: str, arriving: bool) -> None:
    """Where one rival is."""
    middle, at = f"{judge.middle(name):.3f}".replace("-", "−"), judge.arrival(name)
    if judge.off(name):
        due = f"was thrown off to {middle}"
    elif not arriving:
        due = f"is at {middle}"
    elif at < NEVER:
        due = f"arrived after {at:g}"
    elif judge.in_most(name):
        due = "was there, but thrown off"
    else:
        due = f"not within {judge.updates} update{'s' * (judge.updates != 1)}" if judge.ended else "not yet"
    hold(text == due, text, "; due:", due)


def diverged(judge: Judge, parts: Parts) -> str:
    """How far a curve got before it diverged."""
    name = known(parts[0]) if re.fullmatch(NAME, parts[0]) else learner(parts[0])
    made = judge.sizes.get(name, 1) - 1
    due = "at the start" if made < 1 else f"after {made} update" + "s" * (made != 1)
    hold(parts[1] == due and (name in judge.diverged or name not in judge.sizes), parts, "; due:", due)
    return f"diverged {name}"


def target(judge: Judge, parts: Parts) -> str:
    """What the table says that runs are compared at."""
    reason = judge.target.partition("; by seed")[0]
    hold(bool(judge.levels) and reason in parts[1], parts, reason)
    depths, most = judge.depths, " in most seeds" * (len(judge.own) > 1)
    some = any(map(judge.in_seeds, depths))
    due = f", reached by no depth{most}" if some else ", not reached"
    if any(map(judge.in_most, depths)):
        due = f", kept by no depth{most}"
    elif not some and any(map(judge.in_seeds, judge.rivals)):
        due = ", reached by no depth"
    due += " yet" * (not judge.ended)
    hold(parts[2] == due * (not judge.arriving), parts, "; due:", due)
    judge._named(parts[0])
    return "target"


def no_target(judge: Judge, parts: Parts) -> str:
    """Or that they are compared where they stand."""
    hold(judge.levels is None, "a target stands in the table")
    return "target"


def everyone_at(judge: Judge, parts: Parts) -> str:
    """Depths that coincide were at the target together."""
    judge._named(parts[0])
    due = judge.arrival(judge.depths[0])
    hold(judge.alike and f"{due:g}" == parts[1] and (parts[2] == "update") == (due == 1), parts, due)
    hold(bool(parts[3]) == (len(judge.own) > 1), "median", parts)
    return "all at"


def one_run(judge: Judge, parts: Parts) -> str:
    """Seeds that are one run."""
    hold(len(judge.own) == 1 and int(parts[0]) == len(judge.seeds) > 1, parts)
    return "restarts"


def several_runs(judge: Judge, parts: Parts) -> str:
    """Seeds some of which are the same run."""
    hold((int(parts[0]), int(parts[1])) == (len(judge.seeds), len(judge.own)), parts)
    hold(1 < len(judge.own) < len(judge.seeds), parts)
    return "several runs"


def restarts(judge: Judge, parts: Parts) -> str:
    """What seeds are."""
    hold(len(judge.own) > 1, "one seed")
    return "restarts"


def few(judge: Judge, parts: Parts) -> str:
    """What fewer seeds than that can settle."""
    hold(int(parts[0]) == FEW > len(judge.own) > 1, parts)
    return "few"


def same_start(judge: Judge, parts: Parts) -> str:
    """A circuit and the mixture of its trees begin as one function."""
    one, other = (judge.values[name] for name in (judge.depths[0], judge.depths[-1]))
    apart = max(abs(a[0] - b[0]) for a, b in zip(one, other, strict=True))
    hold(f"{apart:.1g}" == parts[1] and known(parts[0]) == judge.depths[0], parts, apart)
    return "same start"


def rival_alone(judge: Judge, parts: Parts) -> str:
    """A rival where every depth diverged."""
    hold(not judge.depths and near(parts[1], judge.middle(learner(parts[0]))), parts)
    return "alone"


CLAUSES: dict[str, Callable[[Judge, Parts], str]] = {
    rf"({NAME}) (before|above) ({NAME}) in {SEEDS}(?:, (by|yet the median lead is) ({SIZE}))?{SURE}": pair,
    rf"({NAME}) and ({NAME}) are level in (\d+) of (\d+) seeds?": level_pair,
    rf"({NAME}) is first, but at (\d+) behind ({NAME}) by ({SIZE}), in {SEEDS}{SURE}": behind,
    rf"Level at (\d+), within 0\.0005 nats: ({NAMES}(?:; {NAMES})*)": level_now,
    rf"({'|'.join(COUNTS)}): (.*)": counts,
    rf"At L=1, ({RIVAL} {WHERE}(?:; {RIVAL} {WHERE})*)": rivals,
    rf"({NAME}|{RIVAL}) diverged (after \d+ updates?|at the start)": diverged,
    r"Target: (−[\d.]+|90 % of EM's gain), (.*), fixed before the run"
    r"(, (?:not reached|(?:reached|kept) by no depth(?: in most seeds)?)(?: yet)?)?": target,
    r"No target: compared where they stand": no_target,
    r"All were at (−[\d.]+|90 % of EM's gain) after ([\d.]+) (updates?)( \(median\))?": everyone_at,
    r"Nothing random enters: (\d+) seeds are one run and count once": one_run,
    r"(\d+) seeds are (\d+) different runs, each counted once": several_runs,
    r"Seeds are restarts on one data set": restarts,
    r"Fewer than (\d+) seeds settle nothing": few,
    rf"({NAME}) and the mixture of its trees start as one function \(difference ([\d.e+-]+) nats\)": same_start,
    rf"({RIVAL}) is at ({NUMBER})": rival_alone,
}


def details(judge: Judge, said: str) -> list[str]:
    """Judge the second line; gives what its sentences are about."""
    about, said = [], said.replace("\N{NO-BREAK SPACE}", " ")
    for sentence in re.split(r"(?<=\.) (?=[A-Z0-9])", said) if said else []:
        hold(sentence.endswith("."), sentence)
        for pattern, check in CLAUSES.items():
            parts = re.fullmatch(pattern, sentence[:-1])
            if parts:
                about.append(check(judge, tuple(part or "" for part in parts.groups())))
                break
        else:
            hold(False, "not parsed:", sentence)
    hold(len(set(about)) == len(about), "said twice", about)
    if judge.depths and judge.updates > 0:
        for each in due(judge):
            hold(each in about, each, "is not said in", said)
    return about


def due(judge: Judge) -> list[str]:
    """What has to be said."""
    sound = [name for name in judge.order if not judge.off(name)]
    found = ["target"] + ["restarts"] * (len(judge.seeds) > 1) + ["rivals"] * bool(judge.rivals)
    found += [f"diverged {name}" for name in judge.diverged]
    titles = COUNTS[0::2][:2] + COUNTS[3:4] if judge.ended else COUNTS[1:3] + COUNTS[4:]
    found += [title for title in titles if due_counts(judge, title)]
    if len(sound) > 1 and not judge.alike:
        others = [name for name in sound[1:] if name == "L=1" or name == sound[-1]]
        found += [f"pair {sound[0]} {name}" for name in others]
        found += ["few"] * (1 < len(judge.own) < FEW)
        if judge.arriving:
            found += ["level now"] * bool(due_level(judge))
            pairs = judge.differences(best_now(judge), sound[0], False)
            ranked = sorted(low for low, _ in pairs)
            gap = (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
            found += ["behind"] * (best_now(judge) != sound[0] and gap >= SAME)
    return found
