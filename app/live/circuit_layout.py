"""Where the nodes of a circuit stand in a drawing: root on top, leaves below, and what is folded away when there are
too many.

Pure and general: any circuit, with any parameters or none. Nodes of one kind and one scope over the same children form
a *group*, named by its smallest node. A group is drawn node by node (*opened*) or as one block; below a *folded* group
nothing is drawn. The drawing is a JSON-able dict; its lengths are in units of one node's width.
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from app.live.layout_rows import arranged
from spncore.arrays import Floats, Ints
from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.circuits.model import Parameters
from spncore.trees.induced import edge_ends

MOST_ITEMS = 150  # drawn at once unless more is asked for
NAMES_IN_TITLE, MOST_LETTERS = 16, 40  # uploads may bring names without end
KINDS: Mapping[type, str] = {InputLayer: "leaf", ProductLayer: "product", SumLayer: "sum"}


class Links(NamedTuple):
    """Every line of a full drawing: `parent`, `child` and the number of the weighted `edge`, −1 below a product."""

    parent: Ints
    child: Ints
    edge: Ints


@dataclass(frozen=True, eq=False)
class Plan:
    """What every drawing of one circuit shares: rows from the root, groups, and who is below whom."""

    circuit: Circuit
    links: Links
    row: Ints  # (nodes,) longest way from the root, −1 out of its reach
    group: Ints  # (nodes,) the smallest node of each node's group
    members: Mapping[int, list[int]]  # by group
    below: Mapping[int, list[int]]  # by group: the groups of its children, in their order

    @property
    def root(self) -> int:
        """The root's group."""
        return int(self.group[-1])

    @property
    def num_nodes(self) -> int:
        """How many nodes the root reaches."""
        return sum(map(len, self.members.values()))

    @property
    def single(self) -> frozenset[int]:
        """The groups of one node, which are never a block."""
        return frozenset(name for name, nodes in self.members.items() if len(nodes) == 1)


class View(NamedTuple):
    """Which groups are drawn node by node, and below which nothing is drawn."""

    opened: frozenset[int]
    folded: frozenset[int]


def drawing(
    circuit: Circuit,
    variables: Sequence[str],
    parameters: Parameters | None = None,
    view: View | None = None,
    most: int = MOST_ITEMS,
) -> dict[str, Any]:
    """Positions, lines and words of a drawing; without a `view` as much as `most` items can show.

    `nodes`: id, kind, group, nodes (all it stands for), hidden (nodes folded away below), foldable, x, y, label, title.
    `edges`: from, to (places in `nodes`), edge (the weighted edge it is, −1 if none or several), edges (all of them).
    `row_of_node` maps every node to the place in `nodes` that shows it, −1 if folded away.
    """
    plan = plan_of(circuit)
    chosen = automatic(plan, most) if view is None else _known(plan, view)
    groups, _ = _reached(plan, plan.root, chosen.folded)
    item_of, items = _items(plan, chosen, groups)
    lines = _lines(plan, item_of, chosen.folded)
    ends = np.array(list(lines), dtype=np.int64).reshape(-1, 2)
    rows = np.array([plan.row[item[0]] for item in items])
    x = arranged(rows, ends, np.array([plan.group[item[0]] for item in items]))
    return {
        "num_nodes": plan.num_nodes,
        "num_edges": circuit.num_edges,
        "width": float(x.max()) + 1.0,
        "height": int(rows.max()) + 1,
        "opened": sorted(chosen.opened & set(groups)),
        "folded": sorted(chosen.folded & set(groups)),
        "complete": len(items) == plan.num_nodes,
        "nodes": [
            _node(plan, members, chosen, variables, parameters) | {"x": round(float(at), 3), "y": int(row)}
            for members, at, row in zip(items, x, rows, strict=True)
        ],
        "edges": [
            {"from": one, "to": other, "edge": edges[0] if len(edges) == 1 else -1, "edges": edges}
            for (one, other), edges in lines.items()
        ],
        "row_of_node": item_of.tolist(),
    }


@lru_cache(32)
def plan_of(circuit: Circuit) -> Plan:
    """Rows, groups and lines of a circuit."""
    links = links_of(circuit)
    row = _rows(circuit, links)
    children: list[list[int]] = [[] for _ in range(circuit.num_nodes)]
    for parent, child in zip(links.parent.tolist(), links.child.tolist(), strict=True):
        children[parent].append(child)
    kinds = [KINDS[type(layer)] for layer in circuit.layers for _ in range(layer.num_nodes)]
    group, first = list[int](), dict[Any, int]()
    for node, kind in enumerate(kinds):
        under = tuple(sorted({group[child] for child in children[node]}))
        group.append(first.setdefault((kind, int(row[node]), circuit.scopes[node].tobytes(), under), node))
    members: dict[int, list[int]] = {}
    for node in np.flatnonzero(row >= 0).tolist():
        members.setdefault(group[node], []).append(node)
    below = {
        name: list(dict.fromkeys(group[child] for node in nodes for child in children[node]))
        for name, nodes in members.items()
    }
    return Plan(circuit, links, row, np.array(group), members, below)


def links_of(circuit: Circuit) -> Links:
    """All lines of a circuit, those of sums first, in the order of their edges."""
    ends = edge_ends(circuit)
    parents, children = [ends[:, 0]], [ends[:, 1]]
    for layer, first in zip(circuit.layers, circuit.offsets, strict=False):
        if isinstance(layer, ProductLayer):
            parents.append(np.repeat(first + np.arange(layer.num_nodes), layer.children.shape[1]))
            children.append(layer.children.ravel())
    parent = np.concatenate(parents)
    edge = np.full(len(parent), -1)
    edge[: len(ends)] = np.arange(len(ends))
    return Links(parent, np.concatenate(children), edge)


def automatic(plan: Plan, most: int = MOST_ITEMS) -> View:
    """Everything if it fits; else a block for each group; else groups unfolded from the root on while they fit."""
    if plan.num_nodes <= most:
        return View(frozenset(plan.members), frozenset())
    if len(plan.members) <= most:
        return View(plan.single, frozenset())
    return View(plan.single, frozenset(_reached(plan, plan.root, most=most)[1]))


def toggled(plan: Plan, view: View, group: int) -> View:
    """The view after a press on a group: what is below is folded or shown again, a block is opened first."""
    if group not in plan.members:
        return view
    if group in view.folded:
        return view._replace(folded=view.folded - {group})
    single = group in plan.single
    if not single and group not in view.opened:
        return view._replace(opened=view.opened | {group})
    return View(
        view.opened if single else view.opened - {group}, view.folded | ({group} if plan.below[group] else set())
    )


def _reached(
    plan: Plan, group: int, folded: Set[int] = frozenset(), most: float = math.inf
) -> tuple[list[int], set[int]]:
    """The groups that can be reached from one, itself first, row by row, without going below a folded one.

    And those that have to be folded as well, since there would be more than `most` groups.
    """
    seen, queue, too_many = {group}, [group], set[int]()
    for name in queue:  # grows while it is read
        new = [] if name in folded else [under for under in plan.below[name] if under not in seen]
        if new and len(seen) + len(new) > most:
            too_many.add(name)
            continue
        seen.update(new)
        queue += new
    return queue, too_many


def _rows(circuit: Circuit, links: Links) -> Ints:
    """The longest way from the root to every node, −1 for what the root does not reach."""
    row = np.full(circuit.num_nodes, -1)
    row[-1] = 0
    layer_of = np.searchsorted(circuit.offsets, links.parent, side="right")
    for layer in range(len(circuit.layers), 0, -1):
        here = (layer_of == layer) & (row[links.parent] >= 0)
        np.maximum.at(row, links.child[here], row[links.parent[here]] + 1)
    return row


def _known(plan: Plan, view: View) -> View:
    opened = plan.single | (view.opened & plan.members.keys())
    return View(opened, frozenset(name for name in view.folded if plan.below.get(name)))


def _items(plan: Plan, view: View, groups: Sequence[int]) -> tuple[Ints, list[list[int]]]:
    """Which item shows each node, (nodes,), −1 if none; and the nodes of each item."""
    items: list[list[int]] = []
    for name in groups:
        nodes = plan.members[name]
        items += [[node] for node in nodes] if name in view.opened else [nodes]
    item_of = np.full(plan.circuit.num_nodes, -1)
    for place, nodes in enumerate(items):
        item_of[nodes] = place
    return item_of, items


def _lines(plan: Plan, item_of: Ints, folded: frozenset[int]) -> dict[tuple[int, int], list[int]]:
    """Pairs of items that are joined, and the weighted edges that join them."""
    parent, child, edge = plan.links
    shown = (item_of[parent] >= 0) & (item_of[child] >= 0) & ~np.isin(plan.group[parent], list(folded))
    lines: dict[tuple[int, int], list[int]] = {}
    for one, other, number in np.stack([item_of[parent], item_of[child], edge], axis=1)[shown].tolist():
        lines.setdefault((one, other), []).extend([number] if number >= 0 else [])
    return lines


def _node(
    plan: Plan, members: list[int], view: View, variables: Sequence[str], parameters: Parameters | None
) -> dict[str, Any]:
    node, circuit = members[0], plan.circuit
    group, place = int(plan.group[node]), int(np.searchsorted(circuit.offsets, node, side="right")) - 1
    layer = circuit.layers[place]
    names = [variables[i].replace("_", " ") for i in np.flatnonzero(circuit.scopes[node]).tolist()]
    title = f"{len(members)} × " * (len(members) > 1) + f"{KINDS[type(layer)]} over {_listed(names)}"
    label, hidden = "", 0
    if isinstance(layer, InputLayer):
        label = _clipped(names[0]) + f" +{len(names) - 1}" * (len(names) > 1)
        title += f" ({layer.family})"
        if parameters is not None and len(members) == 1:
            title += _leaf_words(layer, node - circuit.offsets[place], names, parameters.inputs[place])
    if group in view.folded:
        hidden = sum(len(plan.members[under]) for under in _reached(plan, group)[0][1:])
        title += f"; {hidden} nodes folded away below" * (hidden > 0)
    return {
        "id": node,
        "kind": KINDS[type(layer)],
        "group": group,
        "nodes": members,
        "hidden": hidden,
        "foldable": bool(plan.below[group]) or group not in plan.single,
        "label": label,
        "title": title,
    }


def _leaf_words(layer: InputLayer, place: int, names: Sequence[str], parameters: Floats) -> str:
    """What a leaf says about each variable, from the parameters of its layer (P, nodes, S) and its place there."""
    order = np.argsort(layer.variables[place // layer.num_inputs], kind="stable")
    own = parameters[:, place][:, order]  # (P, S)
    if layer.family == "categorical" and layer.num_values == 2:
        total = own.sum(axis=0)
        shares = np.divide(own[1], total, out=np.full_like(total, np.nan), where=total > 0)
        said = [f"P({_clipped(name)} = 1) = {share:.3f}" for name, share in zip(names, shares, strict=True)]
    else:
        said = [f"{_clipped(name)}: {', '.join(f'{value:.3g}' for value in own[:, i])}" for i, name in enumerate(names)]
    more = len(said) - NAMES_IN_TITLE
    return ": " + "; ".join(said[:NAMES_IN_TITLE]) + (f"; and {more} more" if more > 0 else "")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(_clipped, names[:NAMES_IN_TITLE]))
    return shown + (f" and {len(names) - NAMES_IN_TITLE} more" if len(names) > NAMES_IN_TITLE else "")


def _clipped(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + "…"
