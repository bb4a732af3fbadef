import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Phase, Program } from '../../src/engine/plan';
import { elementToAsk } from '../../src/engine/teach/predict';
import type { Trace, TraceStep } from '../../src/engine/train/trace-types';
import type { Recorded } from '../../src/renderer/run/recorded-iteration';
import { spansOf, Stepper } from '../../src/renderer/run/stepper.svelte';

const phases: readonly Phase[] = ['forward', 'forward', 'loss', 'backward', 'backward', 'backward', 'update'];
const trace = (row: number): Trace => ({
  row,
  rows: 1,
  of: 'l',
  loss: 1,
  lossAfter: 0.5,
  steps: phases.map(
    (phase, index): TraceStep => ({
      index,
      phase,
      node: `n${index}`,
      owner: `n${index}`,
      op: 'add',
      title: `Step ${index}`,
      value: { shape: [], data: Float64Array.of(index) },
      formula: 'y',
      numbers: '1',
    }),
  ),
});

/** These tests look at the trace alone. */
const recorded = (recording: Trace): Recorded => ({
  recording,
  program: {} as Program,
  drawing: { graph: { nodes: {}, edges: {} }, owner: {} },
});

let moves: (string | null)[];
let stepper: Stepper;
beforeEach(async () => {
  vi.useFakeTimers();
  moves = [];
  stepper = new Stepper(
    async (row) => recorded(trace(row)),
    ({ recording }) => recording as Trace,
    (step) => moves.push(step?.node ?? null),
  );
  await stepper.open(3);
});
afterEach(() => {
  stepper.close();
  vi.useRealTimers();
});

describe('the stepper', () => {
  test('runs of equal phases are spans', () => {
    expect(spansOf(trace(0).steps)).toEqual([
      { phase: 'forward', from: 0, to: 2 },
      { phase: 'loss', from: 2, to: 3 },
      { phase: 'backward', from: 3, to: 6 },
      { phase: 'update', from: 6, to: 7 },
    ]);
  });

  test('steps forth and back, and stays inside', () => {
    expect([stepper.index, stepper.atFirst]).toEqual([0, true]);
    stepper.back();
    expect(stepper.index).toBe(0);
    stepper.next();
    stepper.next();
    expect(stepper.step?.phase).toBe('loss');
    stepper.last();
    stepper.next();
    expect([stepper.index, stepper.atLast]).toEqual([6, true]);
    stepper.seek(-5);
    expect(stepper.index).toBe(0);
  });

  test('goes by phases: forth to the next, back to the start of this one first', () => {
    stepper.nextPhase();
    stepper.nextPhase();
    expect(stepper.index).toBe(3);
    stepper.next();
    stepper.previousPhase();
    expect(stepper.index).toBe(3);
    stepper.previousPhase();
    expect(stepper.index).toBe(2);
    stepper.last();
    stepper.nextPhase();
    expect(stepper.index).toBe(6);
  });

  test('plays to the end and stops there; playing again starts over', () => {
    stepper.play();
    vi.advanceTimersByTime(900 * 3 + 10);
    expect([stepper.index, stepper.playing]).toEqual([3, true]);
    vi.advanceTimersByTime(10_000);
    expect([stepper.index, stepper.playing]).toEqual([6, false]);
    stepper.speed = 3;
    stepper.play();
    expect(stepper.index).toBe(0);
    vi.advanceTimersByTime(310);
    expect(stepper.index).toBe(1);
  });

  test('stepping back by hand pauses', () => {
    stepper.play();
    stepper.back();
    expect(stepper.playing).toBe(false);
    vi.advanceTimersByTime(5000);
    expect(stepper.index).toBe(0);
  });

  test('tells every move, and that it was closed', () => {
    stepper.next();
    stepper.close();
    expect(moves).toEqual(['n0', 'n1', null]);
    expect(stepper.trace).toBeNull();
  });

  test('finishes phases, and runs to a node and on to its next step', () => {
    stepper.finishPhase();
    expect(stepper.index).toBe(1);
    stepper.finishPhase();
    expect(stepper.index).toBe(2);
    stepper.finishPhase();
    expect(stepper.index).toBe(5);
    expect(stepper.runTo('n1')).toBe(true);
    expect(stepper.index).toBe(1);
    expect(stepper.runTo('elsewhere')).toBe(false);
    expect(stepper.index).toBe(1);
  });

  test('says which numbers were reached', () => {
    expect([...stepper.reached()!]).toEqual(['v:n0']);
    stepper.last();
    expect([...stepper.reached()!]).toEqual(['v:n0', 'v:n1', 'v:n2']);
    stepper.close();
    expect(stepper.reached()).toBeNull();
  });

  test('asks before it shows: right, wrong, given up', () => {
    stepper.predict(true);
    expect(stepper.asked).toBe(true);
    expect([...stepper.reached()!]).toEqual([]);
    expect(stepper.guess('two').verdict).toBe('unreadable');
    expect(stepper.guess('1').verdict).toBe('wrong');
    expect(stepper.asked).toBe(true);
    expect(stepper.guess('0').verdict).toBe('right');
    expect([stepper.asked, stepper.score]).toEqual([false, { right: 0, asked: 1 }]);
    expect([...stepper.reached()!]).toEqual(['v:n0']);
    stepper.next();
    stepper.guess('2/2');
    stepper.next();
    stepper.reveal();
    expect([stepper.asked, stepper.score]).toEqual([false, { right: 1, asked: 3 }]);
    stepper.predict(false);
    stepper.next();
    expect(stepper.asked).toBe(false);
  });

  test('of an array one element is asked for, another one at each step, and never an easy zero', () => {
    const step = (index: number, ...data: number[]) => ({
      index,
      value: { shape: [data.length], data: Float64Array.from(data) },
    });
    expect(elementToAsk(step(0, 5, 6, 7))).toBe(0);
    expect(elementToAsk(step(1, 5, 6, 7))).toBe(2);
    expect(elementToAsk(step(0, 0, 6, 0))).toBe(1);
    expect(elementToAsk(step(4, 0, 0))).toBe(0);
  });

  test('playing waits at a question', () => {
    stepper.predict(true);
    stepper.play();
    vi.advanceTimersByTime(10_000);
    expect([stepper.index, stepper.playing]).toEqual([0, false]);
  });

  test('a recording that was asked for earlier does not replace a later one', async () => {
    const answers: ((recorded: Recorded) => void)[] = [];
    const slow = new Stepper(
      () => new Promise((resolve) => answers.push(resolve)),
      ({ recording }) => recording as Trace,
    );
    const [first, second] = [slow.open(1), slow.open(2)];
    answers[1]!(recorded(trace(2)));
    answers[0]!(recorded(trace(1)));
    await Promise.all([first, second]);
    expect(slow.trace?.row).toBe(2);
    expect(slow.loading).toBe(false);
  });

  test('with answers hidden, only numbers that were found are shown, and nobody can give up', () => {
    stepper.shut(true);
    stepper.predict(false);
    expect(stepper.asked).toBe(true);
    stepper.reveal();
    expect(stepper.asked).toBe(true);
    expect(stepper.guess('0').verdict).toBe('right');
    stepper.seek(3);
    // Steps 1 and 2 were passed without an answer: the drawing does not have their numbers.
    expect([...stepper.reached()!]).toHaveLength(1);
    stepper.close();
    expect([...stepper.reached()!]).toEqual([]);
    stepper.shut(false);
    expect(stepper.reached()).toBeNull();
  });
});
