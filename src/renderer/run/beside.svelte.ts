/**
 * What trains beside the open run: a trial of one change, drawn as a faint second curve, or a race of several
 * variants. All start from the weights that the open project starts from; the one that is kept takes its place.
 */
import type { Edit } from '../../engine/graph/edits';
import type { Project } from '../../engine/graph/project';
import type { Variant } from '../../engine/train/variants';
import { Contestant, type ContestantLinks, type Ground } from './contestant.svelte';
import type { Run } from './run.svelte';
import { weightsOf } from './weights';

/** Engines at once; the others wait for their turn. */
const AT_ONCE = 4;

export interface BesideLinks extends ContestantLinks {
  readonly run: Run;
  readonly project: () => Project;
  /** The change becomes an edit of the open project. */
  readonly adopt: (title: string, project: Project) => void;
  readonly notify: (title: string, error: unknown) => void;
}

export class Beside {
  trial = $state.raw<{ readonly title: string; readonly contestant: Contestant } | null>(null);
  race = $state.raw<readonly Contestant[]>([]);
  racing = $state(false);

  readonly #links: BesideLinks;
  /** Counts starts and stops, so that those of an earlier race do nothing. */
  #turn = 0;

  constructor(links: BesideLinks) {
    this.#links = links;
  }

  async #ground(): Promise<Ground | null> {
    const { run } = this.#links;
    await run.settled();
    if (run.profile === null || !run.canTrain) return null;
    const { dataset } = run;
    const { data, split } = this.#links.project().settings;
    return {
      dataset,
      datasetId: run.feed.datasetId,
      source: { data, split },
      profile: run.profile,
      backend: run.backend ?? 'auto',
      weights: run.startingWeights ?? weightsOf(this.#links.project()) ?? null,
    };
  }

  /** Trains the project with a change beside the open run: same start, same epochs, and the same data unless they are what changes. `fresh`: from initial weights, which are what the change is about. */
  async tryOut(title: string, change: Edit, fresh = false): Promise<void> {
    await this.drop();
    const from = await this.#ground();
    const ground = from && { ...from, weights: fresh ? null : from.weights };
    if (ground === null) {
      this.#links.notify(
        'Nothing can be tried yet',
        new Error('The network is not ready to train. Wait for its data, or mend the drawing.'),
      );
      return;
    }
    try {
      const contestant = new Contestant(this.#links, title, withoutWeights(change(this.#links.project())), 'trial');
      this.trial = { title, contestant };
      await contestant.prepare(ground);
      if (this.trial?.contestant === contestant) await contestant.train();
    } catch (error) {
      this.#links.notify('The trial could not be started', error);
    }
  }

  /** The trial takes the place of the open run, as one edit that can be undone. */
  async adopt(): Promise<void> {
    if (this.trial === null) return;
    const { title, contestant } = this.trial;
    await this.#keep(title, contestant);
    this.trial = null;
  }

  async drop(): Promise<void> {
    const trial = this.trial;
    this.trial = null;
    await trial?.contestant.stop();
  }

  async start(variants: readonly Variant[]): Promise<void> {
    await this.end();
    const ground = await this.#ground();
    if (ground === null) {
      this.#links.notify(
        'The race cannot start yet',
        new Error('The network is not ready to train. Wait for its data, or mend the drawing.'),
      );
      return;
    }
    const turn = ++this.#turn;
    // A race is over when the window is: its runs stay, and this is how they are found.
    const tag = `race ${new Date().toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })}`;
    this.race = variants.map(
      ({ changes, project }) => new Contestant(this.#links, changes, withoutWeights(project), 'race', [tag]),
    );
    // All are ready before the first starts.
    await Promise.all(this.race.map((contestant) => contestant.prepare(ground)));
    if (turn === this.#turn) await this.go();
  }

  /** Starts them, or goes on after a pause. */
  async go(): Promise<void> {
    if (this.racing) return;
    this.racing = true;
    const turn = this.#turn;
    const waiting = this.race.filter(({ ended }) => !ended);
    const lane = async (): Promise<void> => {
      for (let next = waiting.shift(); next && this.racing && turn === this.#turn; next = waiting.shift()) await next.train();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    if (turn === this.#turn) this.racing = false;
  }

  async pauseAll(): Promise<void> {
    this.racing = false;
    await Promise.all(this.race.map((contestant) => contestant.pause()));
  }

  /** The one with the smallest loss so far. */
  get winner(): Contestant | null {
    let best: Contestant | null = null;
    for (const contestant of this.race)
      if (
        contestant.fault === null &&
        contestant.loss !== null &&
        Number.isFinite(contestant.loss) &&
        contestant.loss < (best?.loss ?? Number.POSITIVE_INFINITY)
      )
        best = contestant;
    return best;
  }

  /** One of the race takes the place of the open run; the others end. */
  async keep(contestant: Contestant): Promise<void> {
    await this.pauseAll();
    await this.#keep(contestant.title, contestant);
    await this.end();
  }

  async end(): Promise<void> {
    this.#turn++;
    this.racing = false;
    const race = this.race;
    this.race = [];
    await Promise.all(race.map((contestant) => contestant.stop()));
  }

  async #keep(title: string, contestant: Contestant): Promise<void> {
    const { run, adopt, notify } = this.#links;
    try {
      const { checkpoint, points, kept } = await contestant.taken();
      await contestant.stop();
      if (run.running) await run.pause();
      adopt(title, contestant.project);
      await run.settled();
      if (checkpoint !== null) await run.restore(checkpoint, points, kept);
    } catch (error) {
      notify('It could not be taken over', error);
    }
  }
}

/** The weights to start from are handed over apart. */
function withoutWeights({ weights: _weights, ...project }: Project): Project {
  return project;
}
