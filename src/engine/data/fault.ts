/** How reading data ends when it does not end well, and how it is watched meanwhile. */

/** Something is wrong with the file or with what is asked of it; the message is for people. */
export class DataFault extends Error {
  override readonly name = 'DataFault';
  readonly code = 'bad-data';
}
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  readonly code = 'cancelled';
  constructor() {
    super('Reading the data was cancelled.');
  }
}

export interface ReadHooks {
  /** Bytes that are to be read, unpacked; told once they are known, and never where they cannot be. */
  total?(bytes: number): void;
  /** Bytes read and rows kept so far. Throwing `Cancelled` here ends the reading. */
  progress?(bytes: number, rows: number): void;
  /** Lets other work of this thread go on; called often. */
  breathe?(): Promise<void>;
}
