/**
 * Contour lines of numbers on a grid, by marching squares: each cell says by its corners where a level
 * passes through it, and the pieces are joined to lines. A saddle is decided by the mean of its corners.
 * Cells with a corner that is not finite have no lines.
 */

export type Line = readonly (readonly [x: number, y: number])[];

/** Corners of a cell, counted around it: which edge pairs a level joins. Edges: 0 bottom, 1 right, 2 top, 3 left. */
const joins: readonly (readonly (readonly [number, number])[])[] = [
  [],
  [[3, 0]],
  [[0, 1]],
  [[3, 1]],
  [[1, 2]],
  [],
  [[0, 2]],
  [[3, 2]],
  [[2, 3]],
  [[2, 0]],
  [],
  [[2, 1]],
  [[1, 3]],
  [[1, 0]],
  [[0, 3]],
  [],
];
const saddles = {
  5: {
    low: [
      [3, 0],
      [1, 2],
    ],
    high: [
      [3, 2],
      [1, 0],
    ],
  },
  10: {
    low: [
      [0, 1],
      [2, 3],
    ],
    high: [
      [0, 3],
      [2, 1],
    ],
  },
} as const;

/**
 * Lines where the numbers are `level`, in grid units: x to columns − 1, y to rows − 1, row 0 first. Closed lines
 * end where they begin.
 */
export function contourLines(numbers: ArrayLike<number>, columns: number, rows: number, level: number): readonly Line[] {
  const at = (x: number, y: number): number => numbers[y * columns + x]!;
  // An edge of the grid has one name, whichever cell asks: horizontal ones first, then vertical ones.
  const nameOf = (x: number, y: number, edge: number): number => {
    if (edge === 0) return y * columns + x;
    if (edge === 2) return (y + 1) * columns + x;
    return rows * columns + y * columns + (edge === 1 ? x + 1 : x);
  };
  const pointOn = (name: number): readonly [number, number] => {
    const vertical = name >= rows * columns;
    const cell = vertical ? name - rows * columns : name;
    const [x, y] = [cell % columns, Math.floor(cell / columns)];
    const from = at(x, y);
    const to = vertical ? at(x, y + 1) : at(x + 1, y);
    const share = to === from ? 0.5 : (level - from) / (to - from);
    return vertical ? [x, y + share] : [x + share, y];
  };
  const next = new Map<number, number[]>();
  const join = (a: number, b: number): void => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const list = next.get(from);
      if (list) list.push(to);
      else next.set(from, [to]);
    }
  };
  for (let y = 0; y + 1 < rows; y++)
    for (let x = 0; x + 1 < columns; x++) {
      const [a, b, c, d] = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      const kind = (a >= level ? 1 : 0) + (b >= level ? 2 : 0) + (c >= level ? 4 : 0) + (d >= level ? 8 : 0);
      // Most cells lie on one side of the level.
      if (kind === 0 || kind === 15) continue;
      const mean = (a + b + c + d) / 4;
      if (!Number.isFinite(mean)) continue;
      const pairs = kind === 5 || kind === 10 ? saddles[kind][mean >= level ? 'high' : 'low'] : joins[kind]!;
      for (const [from, to] of pairs) join(nameOf(x, y, from), nameOf(x, y, to));
    }
  const lines: Line[] = [];
  const follow = (start: number): void => {
    const line = [pointOn(start)];
    let here = start;
    for (let to = next.get(here)?.pop(); to !== undefined; to = next.get(here)?.pop()) {
      const back = next.get(to)!;
      back.splice(back.indexOf(here), 1);
      line.push(pointOn(to));
      here = to;
    }
    if (line.length > 1) lines.push(line);
  };
  // Open lines from their ends; what is left is closed.
  for (const [edge, others] of next) if (others.length === 1) follow(edge);
  for (const [edge, others] of next) if (others.length > 0) follow(edge);
  return lines;
}

/** Levels that show a surface whose numbers span several powers: evenly by the order of the numbers, distinct. */
export function levelsOf(numbers: ArrayLike<number>, count: number): readonly number[] {
  const sorted = Float64Array.from(Array.from(numbers).filter(Number.isFinite)).sort();
  if (sorted.length === 0 || sorted[0] === sorted.at(-1)) return [];
  const levels = new Set<number>();
  for (let at = 1; at <= count; at++) {
    const place = (at / (count + 1)) * (sorted.length - 1);
    const [from, to] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    levels.add(Number((from + (to - from) * (place % 1)).toPrecision(3)));
  }
  return [...levels];
}
