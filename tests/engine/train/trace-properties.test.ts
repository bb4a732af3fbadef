/**
 * What must hold of every trace, on random drawings: its gradients are the slopes that central differences
 * find, every element is the sum that it opens into, and its formulas are typeset in both conventions.
 */
import katex from 'katex';
import { describe, expect, test } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { programToward } from '../../../src/engine/compile/toward';
import { bufferIds, type Program } from '../../../src/engine/plan';
import { openElement } from '../../../src/engine/train/element-words';
import { Replay } from '../../../src/engine/train/replay';
import { record, trace } from '../../../src/engine/train/trace';
import type { Recording, Target } from '../../../src/engine/train/trace-types';
import { worded } from '../../../src/engine/train/trace-words';
import { bracketFault } from '../../support/brackets';
import { randomDrawing, type RandomDrawing } from '../../support/random-drawing';

function recorded(drawn: RandomDrawing, rows: number, target?: Target) {
  const drawing = prepare(drawn.project, null);
  const every = programOf(drawing, 'every-edge', drawn.count);
  const program = target ? programToward(every, drawing.graph, target.node, target.element) : every;
  const recording = record({
    program,
    drawing,
    row: 0,
    rows,
    features: drawn.features.subarray(0, rows * drawn.width),
    targets: drawn.targets.subarray(0, (rows * drawn.targets.length) / drawn.count),
    state: Object.fromEntries(program.parameters.map(({ value, given }) => [value, given!])),
    ...(target ? { target } : {}),
  });
  return { drawing, program, recording };
}

const gradientsOf = (recording: Recording, from: (edge: string) => string): Map<string, Float64Array> => {
  const found = new Map<string, Float64Array>();
  for (const { phase, edge, value } of recording.steps) {
    if (phase !== 'backward' || edge === undefined) continue;
    const sum = found.get(from(edge)) ?? new Float64Array(value.data.length);
    value.data.forEach((x, i) => {
      sum[i]! += x;
    });
    found.set(from(edge), sum);
  }
  return found;
};

/** What is derived, as a function of one number of one source. */
function derivedAt(replay: Replay, program: Program, target: Target | undefined, buffer: string, i: number, x: number): number {
  const { device, rows } = replay;
  const numbers = device.numbers(buffer);
  const old = numbers[i]!;
  numbers[i] = x;
  device.runPhases(['forward', 'loss'], rows);
  numbers[i] = old;
  if (!target) return device.batchLoss(rows);
  const value = replay.numbers(bufferIds.value(target.node));
  const width =
    value.length / (program.buffers.find(({ id }) => id === bufferIds.value(target.node))!.shape[0] === 'batch' ? rows : 1);
  let sum = 0;
  value.forEach((v, at) => {
    if (target.element === 'sum' || at % width === target.element) sum += v / (value.length / width);
  });
  return sum;
}

describe('500 random drawings', () => {
  test.each(Array.from({ length: 10 }, (_, part) => part))('traces equal central differences, part %d', (part) => {
    let compared = 0;
    let kinks = 0;
    for (let seed = part * 50; seed < part * 50 + 50; seed++) {
      const drawn = randomDrawing(seed);
      const rows = seed % 3 === 0 ? Math.min(3, drawn.count) : 1;
      let target: Target | undefined;
      if (seed % 2 === 1) {
        const { drawing, recording } = recorded(drawn, rows);
        const fed = new Set(Object.values(drawing.graph.edges).map(({ to }) => to));
        const computed = recording.steps.filter(({ phase, node }) => phase === 'forward' && fed.has(node));
        const step = computed[seed % computed.length]!;
        const width = rows > 1 && step.value.shape[0] === rows ? step.value.data.length / rows : step.value.data.length;
        target = { node: step.node, element: seed % 4 === 1 ? 'sum' : seed % width };
      }
      const { drawing, program, recording } = recorded(drawn, rows, target);
      const replay = new Replay(program, drawing.graph, recording);
      const gradients = gradientsOf(recording, (edge) => drawing.graph.edges[edge]!.from);
      for (const { role, id } of program.buffers) {
        const gradient = gradients.get(id.slice(2));
        if ((role !== 'parameter' && role !== 'input') || gradient === undefined) continue;
        for (let i = 0; i < gradient.length; i++) {
          const x = replay.device.numbers(id)[i]!;
          const at = (h: number): number =>
            (derivedAt(replay, program, target, id, i, x + h) - derivedAt(replay, program, target, id, i, x - h)) / (2 * h);
          const [near, far] = [at(1e-6), at(1e-5)];
          const scale = Math.max(1, Math.abs(gradient[i]!));
          // Where two steps disagree a kink lies between them, and there is no slope to compare with.
          if (Math.abs(near - far) > 1e-4 * scale) kinks++;
          else {
            compared++;
            expect(Math.abs(far - gradient[i]!), `seed ${seed}, ${id} element ${i}`).toBeLessThan(1e-4 * scale);
          }
        }
      }
      replay.close();
    }
    expect(compared).toBeGreaterThan(300);
    expect(kinks / compared).toBeLessThan(0.02);
  });

  test('every element is what it opens into', () => {
    let opened = 0;
    for (let seed = 0; seed < 60; seed++) {
      const drawn = randomDrawing(seed, seed % 2 === 0 ? 'adam' : 'sgd');
      const { drawing, program, recording } = recorded(drawn, seed % 3 === 0 ? 2 : 1);
      const replay = new Replay(program, drawing.graph, recording);
      const words = worded(recording, drawing.graph, seed % 2 === 0 ? 'row' : 'column');
      for (const step of words.steps)
        for (let i = 0; i < step.value.data.length; i++) {
          const element = openElement(replay, words, step, i, 'row');
          if (element === null) continue;
          opened++;
          const want = step.value.data[i]!;
          expect(Math.abs(element.value - want), `seed ${seed}, step ${step.index}, element ${i}`).toBeLessThanOrEqual(
            1e-12 * Math.max(1, Math.abs(want)),
          );
          for (const { sources } of element.terms)
            for (const { at, value } of sources)
              if (at)
                expect(words.steps[at.index]!.value.data[at.element], `seed ${seed}: source of step ${step.index}`).toBeCloseTo(
                  value,
                  12,
                );
          if (i === 0 && seed < 25)
            for (const tex of [element.formula, element.numbers]) {
              expect(bracketFault(tex), tex).toBeNull();
              expect(() => katex.renderToString(tex, { throwOnError: true, strict: 'error' }), tex).not.toThrow();
            }
        }
      replay.close();
    }
    expect(opened).toBeGreaterThan(2000);
  });

  test('formulas are typeset in both conventions, for one row and for several', () => {
    for (let seed = 0; seed < 24; seed++) {
      const { drawing, recording } = recorded(randomDrawing(seed), seed % 2 === 0 ? 1 : 3);
      for (const convention of ['row', 'column'] as const)
        for (const { formula, numbers, title, locals = [] } of worded(recording, drawing.graph, convention).steps) {
          expect(title).not.toBe('');
          for (const tex of [formula, numbers, ...locals.flatMap((l) => [l.formula, l.numbers])]) {
            expect(bracketFault(tex), `seed ${seed}: ${tex}`).toBeNull();
            expect(
              () => katex.renderToString(tex, { throwOnError: true, strict: 'error' }),
              `seed ${seed}: ${tex}`,
            ).not.toThrow();
          }
        }
    }
  });
});

test('recording changes nothing that it is given, and twice gives the same', () => {
  const drawn = randomDrawing(7, 'adam');
  const drawing = prepare(drawn.project, null);
  const program = programOf(drawing, 'every-edge', drawn.count);
  const state = Object.fromEntries(program.parameters.map(({ value, given }) => [value, Float64Array.from(given!)]));
  const before = JSON.stringify(state);
  const once = (): unknown =>
    trace({
      program,
      drawing,
      row: 0,
      features: drawn.features.subarray(0, drawn.width),
      targets: drawn.targets.subarray(0, 1),
      state,
    }).steps.map(({ value }) => [...value.data]);
  expect(once()).toEqual(once());
  expect(JSON.stringify(state)).toBe(before);
});
