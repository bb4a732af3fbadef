/**
 * Every pass of the compiler, broken: the check that runs after it names the first step that it spoiled. A pass is
 * broken here by changing what it returns, in each way in which passes go wrong.
 */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { programToward } from '../../../src/engine/compile/toward';
import { IllegalProgram, type Step } from '../../../src/engine/plan';
import { drawing } from '../../support/drawing';

/** What is done to a pass's steps before the compiler sees them. */
const breaks = vi.hoisted(() => ({
  fuse: null as ((steps: Step[]) => Step[]) | null,
  inline: false,
  differentiate: null as ((steps: Step[], from: number) => void) | null,
  values: false,
}));

vi.mock('../../../src/engine/compile/fuse', async (load) => {
  const real = await load<typeof import('../../../src/engine/compile/fuse')>();
  return {
    ...real,
    fuse: (input: Parameters<typeof real.fuse>[0]) => {
      const fused = real.fuse(input);
      return breaks.fuse ? { ...fused, steps: breaks.fuse(fused.steps) } : fused;
    },
  };
});
vi.mock('../../../src/engine/compile/inline', async (load) => {
  const real = await load<typeof import('../../../src/engine/compile/inline')>();
  return {
    ...real,
    inline: (...given: Parameters<typeof real.inline>) => {
      const inlined = real.inline(...given);
      // A step that others read is taken to have been put into all of them.
      return breaks.inline ? inlined.filter((_, at) => at !== 0) : inlined;
    },
  };
});
vi.mock('../../../src/engine/compile/differentiate', async (load) => {
  const real = await load<typeof import('../../../src/engine/compile/differentiate')>();
  return {
    ...real,
    differentiate: (...given: Parameters<typeof real.differentiate>) => {
      const { steps } = given[0];
      const from = steps.length;
      real.differentiate(...given);
      breaks.differentiate?.(steps, from);
    },
  };
});
vi.mock('../../../src/engine/compile/kernels', async (load) => {
  const real = await load<typeof import('../../../src/engine/compile/kernels')>();
  return {
    ...real,
    valueKernels: (...given: Parameters<typeof real.valueKernels>) => {
      const sequence = real.valueKernels(...given);
      if (!breaks.values || given[0].name !== 'matmul') return sequence;
      const kernels = sequence.kernels.map((kernel) => ({
        ...kernel,
        reads: kernel.reads.map((r) => ({ ...r, strides: r.strides.slice(1) })),
      }));
      return { ...sequence, kernels };
    },
  };
});

afterEach(() => {
  Object.assign(breaks, { fuse: null, inline: false, differentiate: null, values: false });
});

const prepared = () =>
  prepare(
    drawing(
      {
        x: ['input', {}, { shape: [3] }],
        t: ['target', {}, { shape: [2] }],
        hidden: ['dense', { x: 'x' }, { units: 4, activation: 'tanh' }],
        out: ['dense', { x: 'hidden' }, { units: 2 }],
        loss: ['mean-squared-error', { prediction: 'out', target: 't' }],
      },
      { optimizer: 'momentum', batch: 4, clip: { norm: 1 } },
    ),
    null,
  );

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(IllegalProgram);
    return (error as Error).message;
  }
  return 'legal';
}
const fused = (): string => faultOf(() => programOf(prepared(), 'fused', 4));

describe('a pass that breaks', () => {
  test('none: the program is legal', () => expect(fused()).toBe('legal'));

  test('forward: strides that do not fit', () => {
    breaks.values = true;
    expect(fused()).toMatch(/^step 0 \(forward of 'hidden\/.*'\): read '.*' has \d strides for \d axes$/);
  });

  test('reverse: a step before what it reads', () => {
    breaks.differentiate = (steps, from) => steps.splice(from, 0, steps.pop()!);
    expect(fused()).toMatch(/^step \d+ \(backward of '.*'\): reads 'g:.*' before it is written$/);
  });

  test('reverse: a step left out', () => {
    breaks.differentiate = (steps, from) => void steps.splice(from, 1);
    expect(fused()).toMatch(/^step \d+ \(\w+ of '.*'\): reads '.*' before it is written$/);
  });

  test('reverse, toward another node than the loss', () => {
    const whole = prepared();
    const trace = programOf(whole, 'every-edge', 4);
    expect(faultOf(() => programToward(trace, whole.graph, 'hidden/activation', 0))).toBe('legal');
    breaks.differentiate = (steps, from) => steps.splice(from, 0, steps.pop()!);
    expect(faultOf(() => programToward(trace, whole.graph, 'hidden/activation', 0))).toMatch(
      /^step \d+ \(backward of '.*'\): reads '.*' before it is written$/,
    );
  });

  test('inlining: a step that others still read is gone', () => {
    breaks.inline = true;
    expect(fused()).toMatch(/^step \d+ \(\w+ of '.*'\): (reads '.*' before it is written|'.*' is bound to no buffer)$/);
  });

  test('fusion: steps in another order', () => {
    breaks.fuse = (steps) => [...steps].reverse();
    expect(fused()).toMatch(/^step 0 \(\w+ of '.*'\): reads '.*' before it is written$/);
  });

  test('fusion: an operand lost its buffer', () => {
    breaks.fuse = (steps) => steps.map((step, at) => (at === 1 ? { ...step, bind: {} } : step));
    expect(fused()).toMatch(/^step 1 \(\w+ of '.*'\): '.*' is bound to no buffer$/);
  });
});
