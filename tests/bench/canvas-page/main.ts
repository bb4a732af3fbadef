/**
 * The canvas alone, with a large drawing or thousands of moving lines, and gestures that are played one
 * event a frame. The bench calls `playGesture` from outside and reads what it returns.
 */
import '../../../src/renderer/ui/tokens.css';
import { mount } from 'svelte';
import { infer } from '../../../src/engine/compile/infer';
import { type Edge, edge, type Node } from '../../../src/engine/graph/graph';
import { defaultSettings, type Point, type Project } from '../../../src/engine/graph/project';
import { sizeOf } from '../../../src/engine/ir/shape';
import { frameBytes, FrameReader, FrameWriter, type Tap, tapKey } from '../../../src/engine/train/frames';
import GraphCanvas from '../../../src/renderer/canvas/GraphCanvas.svelte';
import type { Live } from '../../../src/renderer/canvas/live';
import { lenses } from '../../../src/renderer/editor/lens';
import { Editor } from '../../../src/renderer/editor/editor.svelte';

/** 500 nodes in 25 columns, 800 edges from each column to the next. */
function largeDrawing(): Project {
  const nodes: Record<string, Node> = {};
  const edges: Record<string, Edge> = {};
  const positions: Record<string, Point> = {};
  for (let i = 0; i < 500; i++) {
    const [column, row] = [Math.floor(i / 20), i % 20];
    const id = `n${i}`;
    nodes[id] =
      column === 0 ? { id, op: 'parameter', attrs: { shape: [8] } } : { id, op: i % 3 === 0 ? 'tanh' : 'add', attrs: {} };
    positions[id] = { x: column * 190, y: row * 110 };
    const ports = column === 0 ? [] : i % 3 === 0 ? ['x'] : ['a', 'b'];
    ports.forEach((port, k) => {
      if (Object.keys(edges).length === 800) return;
      const made = edge(`n${(column - 1) * 20 + ((row + k * 3 + 19) % 20)}`, id, port);
      edges[made.id] = made;
    });
  }
  return { nodes, edges, positions, settings: defaultSettings };
}

/** A chain of 36 layers of 12 neurons: 5,040 weights but for the first, each a line of its own. */
function manyWeights(): Project {
  const nodes: Record<string, Node> = { input: { id: 'input', op: 'input', attrs: { shape: [12] } } };
  const edges: Record<string, Edge> = {};
  const positions: Record<string, Point> = { input: { x: 0, y: 0 } };
  for (let i = 0; i < 36; i++) {
    const id = `layer${i}`;
    nodes[id] = { id, op: 'dense', attrs: { units: 12, activation: 'tanh' } };
    positions[id] = { x: 230 + (i % 9) * 230, y: Math.floor(i / 9) * 520 };
    const made = edge(i === 0 ? 'input' : `layer${i - 1}`, id, 'x');
    edges[made.id] = made;
  }
  return { nodes, edges, positions, settings: defaultSettings };
}

/** A network on 784 inputs with 512 hidden neurons and ten outputs: 407,050 numbers that learn. */
function wideLayers(): Project {
  const widths = [
    ['hidden', 512],
    ['output', 10],
  ] as const;
  const nodes: Record<string, Node> = { input: { id: 'input', op: 'input', attrs: { shape: [784] } } };
  const edges: Record<string, Edge> = {};
  const positions: Record<string, Point> = { input: { x: 0, y: 0 } };
  widths.forEach(([id, units], i) => {
    nodes[id] = { id, op: 'dense', attrs: { units, activation: 'relu' } };
    positions[id] = { x: 280 * (i + 1), y: 0 };
    const made = edge(i === 0 ? 'input' : widths[i - 1]![0], id, 'x');
    edges[made.id] = made;
  });
  return { nodes, edges, positions, settings: defaultSettings };
}

const query = new URLSearchParams(location.search);
const editor = new Editor();
const drawings: Readonly<Record<string, () => Project>> = { large: largeDrawing, weights: manyWeights, wide: wideLayers };
editor.load((drawings[query.get('drawing') ?? ''] ?? largeDrawing)());
const lens = lenses.find((one) => one === query.get('lens'));
if (lens) editor.lookThrough(lens);

/** Numbers that change sixty times a second, as training writes them. */
let frame: FrameReader | null = null;
let writer: FrameWriter | null = null;
const live: Live = {
  get frame() {
    return frame;
  },
  watch(taps: readonly Tap[]) {
    const { graph } = editor.checked.expansion;
    const { shapes } = infer(graph);
    const at: Record<string, { offset: number; length: number }> = {};
    let floats = 0;
    for (const tap of taps) {
      const shape = shapes.get(tap.of === 'edge-gradient' ? graph.edges[tap.edge]!.from : tap.node);
      if (!shape) continue;
      at[tapKey(tap)] = { offset: floats, length: sizeOf(shape, 1) };
      floats += sizeOf(shape, 1);
    }
    const layout = { at, floats };
    const memory = new ArrayBuffer(frameBytes(layout));
    writer = new FrameWriter(layout, memory);
    frame = new FrameReader(layout, memory);
    write();
  },
  showForward: true,
  showBackward: true,
  active: query.has('live'),
  focus: null,
  speed: 1,
};
let time = 0;
const wave = Float32Array.from({ length: 1024 }, (_, i) => Math.sin((i * Math.PI) / 512));
function write(): void {
  time += 0.016;
  writer?.write(1, 0, (key, target) => {
    // From a table: the engine's worker writes them in a thread of its own, this page must not be slowed by it.
    const from = Math.round(time * 100) + key.length;
    for (let i = 0; i < target.length; i++) target[i] = wave[(from + i * 5) & 1023]!;
  });
}
if (query.has('live')) setInterval(write, 16);

mount(GraphCanvas, { target: document.querySelector('#app')!, props: { editor, live: query.has('live') ? live : null } });

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Plays a gesture for some frames; answers with the times between frames, sorted, in milliseconds. */
async function play(gesture: 'pan' | 'zoom' | 'drag' | 'watch', frames: number): Promise<readonly number[]> {
  const root = document.querySelector<HTMLElement>('.canvas')!;
  root.setPointerCapture = () => {};
  const box = root.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  const point = (type: string, px: number, py: number, button: number): boolean =>
    root.dispatchEvent(
      new PointerEvent(type, { bubbles: true, cancelable: true, pointerId: 1, clientX: px, clientY: py, button }),
    );
  let [startX, startY] = [x, y];
  if (gesture === 'pan') point('pointerdown', x, y, 1);
  if (gesture === 'drag') {
    // The nearest node to the middle, found as a person finds it: by clicking.
    for (let reach = 0; editor.selectedNodes.length === 0 && reach < 300; reach += 3) {
      [startX, startY] = [x + reach * Math.cos(reach), y + reach * Math.sin(reach)];
      point('pointerdown', startX, startY, 0);
      point('pointerup', startX, startY, 0);
    }
    point('pointerdown', startX, startY, 0);
  }
  const times: number[] = [];
  let last = await nextFrame();
  for (let i = 0; i < frames; i++) {
    const [dx, dy] = [90 * Math.sin(i / 12), 60 * Math.sin(i / 9)];
    if (gesture === 'pan' || gesture === 'drag') point('pointermove', startX + dx, startY + dy, 0);
    if (gesture === 'zoom')
      root.dispatchEvent(
        new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: x, clientY: y, deltaY: i % 60 < 30 ? -100 : 100 }),
      );
    const now = await nextFrame();
    times.push(now - last);
    last = now;
  }
  if (gesture === 'pan' || gesture === 'drag') point('pointerup', startX, startY, gesture === 'pan' ? 1 : 0);
  return times.sort((a, b) => a - b);
}

declare global {
  var playGesture: (gesture: 'pan' | 'zoom' | 'drag' | 'watch', frames: number) => Promise<readonly number[]>;
}
globalThis.playGesture = play;
