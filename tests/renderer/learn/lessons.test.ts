/**
 * The course is complete: every row of the lecture notes has a page, every page can be done, and its check
 * tells done from not done. Projects that pages open are checked, compiled and, where a page says so, trained.
 */
import katex from 'katex';
import { describe, expect, it, test } from 'vitest';
import { check } from '../../../src/engine/compile/check';
import { prepare, programOf } from '../../../src/engine/compile/program';
import { generateDataset } from '../../../src/engine/data/generators';
import { emptyProject, type Project } from '../../../src/engine/graph/project';
import { bufferIds } from '../../../src/engine/plan';
import { courseExercises } from '../../../src/engine/teach/course-exercises';
import { trace } from '../../../src/engine/train/trace';
import type { Block, Witness } from '../../../src/renderer/learn/lesson';
import { chapters, lessons } from '../../../src/renderer/learn/lessons/index';
import { Progress } from '../../../src/renderer/learn/progress.svelte';
import { witnessOf } from '../../../src/renderer/learn/witness';
import { Editor } from '../../../src/renderer/editor/editor.svelte';
import type { Run } from '../../../src/renderer/run/run.svelte';
import * as numberProjects from '../../../src/renderer/learn/number-projects';
import * as projects from '../../../src/renderer/learn/projects';
import { trained } from '../../support/training';

/** The rows of the course; a page may stand for several that belong together. */
const ROWS: Readonly<Record<number, readonly string[]>> = {
  1: ['1.1', '1.2', '1.3', '1.4', '1.5.1', '1.5.2', '1.5.3', '1.5.4', '1.6', '1.7', '1.8', '1.9', '1.10', '1.11', '1.12'],
  2: [
    '2.1',
    '2.2',
    '2.3.1',
    '2.3.2',
    '2.3.3',
    '2.3.4',
    '2.3.5',
    '2.3.6',
    '2.3.7',
    '2.3.8',
    '2.3.9',
    '2.4.1',
    '2.4.2',
    '2.4.3',
    '2.4.4',
  ],
  3: [
    '3.1',
    '3.2',
    '3.3.1',
    '3.3.2',
    '3.3.3',
    '3.4',
    '3.5.1',
    '3.5.2',
    '3.5.3',
    '3.5.4',
    '3.5.5',
    '3.5.6',
    '3.6.1',
    '3.6.2',
    '3.6.3',
    '3.6.4',
    '3.6.5',
    '3.6.6',
    '3.6.7',
    '3.6.8',
    '3.6.9',
    '3.6.10',
    '3.6.11',
    '3.6.12',
    '3.6.13',
    '3.6.14',
    '3.6.15',
    '3.6.16',
    '3.6.17',
    '3.6.18',
    '3.6.19',
    '3.6.20',
    '3.7.1',
    '3.7.2',
  ],
};

const nothing: Witness = {
  facts: {},
  project: emptyProject,
  sound: false,
  parameters: { weights: 0, biases: 0 },
  epoch: 0,
  step: 0,
  accuracy: null,
  loss: null,
  stepped: null,
};
const facts = (...names: string[]): Witness => ({ ...nothing, facts: Object.fromEntries(names.map((name) => [name, true])) });
const numbers = (values: Record<string, number>, ...names: string[]): Witness => ({
  ...nothing,
  facts: { ...values, ...Object.fromEntries(names.map((name) => [name, true])) },
});
const live = (project: Project, more: Partial<Witness>): Witness => ({ ...nothing, project, ...more });

/** For each page: what was seen when it was done as asked, and steps on the way that are not enough. */
const DONE: Readonly<Record<string, { readonly done: Witness; readonly notYet?: readonly Witness[] }>> = {
  '1.1': { done: facts('fired', 'silent'), notYet: [facts('silent')] },
  '1.2': { done: facts('AND', 'OR', 'NOT', 'searched'), notYet: [facts('AND', 'OR', 'NOT')] },
  '1.3': { done: numbers({ sum: 0 }), notYet: [numbers({ sum: 1.5 })] },
  '1.4': { done: facts('step', 'relu'), notYet: [facts('relu')] },
  '1.5.1': { done: live(projects.step(), { sound: true }), notYet: [live(projects.step(), { sound: false })] },
  '1.5.2': { done: facts('far'), notYet: [facts('moved')] },
  '1.5.3': { done: facts('negative', 'positive'), notYet: [facts('positive')] },
  '1.5.4': { done: facts('negative', 'positive'), notYet: [facts('negative')] },
  '1.6': { done: numbers({ accuracy: 1 }, 'moved'), notYet: [numbers({ accuracy: 0.875 }, 'moved'), numbers({ accuracy: 1 })] },
  '1.7': { done: facts('one', 'zero'), notYet: [facts('one')] },
  '1.8': {
    done: live(projects.gaussians(), { epoch: 20, accuracy: 0.98 }),
    notYet: [live(projects.gaussians(), { epoch: 20, accuracy: 0.9 }), live(projects.oneNeuron(), { epoch: 20, accuracy: 1 })],
  },
  '1.9': {
    done: live(projects.oneNeuron(), { epoch: 10, accuracy: 0.64 }),
    notYet: [live(projects.oneNeuron(), { epoch: 2, accuracy: 0.5 })],
  },
  '1.10': {
    done: { ...live(projects.three(), { epoch: 60, accuracy: 0.95 }), facts: { 'by hand': true } },
    notYet: [live(projects.three(), { epoch: 60, accuracy: 0.95 }), facts('by hand')],
  },
  '1.11': { done: facts('compact', 'full'), notYet: [facts('compact')] },
  '1.12': { done: facts('term bias', 'term dot'), notYet: [facts('term bias')] },
  '2.1': { done: facts('end', 'back'), notYet: [facts('end')] },
  '2.2': { done: numbers({ levels: 4 }), notYet: [numbers({ levels: 3 })] },
  '2.3.1': { done: facts('all') },
  '2.3.2': { done: facts('all') },
  '2.3.3': { done: facts('unrolled', 'quiz'), notYet: [facts('quiz')] },
  '2.3.4': { done: facts('entry', 'edge'), notYet: [facts('entry')] },
  '2.3.5': { done: numbers({ folded: 3 }), notYet: [numbers({ folded: 2 })] },
  '2.3.6': { done: facts('collapsed'), notYet: [facts('convention')] },
  '2.3.7': { done: facts('right') },
  '2.3.8': { done: numbers({ rows: 6 }) },
  '2.3.9': { done: facts('mismatch', 'match'), notYet: [facts('mismatch')] },
  '2.4.1': { done: facts('checked'), notYet: [facts('tanh')] },
  '2.4.2': { done: facts('tight'), notYet: [facts('inside')] },
  '2.4.4': { done: facts('sample', 'many'), notYet: [facts('sample')] },
  '3.1': { done: facts('table', 'drawing'), notYet: [facts('table')] },
  '3.2': { done: numbers({ mean: 0.05 }), notYet: [numbers({ mean: 0.17 })] },
  '3.3.1': { done: facts('warned', 'cured'), notYet: [facts('warned')] },
  '3.3.2': { done: facts('far', 'half'), notYet: [facts('half')] },
  '3.3.3': { done: facts('one', 'zero', 'far'), notYet: [facts('one', 'zero')] },
  '3.4': { done: facts('moved') },
  '3.5.1': { done: facts('falls', 'oscillates', 'diverges'), notYet: [facts('falls', 'diverges')] },
  '3.5.2': { done: facts('holds', 'violated'), notYet: [facts('holds')] },
  '3.5.3': { done: facts('trained', 'stopped'), notYet: [facts('trained')] },
  '3.5.4': { done: facts('measured') },
  '3.5.5': { done: facts('ran one'), notYet: [facts('ran full')] },
  '3.5.6': { done: facts('ran full', 'ran one', 'ran some'), notYet: [facts('ran full', 'ran one')] },
  '3.6.1': { done: facts('large'), notYet: [facts('changed')] },
  '3.6.2': { done: facts('moved', 'notation'), notYet: [facts('moved')] },
  '3.6.3': { done: facts('quiz') },
  '3.6.4': { done: facts('locals', 'backward'), notYet: [facts('locals')] },
  '3.6.5': { done: facts('seed', 'end'), notYet: [facts('seed')] },
  '3.6.6': { done: facts('end') },
  '3.6.7': { done: facts('solved') },
  '3.6.9': { done: facts('solved') },
  '3.6.11': { done: facts('solved Exercise 3'), notYet: [facts('solved', 'solved Exercise 3, closed gate')] },
  '3.6.13': { done: facts('solved Exercise 4'), notYet: [facts('solved')] },
  '3.6.15': { done: facts('n', 'm'), notYet: [facts('n')] },
  '3.6.16': { done: numbers({ size: 256 }), notYet: [numbers({ size: 128 })] },
  '3.6.17': { done: facts('collapsed'), notYet: [facts('block')] },
  '3.6.19': { done: facts('Y', 'collapsed'), notYet: [facts('collapsed')] },
  '3.6.20': { done: facts('backward'), notYet: [facts('changed')] },
  '3.7.1': { done: facts('zero', 'random'), notYet: [facts('zero')] },
  '3.7.2': { done: facts('sigmoid'), notYet: [facts('relu')] },
};

/** Sections that share a page with the one before. */
const SHARED: Readonly<Record<string, string>> = {
  '2.4.3': '2.4.2',
  '3.6.8': '3.6.7',
  '3.6.10': '3.6.9',
  '3.6.12': '3.6.11',
  '3.6.14': '3.6.13',
  '3.6.18': '3.6.17',
};

describe('the pages', () => {
  it('cover every row of the course, in its order', () => {
    for (const { number, lessons: pages } of chapters) {
      expect(pages.map((l) => l.id)).toEqual(ROWS[number]!.filter((row) => !(row in SHARED)));
      expect(pages.every((l) => l.chapter === number)).toBe(true);
    }
    for (const [row, home] of Object.entries(SHARED)) {
      const page = lessons.find((l) => l.id === home)!;
      expect(JSON.stringify(page.blocks), row).toContain(row);
    }
  });

  const bodies = (block: Block): string[] =>
    block.kind === 'text' || block.kind === 'note' ? [block.text] : block.kind === 'points' ? [...block.items] : [];
  test.each(lessons.map((l) => [l.id, l] as const))(
    '%s is typeset, says what to do, and its check tells done from not done',
    (id, page) => {
      expect(page.title.length).toBeGreaterThan(3);
      expect(page.blocks.some((b) => b.kind === 'figure' || b.kind === 'quiz')).toBe(true);
      // A prepared project, or an exercise that opens its drawing; things to try.
      expect(page.project !== undefined || page.blocks.some((b) => b.kind === 'figure' && b.spec.figure === 'exercise')).toBe(
        true,
      );
      expect(page.tries?.length ?? 0).toBeGreaterThan(0);
      expect(page.check.ask).toMatch(/\.$/);
      const latex = [
        ...page.blocks.flatMap((b) => (b.kind === 'formula' ? [b.latex] : [])),
        ...[...page.blocks.flatMap(bodies), ...(page.tries ?? [])].flatMap((words) =>
          [...words.matchAll(/\$([^$]+)\$/g)].map((m) => m[1]!),
        ),
      ];
      for (const tex of latex)
        expect(() => katex.renderToString(tex, { throwOnError: true, strict: 'error' }), tex).not.toThrow();
      for (const words of [...page.blocks.flatMap(bodies), ...(page.tries ?? [])])
        expect(words.split('$').length % 2, words).toBe(1);
      const known = DONE[id]!;
      expect(page.check.done(nothing)).toBe(false);
      for (const witness of known.notYet ?? []) expect(page.check.done(witness)).toBe(false);
      expect(page.check.done(known.done)).toBe(true);
    },
  );

  it('note the misprints of the course where they matter', () => {
    const noted = (id: string): boolean => lessons.find((l) => l.id === id)!.blocks.some((b) => b.kind === 'note');
    for (const id of [
      '1.5.1',
      '2.3.4',
      '2.3.6',
      '2.3.8',
      '2.4.2',
      '3.2',
      '3.3.2',
      '3.5.2',
      '3.6.16',
      '3.6.19',
      '3.6.20',
      '3.7.2',
    ])
      expect(noted(id), id).toBe(true);
  });
});

describe('the projects that pages open', () => {
  const offered = new Map(
    lessons.flatMap((l) => [...(l.project ? [l.project] : []), ...(l.more ?? [])]).map((p) => [p.title, p.make()]),
  );
  test.each([...offered])('%s is a sound drawing with the promised title', (title, project) => {
    expect(project.settings.title).toBe(title);
    const { data, split } = project.settings;
    const problems = check(project, data.kind === 'generator' ? generateDataset(data, split) : null).problems;
    const expected: Readonly<Record<string, readonly string[]>> = {
      [projects.titles.step]: ['no-gradient'],
      [projects.titles.gates]: ['no-loss'],
      [projects.titles.unbounded]: ['bce-unbounded'],
      [projects.titles.counting]: ['data-missing'],
    };
    expect(problems.map((p) => p.code)).toEqual(expected[title] ?? []);
    for (const id of Object.keys(project.nodes)) expect(project.positions[id]).toBeDefined();
  });

  it('every exercise of the course is on a page', () => {
    const ids = lessons.flatMap((l) =>
      l.blocks.flatMap((b) => (b.kind === 'figure' && b.spec.figure === 'exercise' ? [...b.spec.ids] : [])),
    );
    expect(ids.sort()).toEqual(courseExercises.map((e) => e.id).sort());
  });

  test.each([
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
  ])('three McCulloch–Pitts units give %i XOR %i = %i', (x1, x2, out) => {
    const project = projects.gates();
    const prepared = prepare(project, null);
    const { output } = check(project, null).expansion;
    const { steps } = trace({
      program: programOf(prepared, 'every-edge', 1),
      drawing: { graph: prepared.graph, owner: prepared.owner },
      row: 0,
      features: [],
      targets: [],
      state: { [bufferIds.value('x1')]: [x1], [bufferIds.value('x2')]: [x2] },
    });
    expect(steps.find((step) => step.node === output.get('xor'))!.value.data[0]).toBe(out);
  });

  it('8-9-9-9-4 has 270 weights and 31 biases in the program too', () => {
    expect(check(projects.counting(), null).totals).toEqual({ weights: 270, biases: 31 });
  });

  it('one wide layer and three narrow ones have as many parameters', () => {
    expect(check(projects.wide(), null).totals).toEqual({ weights: 81, biases: 28 });
    expect(check(projects.deep(), null).totals).toEqual({ weights: 90, biases: 19 });
  });

  const iteration = (project: Project) => {
    const prepared = prepare(project, null);
    const program = programOf(prepared, 'every-edge', 1);
    const state = Object.fromEntries(program.parameters.map(({ value, given }) => [value, given!]));
    return trace({
      program,
      drawing: { graph: prepared.graph, owner: prepared.owner },
      row: 0,
      features: [],
      targets: [],
      state,
    });
  };
  const updateOf = ({ steps }: ReturnType<typeof iteration>, node: string) =>
    steps.find((step) => step.phase === 'update' && step.node === node)!;
  const gradientOf = (made: ReturnType<typeof iteration>, node: string): number => updateOf(made, node).gradient!.data[0]!;
  it('a composition has the product of both slopes', () => {
    expect(gradientOf(iteration(numberProjects.composed()), 'x')).toBeCloseTo(0.9996, 4);
  });
  it('micrograd’s and Mazur’s drawings have the numbers that they print', () => {
    const expression = iteration(numberProjects.micrograd());
    expect(expression.loss).toBeCloseTo(24.7041, 4);
    expect([gradientOf(expression, 'a'), gradientOf(expression, 'b')]).toEqual([
      expect.closeTo(138.8338, 4),
      expect.closeTo(645.5773, 4),
    ]);
    const network = iteration(numberProjects.mazur());
    expect([network.loss, network.lossAfter]).toEqual([expect.closeTo(0.298371, 6), expect.closeTo(0.291028, 6)]);
    expect(['W1', 'W2'].map((node) => updateOf(network, node).value.data[0])).toEqual([
      expect.closeTo(0.149781, 6),
      expect.closeTo(0.358916, 6),
    ]);
  });

  const accuracyAfter = async (project: Project, epochs?: number): Promise<number> => {
    const data = generateDataset(project.settings.data as Parameters<typeof generateDataset>[0], project.settings.split);
    const { session } = await trained(project, data, epochs === undefined ? {} : { epochs });
    const { accuracy } = (await session.score(data, data.split.test))!;
    session.close();
    return accuracy ?? 0;
  };
  it('one neuron separates the clouds, fails on the circles; three solve them', async () => {
    expect(await accuracyAfter(projects.gaussians())).toBeGreaterThanOrEqual(0.95);
    expect(await accuracyAfter(projects.oneNeuron())).toBeLessThan(0.8);
    expect(await accuracyAfter(projects.three())).toBeGreaterThanOrEqual(0.9);
  });
  it('the network set by hand solves the circles before any training', async () => {
    expect(await accuracyAfter(projects.threeByHand(), 0)).toBeGreaterThan(0.85);
  });
});

describe('what a check sees', () => {
  it('is the live editor and the run: curing the drawing is noticed', () => {
    const editor = new Editor();
    const run = {
      stepper: { trace: null, index: 0, steps: [], step: null },
      epoch: 7,
      step: 70,
      testScore: { loss: 0.1, accuracy: 0.97 },
      points: [],
      batchLoss: 0.2,
    } as unknown as Run;
    const page = (id: string) => lessons.find((l) => l.id === id)!;
    const seen = (): Witness => witnessOf({}, editor, run);
    expect(page('1.5.1').check.done(seen())).toBe(false);
    editor.load(projects.step());
    expect(page('1.5.1').check.done(seen())).toBe(false);
    editor.setAttr('neuron', 'activation', 'sigmoid');
    expect(page('1.5.1').check.done(seen())).toBe(true);
    editor.load(projects.unbounded());
    expect(page('3.3.1').check.done(seen())).toBe(false);
    editor.setAttr('output', 'activation', 'sigmoid');
    expect(page('3.3.1').check.done(seen())).toBe(true);
    editor.load(projects.gaussians());
    expect(page('1.8').check.done(seen())).toBe(true);
  });
});

describe('progress', () => {
  it('is remembered, and survives storage that fails or holds rubbish', () => {
    let stored: string | null = null;
    const memory = {
      read: () => stored,
      write: (text: string) => {
        stored = text;
      },
    };
    const first = new Progress(memory);
    first.finish('1.1');
    first.finish('1.1');
    first.visit('2.1');
    first.saw('1.10', 'by hand');
    first.saw('1.10', 'by hand');
    const second = new Progress(memory);
    expect([...second.done]).toEqual(['1.1']);
    expect(second.last).toBe('2.1');
    expect(second.seenOn('1.10')).toEqual({ 'by hand': true });
    expect(second.seenOn('1.1')).toEqual({});
    for (const rubbish of ['{', '7', '{"done":3}', '{"done":[1,"1.2"]}'])
      expect([...new Progress({ read: () => rubbish, write: () => {} }).done]).toEqual(rubbish.includes('1.2') ? ['1.2'] : []);
    second.forget();
    expect(second.done.size).toBe(0);
    expect(second.seenOn('1.10')).toEqual({});
  });
});
