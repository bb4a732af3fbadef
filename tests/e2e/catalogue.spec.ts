/**
 * The catalogue in the window: every operation by the list itself, so that a new one is walked over without a line
 * here; and by hand what people choose about them: losses, penalties, axes, initializers, optimizers, schedules.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { formulaOf } from '../../src/engine/compile/formula/write';
import { Random } from '../../src/engine/data/random';
import { completeAttrs } from '../../src/engine/ops/attrs';
import { insteadInTraining } from '../../src/engine/ops/facts';
import { ops } from '../../src/engine/ops/index';
import { initializers } from '../../src/engine/ops/initializers';
import type { Op } from '../../src/engine/ops/op';
import { optimizers } from '../../src/engine/optimizers/index';
import { updateLatex } from '../../src/engine/optimizers/optimizer';
import { schedules } from '../../src/engine/train/schedules';
import { drawing as drawn, type Rows } from '../support/drawing';
import { canBatch, casesOf, numbersFor, sizeOfLengths } from '../support/op-cases';
import { add, connect, goTo, tabTo } from './keys';
import { expect, test } from './support';
import { AppWindow } from './window';

const used = [...ops.values()].filter((op) => op.kind !== 'source');
const learns = (op: Op): boolean => insteadInTraining(op.name) === null && op.name !== 'mcculloch-pitts';
const shownAs = (op: Op): string => `${op.name}-value`;

/** All operations in one drawing, each with inputs of its own, summed up to one loss. */
function allOfThem(): Rows {
  const rows: Record<string, Rows[string]> = { x: ['input', {}, { shape: [2] }], scale: ['sum', { x: 'x' }] };
  let open: string[] = [];
  for (const op of used) {
    const [one] = casesOf(op);
    if (!one) throw new Error(`${op.name} has no case.`);
    const attrs = completeAttrs(op, one.attrs ?? {});
    const inputs: Record<string, string> = {};
    op.ports(attrs).forEach((port, i) => {
      const shape = one.shapes[i % one.shapes.length]!;
      const id = `${op.name}-${port.name}`;
      const values = numbersFor(op, sizeOfLengths(shape), i).map((x) => Number(x.toFixed(3)));
      rows[id] = [learns(op) ? 'parameter' : 'constant', {}, { shape, values }];
      inputs[port.name] = id;
      // Some need a value for each sample.
      if (i === 0 && !canBatch(op, one, () => false)) {
        rows[`${id}-batched`] = ['multiply', { a: 'scale', b: id }];
        inputs[port.name] = `${id}-batched`;
      }
    });
    rows[shownAs(op)] = [op.name, inputs, attrs];
    rows[`${op.name}-sum`] = ['sum', { x: shownAs(op) }];
    open.push(`${op.name}-sum`);
  }
  for (let level = 0; open.length > 1; level++) {
    const next: string[] = [];
    for (let at = 0; at < open.length; at += 16) {
      const part = open.slice(at, at + 16);
      const id = open.length <= 16 ? 'total' : `total-${level}-${at}`;
      rows[id] = ['add', Object.fromEntries(part.map((from, i) => ['abcdefghijklmnop'[i]!, from])), { inputs: part.length }];
      next.push(id);
    }
    open = next;
  }
  return rows;
}

async function draw(app: Page, text: string): Promise<void> {
  await app.keyboard.press('Control+Shift+T');
  await app.getByRole('textbox', { name: 'Drawing as text' }).fill(text);
  await app.keyboard.press('Control+Enter');
  await expect(app.getByRole('dialog')).toHaveCount(0);
}

/** Formulas that could not be set, from now on. */
async function watchFormulas(app: Page): Promise<() => Promise<readonly string[]>> {
  await app.evaluate(() => {
    const failed: string[] = [];
    Object.assign(window, { failedFormulas: failed });
    const look = (root: Element | Document): void => {
      for (const at of root.querySelectorAll('.katex-error')) failed.push(at.getAttribute('title') ?? at.textContent ?? '');
    };
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes)
        for (const node of addedNodes) if (node instanceof Element) look(node.parentElement ?? node);
    }).observe(document.body, { childList: true, subtree: true });
  });
  return () => app.evaluate(() => (window as unknown as { failedFormulas: string[] }).failedFormulas);
}

test('every operation is placed from the palette, wired, seen live, stepped through, its formulas set', async ({ app }) => {
  test.setTimeout(600_000);
  const window = new AppWindow(app);
  const { drawing } = window;
  await app.getByRole('button', { name: /New project/ }).click();
  await expect(drawing.canvas).toBeVisible();
  await window.tab('Inspect');
  const failedFormulas = await watchFormulas(app);
  const side = app.getByRole('complementary', { name: 'Side panel' });

  await test.step('From the palette: each by its title', async () => {
    const search = app.getByLabel('Search nodes');
    for (const op of ops.values()) {
      await search.fill(op.title);
      await app.getByRole('button', { name: `Add ${op.title}`, exact: true }).click();
      await expect(side.getByRole('heading', { name: op.title, exact: true })).toBeVisible();
      await expect(side.getByText(op.about)).toBeVisible();
    }
    await expect(drawing.list.getByRole('listitem')).toHaveCount(ops.size);
  });

  await test.step('Wired: all of them in one drawing', async () => {
    const text = formulaOf(drawn(allOfThem()));
    if (!text.ok) throw new Error(text.message);
    await draw(app, text.text);
    await window.tab('Data');
    await app.getByRole('button', { name: 'Circles' }).click();
    await window.ready();
    await window.tab('Inspect');
    await app.keyboard.press('Control+Shift+l');
    await expect(app.getByRole('button', { name: 'Undo: Lay out' })).toBeVisible();
  });

  await test.step('Each says its formula and its shape, and its number is seen on its connection', async () => {
    for (const op of used) {
      await app.keyboard.press('Control+f');
      await app.getByRole('combobox', { name: 'Find a node' }).fill(shownAs(op));
      await app.keyboard.press('Enter');
      await expect(side.getByRole('heading', { name: op.title, exact: true })).toBeVisible();
      await expect(side.getByRole('region', { name: 'Formula' }).locator('math').first()).toBeAttached();
      await expect(side.getByRole('region', { name: 'Shape' })).not.toContainText('not known yet');
      // The drawing glides to what was found: the pointer follows the connection until it rests.
      await expect(async () => {
        const { x, y } = await drawing.middle(`${op.name}-sum`, 'x');
        await app.mouse.move(x, y + 200);
        await app.mouse.move(x, y);
        await expect(drawing.card, op.name).toContainText(/value\s*−?[\d.]/, { timeout: 1000 });
      }).toPass();
      if (learns(op)) await expect(drawing.card, op.name).toContainText(/gradient\s*−?[\d.]/);
    }
  });

  await test.step('Every step of the iteration, forward, backward, and the update', async () => {
    await app.getByRole('button', { name: /^Step through one iteration/ }).click();
    const step = app.getByRole('article', { name: 'Step in focus' });
    await expect(step).toBeVisible();
    const at = app.getByRole('slider', { name: 'Step', exact: true });
    const last = Number(await at.getAttribute('max'));
    expect(last).toBeGreaterThan(used.length * 3);
    // In the page: hundreds of steps, each looked at when it has been drawn.
    const seen = await at.evaluate(async (slider: HTMLInputElement, steps) => {
      const card = document.querySelector('article[aria-label="Step in focus"]')!;
      const titles: string[] = [];
      for (let index = 0; index <= steps; index++) {
        slider.value = String(index);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        while (!card.textContent!.includes(`Step ${index + 1} of`)) await new Promise((resolve) => setTimeout(resolve, 0));
        titles.push(card.querySelector('h2')!.textContent!);
      }
      return titles;
    }, last);
    for (const op of used)
      expect(
        seen.some((title) => title.includes(`${op.name}-value`)),
        op.name,
      ).toBe(true);
  });

  expect(await failedFormulas()).toEqual([]);
});

/** A new sheet with a drawing from text, on the circles. */
async function sheet(app: Page, text: string, data: string | null = 'Circles'): Promise<AppWindow> {
  const window = new AppWindow(app);
  await app.getByRole('button', { name: /New project/ }).click();
  await expect(window.drawing.canvas).toBeVisible();
  await draw(app, text);
  if (data !== null) {
    await window.tab('Data');
    await app.getByRole('button', { name: data, exact: true }).click();
    await window.ready();
  }
  await window.tab('Inspect');
  return window;
}

const rules = (app: Page) => app.getByRole('complementary', { name: 'Side panel' });

test('a binary step: training says why it cannot, and the cure makes it a sigmoid that learns', async ({ app }) => {
  test.setTimeout(240_000);
  const window = await sheet(
    app,
    "x = input(); t = target()\nhidden = dense(x, units=6, activation='binary-step')\nscore = dense(hidden, units=1, activation='identity')\nloss = binary_cross_entropy_logits(score, t)",
    null,
  );
  await window.tab('Data');
  await app.getByRole('button', { name: 'Circles', exact: true }).click();
  await expect(window.status).toContainText('Circles');
  await expect(window.train).toHaveAccessibleName(/^Train\. .*derivative is 0 everywhere but at the jump/, { timeout: 30_000 });
  await window.tab('Inspect');
  await goTo(app, 'hidden');
  const reason = rules(app).getByText(
    /‘?'?hidden'? is a binary step: its derivative is 0 everywhere but at the jump, so nothing before it can learn\./,
  );
  await expect(reason).toBeVisible();
  await rules(app).getByRole('button', { name: 'Use a sigmoid' }).click();
  await expect(reason).toHaveCount(0);
  await expect(app.getByRole('combobox', { name: 'Activation: Sigmoid' })).toBeVisible();
  await window.ready();
  await window.train.click();
  await expect.poll(() => window.step()).toBeGreaterThan(20);
  await window.stop();
});

test('losses added with weights, the factor ½, and penalties of a parameter and of a layer', async ({ app }) => {
  test.setTimeout(240_000);
  const window = await sheet(
    app,
    'x = input(); t = target()\nwv = parameter(shape=[2, 1])\nscore = x @ wv\nfirst = binary_cross_entropy_logits(score, t)\nsecond = mean_squared_error(score, t)\nloss = first + 0.25*second',
  );
  const { drawing } = window;
  const inspectorFormula = rules(app).getByRole('region', { name: 'Formula' }).locator('annotation').first();

  await test.step('Two losses, one of them a quarter, are one objective that falls', async () => {
    await expect(window.status).toContainText('No problems');
    await app.keyboard.press('Escape');
    await expect(rules(app).getByText('Minimises')).toBeVisible();
    await expect(rules(app).getByRole('region', { name: 'The drawing' })).toContainText(/Minimises\s*loss/);
    await window.speed('Full speed');
    await window.train.click();
    await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(3);
    await expect.poll(() => window.loss()).toBeLessThan(1);
    await window.stop();
  });

  await test.step('The factor ½ is a switch, and the formula says it', async () => {
    await goTo(app, 'second');
    await expect(inspectorFormula).not.toContainText(/0\.5|frac\{?1\}?\{?2/);
    await rules(app).getByRole('switch', { name: 'Factor ½' }).click();
    await expect(inspectorFormula).toContainText(/0\.5|frac\{?1\}?\{?2/);
    await window.ready();
  });

  await test.step('A parameter has a penalty of its own', async () => {
    await goTo(app, 'wv');
    for (const [title, name] of [
      ['L1', /^L1/],
      ['Elastic', /^Elastic/],
      ['L2', /^L2/],
    ] as const) {
      await window.choose('Penalty', name);
      await expect(rules(app).getByRole('textbox', { name: 'Penalty’s strength' })).toBeVisible();
      await expect(rules(app).getByRole('textbox', { name: 'Share of L1' })).toHaveCount(title === 'Elastic' ? 1 : 0);
    }
    await window.ready();
  });

  await test.step('A penalty that is so strong draws the weights to 0', async () => {
    await window.type('Penalty’s strength', '3');
    await window.ready();
    await window.train.click();
    await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(10);
    await window.stop();
    const numbers = rules(app).getByRole('table', { name: 'Values of wv' });
    await expect
      .poll(async () =>
        Math.max(
          ...(await numbers.getByRole('cell').allInnerTexts()).map((text) =>
            Math.abs(Number(text.replace('−', '-').replace('e−', 'e-'))),
          ),
        ),
      )
      .toBeLessThan(0.05);
    await drawing.expectEdge('x', 'score', 'a');
  });
});

test('a McCulloch–Pitts unit: an inhibitory input keeps it from firing', async ({ app }) => {
  const window = await sheet(
    app,
    'a = constant(values=[1]); b = constant(values=[1]); veto = constant(values=[0])\nunit = mcculloch_pitts(a, b)\nsees = identity(unit)',
    null,
  );
  const { drawing } = window;
  const fires = async (value: string): Promise<void> => {
    const { x, y } = await drawing.middle('sees', 'x');
    await app.mouse.move(x - 40, y - 60);
    await app.mouse.move(x, y);
    await expect(drawing.card).toContainText(new RegExp(`value\\s*${value}`));
  };
  await goTo(app, 'unit');
  await window.type('Inhibitory inputs', '1');
  await connect(app, 'veto', 'unit', 'inhibit1');
  await fires('1');
  await goTo(app, 'veto');
  await window.type('Values', '1');
  await fires('0');
});

test('initializers, optimizers and schedules show their rules; every schedule draws its curve', async ({ app }) => {
  test.setTimeout(240_000);
  const window = await sheet(
    app,
    "x = input(); t = target()\nhidden = dense(x, units=3)\nscore = dense(hidden, units=1, activation='identity')\nloss = binary_cross_entropy_logits(score, t)",
  );
  const failedFormulas = await watchFormulas(app);
  await goTo(app, 'hidden');
  for (const { title, formula, scaleTitle } of initializers) {
    await window.choose('Initializer', new RegExp(`^${title}$`));
    await expect(rules(app).getByRole('group', { name: 'How weights are drawn' }).locator('annotation').first()).toHaveText(
      formula,
    );
    await expect(rules(app).getByRole('textbox', { name: scaleTitle ?? 'nothing', exact: true })).toHaveCount(
      scaleTitle === null ? 0 : 1,
    );
  }
  await window.tab('Train');
  for (const optimizer of optimizers) {
    await window.choose('Optimizer', new RegExp(`^${optimizer.title} ${optimizer.about.slice(0, 12)}`));
    await expect(app.getByRole('group', { name: 'Update rule' }).locator('.katex-display annotation')).toHaveText([
      ...updateLatex(optimizer),
    ]);
  }
  const section = app.getByRole('region', { name: 'Learning rate over time' });
  for (const { kind, title, formula, settings } of schedules) {
    await window.choose('Schedule of the learning rate', new RegExp(`^${title}`));
    for (const setting of Object.values(settings))
      await expect(section.getByRole('textbox', { name: setting.title, exact: true })).toBeVisible();
    await expect(app.getByText(formula, { exact: true })).toBeAttached();
    await expect(app.getByRole('img', { name: /^Share of the learning rate over the epochs/ }), kind).toBeVisible();
  }
  expect(await failedFormulas()).toEqual([]);
});

test('shapes by the keyboard alone: reshape, sum and mean and maximum over axes, slice, concatenate, broadcast', async ({
  app,
}) => {
  test.setTimeout(300_000);
  const window = new AppWindow(app);
  const { drawing } = window;
  await expect(app.getByRole('navigation', { name: 'Start' })).toBeVisible();
  await app.keyboard.press('Tab');
  await tabTo(app, /^New project/);
  await app.keyboard.press('Enter');
  await expect(drawing.canvas).toContainText('An empty sheet');
  await tabTo(app, 'Drawing of the network');
  const attribute = async (node: string, title: string, value: string): Promise<void> => {
    await goTo(app, node);
    await app.keyboard.press('Enter');
    await tabTo(app, title);
    await app.keyboard.press('Control+a');
    await app.keyboard.type(value);
    await app.keyboard.press('Enter');
  };
  const shape = (node: string, text: string) => expect(drawing.node(node)).toContainText(`shape ${text}`);

  await add(app, 'parameter');
  await attribute('w1', 'Shape', '2, 6');
  await shape('w1', '2 × 6');
  await goTo(app, 'w1');
  await add(app, 'reshape');
  // Connections are offered where they fit: the shape comes first.
  await attribute('reshape1', 'Shape', '2, 2, 3');
  await connect(app, 'w1', 'reshape1', 'x');
  await shape('reshape1', '2 × 2 × 3');
  for (const [words, node, axes, result] of [
    ['sum', 'sum1', 'First and third axes', '2'],
    ['mean', 'mean1', 'Second axis', '2 × 3'],
    ['max', 'max1', 'First axis', '2 × 3'],
  ] as const) {
    await goTo(app, 'reshape1');
    await add(app, words);
    await connect(app, 'reshape1', node, 'x');
    await goTo(app, node);
    await app.keyboard.press('Enter');
    await tabTo(app, /^Axes: /);
    // Many begin alike: the arrows walk to it.
    await app.keyboard.press('Enter');
    const option = app.getByRole('option', { name: axes, exact: true });
    await expect(option).toBeVisible();
    for (let presses = 0; presses < 15 && (await option.getAttribute('data-highlighted')) === null; presses++)
      await app.keyboard.press('ArrowDown');
    await app.keyboard.press('Enter');
    await expect(app.getByRole('combobox', { name: `Axes: ${axes}` })).toBeVisible();
    await shape(node, result);
  }
  await goTo(app, 'mean1');
  await add(app, 'concatenate');
  await connect(app, 'mean1', 'concatenate1', 'a');
  await connect(app, 'max1', 'concatenate1', 'b');
  await shape('concatenate1', '4 × 3');
  await add(app, 'slice');
  await connect(app, 'concatenate1', 'slice1', 'x');
  await attribute('slice1', 'From', '1');
  await attribute('slice1', 'Count', '2');
  await shape('slice1', '2 × 3');
  await goTo(app, 'sum1');
  await add(app, 'broadcast');
  await attribute('broadcast1', 'Shape', '3, 2');
  await connect(app, 'sum1', 'broadcast1', 'x');
  await shape('broadcast1', '3 × 2');
  // An axis that is not there is answered where it was chosen.
  await attribute('slice1', 'From', '9');
  await goTo(app, 'slice1');
  await expect(rules(app)).toContainText(/slice.*[.]/s);
});

test('a signal: convolution in one dimension and average pooling learn to tell waves from noise', async ({ app, server }) => {
  test.setTimeout(240_000);
  const random = new Random(1, 'signals');
  const lines = Array.from({ length: 400 }, (_, row) => {
    const wave = row % 2;
    const phase = random.between(0, 6.28);
    const values = Array.from(
      { length: 16 },
      (_, i) => (wave ? Math.sin(phase + i * 0.9) : 0) + random.gaussian() * (wave ? 0.15 : 0.7),
    );
    return [...values.map((x) => x.toFixed(3)), wave ? 'wave' : 'noise'].join(',');
  });
  const path = join(server.home, 'signals.csv');
  writeFileSync(path, `${[...Array.from({ length: 16 }, (_, i) => `s${i}`), 'kind'].join(',')}\n${lines.join('\n')}\n`);
  const window = new AppWindow(app);
  await window.networkFromFile(path);
  await draw(
    app,
    "x = input(shape=[16]); t = target(shape=[1])\nsignal = reshape(x, shape=[1, 16])\nfound = convolution_1d(signal, filters=6, size=5, padding='same', activation='tanh')\nshort = average_pooling(power(found), axes='1', size=4)\nall = flatten(short)\nscore = dense(all, units=1, activation='identity')\nloss = binary_cross_entropy_logits(score, t)",
  );
  await window.ready();
  await expect(window.drawing.node('found')).toContainText('shape n × 6 × 16');
  await expect(window.drawing.node('short')).toContainText('shape n × 6 × 4');
  await window.speed('Full speed');
  await window.train.click();
  await expect.poll(() => window.epoch(), { timeout: 60_000 }).toBeGreaterThan(30);
  await expect(window.train).toBeVisible({ timeout: 60_000 });
  await window.tab('Results');
  expect(await window.score('Test')).toBeGreaterThan(0.9);
});
