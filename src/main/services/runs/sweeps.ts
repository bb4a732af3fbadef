/**
 * Sweeps: many variants of a project, trained on all cores by threads of this program, so that they go on
 * while the window is reloaded or another project is opened. The database is the queue; here is only who
 * works on what at present.
 */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Project } from '../../../engine/graph/project';
import { type Axis, VariantFault, variantsOf } from '../../../engine/train/variants';
import type { RunRecord, SweepState } from '../../contract';
import { Refusal } from '../refusal';
import { RunQueue } from './queue';
import type { RunStore } from './run-store';
import { SweepStore } from './sweep-store';
import type { FromThread, StartThread, Thread } from './thread';

export interface SweepRequest {
  readonly name: string;
  readonly project: Project;
  readonly data: RunRecord['data'];
  readonly axes: readonly Axis[];
  /** So many at random; null: every combination. */
  readonly random: number | null;
}

interface Seat {
  readonly thread: Thread;
  work: { readonly run: string; readonly sweep: string } | null;
  /** News are written in their order; the next task waits for the last of them. */
  writing: Promise<void>;
}

/** A run whose thread dies so often has something wrong with it. */
const MOST_CRASHES = 2;

export class Sweeps {
  readonly store: SweepStore;
  readonly queue: RunQueue;
  readonly #runs: RunStore;
  readonly #start: StartThread;
  readonly #most: number;
  readonly #seats: Seat[] = [];
  readonly #crashes = new Map<string, number>();
  /** Those who wait until nothing is left to do. */
  #waiting: (() => void)[] = [];
  #filling: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(runs: RunStore, start: StartThread, most = availableParallelism()) {
    this.store = new SweepStore(runs);
    this.queue = new RunQueue(runs);
    this.#runs = runs;
    this.#start = start;
    this.#most = Math.max(1, most);
  }

  async start(request: SweepRequest): Promise<string> {
    const variants = made(request);
    const runs = variants.map(({ changes, project }) => ({
      name: request.name || 'Untitled',
      project,
      data: request.data,
      changes,
    }));
    const id = await this.store.add(request.name || 'Untitled', fingerprintOf(request), runs);
    await this.#runs.keepWithin();
    this.#fill();
    return id;
  }

  list(): Promise<readonly SweepState[]> {
    return this.store.list();
  }

  async pause(id: string): Promise<void> {
    await this.store.setStatus(id, 'paused');
    this.#stopWork(id);
  }

  async continue(id: string): Promise<void> {
    await this.store.setStatus(id, 'running');
    this.#fill();
  }

  async cancel(id: string): Promise<void> {
    await this.store.setStatus(id, 'cancelled');
    this.#stopWork(id);
  }

  /** Takes a run out of the queue; its sweep may be over with it. */
  async drop(run: string): Promise<void> {
    await this.queue.remove(run);
    await this.store.settle();
  }

  /** Goes on with what a program that is gone has left. Returns how many sweeps that were. */
  async takeOver(): Promise<number> {
    const taken = await this.store.takeOver();
    if (taken > 0) this.#fill();
    return taken;
  }

  /** An unfinished sweep that was asked for in the same words. */
  found(request: SweepRequest): Promise<string | null> {
    return this.store.same(fingerprintOf(request));
  }

  /** Resolves when no run waits and none is under way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#fill();
    });
  }

  #stopWork(sweep: string): void {
    for (const { thread, work } of this.#seats) if (work?.sweep === sweep) thread.post({ kind: 'stop' });
  }

  /** Gives work to whoever has none. One look at the queue at a time, so that no run is given out twice. */
  #fill(): void {
    this.#filling = this.#filling.then(() => this.#fillNow()).catch(() => undefined);
  }

  async #fillNow(): Promise<void> {
    while (!this.#closed) {
      const free = this.#seats.find(({ work }) => work === null);
      if (!free && this.#seats.length >= this.#most) return;
      const next = await this.store.claim();
      if (next === null) break;
      const seat = free ?? this.#seat();
      seat.work = next;
      if (next.begun) await this.#runs.rewind(next.run);
      const checkpoint = await this.#runs.checkpoint(next.run);
      seat.thread.post({ kind: 'train', task: { run: next.run, project: next.project, checkpoint, seconds: next.seconds } });
    }
    if (this.#closed || this.#seats.some(({ work }) => work !== null)) return;
    await this.store.settle();
    await this.#leave();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #seat(): Seat {
    const seat: Seat = {
      writing: Promise.resolve(),
      work: null,
      thread: this.#start(
        (message) => this.#hear(seat, message),
        (message) => void this.#crashed(seat, message),
      ),
    };
    this.#seats.push(seat);
    return seat;
  }

  #hear(seat: Seat, message: FromThread): void {
    if (message.kind === 'news')
      // What cannot be written (a full disk) is not worth losing the run: the next news may be.
      seat.writing = seat.writing.then(() => this.#runs.report(message.run, message.news)).catch(() => undefined);
    else
      void seat.writing
        .then(() => this.store.settle())
        .catch(() => undefined)
        .then(() => {
          seat.work = null;
          this.#fill();
        });
  }

  async #crashed(seat: Seat, message: string): Promise<void> {
    this.#seats.splice(this.#seats.indexOf(seat), 1);
    await seat.writing;
    const run = seat.work?.run;
    if (run !== undefined) {
      const count = (this.#crashes.get(run) ?? 0) + 1;
      this.#crashes.set(run, count);
      if (count < MOST_CRASHES) await this.store.requeue(run);
      else await this.#runs.report(run, { epoch: 0, step: 0, seconds: 0, points: [], status: 'failed', message });
    }
    this.#fill();
  }

  async #leave(): Promise<void> {
    await Promise.all(this.#seats.splice(0).map(({ thread }) => thread.close()));
  }

  /** Runs under way are left with a checkpoint, and wait for the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#filling;
    const busy = this.#seats.filter(({ work }) => work !== null);
    for (const { thread } of busy) thread.post({ kind: 'stop' });
    const patience = Date.now() + 3000;
    while (busy.some(({ work }) => work !== null) && Date.now() < patience)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await this.#leave();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function made({ project, axes, random }: SweepRequest): readonly { readonly changes: string; readonly project: Project }[] {
  if (axes.length === 0) return [{ changes: '', project }];
  try {
    return variantsOf(
      project,
      axes,
      random === null ? { kind: 'grid' } : { kind: 'random', count: random, seed: project.settings.training.seed },
    );
  } catch (error) {
    throw error instanceof VariantFault ? new Refusal(error.message, error.code) : error;
  }
}

function fingerprintOf({ name, project, data, axes, random }: SweepRequest): string {
  const { nodes, edges, settings } = project;
  return createHash('sha256')
    .update(JSON.stringify([name, nodes, edges, settings, data?.fingerprint, axes, random]))
    .digest('hex');
}
