/** Going back to kept moments, early stopping, and breakpoints, with the ordinary session and trainer. */
import { describe, expect, test } from 'vitest';
import { generateDataset } from '../../../src/engine/data/generators';
import { apply, between, changesModel, invert } from '../../../src/engine/graph/diff';
import { dropBookmark, keepBookmark, nameBookmark, rename, setTraining } from '../../../src/engine/graph/edits';
import type { Project, Training } from '../../../src/engine/graph/project';
import { parseProject } from '../../../src/engine/graph/project-file';
import { serialiseProject } from '../../../src/engine/graph/project-text';
import { opOf } from '../../../src/engine/ops/index';
import { bufferIds } from '../../../src/engine/plan';
import { draftProject } from '../../../src/engine/train/draft';
import type { State } from '../../../src/engine/train/session';
import { Stopping } from '../../../src/engine/train/stopping';
import { bytesOf, Timeline } from '../../../src/engine/train/timeline';
import { savedMomentOf, storedBookmark } from '../../../src/renderer/run/bookmarks';
import { drawing, number } from '../../support/drawing';
import { trained } from '../../support/training';

const split = { train: 0.7, validation: 0.15, test: 0.15, seed: 1 };
const source = { kind: 'generator', name: 'circles', count: 200, noise: 0.1, seed: 1 } as const;
const circles = generateDataset(source, split);
const circlesProject = (training: Partial<Training>, activation = 'tanh'): Project =>
  setTraining({ batch: 20, hyper: { rate: 0.03 }, ...training })(
    draftProject(circles, source, split, { title: 'Test', hidden: [4], activation }),
  );
const bits = (state: State): string =>
  [...state]
    .map(([id, numbers]) => `${id}:${Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64')}`)
    .join('\n');

const MEMORY = 2 ** 24;
const schedule = { kind: 'exponential', settings: { factor: 0.9 } };

describe('time travel', () => {
  test('there and back gives identical bits; going on gives the same run', async () => {
    // A clock that stands still: keeping takes no time, so everything is kept.
    const { session, trainer } = await trained(circlesProject({ epochs: 6, schedule }), circles, {
      memory: MEMORY,
      now: () => 0,
    });
    const end = bits(await session.state());
    const last = trainer.here!;
    const third = trainer.timeline.moments.find(({ epoch, at }) => epoch === 3 && at === 0)!;
    expect(await trainer.travel(third.id)).toBe(true);
    expect([trainer.epoch, trainer.step]).toEqual([3, 3 * 7]);
    expect(bits(await session.state())).toBe(bits(third.state));
    expect(bits(await session.state())).not.toBe(end);
    await trainer.travel(last);
    expect(bits(await session.state())).toBe(end);
    // From there once more: the same rows in the same order at the same rates.
    await trainer.travel(third.id);
    await trainer.train();
    expect(trainer.epoch).toBe(6);
    expect(bits(await session.state())).toBe(end);
    session.close();
  });

  test('in the middle of an epoch too, and going on cuts off what came after', async () => {
    const { session, trainer } = await trained(circlesProject({ epochs: 1, schedule }), circles, { memory: MEMORY });
    for (let i = 0; i < 3; i++) await trainer.oneStep();
    const middle = trainer.here!;
    expect(trainer.timeline.find(middle)!.at).toBe(60);
    await trainer.oneEpoch();
    const end = bits(await session.state());
    const [rate, epoch] = [session.hyper.get(bufferIds.hyper('rate')), trainer.epoch];
    await trainer.travel(middle);
    const count = trainer.timeline.length;
    await trainer.oneStep();
    expect(trainer.timeline.length).toBeLessThanOrEqual(count);
    expect(trainer.timeline.moments.every(({ step }) => step <= trainer.step)).toBe(true);
    await trainer.oneEpoch();
    expect(bits(await session.state())).toBe(end);
    expect([session.hyper.get(bufferIds.hyper('rate')), trainer.epoch]).toEqual([rate, epoch]);
    session.close();
  });

  test('losses that a schedule watches are there again after going forth', async () => {
    const watching = circlesProject({
      epochs: 20,
      hyper: { rate: 0.3 },
      schedule: { kind: 'plateau', settings: { patience: 2 } },
    });
    const { session, trainer } = await trained(watching, circles, { memory: MEMORY, now: () => 0 });
    const last = trainer.here!;
    const losses = trainer.saved(last)!.losses;
    expect(losses).toHaveLength(20);
    const fifth = trainer.timeline.moments.find(({ epoch, at }) => epoch === 5 && at === 0)!;
    // A moment of another training, with losses of its own.
    trainer.hold([{ ...trainer.saved(fifth.id)!, name: 'Other', step: 4, epoch: 4, losses: [1, 1, 1, 1] }]);
    const other = trainer.timeline.infos().find(({ bookmark }) => bookmark === 'Other')!;
    for (const id of [fifth.id, other.id]) {
      await trainer.travel(id);
      expect((await trainer.checkpoint()).losses).toEqual(id === fifth.id ? losses.slice(0, 5) : [1, 1, 1, 1]);
      await trainer.travel(last);
      expect(trainer.saved(last)!.losses).toEqual(losses);
    }
    trainer.epochs = 24;
    await trainer.train();
    const there = bits(await session.state());
    const rate = session.hyper.get(bufferIds.hyper('rate'))!;
    expect(rate).toBeLessThan(0.3);
    session.close();
    const whole = await trained(watching, circles, { epochs: 24 });
    expect(there).toBe(bits(await whole.session.state()));
    expect(rate).toBe(whole.session.hyper.get(bufferIds.hyper('rate')));
    whole.session.close();
  });

  test('weights that were set by hand can be left and found again', async () => {
    const { session, trainer } = await trained(circlesProject({ epochs: 2 }), circles, { memory: MEMORY });
    const before = trainer.here!;
    session.setWeights({ 'hidden/bias': { shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
    trainer.touched();
    const changed = bits(await session.state());
    await trainer.travel(before);
    expect(bits(await session.state())).not.toBe(changed);
    await trainer.travel(trainer.timeline.moments.at(-1)!.id);
    expect(bits(await session.state())).toBe(changed);
    session.close();
  });

  const state = (floats: number): State => new Map([['v:w', new Float32Array(floats)]]);
  test('memory stays bounded, and what is kept gets sparser with age', () => {
    const line = new Timeline(100 * 400);
    for (let step = 0; step < 5000; step++) line.add({ epoch: step, step, at: 0, loss: null, state: state(100) });
    expect(line.bytes).toBeLessThanOrEqual(100 * 400);
    expect(line.length).toBe(100);
    const steps = line.moments.map((m) => m.step);
    expect([steps[0], steps.at(-1)]).toEqual([0, 4999]);
    const gaps = steps.slice(1).map((s, i) => s - steps[i]!);
    const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0) / some.length;
    expect(mean(gaps.slice(-25))).toBeLessThan(4);
    expect(mean(gaps.slice(1, 10))).toBeGreaterThan(100);
  });

  test('a thousand states of a hundred thousand parameters with Adam stay within 64 MB', () => {
    const line = new Timeline();
    for (let step = 0; step < 1000; step++) {
      line.add({ epoch: step, step, at: 0, loss: null, state: state(300_000) });
      expect(line.bytes).toBeLessThanOrEqual(64 * 2 ** 20);
    }
    expect(line.bytes).toBe(line.moments.reduce((sum, moment) => sum + bytesOf(moment.state), 0));
    expect(line.length).toBeGreaterThan(50);
    expect(line.holds(33 * 2 ** 20)).toBe(false);
  });

  test('bookmarks stay when others go, and survive a branch', () => {
    const line = new Timeline(10 * 400);
    const marked = [3, 4].map((step) => line.add({ epoch: step, step, at: 0, loss: null, state: state(100) }));
    line.bookmark(marked[0]!.id, 'before it learned');
    for (let step = 5; step < 300; step++) line.add({ epoch: step, step, at: 0, loss: null, state: state(100) });
    expect(line.infos().find(({ bookmark }) => bookmark !== null)).toMatchObject({ step: 3, bookmark: 'before it learned' });
    line.cut(0);
    expect(line.infos().map(({ step }) => step)).toEqual([3]);
    line.add({ epoch: 1, step: 1, at: 0, loss: null, state: state(100) });
    expect(line.infos().map(({ step }) => step)).toEqual([1, 3]);
  });
});

describe('bookmarks that a project keeps', () => {
  const mark = { weights: {}, memory: {}, losses: [], loss: null, at: 0 };

  test('go through the file, and another training goes there and on from there, to the last bit', async () => {
    const project = circlesProject({ optimizer: 'adam', epochs: 6, schedule });
    const first = await trained(project, circles, { memory: MEMORY, now: () => 0 });
    const end = bits(await first.session.state());
    const third = first.trainer.timeline.moments.find(({ epoch, at }) => epoch === 3 && at === 0)!;
    first.trainer.timeline.bookmark(third.id, 'Third');
    const saved = first.trainer.saved(third.id)!;
    const there = bits(third.state);
    first.session.close();

    const file = serialiseProject({ ...project, bookmarks: [storedBookmark(saved)] }, opOf);
    const read = parseProject(file, opOf);
    if (!read.ok) throw new Error(JSON.stringify(read.faults));
    const back = read.value.bookmarks!.map(savedMomentOf);
    expect(back).toEqual([saved]);

    const { session, trainer } = await trained(read.value, circles, { memory: MEMORY, epochs: 0 });
    expect(trainer.hold(back)).toEqual([true]);
    const [held] = trainer.timeline.infos().filter(({ bookmark }) => bookmark === 'Third');
    expect(held).toMatchObject({ epoch: 3, step: third.step, loss: third.loss, kept: 0 });
    await trainer.travel(held!.id);
    expect(bits(await session.state())).toBe(there);
    trainer.epochs = 6;
    await trainer.train();
    expect(bits(await session.state())).toBe(end);
    session.close();
  });

  test('after an edit, a plateau goes on with the losses so far; a moment without losses is one that a project can keep', async () => {
    const watching = circlesProject({
      epochs: 8,
      hyper: { rate: 0.2 },
      schedule: { kind: 'plateau', settings: { patience: 2 } },
    });
    // As the window does when the drawing is edited: another session of the same numbers, another trainer.
    const edited = async (project: Project): Promise<readonly [string | null, number | undefined]> => {
      const before = await trained(project, circles, { epochs: 4, memory: MEMORY });
      const after = await trained(watching, circles, { epochs: 0, memory: MEMORY });
      after.session.setState(await before.session.state());
      after.trainer.resume(before.trainer);
      after.trainer.epochs = 8;
      await after.trainer.train();
      const bookmark = storedBookmark(after.trainer.saved(after.trainer.here!)!);
      const read = parseProject(serialiseProject({ ...watching, bookmarks: [bookmark] }, opOf), opOf);
      expect(read).toMatchObject({ ok: true, value: { bookmarks: [{ epoch: 8 }] } });
      // A checkpoint is refused where a loss is missing altogether.
      expect(Object.keys((await after.trainer.checkpoint()).losses)).toHaveLength(8);
      const end = bits(await after.session.state());
      const rate = after.session.hyper.get(bufferIds.hyper('rate'));
      for (const { session } of [before, after]) session.close();
      return [bookmark.losses === undefined ? null : end, rate];
    };
    const whole = await trained(watching, circles);
    const rate = whole.session.hyper.get(bufferIds.hyper('rate'))!;
    expect(rate).toBeLessThan(0.2);
    expect(await edited(watching)).toEqual([bits(await whole.session.state()), rate]);
    whole.session.close();
    // Without the losses of the first epochs: they say nothing of a plateau.
    expect(await edited(circlesProject({ hyper: { rate: 0.2 } }))).toEqual([null, 0.2]);
  });

  test('come once, follow their names, and are ordinary moments when the project lets them go', async () => {
    const { session, trainer } = await trained(circlesProject({ epochs: 2 }), circles, { memory: MEMORY });
    const { id } = trainer.timeline.moments.at(-1)!;
    const count = trainer.timeline.length;
    trainer.timeline.bookmark(id, 'A');
    const saved = trainer.saved(id)!;
    trainer.hold([saved]);
    trainer.hold([{ ...saved, name: 'B' }]);
    expect(trainer.timeline.length).toBe(count);
    expect(trainer.timeline.infos().find((info) => info.id === id)).toMatchObject({ bookmark: 'B', kept: 0 });
    trainer.hold([]);
    expect(trainer.timeline.infos().find((info) => info.id === id)).toMatchObject({ bookmark: null, kept: null });
    session.close();
  });

  test('of another network are said not to fit; another optimizer starts its memory anew', async () => {
    const sgd = await trained(circlesProject({ optimizer: 'sgd', epochs: 1 }), circles, { memory: MEMORY });
    const saved = sgd.trainer.saved(sgd.trainer.here!)!;
    expect(sgd.trainer.hold([{ ...mark, name: 'none', epoch: 0, step: 0 }])).toEqual([false]);
    sgd.session.close();
    const adam = await trained(circlesProject({ optimizer: 'adam', epochs: 1 }), circles, { memory: MEMORY });
    const fresh = await trained(circlesProject({ optimizer: 'adam' }), circles, { memory: MEMORY, epochs: 0 });
    expect(adam.trainer.hold([saved])).toEqual([true]);
    const held = adam.trainer.timeline.infos().find(({ kept }) => kept === 0)!;
    await adam.trainer.travel(held.id);
    const [state, start] = [await adam.session.state(), await fresh.session.state()];
    for (const [id, numbers] of state)
      if (id.startsWith('s:') || id.startsWith('c:')) expect(numbers, id).toEqual(start.get(id));
      else expect(numbers, id).toEqual(saved.weights[id.slice(2)]!.data);
    adam.session.close();
    fresh.session.close();
  });

  test('their parameters and memory follow a node that is renamed; removing and undoing them is exact', () => {
    const tensor = { shape: [1], base64: 'AAAAAA==' };
    const project = keepBookmark({
      name: 'A',
      epoch: 1,
      step: 7,
      weights: { 'hidden/weight': tensor },
      memory: { 'hidden/weight/m': tensor, 'c:power': tensor },
    })(circlesProject({}));
    const [renamed] = rename('hidden', 'first')(project).bookmarks!;
    expect(Object.keys(renamed!.weights)).toEqual(['first/weight']);
    expect(Object.keys(renamed!.memory!)).toEqual(['first/weight/m', 'c:power']);
    const [first] = project.bookmarks!;
    expect(nameBookmark(first!, 'B')(project).bookmarks![0]!.name).toBe('B');
    // Another that comes before it changes nothing of what is meant.
    const both = keepBookmark({ name: 'Earlier', epoch: 0, step: 0, weights: {} })(project);
    expect(dropBookmark(first!)(both).bookmarks!.map(({ name }) => name)).toEqual(['Earlier']);
    expect(nameBookmark(first!, 'B')(both).bookmarks!.map(({ name }) => name)).toEqual(['Earlier', 'B']);
    const without = dropBookmark(first!)(project);
    expect(without.bookmarks).toBeUndefined();
    const diff = between(project, without);
    expect(apply(project, diff)).toEqual(without);
    expect(apply(without, invert(diff))).toEqual(project);
    expect(changesModel(diff)).toBe(false);
  });
});

describe('early stopping', () => {
  const score = (loss: number, accuracy?: number) => ({ loss, ...(accuracy === undefined ? {} : { accuracy }) });
  const stopsAt = (rules: Stopping, losses: readonly number[]): number =>
    losses.findIndex((loss, i) => rules.afterEpoch(i + 1, score(9), score(loss)).stop !== null) + 1;

  test('waits for its patience, and a change that is too small does not count', () => {
    expect(stopsAt(new Stopping({ patience: 2 }), [5, 4, 4.1, 3.9, 4, 4, 4])).toBe(6);
    expect(stopsAt(new Stopping({ patience: 2, change: 0.5 }), [5, 4, 4.1, 3.9, 4])).toBe(4);
    expect(stopsAt(new Stopping({ patience: 2, change: 0.5 }), [5, 4.8, 4.4, 4.3, 3.8, 1])).toBe(0);
  });
  test('stops at targets and when the time is up, in words', () => {
    expect(new Stopping({ loss: 0.1 }).afterEpoch(1, score(0.1), null).stop?.reason).toBe(
      'The training loss 0.1 reached the target 0.1.',
    );
    expect(new Stopping({ accuracy: 0.9 }).afterEpoch(1, score(1, 1), score(1, 0.95)).stop?.reason).toBe(
      'The validation accuracy 95 % reached the target 90 %.',
    );
    expect(new Stopping({ seconds: 2 }).afterTime(1.9)).toBeNull();
    expect(new Stopping({ seconds: 2 }).afterTime(2)?.kind).toBe('time');
  });

  test('a plateau is where the smallest training loss hardly falls, whatever noise there is', () => {
    const stop = (losses: readonly number[], fall?: number) => {
      const rules = new Stopping({ plateau: 3, ...(fall === undefined ? {} : { fall }) });
      for (const [i, loss] of losses.entries()) {
        const verdict = rules.afterEpoch(i + 1, score(loss), score(1));
        if (verdict.stop) return { epoch: i + 1, ...verdict.stop };
      }
      return null;
    };
    expect(stop([9, 8, 7, 6, 5, 4, 3])).toBeNull();
    // 4 → 3.99 over three epochs is less than 1 %, though the loss jumps meanwhile.
    expect(stop([9, 6, 4, 4.2, 3.99, 5])).toEqual({
      epoch: 6,
      kind: 'plateau',
      reason: 'The training loss fell by no more than 1 % in 3 epochs: from 4 to 3.99.',
    });
    expect(stop([9, 6, 4, 4.2, 3.9, 5])).toBeNull();
    expect(stop([9, 6, 4, 4.2, 3.9, 5], 0.05)?.epoch).toBe(6);
    // Losses below zero fall as well.
    expect(stop([-1, -2, -3, -4, -5])).toBeNull();
    expect(stop([-1, -2, -3, -3, -3, -3])?.epoch).toBe(6);
    // What it has seen goes into a checkpoint and out again.
    const first = new Stopping({ plateau: 2 });
    for (const epoch of [1, 2]) first.afterEpoch(epoch, score(1), null);
    const second = new Stopping({ plateau: 2 });
    second.seen = first.seen;
    expect(second.afterEpoch(3, score(1), null).stop?.kind).toBe('plateau');
  });

  test('after a plateau and after its time the weights of the best epoch are back', async () => {
    const flat = await trained(circlesProject({ epochs: 500, hyper: { rate: 0.2 } }), circles, {
      scoreEvery: 0,
      stop: { plateau: 15, fall: 0.02 },
    });
    expect(flat.stops[0]).toMatchObject({ kind: 'plateau' });
    let time = 0;
    const timed = await trained(circlesProject({ epochs: 300, hyper: { rate: 0.2 } }), circles, {
      scoreEvery: 0,
      stop: { seconds: 60 },
      now: () => (time += 100),
    });
    expect(timed.stops[0]).toMatchObject({ kind: 'time' });
    for (const { points, stops, session, trainer } of [flat, timed]) {
      const best = points.slice(1).reduce((a, b) => (b.validation!.loss < a.validation!.loss ? b : a));
      expect(stops[0]!.restored ?? points.at(-1)!.epoch).toBe(best.epoch);
      expect(trainer.epoch).toBe(best.epoch);
      expect(await session.score(circles, circles.split.validation)).toEqual(best.validation);
      session.close();
    }
  });

  test('a time limit counts over pauses, and in another session; after it there is as much time once more', async () => {
    // Every look at the clock is a tenth of a second.
    let time = 0;
    const clock = { stop: { seconds: 60 }, now: () => (time += 100) };
    const project = circlesProject({ epochs: 100_000, hyper: { rate: 0.2 } });
    const first = await trained(project, circles, { ...clock, epochs: 6 });
    expect(first.stops).toEqual([]);
    const before = first.trainer.seconds;
    expect(before).toBeGreaterThan(5);
    const pause = time;
    time += 1e6;
    expect(first.trainer.seconds).toBe(before);
    time = pause;
    const checkpoint = await first.trainer.checkpoint();
    first.trainer.epochs = 100_000;
    await first.trainer.train();
    expect(first.stops).toMatchObject([{ kind: 'time' }]);
    const rest = time - pause;
    expect(rest / 1000).toBeGreaterThan(60 - before - 1);
    expect(rest / 1000).toBeLessThan(60 - before + 2);
    const again = time;
    await first.trainer.train();
    expect(first.stops).toHaveLength(2);
    expect((time - again) / 1000).toBeGreaterThan(59);
    first.session.close();
    // Elsewhere it has what was left.
    const second = await trained(project, circles, { ...clock, epochs: 0 });
    second.trainer.restore(checkpoint);
    second.trainer.epochs = 100_000;
    const there = time;
    await second.trainer.train();
    expect(second.stops).toMatchObject([{ kind: 'time' }]);
    expect((time - there) / 1000).toBeLessThan(60 - before + 2);
    second.session.close();
  });

  test.each([MEMORY, 0])('brings the best weights back (memory for moments: %i)', async (memory) => {
    // A rate so large that it overshoots sooner or later.
    const { session, trainer, stops } = await trained(
      circlesProject({ epochs: 300, hyper: { rate: 0.2 }, stop: { patience: 3 } }),
      circles,
      {
        memory,
        stop: { patience: 3 },
      },
    );
    const [stop] = stops;
    expect(stop).toMatchObject({ kind: 'patience' });
    expect(trainer.epoch).toBe(stop!.restored);
    expect(stop!.message).toBe(
      `Training stopped after epoch ${stop!.restored! + 3}. The validation loss has not improved for 3 epochs. The weights of epoch ${stop!.restored}, the best, are back.`,
    );
    // Trained plainly for so many epochs, the numbers are the same.
    const plain = await trained(circlesProject({ epochs: stop!.restored!, hyper: { rate: 0.2 } }), circles);
    expect(bits(await session.state())).toBe(bits(await plain.session.state()));
    session.close();
    plain.session.close();
  });

  test('when a rule stops, the curve has a point of where it stopped and of the weights that are back', async () => {
    // Scored by the clock, the curve would hold the first point alone.
    const { session, trainer, stops, points } = await trained(circlesProject({ epochs: 300, hyper: { rate: 0.2 } }), circles, {
      stop: { patience: 3 },
      now: () => 0,
    });
    const { restored } = stops[0]!;
    expect(
      points
        .map(({ epoch }) => epoch)
        .sort((a, b) => a - b)
        .slice(-2),
    ).toEqual([restored, restored! + 3]);
    const back = points.find(({ step }) => step === trainer.step)!;
    expect(back.validation).toEqual(await session.score(circles, circles.split.validation));
    expect(back.train).toEqual(await session.score(circles, circles.split.train));
    session.close();
    const target = await trained(circlesProject({ epochs: 500 }), circles, { stop: { accuracy: 0.9 }, now: () => 0 });
    expect(target.points.at(-1)!.train).toEqual(await target.session.score(circles, circles.split.train));
    expect(target.points.at(-1)!.epoch).toBe(target.trainer.epoch);
    target.session.close();
  });

  test('a target keeps the weights that reached it', async () => {
    const { session, trainer, stops } = await trained(circlesProject({ epochs: 500 }), circles, { stop: { accuracy: 0.9 } });
    expect(stops).toMatchObject([{ kind: 'accuracy', restored: null }]);
    expect((await session.score(circles, circles.split.validation))!.accuracy).toBeGreaterThanOrEqual(0.9);
    expect(trainer.epoch).toBeLessThan(500);
    session.close();
  });
});

describe('breakpoints', () => {
  const rows = (x: readonly number[], t: readonly number[]) => ({
    name: 'rows',
    rows: x.length,
    task: 'regression' as const,
    classes: [],
    notes: [],
    features: [{ name: 'x', source: 'x', mean: 0, deviation: 1 }],
    targets: [{ name: 't', source: 't', mean: 0, deviation: 1 }],
    x: Float32Array.from(x),
    y: Float32Array.from(t),
    split: { train: Uint32Array.from(x, (_, i) => i), validation: new Uint32Array(), test: new Uint32Array() },
  });
  const neuron = (op: string, w: number, b: number, rate: number): Project =>
    drawing(
      {
        x: ['input', {}, { shape: [] }],
        t: ['target', {}, { shape: [] }],
        w: number(w),
        b: number(b),
        p: ['multiply', { a: 'x', b: 'w' }],
        s: ['add', { a: 'p', b: 'b' }],
        y: [op, { x: 's' }],
        l: ['squared-error', { prediction: 'y', target: 't' }],
      },
      { optimizer: 'sgd', hyper: { rate }, batch: 2, epochs: 20 },
    );

  test('a gradient that is too long, by its length over the whole batch', async () => {
    // ∂l/∂w = mean of 2(w·x − t)·x = (2·9 + 2·9)/2 = 18 at w = 1 over two rows x = −1 and 1 with t = 10 and −8.
    const { session, trainer, stops } = await trained(neuron('identity', 1, 0, 0), rows([1, -1], [-8, 8]), {
      breakpoints: [
        { kind: 'gradient', limit: 17, node: 'w' },
        { kind: 'gradient', limit: 19 },
      ],
    });
    expect(stops).toEqual([
      {
        kind: 'breakpoint',
        node: 'w',
        restored: null,
        message: "Paused after step 1. The gradient of 'w' is 18 long, more than 17.",
      },
    ]);
    expect(trainer.step).toBe(1);
    // It is told once: going on ends at the last epoch.
    await trainer.train();
    expect([trainer.epoch, stops.length]).toEqual([20, 1]);
    session.close();
  });

  test('a unit that gives 0 for three batches in a row', async () => {
    const { session, trainer, stops } = await trained(neuron('relu', 1, -5, 0.1), rows([1, -1], [2, 2]), {
      breakpoints: [{ kind: 'dead', limit: 3 }],
    });
    expect(trainer.step).toBe(3);
    expect(stops[0]).toMatchObject({
      node: 'y',
      message: "Paused after step 3. 'y' gave 0 for every row of 3 batches in a row: it no longer learns.",
    });
    session.close();
  });

  test('a weight that changes its sign, and a loss that rises', async () => {
    const flipped = await trained(neuron('identity', 0.5, 0, 0.3), rows([1, -1], [-1, 1]), { breakpoints: [{ kind: 'sign' }] });
    expect(flipped.stops[0]).toMatchObject({
      node: 'w',
      message: "Paused after step 1. 'w' changed its sign, from 0.5 to −0.4.",
    });
    const rising = await trained(neuron('identity', 0.5, 0, 1.2), rows([1, -1], [-1, 1]), {
      breakpoints: [
        { kind: 'loss', limit: 0.1 },
        { kind: 'sign', off: true },
      ],
    });
    expect(rising.stops[0]).toMatchObject({ kind: 'breakpoint', message: expect.stringContaining('The loss rose from 2.25 to') });
    expect(rising.trainer.step).toBe(2);
    flipped.session.close();
    rising.session.close();
  });

  test('does not change what is learned', async () => {
    const project = circlesProject({ epochs: 3 }, 'relu');
    const [plain, watched] = [
      await trained(project, circles),
      await trained(project, circles, {
        breakpoints: [
          { kind: 'gradient', limit: 1e9 },
          { kind: 'dead', limit: 1e6 },
          { kind: 'loss', limit: 1e9 },
        ],
      }),
    ];
    expect(watched.trainer.epoch).toBe(3);
    const learned = new Map([...(await watched.session.state())].filter(([id]) => !id.startsWith('k:')));
    expect(bits(learned)).toBe(bits(await plain.session.state()));
    plain.session.close();
    watched.session.close();
  });

  test('are kept in project files, with the rules for stopping', () => {
    const training: Partial<Training> = {
      stop: { patience: 5, change: 0.01, plateau: 20, fall: 0.02, loss: 0.1, accuracy: 0.9, seconds: 30 },
      breakpoints: [
        { kind: 'gradient', limit: 3, node: 'hidden' },
        { kind: 'dead', off: true },
      ],
    };
    const read = parseProject(serialiseProject(circlesProject(training), opOf), opOf);
    expect(read.ok && read.value.settings.training).toMatchObject(training);
    const broken = serialiseProject(circlesProject(training), opOf)
      .replace('"dead"', '"asleep"')
      .replace('"patience": 5', '"patience": 0');
    const refused = parseProject(broken, opOf);
    expect(!refused.ok && refused.faults.map(({ place }) => place)).toEqual([
      'training.stop.patience',
      'training.breakpoints.1.kind',
    ]);
  });
});
