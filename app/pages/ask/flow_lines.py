"""The flow of evidence along the lines of a circuit's drawing, whatever the drawing has folded into blocks."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from app.live.circuit_layout import View, links_of, plan_of
from app.pages.ask.question import Flow
from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit, SumLayer

MOST_CODES = 2  # below a leaf
MOST_OPENED = 4  # alike nodes are drawn one by one up to so many; more are one block


class Lines(NamedTuple):
    """Of each line of a drawing its ends (lines, 2), places in its `nodes`, and its flow with and without evidence."""

    ends: Ints
    after: Floats
    before: Floats


class RootLine(NamedTuple):
    """A line below a root that is a sum: its place among the lines, its children as counted, "3" or "1–8"."""

    line: int
    children: str
    after: float
    before: float


def view(circuit: Circuit, found: Flow, most: int) -> View:
    """What of a circuit is drawn with `most` marks: all of it, or from the root on, first where most flow changes.

    The root's children are drawn however many they are.
    """
    plan, change = plan_of(circuit), np.abs(np.subtract(*found.nodes))
    if plan.num_nodes <= most:
        return View(frozenset(plan.members), frozenset())
    opened = frozenset(name for name, nodes in plan.members.items() if len(nodes) <= MOST_OPENED)
    marks = {name: len(nodes) if name in opened else 1 for name, nodes in plan.members.items()}
    seen, folded, waiting, used = {plan.root}, set[int](), [(0.0, plan.root)], 1
    while waiting:
        _, name = heapq.heappop(waiting)
        new = [under for under in plan.below[name] if under not in seen]
        more = sum(marks[under] for under in new)
        if new and used + more > most and name != plan.root:
            folded.add(name)
            continue
        seen.update(new)
        used += more
        for under in new:
            heapq.heappush(waiting, (-float(change[list(plan.members[under])].sum()), under))
    return View(opened, frozenset(folded))


def lines(drawing: Mapping[str, Any], circuit: Circuit, found: Flow) -> Lines:
    """The flow of a sum's weighted edge, below a product the product's own; all added that a line stands for."""
    links, item_of = links_of(circuit), np.array(drawing["row_of_node"])
    ends = np.array([(edge["from"], edge["to"]) for edge in drawing["edges"]], dtype=np.int64).reshape(-1, 2)
    line_of = {(int(one), int(other)): number for number, (one, other) in enumerate(ends)}
    pairs = zip(item_of[links.parent].tolist(), item_of[links.child].tolist(), strict=True)
    line = np.array([line_of.get(pair, -1) for pair in pairs], dtype=np.int64)
    drawn, weighted = line >= 0, links.edge >= 0
    flows: list[Floats] = []
    for nodes, edges in zip(*found, strict=True):
        carried = nodes[links.parent].copy()
        carried[weighted] = edges[links.edge[weighted]]
        flows.append(np.bincount(line[drawn], carried[drawn], minlength=len(ends)).astype(np.float64))
    return Lines(ends, *flows)


def root_lines(drawing: Mapping[str, Any], circuit: Circuit, drawn: Lines) -> list[RootLine]:
    """The lines below the root, the widest first; none if the root is no sum."""
    last = circuit.layers[-1]
    if not isinstance(last, SumLayer):
        return []
    root, first = drawing["row_of_node"][-1], circuit.num_edges - last.children.size
    found = [
        RootLine(
            place,
            _counted([edge - first + 1 for edge in line["edges"]]),
            float(drawn.after[place]),
            float(drawn.before[place]),
        )
        for place, line in enumerate(drawing["edges"])
        if line["from"] == root
    ]
    return sorted(found, key=lambda line: -line.after)


def _counted(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    if len(numbers) == 1:
        return str(low)
    return f"{low}–{high}" if high - low + 1 == len(numbers) else f"{low}…{high}"


def leaf_labels(
    drawing: Mapping[str, Any], circuit: Circuit, codes: Sequence[str], drawn: Lines, root: Sequence[RootLine]
) -> list[str]:
    """What stands below each drawn leaf: the codes of its variables if it has one or two, else its number as a child of
    the root; empty for all other nodes.
    """
    scopes = [np.flatnonzero(circuit.scopes[node["id"]]) for node in drawing["nodes"]]
    number = {int(drawn.ends[line.line, 1]): line.children for line in root}
    return [
        ""
        if node["kind"] != "leaf"
        else " ".join(codes[i] for i in scope.tolist())
        if len(scope) <= MOST_CODES
        else number.get(place, "")
        for place, (node, scope) in enumerate(zip(drawing["nodes"], scopes, strict=True))
    ]
