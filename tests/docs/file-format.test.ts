/**
 * What is written about the file format is true: the list of operations and the JSON schema follow from
 * the operations themselves (`npx vitest run tests/docs -u` writes them anew), the examples in the guide
 * are read by the program, and the schema accepts what the program accepts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Attrs } from '../../src/engine/graph/graph';
import { NODE_LIMIT, parseProject } from '../../src/engine/graph/project-file';
import { BOOKMARK_LIMIT, BOOKMARK_NAME } from '../../src/engine/graph/stored-bookmarks';
import { defaultSettings, lockHides, lockKeeps } from '../../src/engine/graph/project';
import { generators } from '../../src/engine/data/generators';
import type { AttrSpec, Op, OpGroup } from '../../src/engine/ops/op';
import { opOf, ops } from '../../src/engine/ops/index';
import { optimizers } from '../../src/engine/optimizers/index';
import { schedules } from '../../src/engine/train/schedules';
import { root } from '../support/built';

/** Operations of one's own belong to projects. */
const groups: Readonly<Record<Exclude<OpGroup, 'own'>, string>> = {
  data: 'Data',
  layer: 'Layers',
  activation: 'Activations',
  loss: 'Losses',
  penalty: 'Penalties',
  arithmetic: 'Arithmetic',
  function: 'Functions',
  reduction: 'Reductions and products',
  shape: 'Shapes',
};

const defaults = (op: Op): Attrs => Object.fromEntries(Object.entries(op.attrs).map(([name, spec]) => [name, spec.default]));

function kindText(spec: AttrSpec): string {
  switch (spec.kind) {
    case 'integer':
      return `whole number, ${spec.min} … ${spec.max}`;
    case 'number':
      return spec.min === undefined && spec.max === undefined ? 'number' : `number, ${spec.min ?? '−∞'} … ${spec.max ?? '∞'}`;
    case 'choice':
      return spec.choices.map((c) => `\`"${c.value}"\``).join(', ');
    case 'boolean':
      return '`true` or `false`';
    case 'text':
      return 'text';
    case 'shape':
      return 'list of at most four axis lengths';
    case 'numbers':
      return 'list of numbers';
  }
}

function operationsPage(): string {
  const lines = [
    '# Operations, data sets, optimisers',
    '',
    'What may stand in a [project file](file-format.md). This page is written by `npx vitest run tests/docs -u`, from the definitions themselves.',
    '',
  ];
  for (const [group, title] of Object.entries(groups)) {
    lines.push(`## ${title}`, '');
    for (const op of ops.values()) {
      if (op.group !== group) continue;
      const ports = op.ports(defaults(op)).map((p) => `\`${p.name}\``);
      lines.push(
        `### \`${op.name}\``,
        '',
        `${op.title}. ${op.about} ${ports.length === 0 ? 'No inputs.' : `Inputs: ${ports.join(', ')}.`}`,
        '',
      );
      const attrs = Object.entries(op.attrs);
      if (attrs.length === 0) continue;
      lines.push('| Attribute | Values | Default | |', '| --- | --- | --- | --- |');
      for (const [name, spec] of attrs)
        lines.push(`| \`${name}\` | ${kindText(spec)} | \`${JSON.stringify(spec.default)}\` | ${spec.about} |`);
      lines.push('');
    }
  }
  lines.push('## Toy data sets', '', '| Name | Columns | Task | |', '| --- | --- | --- | --- |');
  for (const g of generators) lines.push(`| \`${g.name}\` | ${g.features.join(', ')} | ${g.task} | ${g.about} |`);
  lines.push('', '## Optimisers', '', '| Name | Hyperparameters and their defaults |', '| --- | --- |');
  for (const o of optimizers)
    lines.push(
      `| \`${o.name}\` | ${Object.entries(o.hyper)
        .map(([name, spec]) => `\`${name}\` ${spec.default}`)
        .join(', ')} |`,
    );
  lines.push('', '## Learning-rate schedules', '', '| Kind | Settings and their defaults | |', '| --- | --- | --- |');
  for (const rule of schedules)
    lines.push(
      `| \`${rule.kind}\` | ${Object.entries(rule.settings)
        .map(([name, spec]) => `\`${name}\` ${spec.default}`)
        .join(', ')} | ${rule.about} |`,
    );
  return `${lines.join('\n')}\n`;
}

// ── the schema ──

type Schema = Readonly<Record<string, unknown>>;

function attrSchema(spec: AttrSpec): Schema {
  const base = { description: `${spec.title}. ${spec.about}`, default: spec.default };
  switch (spec.kind) {
    case 'integer':
      return { type: 'integer', minimum: spec.min, maximum: spec.max, ...base };
    case 'number':
      return {
        type: 'number',
        ...(spec.min === undefined ? {} : { minimum: spec.min }),
        ...(spec.max === undefined ? {} : { maximum: spec.max }),
        ...base,
      };
    case 'choice':
      return { enum: spec.choices.map((c) => c.value), ...base };
    case 'boolean':
      return { type: 'boolean', ...base };
    case 'text':
      return { type: 'string', ...base };
    case 'shape':
      return { type: 'array', maxItems: 4, items: { type: 'integer', minimum: 1 }, ...base };
    case 'numbers':
      return { type: 'array', items: { type: 'number' }, ...base };
  }
}

const closed = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: 'object',
  additionalProperties: false,
  ...(required.length > 0 ? { required } : {}),
  properties,
});
const seed = { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1, default: 1 };
const share = (value: number): Schema => ({ type: 'number', minimum: 0, maximum: 1, default: value });

const storedTensors = {
  type: 'object',
  additionalProperties: closed(
    {
      shape: { type: 'array', items: { type: 'integer', minimum: 1 } },
      base64: { type: 'string', description: 'Little-endian float32 numbers, row-major.' },
    },
    ['shape', 'base64'],
  ),
};

const names = { type: 'array', items: { type: 'string' } };
const transforms = {
  type: 'array',
  maxItems: 1000,
  items: {
    oneOf: [
      closed(
        {
          kind: { enum: ['log', 'log1p', 'square', 'sin', 'standardise', 'min-max', 'plain', 'categories'] },
          column: { type: 'string', description: "A column; '' stands for all numbers where a scale is meant." },
        },
        ['kind', 'column'],
      ),
      closed({ kind: { const: 'product' }, column: { type: 'string' }, by: { type: 'string' } }, ['kind', 'column', 'by']),
    ],
  },
};
const balance = { type: 'boolean', default: false, description: 'All classes count the same in the loss.' };
const made = { features: names, transforms, balance };
const table = {
  features: { ...names, default: [] },
  targets: { ...names, default: [] },
  task: { enum: ['auto', 'regression', 'binary', 'multiclass'], default: 'auto' },
  missing: { enum: ['drop-row', 'mean'], default: 'drop-row' },
  standardise: { type: 'boolean', default: true },
  weights: { type: 'string', description: 'Column that says how much a row counts in the loss.' },
  parts: { type: 'string', description: 'Column that says train, validation or test.' },
  noise: { type: 'number', minimum: 0, maximum: 10, description: 'On the scaled features of the training rows, in deviations.' },
  transforms,
  balance,
};

function projectSchema(): Schema {
  const { split, training } = defaultSettings;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Chainrule project',
    description: 'See docs/file-format.md. Written by `npx vitest run tests/docs -u`.',
    ...closed(
      {
        $schema: { type: 'string' },
        format: { const: 'chainrule' },
        version: { const: 1 },
        title: { type: 'string', maxLength: 1000, default: defaultSettings.title },
        notes: { type: 'string', default: '' },
        composites: {
          type: 'object',
          description: 'Operations of your own, by name; a node uses one as "own:name".',
          additionalProperties: closed(
            {
              inputs: { type: 'array', items: { type: 'string' }, default: [], description: 'Names of the inputs, in order.' },
              output: { type: 'string', description: 'The part whose value is the result.' },
              nodes: {
                type: 'object',
                minProperties: 1,
                additionalProperties: closed({ op: { type: 'string' }, attrs: { type: 'object' }, label: { type: 'string' } }, [
                  'op',
                ]),
              },
              edges: { type: 'object', additionalProperties: { type: 'string' } },
            },
            ['output', 'nodes'],
          ),
        },
        nodes: {
          type: 'object',
          description: 'The nodes, by name.',
          maxProperties: NODE_LIMIT,
          propertyNames: { pattern: '^[^./\\u0000-\\u001f]{1,120}$' },
          additionalProperties: { oneOf: ['own', ...ops.keys()].map((name) => ({ $ref: `#/definitions/${name}` })) },
        },
        edges: {
          type: 'object',
          description: '"node.input": "source"',
          propertyNames: { pattern: '^[^./]+\\.[^./]+$' },
          additionalProperties: { type: 'string' },
        },
        data: { $ref: '#/definitions/data' },
        split: closed({
          train: share(split.train),
          validation: share(split.validation),
          test: share(split.test),
          seed,
          folds: { type: 'integer', minimum: 2, maximum: 100 },
          fold: { type: 'integer', minimum: 1, maximum: 100 },
        }),
        training: closed({
          optimizer: { enum: optimizers.map((o) => o.name), default: training.optimizer },
          hyper: { type: 'object', additionalProperties: { type: 'number' } },
          batch: { type: 'integer', minimum: 1, maximum: 1_000_000, default: training.batch },
          epochs: { type: 'integer', minimum: 1, maximum: 10_000_000, default: training.epochs },
          seed,
          objective: { type: 'string', description: 'Name of the node to minimise.' },
          schedule: {
            oneOf: schedules.map((rule) => ({
              description: `${rule.title}. ${rule.about}`,
              ...closed(
                {
                  kind: { const: rule.kind },
                  ...Object.fromEntries(
                    Object.entries(rule.settings).map(([name, spec]) => [
                      name,
                      { type: 'number', minimum: spec.min, maximum: spec.max, default: spec.default, description: spec.about },
                    ]),
                  ),
                },
                ['kind'],
              ),
            })),
          },
          clip: closed({ value: { type: 'number', exclusiveMinimum: 0 }, norm: { type: 'number', exclusiveMinimum: 0 } }),
          stop: closed({
            patience: { type: 'integer', minimum: 1, maximum: 10_000_000, description: 'Epochs without a better loss.' },
            change: { type: 'number', minimum: 0, description: 'How much smaller a better loss is at least.' },
            plateau: {
              type: 'integer',
              minimum: 1,
              maximum: 10_000_000,
              description: 'Epochs in which the training loss hardly falls.',
            },
            fall: { type: 'number', minimum: 0, maximum: 1, default: 0.01, description: 'By no more than this share of itself.' },
            loss: { type: 'number' },
            accuracy: { type: 'number', minimum: 0, maximum: 1 },
            seconds: { type: 'number', minimum: 0.1, maximum: 1e7 },
          }),
          breakpoints: {
            type: 'array',
            maxItems: 100,
            items: closed(
              {
                kind: { enum: ['gradient', 'loss', 'dead', 'sign'] },
                limit: { type: 'number', minimum: 0 },
                node: { type: 'string', description: 'Name of a node; without it, anywhere.' },
                off: { type: 'boolean', default: false },
              },
              ['kind'],
            ),
          },
        }),
        lock: closed({
          keeps: { type: 'array', items: { enum: [...lockKeeps] }, description: 'What may not be changed.' },
          hides: { type: 'array', items: { enum: [...lockHides] }, description: 'What the window puts away.' },
          answers: { type: 'boolean', default: false, description: 'Numbers are shown only once they were found.' },
          password: closed({ salt: { type: 'string' }, hash: { type: 'string' } }, ['salt', 'hash']),
        }),
        weights: storedTensors,
        bookmarks: {
          type: 'array',
          maxItems: BOOKMARK_LIMIT,
          items: closed(
            {
              name: { type: 'string', maxLength: BOOKMARK_NAME },
              epoch: { type: 'integer', minimum: 0 },
              step: { type: 'integer', minimum: 0 },
              at: { type: 'integer', minimum: 0, default: 0, description: 'Rows of the epoch that were done.' },
              loss: { type: 'number', description: 'Loss of the batch before.' },
              weights: storedTensors,
              memory: { ...storedTensors, description: 'What the optimizer remembers.' },
              losses: { type: 'array', items: { type: 'number' }, description: 'Loss at the end of each epoch.' },
            },
            ['name', 'epoch', 'step', 'weights'],
          ),
        },
      },
      ['format', 'version', 'nodes'],
    ),
    definitions: {
      data: {
        oneOf: [
          closed({ kind: { const: 'none' } }, ['kind']),
          closed(
            {
              kind: { const: 'generator' },
              name: { enum: generators.map((g) => g.name) },
              count: { type: 'integer', minimum: 1, default: 500 },
              noise: { type: 'number', minimum: 0, maximum: 1, default: 0 },
              seed,
              ...made,
            },
            ['kind', 'name'],
          ),
          closed(
            {
              kind: { const: 'formula' },
              formula: { type: 'string', description: 'In x, or in x and y: sin(2x) + 0.5.' },
              inputs: { enum: [1, 2], default: 1 },
              target: { enum: ['value', 'class'], default: 'value' },
              low: { type: 'number', default: -3 },
              high: { type: 'number', default: 3 },
              count: { type: 'integer', minimum: 1, default: 300 },
              noise: { type: 'number', minimum: 0, default: 0 },
              seed,
              ...made,
            },
            ['kind', 'formula'],
          ),
          closed(
            {
              kind: { const: 'points' },
              target: { enum: ['value', 'class'], default: 'class' },
              points: {
                type: 'array',
                items: { type: 'number' },
                description: 'x, y and class or value, one point after the other.',
              },
              ...made,
            },
            ['kind', 'points'],
          ),
          closed(
            {
              kind: { const: 'csv' },
              path: { type: 'string' },
              separator: { enum: ['', ',', ';', '\t', '|'], default: '' },
              decimal: { enum: ['.', ','], default: '.' },
              header: { type: 'boolean', default: true },
              encoding: { enum: ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] },
              ...table,
            },
            ['kind', 'path'],
          ),
          closed(
            {
              kind: { const: 'csv' },
              text: { type: 'string', description: 'The table itself.' },
              path: { type: 'string' },
              separator: { enum: ['', ',', ';', '\t', '|'], default: '' },
              decimal: { enum: ['.', ','], default: '.' },
              header: { type: 'boolean', default: true },
              ...table,
            },
            ['kind', 'text'],
          ),
          closed(
            {
              kind: { const: 'arrays' },
              paths: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 64 },
              ...table,
            },
            ['kind', 'paths'],
          ),
          closed(
            {
              kind: { const: 'pictures' },
              path: { type: 'string' },
              width: { type: 'integer', minimum: 1, maximum: 512, default: 32 },
              height: { type: 'integer', minimum: 1, maximum: 512, default: 32 },
              colour: { type: 'boolean', default: false },
              ...table,
            },
            ['kind', 'path'],
          ),
        ],
      },
      own: {
        description: 'An operation of your own, from "composites".',
        ...closed(
          {
            op: { type: 'string', pattern: '^own:' },
            attrs: closed({}),
            label: { type: 'string' },
            group: { type: 'string' },
            at: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
          },
          ['op'],
        ),
      },
      ...Object.fromEntries(
        [...ops.values()].map((op) => [
          op.name,
          {
            description: `${op.title}. ${op.about}`,
            ...closed(
              {
                op: { const: op.name },
                attrs: closed(Object.fromEntries(Object.entries(op.attrs).map(([name, spec]) => [name, attrSchema(spec)]))),
                label: { type: 'string' },
                group: { type: 'string' },
                at: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
              },
              ['op'],
            ),
          },
        ]),
      ),
    },
  };
}

const guide = readFileSync(join(root, 'docs/file-format.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map((m) => m[1]!);

test('the page of operations says what the operations say', async () => {
  await expect(operationsPage()).toMatchFileSnapshot(join(root, 'docs/operations.md'));
});

test('the schema follows from the operations', async () => {
  await expect(`${JSON.stringify(projectSchema(), null, 2)}\n`).toMatchFileSnapshot(join(root, 'resources/project.schema.json'));
});

describe('the guide', () => {
  test('shows files that the program opens', () => {
    expect(blocks('json').length).toBeGreaterThanOrEqual(2);
    for (const text of blocks('json')) expect(parseProject(text, opOf)).toMatchObject({ ok: true });
  });

  test('shows parts that are parts of such files', () => {
    for (const text of blocks('text')) {
      const part = text.trim().startsWith('"hidden"') ? `"nodes": { ${text} }` : `"nodes": {}, ${text}`;
      expect(parseProject(`{ "format": "chainrule", "version": 1, ${part} }`, opOf), text).toMatchObject({ ok: true });
    }
  });

  test('names every member', () => {
    const schema = projectSchema() as {
      properties: Record<string, { properties?: object }>;
      definitions: { data: { oneOf: { properties: object }[] } };
    };
    const members = [
      ...Object.keys(schema.properties),
      ...['split', 'training'].flatMap((name) => Object.keys(schema.properties[name]!.properties!)),
      ...schema.definitions.data.oneOf.flatMap((form) => Object.keys(form.properties)),
      'op',
      'attrs',
      'label',
      'group',
      'at',
      'shape',
      'base64',
    ];
    for (const member of members) expect(guide, member).toMatch(new RegExp(`[\`"]${member.replace('$', '\\$')}[\`"]`));
  });
});

describe('the schema', () => {
  // The validator of electron-builder, which is here anyway.
  const fromBuilder = createRequire(
    createRequire(join(root, 'node_modules/electron-builder/package.json')).resolve('app-builder-lib/package.json'),
  );
  const Ajv = fromBuilder('ajv') as new (options: object) => { compile(schema: object): (value: unknown) => boolean };
  const accepts = new Ajv({ allErrors: true, strict: false }).compile(projectSchema());

  test('accepts the examples and the files of the guide', () => {
    const folder = join(root, 'resources/examples');
    for (const name of readdirSync(folder).filter((n) => n.endsWith('.chainrule')))
      expect(accepts(JSON.parse(readFileSync(join(folder, name), 'utf8'))), name).toBe(true);
    for (const text of blocks('json')) expect(accepts(JSON.parse(text))).toBe(true);
  });

  test('refuses what the program refuses', () => {
    const base = { format: 'chainrule', version: 1, nodes: {} };
    for (const wrong of [
      {},
      { ...base, version: 2 },
      { ...base, ndes: {} },
      { ...base, nodes: { a: { op: 'dens' } } },
      { ...base, nodes: { a: { op: 'dense', attrs: { units: 0 } } } },
      { ...base, nodes: { 'a.b': { op: 'add' } } },
      { ...base, data: { kind: 'csv' } },
      { ...base, training: { batch: 0 } },
    ]) {
      expect(accepts(wrong), JSON.stringify(wrong)).toBe(false);
      expect(parseProject(JSON.stringify(wrong), opOf).ok, JSON.stringify(wrong)).toBe(false);
    }
  });
});
