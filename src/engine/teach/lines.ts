/** One neuron in the plane: the line w·x + b = 0, its normal, signed distances, and how well a line can separate points. */
export interface Line {
  readonly w: readonly [number, number];
  readonly b: number;
}
export interface LabelledPoint {
  readonly x: number;
  readonly y: number;
  readonly label: 0 | 1;
}

export const sumAt = ({ w, b }: Line, x: number, y: number): number => w[0] * x + w[1] * y + b;
export const sideOf = (line: Line, x: number, y: number): 0 | 1 => (sumAt(line, x, y) > 0 ? 1 : 0);
export const signedDistance = (line: Line, x: number, y: number): number => sumAt(line, x, y) / Math.hypot(...line.w);

/** The foot of the perpendicular from the origin: a point on the line from which it can be dragged. */
export const footOf = ({ w, b }: Line): readonly [number, number] => {
  const square = w[0] ** 2 + w[1] ** 2;
  return [(-b * w[0]) / square, (-b * w[1]) / square];
};

/** The line moved so that it passes through a point; w stays. */
export const throughPoint = ({ w }: Line, x: number, y: number): Line => ({ w, b: -(w[0] * x + w[1] * y) });

/** The line turned about a point of it so that w points towards another; the length of w stays. */
export const turnedTowards = (line: Line, pivot: readonly [number, number], x: number, y: number): Line => {
  const length = Math.hypot(...line.w);
  const [dx, dy] = [x - pivot[0], y - pivot[1]];
  const size = Math.hypot(dx, dy);
  if (size < 1e-9) return line;
  return throughPoint({ w: [(dx / size) * length, (dy / size) * length], b: 0 }, ...pivot);
};

export const accuracy = (line: Line, points: readonly LabelledPoint[]): number =>
  points.filter((p) => sideOf(line, p.x, p.y) === p.label).length / points.length;

/** The best share that any line of a fine grid of directions reaches; offsets are all that differ for the points. */
export function bestLine(points: readonly LabelledPoint[], directions = 180): { readonly line: Line; readonly accuracy: number } {
  let best = { line: { w: [1, 0], b: 0 } as Line, accuracy: 0 };
  for (let k = 0; k < 2 * directions; k++) {
    const angle = (k * Math.PI) / directions;
    const w: readonly [number, number] = [Math.cos(angle), Math.sin(angle)];
    const sorted = points.map((p) => ({ at: w[0] * p.x + w[1] * p.y, label: p.label })).sort((a, b) => a.at - b.at);
    // Everything above the threshold is called 1; start with all points above it.
    let right = sorted.filter((p) => p.label === 1).length;
    const consider = (threshold: number): void => {
      if (right / points.length > best.accuracy) best = { line: { w, b: -threshold }, accuracy: right / points.length };
    };
    consider(sorted[0]!.at - 1);
    sorted.forEach((p, i) => {
      right += p.label === 0 ? 1 : -1;
      consider(i + 1 < sorted.length ? (p.at + sorted[i + 1]!.at) / 2 : p.at + 1);
    });
  }
  return best;
}

/** Points for which all lines say 1: half-planes combined by a second neuron that asks for all of them. */
export const insideAll = (lines: readonly Line[], x: number, y: number): 0 | 1 =>
  lines.every((line) => sideOf(line, x, y) === 1) ? 1 : 0;

/** k half-planes around a disc, each at the distance `radius` from the origin, looking inwards. */
export const polygon = (k: number, radius: number, turn = 0): readonly Line[] =>
  Array.from({ length: k }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / k;
    return { w: [-Math.cos(angle), -Math.sin(angle)] as const, b: radius };
  });
