/** The cases that the tables of operations go through: each attribute that changes numbers has more than one value in them. */
import { expect, test } from 'vitest';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { ops } from '../../src/engine/ops/index';
import { casesOf } from '../support/op-cases';

/** What these change is not the value for given numbers, and where it is tested instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  initializer: 'the numbers to start from: determinism.test.ts, random.test.ts',
  scale: 'as initializer',
  biasInitializer: 'as initializer',
  biasScale: 'as initializer',
  penalty: 'the loss of the whole drawing: penalties.test.ts, pytorch.test.ts',
  strength: 'as penalty',
  mix: 'as penalty',
  penaliseWeights: 'as penalty',
  penaliseBias: 'as penalty',
  frozen: 'what the update leaves alone: leaves-alone.test.ts',
  frozenPart: 'as frozen',
  rate: 'dropout in training: training-forms.test.ts',
  momentum: 'averages of training: training-forms.test.ts',
};

test('each attribute is tried with another value than its usual one', () => {
  const missing: string[] = [];
  for (const op of ops.values()) {
    if (op.kind === 'source') continue;
    for (const name of Object.keys(op.attrs)) {
      if (op.group !== 'penalty' && Object.hasOwn(ELSEWHERE, name)) continue;
      const values = new Set(casesOf(op).map(({ attrs }) => JSON.stringify(completeAttrs(op, attrs ?? {})[name])));
      if (values.size < 2) missing.push(`${op.name}: ${name}`);
    }
  }
  expect(missing).toEqual([]);
});
