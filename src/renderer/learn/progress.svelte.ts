/**
 * Which lessons were done, what was seen on each page, and which page was open last: a page may send people
 * to the editor and be done when they come back. It is remembered in this browser profile; where
 * storing fails (private windows, full disks) it lasts as long as the window.
 */
const KEY = 'chainrule.learn';

export interface Memory {
  read(): string | null;
  write(text: string): void;
}

const localMemory: Memory = {
  read: () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  },
  write: (text) => {
    try {
      localStorage.setItem(KEY, text);
    } catch {
      // Progress then lasts until the window closes; nothing else depends on it.
    }
  },
};

export class Progress {
  done = $state.raw<ReadonlySet<string>>(new Set());
  last = $state<string | null>(null);
  /** Names of what a page's figures reported, by page. Nobody watches it: pages read it when they open. */
  #seen: Record<string, readonly string[]> = {};

  constructor(readonly memory: Memory = localMemory) {
    try {
      const stored: unknown = JSON.parse(memory.read() ?? 'null');
      if (typeof stored === 'object' && stored !== null && 'done' in stored && Array.isArray(stored.done))
        this.done = new Set(stored.done.filter((id) => typeof id === 'string'));
      if (
        typeof stored === 'object' &&
        stored !== null &&
        'seen' in stored &&
        typeof stored.seen === 'object' &&
        stored.seen !== null
      )
        for (const [id, names] of Object.entries(stored.seen))
          if (Array.isArray(names)) this.#seen[id] = names.filter((name) => typeof name === 'string');
      if (typeof stored === 'object' && stored !== null && 'last' in stored && typeof stored.last === 'string')
        this.last = stored.last;
    } catch {
      // What cannot be read is forgotten.
    }
  }

  finish(id: string): void {
    if (this.done.has(id)) return;
    this.done = new Set([...this.done, id]);
    this.#store();
  }

  visit(id: string): void {
    if (this.last === id) return;
    this.last = id;
    this.#store();
  }

  saw(id: string, name: string): void {
    const names = this.#seen[id] ?? [];
    if (names.includes(name)) return;
    this.#seen[id] = [...names, name];
    this.#store();
  }

  /** What was seen on a page before, as the facts that its check reads. */
  seenOn(id: string): Readonly<Record<string, true>> {
    return Object.fromEntries((this.#seen[id] ?? []).map((name) => [name, true as const]));
  }

  forget(): void {
    this.done = new Set();
    this.#seen = {};
    this.#store();
  }

  #store(): void {
    this.memory.write(JSON.stringify({ done: [...this.done], seen: this.#seen, last: this.last }));
  }
}
