// Walking through a drawn circuit by keys: up and down along its lines, left and right in a row. A place is a node or a
// weighted edge, {node} or {edge}, by its number in the drawing; lines without a weight are walked over.

const SIDES = { ArrowLeft: -1, ArrowRight: 1 };

/** Where a key leads from a place; null for a key that leads nowhere. */
export function walked(data, at, key) {
  if (key === "Home") return { node: 0 };
  if (key in SIDES) return beside(data, at, SIDES[key]);
  if (key === "ArrowDown") return along(data, at, "from", "to");
  return key === "ArrowUp" ? along(data, at, "to", "from") : null;
}

/** Along the first line that leaves a node, or to an edge's end. */
function along(data, at, near, far) {
  const { edges } = data;
  if (at.edge !== undefined) return { node: edges[at.edge][far] };
  const [line] = sorted(data, edges, (edge) => edge[near] === at.node, far);
  if (line === undefined) return at;
  return edges[line].edges.length ? { edge: line } : { node: edges[line][far] };
}

/** In the row of a node, or among the edges of one sum; who is at its end stays. */
function beside(data, at, step) {
  const { nodes, edges } = data;
  const kind = at.edge === undefined ? "node" : "edge";
  const row =
    kind === "node"
      ? sorted(data, nodes, ({ y }) => y === nodes[at.node].y)
      : sorted(data, edges, ({ from, edges: own }) => from === edges[at.edge].from && own.length, "to");
  return { [kind]: row[row.indexOf(at[kind]) + step] ?? at[kind] };
}

/** The numbers of those in a list that are meant, from left to right; of lines by the node at their `end`. */
function sorted({ nodes }, list, meant, end = "") {
  const x = (number) => (end ? nodes[list[number][end]] : list[number]).x;
  const found = list.flatMap((one, number) => (meant(one) ? [number] : []));
  return found.sort((one, other) => x(one) - x(other));
}
