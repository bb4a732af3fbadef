/**
 * A thread that trains for sweeps, as its owner sees it: tasks go in, news come out. The other end is
 * `serveTasks`, in a thread of its own or, in tests, in this one.
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Dataset } from '../../../engine/data/dataset';
import type { RunNews } from '../../contract';
import { readDataset } from '../datasets';
import { builtMain } from '../folders';
import { performTask, type Task, type TaskControl } from './training-task';

export type ToThread = { readonly kind: 'train'; readonly task: Task } | { readonly kind: 'stop' };
export type FromThread =
  | { readonly kind: 'news'; readonly run: string; readonly news: RunNews }
  /** The task is over; it told its end before. */
  | { readonly kind: 'free'; readonly run: string };

export interface Thread {
  post(message: ToThread): void;
  close(): Promise<void>;
}

/** `onCrash`: the thread died, and with it what it trained. */
export type StartThread = (onMessage: (message: FromThread) => void, onCrash: (message: string) => void) => Thread;

export const startThread: StartThread = (onMessage, onCrash) => {
  const worker = new Worker(join(builtMain, 'sweep-thread.js'));
  let closing = false;
  worker.on('message', onMessage);
  worker.on('error', (error) => onCrash(error.message));
  worker.on('exit', (code) => {
    if (!closing && code !== 0) onCrash(`The thread ended with ${code}.`);
  });
  return {
    post: (message) => worker.postMessage(message),
    close: async () => {
      closing = true;
      await worker.terminate();
    },
  };
};

/** Trains what it is given, one task after the other. Runs of one sweep read the same data, so these are kept. */
export function serveTasks(post: (message: FromThread) => void): (message: ToThread) => void {
  let known: { readonly key: string; readonly dataset: Dataset | null } | null = null;
  let control: TaskControl | null = null;

  const dataOf = async ({ settings: { data, split } }: Task['project']): Promise<Dataset | null> => {
    const key = JSON.stringify([data, split]);
    if (known?.key !== key) known = { key, dataset: data.kind === 'none' ? null : await readDataset(data, split) };
    return known.dataset;
  };
  const train = async (task: Task): Promise<void> => {
    const own: TaskControl = { tell: (news) => post({ kind: 'news', run: task.run, news }), stopped: false, stop: null };
    control = own;
    try {
      const dataset = await dataOf(task.project);
      // Asked to stop while the data were read: it has not begun.
      if (own.stopped) own.tell({ epoch: 0, step: 0, seconds: task.seconds, points: [], status: 'queued' });
      else await performTask(task, dataset, own);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      own.tell({ epoch: 0, step: 0, seconds: task.seconds, points: [], status: 'failed', message });
    }
    control = null;
    post({ kind: 'free', run: task.run });
  };
  return (message) => {
    if (message.kind === 'train') void train(message.task);
    else if (control) {
      control.stopped = true;
      control.stop?.();
    }
  };
}
