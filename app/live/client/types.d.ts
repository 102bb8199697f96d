// What travels between the modules of the browser's half; nothing here is served.

export {};

declare global {
  interface Window {
    Plotly: any;
    spnKept?: Record<string, Promise<any>>; // what chart.js asked for, by path
  }
  interface HTMLLinkElement {
    loaded?: Promise<unknown>;
  }
}

type Mode = "light" | "dark";

/** The served palette, as spncore/plots/palette.py has it. */
export interface Palette {
  depths: Record<Mode, string[]>;
  layers: Record<Mode, string[]>;
  dashes: string[];
  markers: string[];
  rivals: Record<string, { light: string; dark: string; dash: string }>;
  symbols: Record<Mode, Symbols>;
  fonts: Record<string, string>;
  pairs: [string, string][];
  cividis: [number, number, number][];
}

interface Symbols {
  picked: string;
  positive: string;
  negative: string;
  muted: string;
  rho: string;
  lam: string;
}

export interface Theme extends Symbols {
  mode: Mode;
  ground: string;
  text: string;
  font: string;
  grid: string;
  line: string;
  depth: string[];
  layer: string[];
  dashes: string[];
  textScale: number;
  lineScale: number;
}

/** What stays the same during a run; lists go over curves, the depths first, then the rivals. */
export interface Layout {
  fields: number;
  stride: number;
  iterations: number;
  quantity: string;
  num_depths: number;
  num_components: number;
  num_seeds: number;
  seeds: number[];
  floor: number | null;
  settings: Record<string, any>;
  rates: [number, number][]; // η where it is changed on the way: after so many updates, to what
  touch: { weights: boolean; rate: boolean; ends: [number, number]; layers: number };
  variables: string[];
  marginals: number[] | null;
  references: { independent?: number; entropy?: number };
  dataset: { title: string } | null;
  names: string[];
  learners: string[];
  learner_titles: string[];
  has_rates: boolean[];
  depths: number[];
  sizes: number[][];
  phi: number[][][];
  offsets: Record<string, number>[];
}

/** A chart that can be asked to be drawn anew. */
interface Drawing {
  request(): void;
  draw(context: any): Promise<void>;
}

/** What a page is made of, beside what every view of a run has: given by `make(view)` of its module. */
export interface Page {
  /** All of it; charts and the view's own parts are placed in it. */
  root: HTMLElement;
  /** Only curves of gradient steps can be looked at in detail. */
  gradientOnly?: boolean;
  /** The charts that are drawn anew when something arrives. */
  charts(): Drawing[];
  /** Those of them that are others for another component; all if it is not said. */
  ofComponent?(): Drawing[];
  /** Another component is chosen: what shows that at once, before all else is drawn anew. */
  picked?(): void;
  /** The cursor moved or something changed; `grown` if curves that grow with the cursor have new points. */
  follow(context: any, grown: boolean): void;
  /** The published curves, while the run that repeats them has nothing to draw; none otherwise. */
  waits?(published: any[]): void;
  /** What its charts need beside the view's own context. */
  more?(context: any): object;
  /** A run takes the screen; then its layout gives the names of charts. */
  taken?(run: any): void;
  named?(layout: Layout): void;
}

/** A figure of the maths page: its sliders by name, and what follows from their values. */
export interface Idea {
  controls: {
    name: string;
    value: number;
    low: number;
    high: number;
    step?: number;
    log?: boolean;
    shown?: (value: number) => string;
  }[];
  tall?: boolean;
  /** What a press at a place of the drawing, in the axes' numbers, sets. */
  touch?(x: number, y: number): Record<string, number>;
  draw(sheet: any, values: any): void;
  formulas(values: any): string[];
  said(values: any): string;
}
