/**
 * The loss on a plane of the parameters, worked out from coarse to fine: each finer grid keeps the points that are known.
 * Whoever looks sees it at once, and may look closer, wider or elsewhere; what is not wanted any more is not asked.
 */
import type { PlaneWish } from '../../engine/train/analysis/loss-plane';
import type { SurfaceInfo, WayPoint } from '../../engine/train/analysis/studies';
import type { Run } from './run.svelte';

/** Points a side: each grid has the points of the one before. */
const COARSEST = 9;
const FINEST = 65;
/** While it trains, more points would take too long. */
const FINEST_BESIDE = 17;
/** Points that are asked for at once. */
const AT_ONCE = 48;
/** Milliseconds between two looks at the way while it trains. */
const WAY_EVERY = 1200;

type Span = readonly [number, number];

export class LossSurface {
  info = $state.raw<SurfaceInfo | null>(null);
  /** Why there is none. */
  because = $state('');
  across = $state.raw<Span>([-1, 1]);
  up = $state.raw<Span>([-1, 1]);
  resolution = $state(COARSEST);
  /** NaN where nothing is known yet. */
  losses = $state.raw<Float64Array>(new Float64Array());
  way = $state.raw<readonly WayPoint[]>([]);
  /** Share of the present grid that is known; null when nothing is worked out. */
  progress = $state<number | null>(null);

  readonly #run: Run;
  readonly #onFault: (error: unknown) => void;
  /** Counts what is wished: work for an earlier wish ends. */
  #wish = 0;
  #wayNext = 0;
  /** The finer grid that is worked out while the coarser one is shown. */
  #working: { readonly losses: Float64Array; readonly side: number } | null = null;

  constructor(run: Run, onFault: (error: unknown) => void) {
    this.#run = run;
    this.#onFault = onFault;
  }

  /** Through the weights as they are now. */
  async open(plane: PlaneWish): Promise<void> {
    const wish = ++this.#wish;
    await this.#guard(async () => {
      const info = await this.#run.studies.openSurface(plane);
      if (wish !== this.#wish) return;
      if ('because' in info) {
        this.info = null;
        this.because = info.because;
        this.progress = null;
        return;
      }
      this.because = '';
      [this.info, this.across, this.up] = [info, info.across, info.up];
      await this.#lookAtWay(info.id);
      await this.#fill(wish);
    });
  }

  /** Less than 1 looks closer. The middle stays. */
  async scale(factor: number): Promise<void> {
    if (this.info === null) return;
    const wish = ++this.#wish;
    const scaled = ([low, high]: Span): Span => [
      (low + high - (high - low) * factor) / 2,
      (low + high + (high - low) * factor) / 2,
    ];
    [this.across, this.up] = [scaled(this.across), scaled(this.up)];
    await this.#guard(() => this.#fill(wish));
  }

  /** Training went on, or stands now. */
  async follow(): Promise<void> {
    const { info } = this;
    if (info === null) return;
    const now = performance.now();
    if (this.#run.running && now < this.#wayNext) return;
    this.#wayNext = now + WAY_EVERY;
    await this.#guard(() => this.#lookAtWay(info.id));
    // What was left coarse beside training becomes fine.
    if (!this.#run.running && this.progress === null && this.info === info && this.resolution < FINEST) {
      const wish = ++this.#wish;
      await this.#guard(() => this.#fill(wish, true));
    }
  }

  stop(): void {
    this.#wish++;
    this.progress = null;
  }

  async #lookAtWay(id: number): Promise<void> {
    const way = await this.#run.studies.surfaceWay(id);
    if (this.info?.id !== id) return;
    if (way === null) this.#gone();
    else this.way = way;
  }

  /** Another network is loaded: this plane went through weights that are no more. */
  #gone(): void {
    this.stop();
    this.info = null;
    this.way = [];
    this.because = 'The network or its data have changed. Look again from here.';
  }

  async #fill(wish: number, goesOn = false): Promise<void> {
    const info = this.info!;
    this.#working = null;
    if (!goesOn) {
      this.resolution = COARSEST;
      this.losses = new Float64Array(COARSEST ** 2).fill(Number.NaN);
    }
    for (let first = !goesOn; ; first = false) {
      if (!first) {
        if (this.resolution >= (this.#run.running ? FINEST_BESIDE : FINEST)) break;
        this.#refine();
      }
      if (!(await this.#complete(wish, info.id))) return;
    }
    this.progress = null;
  }

  #refine(): void {
    const [coarse, fine] = [this.resolution, 2 * this.resolution - 1];
    const losses = new Float64Array(fine ** 2).fill(Number.NaN);
    for (let row = 0; row < coarse; row++)
      for (let column = 0; column < coarse; column++) losses[2 * row * fine + 2 * column] = this.losses[row * coarse + column]!;
    this.#working = { losses, side: fine };
  }

  /** All points of the grid that are not known. False: nobody wants them any more. */
  async #complete(wish: number, id: number): Promise<boolean> {
    const { side, losses } = this.#working ?? { side: this.resolution, losses: this.losses.slice() };
    const missing = Array.from(losses.keys()).filter((at) => Number.isNaN(losses[at]!));
    const place = ([low, high]: Span, at: number): number => low + ((high - low) * at) / (side - 1);
    for (let from = 0; from < missing.length; from += AT_ONCE) {
      if (wish !== this.#wish) return false;
      this.progress = from / missing.length;
      const part = missing.slice(from, from + AT_ONCE);
      const places = Float64Array.from(
        part.flatMap((at) => [place(this.across, at % side), place(this.up, Math.floor(at / side))]),
      );
      const found = await this.#run.studies.surfaceLosses(id, places);
      if (wish !== this.#wish) return false;
      if (found === null) {
        this.#gone();
        return false;
      }
      // Not finite is a loss like any other, and no reason to ask again.
      part.forEach((at, k) => {
        losses[at] = Number.isNaN(found[k]!) ? Number.POSITIVE_INFINITY : found[k]!;
      });
      if (this.#working === null) this.losses = losses.slice();
    }
    [this.losses, this.resolution] = [losses, side];
    this.#working = null;
    return true;
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.progress = null;
      if (!this.#run.compiling) this.#onFault(error);
    }
  }
}
