/** The check between compiler passes: a pass that breaks a program is stopped at the first step it broke. */
import { describe, expect, test } from 'vitest';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { read } from '../../../src/engine/ir/expr';
import { IllegalProgram, type Program, type Step, verify } from '../../../src/engine/plan';
import { drawing } from '../../support/drawing';

const program = (): Program =>
  programOf(
    prepare(
      drawing(
        {
          x: ['input', {}, { shape: [3] }],
          t: ['target', {}, { shape: [2] }],
          hidden: ['dense', { x: 'x' }, { units: 4, activation: 'tanh' }],
          out: ['dense', { x: 'hidden' }, { units: 2 }],
          loss: ['mean-squared-error', { prediction: 'out', target: 't' }],
        },
        { optimizer: 'momentum', batch: 4 },
      ),
      null,
    ),
    'every-edge',
    4,
  );

const at = (p: Program, found: (step: Step) => boolean): number => p.steps.findIndex(found);
const changed = (p: Program, index: number, change: (step: Step) => Step): Program => ({
  ...p,
  steps: p.steps.map((step, i) => (i === index ? change(step) : step)),
});

/** The sentence of the first illegal step. */
function faultOf(p: Program): string {
  try {
    verify(p);
  } catch (error) {
    expect(error).toBeInstanceOf(IllegalProgram);
    return (error as Error).message;
  }
  return 'legal';
}

describe('a broken pass is named with its step', () => {
  const whole = program();
  const fold = at(whole, ({ kernel, phase }) => phase === 'forward' && kernel.fold !== undefined);
  const where = `step ${fold} (forward of '${whole.steps[fold]!.node}')`;

  test('what the compiler makes is legal', () => expect(faultOf(whole)).toBe('legal'));

  const breaks: Readonly<Record<string, readonly [(p: Program) => Program, RegExp]>> = {
    'a step moved before what it reads': [
      (p) => ({ ...p, steps: [p.steps.at(-1)!, ...p.steps.slice(0, -1)] }),
      /^step 0 \(update of '.*'\): reads '.*' before it is written$/,
    ],
    'a step that was dropped although others read it': [
      (p) => ({ ...p, steps: p.steps.filter((_, i) => i !== fold) }),
      /before it is written$/,
    ],
    'a read without a buffer': [
      (p) => changed(p, fold, (s) => ({ ...s, bind: Object.fromEntries(Object.entries(s.bind).slice(1)) })),
      /is bound to no buffer$/,
    ],
    'a buffer that was removed': [
      (p) => ({ ...p, buffers: p.buffers.filter(({ id }) => id !== p.steps[fold]!.bind[p.steps[fold]!.kernel.stores[0]!.to]) }),
      /is bound to no buffer$/,
    ],
    'a read with too few strides': [
      (p) =>
        changed(p, fold, (s) => ({
          ...s,
          kernel: { ...s.kernel, reads: s.kernel.reads.map((r) => ({ ...r, strides: r.strides.slice(1) })) },
        })),
      /strides for \d axes$/,
    ],
    'a store that reads what moves along the fold': [
      (p) =>
        changed(p, fold, (s) => ({
          ...s,
          kernel: { ...s.kernel, stores: s.kernel.stores.map((store) => ({ ...store, value: read(s.kernel.reads[0]!.name) })) },
        })),
      /which moves along the fold$/,
    ],
    'two reads of one name': [
      (p) => changed(p, fold, (s) => ({ ...s, kernel: { ...s.kernel, reads: [...s.kernel.reads, s.kernel.reads[0]!] } })),
      /two reads have the same name$/,
    ],
    'a step that stores nothing': [
      (p) => changed(p, fold, (s) => ({ ...s, kernel: { ...s.kernel, stores: [] } })),
      /nothing is stored$/,
    ],
  };
  test.each(Object.entries(breaks))('%s', (name, [broken, sentence]) => {
    const fault = faultOf(broken(whole));
    expect(fault).toMatch(sentence);
    if (name !== 'a step moved before what it reads' && name !== 'a step that was dropped although others read it')
      expect(fault).toContain(where);
  });
});
