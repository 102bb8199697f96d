// Every word the lab view shows, in one catalogue; the page may replace any of them through `labels`.

const WORDS = {
  loading: "Opening the run …",
  queued: "Waiting for a free place",
  running: "Training, iteration {t} of {T}",
  done: "Finished, {T} iterations",
  stopped: "Stopped at iteration {t}",
  interrupted: "Interrupted at iteration {t}",
  failed: "Failed at iteration {t}",
  stale: "Settings changed. These curves belong to the old ones; press Train.",
  lost: "Connection lost. Trying again; what has arrived stays.",
  gone: "This run is no longer kept. Press Train to run it again.",
  refused: "The server refused to show this run.",
  no_plotly: "The chart library did not load. Reload the page.",
  training: "Training {d} × {s}",
  depths: "{n} depths", depths_one: "1 depth", rivals: "{n} learners", rivals_one: "1 learner", seeds: "{n} seeds", seeds_one: "1 seed",
  play: "Play", pause: "Pause", first: "First", previous: "Back", next: "Next", last: "Last", stop: "Stop",
  live: "Live", live_help: "Follow the training as it runs", stop_help: "End the training here",
  speed: "Speed", scrub: "Iteration", position: "{t} / {T}",
  pin: "Pin", pin_help: "Keep these curves as a dashed baseline", share: "Share", share_help: "A link to exactly this",
  options: "Options", table: "Show as table", every_seed: "Every seed", log_x: "Log iterations", log_y: "Log scale",
  all_components: "All components", png: "Save PNG", svg: "Save SVG", keys: "Single-key shortcuts",
  depth: "Curve", component: "Component", seed: "Seed",
  llh_title: "Log-likelihood by depth", llh_title_rivals: "Log-likelihood by depth and learner", llh_axis: "LLH (nats per row)", iteration: "iteration",
  independent: "independent model", entropy: "best possible (entropy of the data)",
  published: "published 2019", pinned: "pinned",
  network_title: "Network", rho_title: "Effective learning rate ρ", lam_title: "Multiplicative term λ",
  gap_title: "Gap to L = {L}", components_title: "Components", views: "Views",
  rho_tab: "ρ  effective rate", lam_tab: "λ  sibling pull", gap_tab: "Gap to L = {L}", components_tab: "Components",
  rho_axis: "ρ / η", lam_axis: "λ", gap_axis: "LLH − LLH of L = {L} (nats)",
  rho_note: "Below 1 the layers above brake the step; above 1 they speed it up.",
  lam_note: "Positive: the siblings under the same sum lift this component. Negative: they hold it back.",
  lam_bars: "λ of every component, L = {L} (powers of ten). k = {k}:",
  gap_note: "Above zero the deeper network is ahead. Same seed against same seed; line: median, band: all seeds.",
  gap_note_rivals: "Above zero a curve is ahead of L = {L}. Same seed against same seed; line: median, band: all seeds.",
  gap_alone: "Train a second depth to see a gap.",
  no_rates: "ρ and λ describe steps of plain gradient ascent; they are not defined for {curves}.",
  lam_shallow: "With L = 1 there is no layer above, so λ is 0.",
  components_note: "Probability that an item is 1, per component. Bars: share of Σw.",
  components_none: "The components have not arrived yet.",
  at_floor: "Stripes below: weights at the floor {floor}.",
  llh_note: "Line: median of {S} seeds. Band: all of them.", llh_note_one: "One seed.",
  notes: "{n} notes", notes_one: "1 note", share_of: "share",
  at_iteration: "Iteration {t}",
  data_column: "data",
  next_measured: "measured {w}", beyond_first: "rest {r}, of order η²", floor_active: "at the floor, so the identity is cut",
};

/** A function `say(key, values)` over the catalogue with the page's own words put over it. */
export function catalogue(labels) {
  const words = { ...WORDS, ...(labels ?? {}) };
  const say = (key, values = {}) =>
    String(words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  say.count = (key, n) => say(n === 1 ? `${key}_one` : key, { n });
  return say;
}
