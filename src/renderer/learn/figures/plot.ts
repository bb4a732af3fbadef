/** Helpers of the figures' plots: scales, paths of functions, pointer positions. */
export interface Scales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly fromX: (pixel: number) => number;
  readonly fromY: (pixel: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The SVG path of y = f(x). Values far outside are held back: browsers draw huge coordinates badly. */
export function pathOf(f: (x: number) => number, [low, high]: readonly [number, number], { x, y }: Scales, steps = 200): string {
  let path = '';
  let pen = 'M';
  for (let k = 0; k <= steps; k++) {
    const at = low + ((high - low) * k) / steps;
    const value = f(at);
    if (!Number.isFinite(value)) {
      pen = 'M';
      continue;
    }
    path += `${pen}${x(at).toFixed(1)} ${Math.min(4000, Math.max(-4000, y(value))).toFixed(1)}`;
    pen = 'L';
  }
  return path;
}

export const polyline = (points: readonly (readonly [number, number])[], { x, y }: Scales): string =>
  points
    .filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b))
    .map(
      ([a, b], i) =>
        `${i === 0 ? 'M' : 'L'}${Math.min(4000, Math.max(-4000, x(a))).toFixed(1)} ${Math.min(4000, Math.max(-4000, y(b))).toFixed(1)}`,
    )
    .join('');

/** Where a pointer is, in the units of the SVG's view box. */
export function pointIn(svg: SVGSVGElement, event: PointerEvent): readonly [number, number] {
  const box = svg.getBoundingClientRect();
  const view = svg.viewBox.baseVal;
  return [((event.clientX - box.left) / box.width) * view.width, ((event.clientY - box.top) / box.height) * view.height];
}

/** Arrow keys as steps in the plane; null for other keys. Shift takes ten. */
export function arrowStep(event: KeyboardEvent): readonly [number, number] | null {
  const size = event.shiftKey ? 10 : 1;
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  };
  const step = steps[event.key];
  return step ? [step[0] * size, step[1] * size] : null;
}

/** What a figure tells its page. */
export type Report = (name: string, value: number | boolean | string) => void;
