/**
 * "An activation is one file and one line": the file and the lines that the guide shows are those of the
 * program, no other file knows the operation by name, and all that should follow from them does.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { activationChoices } from '../../src/engine/ops/activations';
import { opOf } from '../../src/engine/ops/index';
import { casesOf } from '../support/op-cases';
import { root } from '../support/built';

const guide = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const section = guide.slice(guide.indexOf('## An activation'), guide.indexOf('## A data set'));
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(section)![1]!;
const [path, ...code] = block('ts').split('\n');
const file = path!.replace('// ', '');
const source = readFileSync(join(root, file), 'utf8');

const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`],
  );

describe('an activation is one file and one line', () => {
  test('the file in the guide is the file of the program, and about ten lines long', () => {
    expect(source).toBe(code.join('\n'));
    const body = source.slice(source.indexOf('({') + 2, source.lastIndexOf('})'));
    expect(body.trim().split('\n').length).toBeLessThanOrEqual(12);
  });

  test('the diff in the guide is what the list says, line by line', () => {
    const [first, ...lines] = block('diff').trimEnd().split('\n');
    const list = readFileSync(join(root, first!.replace(/^ ?\/\/ /, '')), 'utf8').split('\n');
    for (const line of lines) expect(list).toContain(line.slice(1));
    // An import and an entry, nothing else.
    expect(lines.filter((line) => line.startsWith('+'))).toHaveLength(2);
  });

  const name = /name: '([^']+)'/.exec(source)![1]!;
  const op = opOf(name)!;

  test('nothing else knows it, but the menu of layers', () => {
    const mention = new RegExp(`'${name}'|/${name}'`);
    const knowing = filesIn('src').filter((other) => mention.test(readFileSync(join(root, other), 'utf8')));
    expect(knowing.sort()).toEqual([file, 'src/engine/ops/activations.ts', 'src/engine/ops/index.ts'].sort());
  });

  test('kernels, gradients, formulas, palette, menu and conformance follow', () => {
    if (op.kind !== 'primitive') throw new Error(`${name} is no primitive`);
    const call = { shapes: { x: ['batch', 3] as const }, attrs: completeAttrs(op, {}), out: ['batch', 3] as const };
    expect(op.value(call).kernels).toHaveLength(1);
    expect(op.gradient(call, 'x')!.kernels).toHaveLength(1);
    expect(op.formula({ x: 'x' }, call, 'row')).not.toBe('');
    expect(op.derivativeFormula({ x: 'x' }, 'y', 'x', call, 'row')).not.toBe('');
    expect(op.group).toBe('activation');
    expect(activationChoices.map(({ value }) => value)).toContain(name);
    // The table of all operations takes it without a line of its own.
    expect(casesOf(op).length).toBeGreaterThan(0);
    expect(readFileSync(join(root, 'tests/support/op-cases.ts'), 'utf8')).not.toMatch(new RegExp(`'${name}'|\\b${name}:`));
  });
});
