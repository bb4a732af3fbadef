/** Puts a run of the command line into the history while it trains. A history that cannot be written is said once. */
import type { CurvePoint } from '../../engine/api';
import type { Dataset } from '../../engine/data/dataset';
import type { Project } from '../../engine/graph/project';
import type { Trainer } from '../../engine/train/trainer';
import type { RunNews } from '../contract';
import { openRuns } from '../services/runs/open';
import { fingerprintOf } from '../services/runs/summary';
import type { Io } from './io';

/** Between two pieces of the curve, and two checkpoints, in ms. */
const EVERY = 1000;
const CHECKPOINT_EVERY = 5000;

export interface KeptRun {
  point(point: CurvePoint): void;
  /** Writes from time to time while the trainer works. */
  follow(trainer: Trainer, begin: number): void;
  end(news: Pick<RunNews, 'status' | 'message' | 'scores'>): Promise<void>;
  close(): Promise<void>;
}

export async function keepRun(io: Io, project: Project, data: Dataset | null): Promise<KeptRun | null> {
  const sentence = (error: unknown): void =>
    io.err(`This run is not kept in the history: ${error instanceof Error ? error.message : String(error)}`);
  const opened = await openRuns();
  const { runs } = opened;
  let id: string;
  try {
    id = await runs.begin({
      name: project.settings.title || 'Untitled',
      origin: 'terminal',
      project,
      data: data === null ? null : fingerprintOf(data),
    });
  } catch (error) {
    sentence(error);
    await opened.close();
    return null;
  }
  let points: CurvePoint[] = [];
  let followed: { readonly trainer: Trainer; readonly begin: number } | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  let nextCheckpoint = performance.now() + CHECKPOINT_EVERY;
  let writing: Promise<void> = Promise.resolve();

  const write = (news: Partial<RunNews>): void => {
    const piece = points;
    points = [];
    const { epoch = 0, step = 0 } = followed?.trainer ?? {};
    const seconds = followed ? (performance.now() - followed.begin) / 1000 : 0;
    writing = writing.then(() => runs.report(id, { epoch, step, seconds, points: piece, ...news })).catch(sentence);
  };
  const numbers = async (): Promise<Partial<RunNews>> => {
    if (!followed) return {};
    const { trainer } = followed;
    return { checkpoint: await trainer.checkpoint() };
  };
  return {
    point: (point) => points.push(point),
    follow: (trainer, begin) => {
      followed = { trainer, begin };
      timer = setInterval(() => {
        if (performance.now() < nextCheckpoint) write({ status: 'running' });
        else {
          nextCheckpoint = performance.now() + CHECKPOINT_EVERY;
          numbers().then((news) => write({ status: 'running', ...news }), sentence);
        }
      }, EVERY);
    },
    end: async (news) => {
      clearInterval(timer);
      write({ ...news, ...(await numbers()) });
      await writing;
    },
    close: async () => {
      clearInterval(timer);
      await writing;
      await opened.close();
    },
  };
}
