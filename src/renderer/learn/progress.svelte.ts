/**
 * Which lessons were done, and which page was open last. It is remembered in this browser profile; where
 * storing fails (private windows, full disks) it lasts as long as the window.
 */
const KEY = 'chainrule.learn';

export interface Memory {
  read(): string | null;
  write(text: string): void;
}

export const localMemory: Memory = {
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

  constructor(readonly memory: Memory = localMemory) {
    try {
      const stored: unknown = JSON.parse(memory.read() ?? 'null');
      if (typeof stored === 'object' && stored !== null && 'done' in stored && Array.isArray(stored.done))
        this.done = new Set(stored.done.filter((id) => typeof id === 'string'));
      if (typeof stored === 'object' && stored !== null && 'last' in stored && typeof stored.last === 'string') this.last = stored.last;
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

  forget(): void {
    this.done = new Set();
    this.#store();
  }

  #store(): void {
    this.memory.write(JSON.stringify({ done: [...this.done], last: this.last }));
  }
}
