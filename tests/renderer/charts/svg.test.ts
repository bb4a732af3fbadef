/** Pictures as vectors: well formed, to scale, and with the words that the screen shows. */
import { expect, test } from 'vitest';
import { curvesPicture } from '../../../src/renderer/charts/curve-picture';
import { pictureCsv, pictureSvg } from '../../../src/renderer/charts/picture-files';
import { plainColour, SvgSurface } from '../../../src/renderer/charts/svg-surface';
import { plainInk } from './ink';

/** Every tag that opens closes, in order. */
function wellFormed(svg: string): boolean {
  const open: string[] = [];
  for (const [, closing, name, self] of svg.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (self === '/') continue;
    if (closing !== '/') open.push(name!);
    else if (open.pop() !== name) return false;
  }
  return open.length === 0;
}

const picture = curvesPicture({
  title: 'Loss of a < b & c',
  summary: 'Loss over epochs.',
  xTitle: 'Epoch',
  yTitle: 'Loss',
  epochs: true,
  curves: [
    { title: 'Training', colour: '--accent', points: [0, 1, 2, 3, 4].map((x) => ({ x, y: 4 - x })) },
    { title: 'Validation', colour: '--pos', dashed: true, points: [0, 4].map((x) => ({ x, y: 2 })) },
  ],
});

test('a plot becomes one SVG with its title, legend, marks and lines', () => {
  const svg = pictureSvg(picture, { width: 400, height: 200 }, plainInk);
  expect(wellFormed(svg)).toBe(true);
  for (const text of ['Loss of a &lt; b &amp; c', 'Training', 'Validation', 'Epoch →', '↑ Loss', '>0<', '>4<'])
    expect(svg).toContain(text);
  // Drawn once only: Chart.js draws when it is made.
  expect(svg.match(/Epoch →/g)).toHaveLength(1);
  expect(svg.match(/stroke="#5a45d6"/g)!.length).toBeGreaterThanOrEqual(2);
  expect(svg).toContain('stroke-dasharray="5 4"');
});

test('lines lie where their numbers are', () => {
  const svg = pictureSvg(picture, { width: 400, height: 200 }, plainInk);
  const path = [...svg.matchAll(/<path d="([^"]+)" fill="none" stroke="#5a45d6"/g)]
    .map(([, d]) => d!)
    .find((d) => (d.match(/L/g)?.length ?? 0) >= 4)!;
  // The first point is where the pen is put down, too.
  const points = [...new Set(path.slice(1).split('L'))].map((pair) => pair.split(' ').map(Number));
  expect(points).toHaveLength(5);
  // A straight line from the upper left corner of the field to its lower right: steps are equal.
  const steps = points.slice(1).map(([x, y], at) => [x! - points[at]![0]!, y! - points[at]![1]!]);
  for (const [dx, dy] of steps) {
    expect(dx).toBeCloseTo(steps[0]![0]!, 1);
    expect(dy).toBeCloseTo(steps[0]![1]!, 1);
    expect(dx).toBeGreaterThan(50);
    expect(dy).toBeGreaterThan(20);
  }
});

test('the CSV has the same numbers in full', () => {
  expect(pictureCsv(picture)).toBe('Epoch,Training,Validation\r\n0,4,2\r\n1,3,\r\n2,2,\r\n3,1,\r\n4,0,2\r\n');
});

test('the surface keeps transforms, clips and colours', () => {
  const surface = new SvgSurface();
  surface.save();
  surface.beginPath();
  surface.rect(0, 0, 10, 10);
  surface.clip();
  surface.translate(5, 5);
  surface.scale(2, 2);
  surface.fillStyle = 'rgb(255 0 0 / 0.5)';
  surface.fillRect(0, 0, 1, 1);
  surface.restore();
  surface.beginPath();
  surface.arc(5, 5, 2, 0, 7);
  surface.stroke();
  const svg = surface.toSvg(20, 20, 'x');
  expect(wellFormed(svg)).toBe(true);
  expect(svg).toContain('<path d="M5 5L7 5L7 7L5 7Z" fill="#ff0000" fill-opacity="0.5"/></g>');
  expect(svg).toContain('M7 5A2 2 0 0 1 3 5A2 2 0 0 1 7 5');
  expect(plainColour('rgba(1, 2, 3, 0.25)')).toEqual({ colour: '#010203', alpha: 0.25 });
  expect(plainColour('#abcdef')).toEqual({ colour: '#abcdef', alpha: 1 });
});
