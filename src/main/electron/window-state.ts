/**
 * Size and place of the window, kept between runs. A place that is on no screen any more (a monitor was
 * unplugged) is forgotten.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOwn } from '../services/files';

interface Bounds {
  readonly x?: number;
  readonly y?: number;
  readonly width: number;
  readonly height: number;
}
export interface WindowState extends Bounds {
  readonly maximized: boolean;
}

export const SMALLEST = { width: 900, height: 600 } as const;
const STANDARD: WindowState = { width: 1360, height: 860, maximized: false };
/** At least so much of the title bar must be on a screen, to be dragged by. */
const GRIP = 80;

export function readWindowState(config: string, screens: readonly Required<Bounds>[]): WindowState {
  let stored: Partial<Record<keyof WindowState, unknown>>;
  try {
    stored = JSON.parse(readFileSync(join(config, 'window.json'), 'utf8')) as typeof stored;
    if (typeof stored !== 'object' || stored === null) return STANDARD;
  } catch {
    return STANDARD;
  }
  const whole = (value: unknown): value is number => Number.isInteger(value);
  const { x, y, width, height, maximized } = stored;
  if (!whole(width) || !whole(height) || width < SMALLEST.width || height < SMALLEST.height || width > 20_000 || height > 20_000)
    return STANDARD;
  const size = { width, height, maximized: maximized === true };
  const visible =
    whole(x) &&
    whole(y) &&
    screens.some((s) => x + width > s.x + GRIP && x < s.x + s.width - GRIP && y >= s.y - 10 && y < s.y + s.height - GRIP);
  return visible ? { ...size, x: x as number, y: y as number } : size;
}

export async function writeWindowState(config: string, state: WindowState): Promise<void> {
  // Where the window stood is a comfort; failing to keep it is no reason to bother anyone.
  await writeOwn(join(config, 'window.json'), JSON.stringify(state)).catch(() => undefined);
}
