/** Forms of dots, so that classes are told apart without colours too. Five of them beside ten colours: no two classes of a plot look alike. */
import type { Surface } from './plane';

export const SHAPES = 5;

/** As multiples of the radius, so that each form has about the area of the circle. */
const corners: readonly (readonly (readonly [x: number, y: number])[])[] = [
  [],
  [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
  [
    [0, -1.3],
    [1.25, 0.9],
    [-1.25, 0.9],
  ],
  [
    [0, -1.35],
    [1.35, 0],
    [0, 1.35],
    [-1.35, 0],
  ],
  [
    [-1.25, -0.9],
    [1.25, -0.9],
    [0, 1.3],
  ],
];

/** Adds a form to the path. */
export function outline(context: Surface, shape: number, x: number, y: number, radius: number): void {
  const form = corners[shape % SHAPES]!;
  if (form.length === 0) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  form.forEach(([dx, dy], at) => {
    if (at === 0) context.moveTo(x + radius * dx, y + radius * dy);
    else context.lineTo(x + radius * dx, y + radius * dy);
  });
  context.closePath();
}

/** The same for elements of the page: `clip-path`. */
export const clipOf = (shape: number): string => {
  const form = corners[shape % SHAPES]!;
  if (form.length === 0) return 'circle(50%)';
  return `polygon(${form.map(([x, y]) => `${(50 + 37 * x).toFixed(0)}% ${(50 + 37 * y).toFixed(0)}%`).join(', ')})`;
};
