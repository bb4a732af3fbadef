/**
 * Training that stands still while its data or its plan are exchanged, and then goes on as if nothing had
 * been. Whoever trains waits at the hold; whoever exchanges begins and releases it.
 */
export class Hold {
  #held: { readonly released: Promise<void>; readonly release: () => void; goOn: boolean } | null = null;

  /** False: it is held already. */
  begin(): boolean {
    if (this.#held !== null) return false;
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#held = { released, release, goOn: true };
    return true;
  }

  /** What was trained is gone, so training does not go on. */
  forbid(): void {
    if (this.#held !== null) this.#held.goOn = false;
  }

  release(): void {
    this.#held?.release();
    this.#held = null;
  }

  /** At once when nothing is held: false. Else after the release: whether to go on. */
  async passed(): Promise<boolean> {
    const held = this.#held;
    if (held === null) return false;
    await held.released;
    return held.goOn;
  }
}
