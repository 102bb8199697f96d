// Many steps, many components, many trees: a memory, the matrix M, two ways to hold a weight, and an induced tree.

import { number, subscript, svg, tabular } from "../kit/dom.js";
import { say } from "../kit/words.js";

const OLDEST = 30;
const plus = (x, digits) => `${x < 0 ? "−" : "+"} ${tabular(Math.abs(x), digits)}`;

/** How much a gradient of some age still acts, beside a classical momentum. */
export const kernel = {
  controls: [
    { name: "lambda", value: 0.03, low: -0.2, high: 0.06, step: 0.005, shown: (lam) => number(lam, 2) },
    { name: "classical", value: 0.9, low: 0, high: 0.99, shown: (beta) => number(beta, 2) },
  ],
  draw(sheet, { lambda, classical }) {
    const { lam, muted } = sheet.theme;
    const x = { range: [0, OLDEST], title: say("age"), ticks: [0, 5, 10, 15, 20, 25, 30] };
    sheet.axes(x, { range: [0, 3], title: say("acts_by"), ticks: [0, 0.5, 1, 1.5, 2, 2.5, 3] });
    const ages = Array.from({ length: OLDEST + 1 }, (_, age) => age);
    const curve = (base) => ages.map((age) => [age, base ** age]);
    sheet.line(curve(classical), muted, { "stroke-dasharray": "6 4" });
    sheet.line(curve(1 + lambda), lam);
    for (const age of ages) sheet.dot(age, (1 + lambda) ** age, lam, 3.5);
  },
  formulas({ lambda, classical }) {
    const after = (base) => tabular(base ** OLDEST, 3);
    return [
      `@over {μ_k ( t , t − 31 )} {μ_k ( t , t − 1 )} = {( 1 ${plus(lambda, 2)} )}^30 = @lam ${after(1 + lambda)}`,
      `β^30 = ${after(classical)}`,
    ];
  },
  said({ lambda, classical }) {
    const word = lambda > 0 ? "idea_kernel_grows" : lambda < 0 ? "idea_kernel_fades" : "idea_kernel_none";
    const value = { times: number((1 + lambda) ** OLDEST), beta: number(classical ** OLDEST) };
    return say(word, value);
  },
};

const [SEVERAL, LEAF] = [8, 1]; // components; a component's own weight

/** M of the paper's tree, whose layers above the last halve the components again and again. */
export function entry(k, j, layers, start) {
  const above = Array.from({ length: layers - 1 }, (_, l) => Math.min(2 ** (l + 1), SEVERAL));
  const shared = above.filter((size) => Math.floor((k * size) / SEVERAL) === Math.floor((j * size) / SEVERAL));
  return shared.length / start ** 2 + (k === j ? 1 / LEAF ** 2 : 0);
}

/** The matrix as squares, as dark as their entries are large. */
export const matrix = {
  tall: true,
  controls: [
    { name: "layers", value: 3, low: 1, high: 4, step: 1 },
    { name: "start", value: 0.6, low: 0.3, high: 1.5, step: 0.05, shown: (w) => number(w, 2) },
  ],
  draw(sheet, { layers, start }) {
    const { picked } = sheet.theme;
    const names = Array.from({ length: SEVERAL }, (_, k) => [k + 0.5, String(k + 1)]);
    sheet.shape = 1; // so that cells are square
    sheet.axes(
      { range: [0, SEVERAL], title: say("component_in_m"), ticks: names },
      { range: [SEVERAL, 0], title: say("component_of_m"), ticks: names },
    );
    const largest = entry(0, 0, layers, start);
    for (let k = 0; k < SEVERAL; k += 1)
      for (let j = 0; j < SEVERAL; j += 1) {
        const part = entry(k, j, layers, start) / largest;
        if (part) sheet.bar([j + 0.04, k + 0.04], [j + 0.96, k + 0.96], picked, { "fill-opacity": 0.1 + 0.9 * part });
      }
  },
  formulas({ layers, start }) {
    const [own, near] = [entry(0, 0, layers, start), entry(0, 1, layers, start)];
    return [
      `M_{1 1} = @w ${tabular(own, 3)}`,
      `M_{1 2} = ${tabular(near, 3)}`,
      `M_{1 8} = ${tabular(entry(0, 7, layers, start), 3)}`,
    ];
  },
  said({ layers, start }) {
    if (layers === 1) return say("idea_matrix_plain");
    const [own, near] = [entry(0, 0, layers, start), entry(0, 1, layers, start)];
    return say("idea_matrix_said", { part: number((100 * near) / own, 2) });
  },
};

const STEP = 0.01; // η of the figure of the two ways

/** The relative step of a weight against its size: on the weight itself and on its logarithm. */
export const parametrisation = {
  controls: [
    { name: "weight", value: 0.05, low: 1e-3, high: 1, log: true, step: 0.02, shown: (w) => number(w, 2) },
    { name: "own", value: 0.1, low: 0.01, high: 0.3, shown: (a) => number(a, 2) },
  ],
  touch: (weight) => ({ weight }),
  draw(sheet, { weight, own }) {
    const { rho, text, picked } = sheet.theme;
    const x = { range: [1e-3, 1], log: true, title: say("weight_of_step") };
    sheet.axes(x, { range: [1e-5, 1e4], log: true, title: say("step_over_weight") });
    const weights = Array.from({ length: 41 }, (_, i) => 10 ** (-3 + (3 * i) / 40));
    sheet.line(
      weights.map((w) => [w, (STEP * own) / w ** 2]),
      rho,
    );
    const even = weights.map((w) => [w, Math.expm1(STEP * own)]);
    sheet.line(even, text, { "stroke-dasharray": "6 4" });
    sheet.note(0.004, (STEP * own) / 0.004 ** 2, say("on_weights"), [10, -8], { fill: rho });
    sheet.note(0.0012, Math.expm1(STEP * own), say("on_logarithms"), [0, -11]);
    sheet.dot(weight, (STEP * own) / weight ** 2, picked);
    sheet.dot(weight, Math.expm1(STEP * own), picked);
  },
  formulas({ weight, own }) {
    const linear = `@over {Δ w} w = @over {η a} w^2 = @rho ${tabular((STEP * own) / weight ** 2, 3)}`;
    return [linear, `@over {Δ w} w = e^{η a} − 1 = ${tabular(Math.expm1(STEP * own), 3)}`];
  },
  said({ weight, own }) {
    const times = (STEP * own) / weight ** 2;
    const word = times > 0.1 ? "idea_ways_large" : "idea_ways_small";
    return say(word, { w: number(weight, 2), times: number(times), even: number(Math.expm1(STEP * own)) });
  },
};

const HALVES = [0.6, 0.4]; // weights of the root's edges; then of the sums below, left and right of each
const BELOW = [
  [0.7, 0.2],
  [0.5, 0.9],
];

/** Which child every sum of the little circuit takes in a tree of this number: the root, the left and the right sum. */
/** @type {(tree: number) => [number, number, number]} */
const choices = (tree) => [tree >> 2, (tree >> 1) & 1, tree & 1];
const edgesOf = ([half, left, right]) => [
  HALVES[half],
  ...[left, right].map((at, side) => (at ? 1 - BELOW[half][side] : BELOW[half][side])),
];

/** A circuit of three sums on every way down, and one of its eight trees. */
export const trees = {
  controls: [{ name: "tree", value: 2, low: 0, high: 7, step: 1, shown: (tree) => String(tree + 1) }],
  draw(sheet, { tree }) {
    const taken = choices(tree);
    const { text, picked, line } = sheet.theme;
    const x = (of) => 14 + of * (sheet.width - 28);
    const y = [16, 66, 122, 190];
    const words = /** @type {any[]} */ ([]); // of the edges, over all of them
    const edge = ([fx, fy], [tx, ty], on, w) => {
      sheet.stroke(`M${x(fx)} ${fy}L${x(tx)} ${ty}`, on ? picked : line, on ? 3 : 1.2);
      if (w) words.push([(x(fx) + x(tx)) / 2, (fy + ty) / 2, number(w, 1), on]);
    };
    for (const half of [0, 1]) {
      const [on, middle] = [taken[0] === half, 0.25 + 0.5 * half];
      edge([0.5, y[0]], [middle, y[1]], on, HALVES[half]);
      for (const side of [0, 1]) {
        const at = middle - 0.12 + 0.24 * side;
        edge([middle, y[1]], [at, y[2]], on, 0);
        for (const child of [0, 1]) {
          const [leaf, w] = [at - 0.055 + 0.11 * child, BELOW[half][side]];
          const here = on && taken[1 + side] === child;
          edge([at, y[2]], [leaf, y[3]], here, child ? 1 - w : w);
          trees.node(sheet, x(leaf), y[3], `p${subscript(4 * half + 2 * side + child + 1)}`, here);
        }
        trees.node(sheet, x(at), y[2], "+", on);
      }
      trees.node(sheet, x(middle), y[1], "×", on);
    }
    trees.node(sheet, x(0.5), y[0], "+", true);
    for (const [at, down, w, on] of words)
      sheet.word(at, down, w, {
        "text-anchor": "middle",
        fill: on ? picked : text,
        "font-weight": on ? 700 : 400,
        "stroke-width": 5,
      });
  },
  node(sheet, cx, cy, sign, on) {
    const { ground, text, picked } = sheet.theme;
    const circle = { cx, cy, r: 11, fill: ground, stroke: on ? picked : text, "stroke-width": on ? 2.4 : 1.1 };
    sheet.parts.push(svg("circle", circle));
    sheet.word(cx, cy + 0.5, sign, { "text-anchor": "middle", "font-size": 12 });
  },
  weight: (tree) => edgesOf(choices(tree)).reduce((all, w) => all * w, 1),
  formulas({ tree }) {
    const edges = edgesOf(choices(tree)).map((w) => number(w, 1));
    return [`w_T = ∏_{e ∈ T} w_e = ${edges.join(" · ")} = @w ${tabular(trees.weight(tree), 2)}`];
  },
  said({ tree }) {
    return say("idea_trees_said", { n: tree + 1 });
  },
};
