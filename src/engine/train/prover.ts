/**
 * Proves in the background: begins when nothing else has happened for a moment, gives the thread back
 * every few milliseconds, and starts over after each change. While training runs it waits.
 */
import { type Proof, type ProofRequest, prove } from './proof';

/** Milliseconds of quiet before a proof begins. */
const QUIET = 350;
/** Milliseconds of work at a time, and of rest after them. */
const SLICE = 8;
const REST = 6;

interface Surroundings {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export class Prover {
  /** Grows with each start and stop; a proof whose number is old ends. */
  #turn = 0;

  constructor(
    readonly around: Surroundings,
    readonly tell: (proof: Proof | null) => void,
  ) {}

  /** What was proved holds no longer. */
  stop(): void {
    this.#turn++;
  }

  /** Proves what `request` gives once it is quiet; null: there is nothing to prove. */
  restart(request: () => Promise<ProofRequest | null>): void {
    const turn = ++this.#turn;
    const isOld = (): boolean => turn !== this.#turn;
    void (async () => {
      await this.around.sleep(QUIET);
      if (isOld()) return;
      const made = await request();
      if (isOld()) return;
      if (made === null) {
        this.tell(null);
        return;
      }
      let since = this.around.now();
      for await (const proof of prove(made)) {
        if (isOld()) return;
        if (proof) this.tell(proof);
        if (this.around.now() - since < SLICE) continue;
        await this.around.sleep(REST);
        if (isOld()) return;
        since = this.around.now();
      }
    })().catch(() => {
      // The device was lost or exchanged meanwhile: the next load begins another proof.
      if (!isOld()) this.tell(null);
    });
  }
}
