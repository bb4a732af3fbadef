/**
 * Numbers of a column whose length is only guessed beforehand. They stand in blocks, so that growing never
 * copies; most of them in one block of the guessed size, since an allocator gives large blocks back to the
 * system when they are freed and keeps small ones.
 */

/** Numbers of all blocks but the large one. */
const BLOCK = 1 << 16;

type Numbers = Float32Array | Float64Array | Int32Array;

export class Growing<N extends Numbers> {
  length = 0;
  private blocks: N[] = [];
  private current: N | null = null;
  private within = 0;
  /** Of the second block. */
  private readonly large: number;

  constructor(
    private readonly kind: new (length: number) => N,
    expected: number,
  ) {
    this.large = Math.max(BLOCK, Math.ceil(expected) - BLOCK);
  }

  push(value: number): void {
    if (this.current === null || this.within === this.current.length) {
      this.current = new this.kind(this.blocks.length === 1 ? this.large : BLOCK);
      this.blocks.push(this.current);
      this.within = 0;
    }
    this.current[this.within++] = value;
    this.length++;
  }

  at(index: number): number {
    if (index < BLOCK) return this.blocks[0]![index]!;
    const beyond = index - BLOCK;
    if (beyond < this.large) return this.blocks[1]![beyond]!;
    const rest = beyond - this.large;
    return this.blocks[2 + Math.floor(rest / BLOCK)]![rest % BLOCK]!;
  }
}
