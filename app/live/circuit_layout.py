"""Where the nodes of a circuit stand in a drawing: root on top, leaves below, and what is folded away when there are
too many.

Pure and general: any circuit, with any parameters or none. Nodes of one kind and one scope over the same children form
a *group*, named by its smallest node. A group is drawn node by node (*opened*) or as one block; below a *folded* group
nothing is drawn. The drawing is a JSON-able dict; its lengths are in units of one node's width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from app.live.layout_rows import arranged
from spncore.arrays import Ints
from spncore.circuits.circuit import Circuit, InputLayer, ProductLayer, SumLayer
from spncore.circuits.model import Parameters
from spncore.trees.induced import edge_ends

MOST_ITEMS = 150  # drawn at once unless more is asked for
NAMES_IN_TITLE, LABEL_LETTERS = 16, 12
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
    members: Mapping[int, tuple[int, ...]]  # by group
    below: Mapping[int, tuple[int, ...]]  # by group: the groups of its children, in their order


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
    groups = visible_groups(plan, chosen.folded)
    item_of, items = _items(plan, chosen, groups)
    lines = _lines(plan.links, item_of, chosen.folded, plan.group)
    ends = np.array(list(lines), dtype=np.int64).reshape(-1, 2)
    rows = np.array([plan.row[item[0]] for item in items])
    x = arranged(rows, ends, np.array([plan.group[item[0]] for item in items]))
    return {
        "num_nodes": int((plan.row >= 0).sum()),
        "num_edges": circuit.num_edges,
        "width": float(x.max()) + 1.0,
        "height": int(rows.max()) + 1,
        "opened": sorted(chosen.opened & set(groups)),
        "folded": sorted(chosen.folded & set(groups)),
        "complete": len(items) == int((plan.row >= 0).sum()),
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
    group = np.arange(circuit.num_nodes)
    kinds = [KINDS[type(layer)] for layer in circuit.layers for _ in range(layer.num_nodes)]
    first: dict[Any, int] = {}
    for node, kind in enumerate(kinds):
        under = tuple(sorted({int(group[child]) for child in children[node]}))
        key = (kind, int(row[node]), circuit.scopes[node].tobytes(), under)
        group[node] = first.setdefault(key, node)
    members: dict[int, list[int]] = {}
    below: dict[int, dict[int, None]] = {}
    for node in np.flatnonzero(row >= 0).tolist():
        members.setdefault(int(group[node]), []).append(node)
        below.setdefault(int(group[node]), {}).update(dict.fromkeys(int(group[child]) for child in children[node]))
    return Plan(
        circuit,
        links,
        row,
        group,
        {name: tuple(nodes) for name, nodes in members.items()},
        {name: tuple(under) for name, under in below.items()},
    )


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
    everything = frozenset(plan.members)
    if sum(map(len, plan.members.values())) <= most:
        return View(everything, frozenset())
    single = frozenset(name for name, nodes in plan.members.items() if len(nodes) == 1)
    if len(plan.members) <= most:
        return View(single, frozenset())
    root = int(plan.group[-1])
    seen, queue, folded = {root}, [root], set[int]()
    for name in queue:  # grows while it is read: from the root on, row by row
        new = [under for under in plan.below[name] if under not in seen]
        if new and len(seen) + len(new) > most:
            folded.add(name)
            continue
        seen.update(new)
        queue += new
    return View(single, frozenset(folded))


def visible_groups(plan: Plan, folded: Iterable[int]) -> list[int]:
    """The groups that can be reached from the root without going below a folded one, the root's first."""
    closed, root = frozenset(folded), int(plan.group[-1])
    seen, queue = {root}, [root]
    for name in queue:
        new = [] if name in closed else [under for under in plan.below[name] if under not in seen]
        seen.update(new)
        queue += new
    return queue


def toggled(plan: Plan, view: View, group: int) -> View:
    """The view after a press on a group: what is below is folded or shown again, a block is opened first."""
    if group not in plan.members:
        return view
    if len(plan.members[group]) > 1 and group not in view.opened and group not in view.folded:
        return view._replace(opened=view.opened | {group})
    if group in view.folded:
        return view._replace(folded=view.folded - {group})
    single = len(plan.members[group]) == 1
    return View(
        view.opened if single else view.opened - {group}, view.folded | ({group} if plan.below[group] else set())
    )


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
    names = frozenset(plan.members)
    single = frozenset(name for name, nodes in plan.members.items() if len(nodes) == 1)
    return View((view.opened & names) | single, frozenset(name for name in view.folded & names if plan.below[name]))


def _items(plan: Plan, view: View, groups: Sequence[int]) -> tuple[Ints, list[tuple[int, ...]]]:
    """Which item shows each node, (nodes,), −1 if none; and the nodes of each item."""
    items: list[tuple[int, ...]] = []
    for name in groups:
        nodes = plan.members[name]
        items += [(node,) for node in nodes] if name in view.opened else [nodes]
    item_of = np.full(plan.circuit.num_nodes, -1)
    for place, nodes in enumerate(items):
        item_of[list(nodes)] = place
    return item_of, items


def _lines(links: Links, item_of: Ints, folded: frozenset[int], group: Ints) -> dict[tuple[int, int], list[int]]:
    """Pairs of items that are joined, and the weighted edges that join them."""
    shown = (item_of[links.parent] >= 0) & (item_of[links.child] >= 0)
    if folded:
        shown &= ~np.isin(group[links.parent], list(folded))
    lines: dict[tuple[int, int], list[int]] = {}
    parents, children = item_of[links.parent[shown]].tolist(), item_of[links.child[shown]].tolist()
    for one, other, edge in zip(parents, children, links.edge[shown].tolist(), strict=True):
        lines.setdefault((one, other), []).extend([edge] if edge >= 0 else [])
    return lines


def _node(
    plan: Plan, members: tuple[int, ...], view: View, variables: Sequence[str], parameters: Parameters | None
) -> dict[str, Any]:
    node, circuit = members[0], plan.circuit
    group = int(plan.group[node])
    layer = circuit.layers[int(np.searchsorted(circuit.offsets, node, side="right")) - 1]
    names = [variables[i] for i in np.flatnonzero(circuit.scopes[node]).tolist()]
    kind, under = KINDS[type(layer)], bool(plan.below[group])
    hidden = len(_reached(plan, group)) if group in view.folded else 0
    count = "" if len(members) == 1 else f"{len(members)} × "
    label = _short(names) if kind == "leaf" else ""
    return {
        "id": node,
        "kind": kind,
        "group": group,
        "nodes": list(members),
        "hidden": hidden,
        "foldable": under or len(plan.members[group]) > 1,
        "label": label,
        "title": f"{count}{kind} over {_listed(names)}"
        + _leaf_words(circuit, node, len(members), names, parameters)
        + (f"; {hidden} nodes folded away below" if hidden else ""),
    }


def _reached(plan: Plan, group: int) -> set[int]:
    """All nodes strictly below a group."""
    seen, queue = {group}, [group]
    for name in queue:
        new = [under for under in plan.below[name] if under not in seen]
        seen.update(new)
        queue += new
    return {node for name in queue[1:] for node in plan.members[name]}


def _leaf_words(circuit: Circuit, node: int, count: int, names: Sequence[str], parameters: Parameters | None) -> str:
    """What a leaf is: its family, and with parameters what it says about each variable."""
    inputs = circuit.input_layers
    if node >= circuit.num_inputs:
        return ""
    number = int(np.searchsorted(circuit.offsets, node, side="right")) - 1
    layer = inputs[number]
    if parameters is None or count > 1:
        return f" ({layer.family})"
    own = parameters.inputs[number][:, node - circuit.offsets[number]]  # (P, S)
    order = np.argsort(layer.variables[(node - circuit.offsets[number]) // layer.num_inputs], kind="stable")
    own = own[:, order]
    if layer.family == "categorical" and layer.num_values == 2:
        total = own.sum(axis=0)
        shares = np.divide(own[1], total, out=np.full_like(total, np.nan), where=total > 0)
        said = [f"P({_clipped(name)} = 1) = {share:.3f}" for name, share in zip(names, shares, strict=True)]
    else:
        said = [f"{_clipped(name)}: {', '.join(f'{value:.3g}' for value in own[:, i])}" for i, name in enumerate(names)]
    more = len(said) - NAMES_IN_TITLE
    return f" ({layer.family}): " + "; ".join(said[:NAMES_IN_TITLE]) + (f"; and {more} more" if more > 0 else "")


def _short(names: Sequence[str]) -> str:
    return _clipped(names[0], LABEL_LETTERS) + (f" +{len(names) - 1}" if len(names) > 1 else "")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(_clipped, names[:NAMES_IN_TITLE]))
    return shown + (f" and {len(names) - NAMES_IN_TITLE} more" if len(names) > NAMES_IN_TITLE else "")


def _clipped(name: str, letters: int = 24) -> str:
    return name if len(name) <= letters else name[: letters - 1] + "…"
