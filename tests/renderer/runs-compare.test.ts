/** Runs against each other: which settings differ, how drawings differ, and the report that stands alone. */
import { expect, test } from 'vitest';
import { generateDataset } from '../../src/engine/data/generators';
import * as edits from '../../src/engine/graph/edits';
import type { GeneratorSource, Project } from '../../src/engine/graph/project';
import { draftProject } from '../../src/engine/train/draft';
import type { RunDetail } from '../../src/main/contract';
import { structureChanges, structureSvg } from '../../src/renderer/charts/structure-picture';
import { runReport } from '../../src/renderer/panels/runs/report';
import { compareResults, compareSettings } from '../../src/renderer/panels/runs/settings-table';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const circles: GeneratorSource = { kind: 'generator', name: 'circles', count: 200, noise: 0, seed: 1 };
const project = draftProject(generateDataset(circles, split), circles, split, { title: 'Test', hidden: [4], activation: 'tanh' });

const run = (of: Project, more: Partial<RunDetail> = {}): RunDetail => ({
  id: 'run-1',
  name: 'Test',
  origin: 'window',
  status: 'done',
  startedAt: Date.UTC(2026, 0, 2, 3, 4),
  seconds: 2,
  epoch: 10,
  step: 50,
  epochs: 10,
  drawing: 'dense 4-1, tanh',
  optimizer: 'adam',
  rate: 0.01,
  batch: 32,
  seed: 1,
  data: { name: 'Circles', rows: 200, fingerprint: 'abc' },
  scores: { train: { loss: 0.2, accuracy: 0.9 }, validation: null, test: { loss: 0.25, accuracy: 0.875 } },
  tags: [],
  sweep: null,
  changes: '',
  message: '',
  resumable: true,
  bestEpoch: 9,
  bytes: 100,
  project: of,
  points: [
    { epoch: 0, step: 0, train: { loss: 0.7, accuracy: 0.5 }, validation: null },
    { epoch: 10, step: 50, train: { loss: 0.2, accuracy: 0.9 }, validation: null },
  ],
  confusion: { classes: ['in', '<out>'], counts: [10, 2, 1, 17] },
  ...more,
});

test('settings that differ are marked, those that one run has alone too', () => {
  const other = edits.setTraining({ batch: 8, optimizer: 'momentum', stop: { patience: 5 } })(project);
  const rows = compareSettings([run(project), run(other)]);
  const differing = Object.fromEntries(rows.filter(({ differs }) => differs).map(({ title, values }) => [title, values]));
  expect(differing).toMatchObject({ 'Batch size': ['32', '8'], Optimiser: ['Adam', 'Momentum'], 'Stop: patience': ['', '5'] });
  expect(differing).not.toHaveProperty('Seed');
  expect(compareSettings([run(project), run(project)]).every(({ differs }) => !differs)).toBe(true);
});

test('results: a score of another kind, or none, leaves its place empty', () => {
  const rows = compareResults([
    run(project),
    run(project, { scores: { train: { loss: 1, r2: 0.5 }, validation: null, test: null } }),
  ]);
  expect(rows.find(({ title }) => title === 'Test score')?.values).toEqual(['87.5 %', '']);
  expect(rows.find(({ title }) => title === 'Training score')?.values).toEqual(['90.0 %', 'R² 0.500']);
});

test('the diff of two drawings names what was added, removed and changed', () => {
  const wider = edits.setAttr('hidden', 'units', 6)(project);
  const without = edits.remove(['loss'])(wider);
  const changes = structureChanges(project, without).map(({ mark, text }) => `${mark} ${text}`);
  expect(changes[0]).toBe('changed hidden: units 4 → 6');
  expect(changes).toContainEqual(expect.stringMatching(/^removed loss: /));
  expect(structureChanges(without, project).map(({ mark }) => mark)).toContain('added');
  expect(structureChanges(project, project)).toEqual([]);
  const svg = structureSvg(without, { width: 500, height: 300 }, project);
  expect(svg).toContain('var(--danger)');
  expect(svg).toContain('var(--warning)');
  // Not by colour alone, and with what changed.
  expect(svg).toMatch(/>−<\/text>/);
  expect(svg).toMatch(/>≠<\/text>/);
  expect(svg).toContain('units 4 → 6');
});

test('the report is one page without code or links, and names are text in it', () => {
  const page = runReport(
    run(edits.setLabel('hidden', '<b>&"')(project), { name: '<img src=x onerror=alert(1)>' }),
    ":root[data-theme='light'] { --accent: #123; } :root[data-theme='dark'] { --accent: #abc; }",
    {
      'hidden/weight': { shape: [2, 3], data: Float32Array.of(1, -1, 0.5, 0.25, 0, 2) },
      wide: { shape: [200, 300], data: new Float32Array(60_000) },
    },
  );
  expect(page).not.toMatch(/<img|<b>|<script|href=/);
  expect(page).toContain('&lt;b&gt;&amp;&quot;');
  expect(page).toContain('&lt;out&gt;');
  expect(page).toMatch(/accuracy 87\.5 %/);
  // The drawing, two curves for two themes, and the map of what is too large for numbers.
  expect(page.match(/<svg/g)!.length).toBe(6);
  expect(page).toMatch(/prefers-color-scheme: dark\) \{ :root\[data-theme\] \{ color-scheme: dark;\s+--accent: #abc;/);
  expect(page).toContain('hidden/weight <small>2 × 3</small>');
  expect(page).toMatch(/<tr><td[^>]*>1<\/td><td[^>]*>−1<\/td><td[^>]*>0\.5<\/td><\/tr>/);
  expect(page).toContain('Each cell is the mean of 3 × 4 numbers.');
  expect(runReport(run(project), '', null)).not.toContain('<h2>Weights</h2>');
});
