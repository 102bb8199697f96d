"""Every generated sentence of the Figure 3 page counted again from its exported CSV; knows neither engine nor words.

Each judge takes a sentence and the text of files, and returns what is wrong with the sentence: nothing, if it is true.
"""

import csv
import io
import math
import re
from itertools import combinations
from statistics import median

from scipy.stats import binom

DEPTHS = (1, 2, 3)
NUMBER = r"[−-]?(?:\d[\d,]*\.?\d*(?:e[−-]?\d+)?)"


def rows(text):
    """The rows of an exported table by column; its remarks are left out."""
    return list(csv.DictReader(line for line in io.StringIO(text) if not line.startswith(("#", '"#'))))


def value(said):
    """A number as sentences write it, `> 500` being infinite."""
    said = said.strip()
    return math.inf if said.startswith(">") else float(said.replace("−", "-").replace(",", "").replace("–", ""))


def updates(seed_table):
    """By (noise, depth, level) the updates of every seed, in order; infinite where there are none."""
    found = {}
    for row in rows(seed_table):
        key = float(row["noise"]), int(row["L"]), float(row["target"])
        found.setdefault(key, []).append(float(row["updates"]) if row["updates"] else math.inf)
    return found


def published(published_table, level):
    """By depth the updates to a level: row 1 of the readings is the start."""
    curves = {depth: [float(row[f"L{depth}"]) for row in rows(published_table)] for depth in DEPTHS}
    return {depth: next(i for i, llh in enumerate(curve) if llh >= level) for depth, curve in curves.items()}


def interval(runs):
    """The narrowest two order statistics that hold the median with 95 %, or the range and what it holds it with."""
    n, ranked = len(runs), sorted(runs)
    holds = {cut: 1.0 - 2.0 * binom.cdf(cut - 1, n, 0.5) for cut in range(1, max(n // 2, 1) + 1)}
    cut = max((cut for cut, share in holds.items() if share >= 0.95), default=1)
    return ranked[cut - 1], ranked[n - cut], None if holds[cut] >= 0.95 else round(100.0 * holds[cut], 2)


def inside(at, runs):
    return min(runs) <= at <= max(runs) and min(runs) < math.inf


def wrong(said, counted, what):
    return [] if said == counted else [f"{what}: says {said}, the rows give {counted}"]


def overview(sentence, seed_table, published_table, level, noise, synthetic):
    seen, known = updates(seed_table), published(published_table, level)
    form = r"Updates to (\S+) for L = 1 / 2 / 3: published (.+?); ours (.+?)\. (.*)"
    at, theirs, ours, close = re.fullmatch(form, sentence).groups()
    runs = [seen[noise, depth, level] for depth in DEPTHS]
    faults = wrong(value(at), level, "level")
    faults += wrong([value(each) for each in theirs.split("/")], list(known.values()), "published")
    spans = [re.fullmatch(r"(.+) \[(.+), (.+?)(?:; (\S+)\s%)?\]", span).groups() for span in ours.split(" / ")]
    expected = [(median(row), *interval(row)) for row in runs]
    said = [tuple(value(each) if each else None for each in span) for span in spans]
    faults += wrong(said, expected, "medians and intervals")
    if synthetic:
        return faults + wrong("not compared" in close and "outside" not in close, True, "stand-in rows")
    out = {depth for depth in DEPTHS if not inside(known[depth], runs[depth - 1])}
    first, *rest = close.split(". ")
    faults += wrong({int(depth) for depth in re.findall(r"L=(\d)", first)}, out, "outside")
    faults += wrong("Every published value lies within" in first, not out, "all within")
    faults += wrong(int(re.search(r"our (\d+) seeds?", first)[1]), len(runs[0]), "seeds")
    noises = sorted({key[0] for key in seen})
    fit = {each for each in noises if all(inside(known[depth], seen[each, depth, level]) for depth in DEPTHS)}
    named = {value(each) for each in re.findall(NUMBER, rest[0].partition("noise ")[2].rstrip("."))} if rest else set()
    return faults + wrong(named, fit if out else set(), "noises at which all lie within")


def pairs(sentence, seed_table, level, noise, end):
    seen = updates(seed_table)
    form = (
        r"L=(\d): median (.+?) for one run, (.+?) for the better of two; (\d+) of (\d+) runs? and (\d+) of "
        r"(\d+) pairs? are not there after (\d+) updates?"
    )
    faults = []
    for part in re.split(r"(?<=updates)\. ", sentence.rstrip(".")):
        depth, one, two, *counts = re.fullmatch(form, part).groups()
        runs = seen[noise, int(depth), level]
        best = [min(pair) for pair in combinations(runs, 2)]
        faults += wrong(value(one), median(runs), f"L={depth}, one run")
        faults += wrong(two if not best else value(two), median(best) if best else "–", f"L={depth}, better of two")
        lost = [sum(map(math.isinf, each)) for each in (runs, best)]
        expected = [lost[0], len(runs), lost[1], len(best), end]
        faults += wrong([int(each) for each in counts], expected, f"L={depth}, counts")
    return faults


def law(sentence, seed_table, level, quiet, loud):
    seen = updates(seed_table)
    arrived = {
        (noise, depth): [at for at in seen[noise, depth, level] if at < math.inf]
        for noise in (quiet, loud)
        for depth in DEPTHS
    }
    fewest = min(map(len, arrived.values()))
    if "no run of some depth arrives" in sentence:
        return wrong(fewest, 0, "arrivals")
    form = (
        r"From noise (\S+) down to (\S+) every power of ten less costs L = 1 / 2 / 3 another (.+?) updates: "
        r"medians of the runs that arrive, at least (\d+) of (\d+) each\.(.*)"
    )
    high, low, said, least, total, close = re.fullmatch(form, sentence).groups()
    decades = round(math.log10(loud / quiet))
    costs = [(median(arrived[quiet, depth]) - median(arrived[loud, depth])) / decades for depth in DEPTHS]
    faults = wrong((value(high), value(low)), (loud, quiet), "noises")
    faults += wrong([value(each) for each in said.split(" / ")], [float(f"{cost:.2g}") for cost in costs], "costs")
    faults += wrong((int(least), int(total)), (fewest, len(seen[loud, 1, level])), "arrivals")
    much = costs[0] > 0 and all(abs(cost) < costs[0] / 5 for cost in costs[1:])
    return faults + wrong("nearly independent" in close, much, "independent")


def gap(sentence, seed_table, level):
    """The last sentence of the noise's words: medians of L=1 less those of L=3 at the ends of what is known."""
    seen = updates(seed_table)
    medians = {
        noise: [median(seen[noise, depth, level]) for depth in (1, 3)] for noise in sorted({key[0] for key in seen})
    }
    known = {noise: one - three for noise, (one, three) in medians.items() if max(one, three) < math.inf}
    form = r"The median of L=1 less that of L=3 goes from (\S+) updates at noise (\S+) to (\S+) at (\S+)\."
    said = re.search(form, sentence)
    if said is None:
        return wrong(len(known) > 1, False, "two noises with both medians")
    first, last = min(known), max(known)
    expected = (known[first], first, known[last], last)
    return wrong(tuple(value(each) for each in said.groups()), expected, "gaps")


def curves(curve_table):
    """By (setting, depth) its rows (update, median, low, high)."""
    found = {}
    for row in rows(curve_table):
        point = tuple(float(row[name]) for name in ("iteration", "median", "low", "high"))
        found.setdefault((row["setting"], int(row["L"])), []).append(point)
    return found


def symmetry(sentence, curve_table):
    ours = {depth: line for (name, depth), line in curves(curve_table).items() if not name.startswith("published")}
    form = (
        r"All three depths (coincide|differ by at most \S+ nats per row) and end at (\S+) after (\d+) updates?, "
        r"(.+?) (\S+), the level of .*"
    )
    same, end, after, side, level = re.fullmatch(form, sentence).groups()
    apart = max(max(p[1] for p in at) - min(p[1] for p in at) for at in zip(*ours.values(), strict=True))
    last = ours[1][-1]
    faults = wrong(same == "coincide", apart < 1e-9, "coincide")
    faults += wrong(int(after), int(last[0]), "the end")
    faults += wrong(abs(value(end) - last[1]) < 6e-4, True, "where they end")  # three decimals of a curve of four
    if value(end) == value(level):
        return faults + wrong(side in ("at", "short of", "above"), True, "side")
    return faults + wrong(side, "short of" if value(end) < value(level) else "above", "side")


def departure(sentence, curve_table, synthetic):
    lines = curves(curve_table)
    left = value(re.search(rf"by more than ({NUMBER})", sentence)[1])
    theirs = [next((p[0] for p in lines[f"published L={d}", d] if p[1] > left), None) for d in DEPTHS]
    ours = [[next((p[0] for p in lines[f"L={d}", d] if p[side] > left), None) for side in (3, 2)] for d in DEPTHS]
    said = re.search(r"Ours .*? (?:leave|nats per row\)) after (.+?)(?: updates for|\.$)", sentence)[1].split(" / ")
    faults = []
    for each, (early, late) in zip(said, ours, strict=True):
        named = [value(number) for number in re.findall(r"\d+", each)] if "none shown" not in each else []
        faults += wrong(named, [] if late is None else sorted({early, late}), "ours leave")
    if synthetic:
        return faults + wrong("saw other rows" in sentence, True, "stand-in rows")
    numbers = re.search(
        r"For the first (\d+) updates? .*? within (\S+) nats .*? after (.+?) updates", sentence
    ).groups()
    faults += wrong([value(each) for each in numbers[2].split(" / ")], theirs, "published leave")
    common = min(theirs) - 1
    most = max(p[1] for d in DEPTHS for p in lines[f"published L={d}", d] if p[0] <= common)
    return faults + wrong((int(numbers[0]), value(numbers[1])), (common, float(f"{most:.1e}")), "together")


def change(sentence, curve_table, rounding, honest):
    lines = curves(curve_table)
    loud = [lines[f"L={d}, noise {honest}", d][0] for d in DEPTHS]
    quiet = [lines[f"L={d}, noise {rounding}", d] for d in DEPTHS]
    factors = re.search(r"multiplies the weight that changes most by (.+?) for L", sentence)[1].split(" / ")
    said = [value(each) for each in factors]
    faults = wrong(said, [float(f"{1.0 + point[1]:.2g}") for point in loud], "factors")
    faults += wrong({point[0] for point in loud}, {1.0}, "the first update")
    start = value(re.search(rf"about ({NUMBER}) of itself", sentence)[1])
    faults += wrong(start, float(f"{median(line[0][1] for line in quiet):.0e}"), "the quiet start")
    doubled = re.search(r"within one in update (.+?)\.$", sentence)[1].split(" / ")
    expected = [next((str(int(p[0])) for p in line if p[1] >= 1.0), "none shown") for line in quiet]
    return faults + wrong(doubled, expected, "doubles")
