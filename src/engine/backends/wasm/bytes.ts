/** A growing list of bytes with the variable-length numbers of the WebAssembly format. */
export class Bytes {
  #data = new Uint8Array(1024);
  length = 0;

  byte(value: number): void {
    if (this.length === this.#data.length) this.#grow(this.length + 1);
    this.#data[this.length++] = value;
  }

  unsigned(value: number): void {
    if (value >= 0 && value < 128) {
      this.byte(value);
      return;
    }
    let rest = value >>> 0;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 127;
      rest >>= 7;
      if ((rest === 0 && !(low & 64)) || (rest === -1 && low & 64)) {
        this.byte(low);
        return;
      }
      this.byte(low | 128);
    }
  }

  text(value: string): void {
    this.unsigned(value.length);
    for (const character of value) this.byte(character.charCodeAt(0));
  }

  append(other: Bytes): void {
    this.write(other.view());
  }

  write(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#data.length) this.#grow(this.length + bytes.length);
    this.#data.set(bytes, this.length);
    this.length += bytes.length;
  }

  view(): Uint8Array {
    return this.#data.subarray(0, this.length);
  }

  #grow(atLeast: number): void {
    const next = new Uint8Array(Math.max(atLeast, 2 * this.#data.length));
    next.set(this.view());
    this.#data = next;
  }
}
