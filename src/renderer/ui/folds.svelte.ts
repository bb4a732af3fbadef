/**
 * Which parts of panels are folded away: remembered by name, in this window and after it. And which of them is
 * wanted in sight, by whoever goes to it from elsewhere.
 */
const KEY = 'chainrule.folded';

function stored(): Readonly<Record<string, boolean>> {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof found === 'object' && found !== null ? (found as Record<string, boolean>) : {};
  } catch {
    // What cannot be read is as good as nothing: it is only what was open.
    return {};
  }
}

let known = $state.raw(stored());

export const isFolded = (name: string, first: boolean): boolean => known[name] ?? first;

export function fold(name: string, folded: boolean): void {
  known = { ...known, [name]: folded };
  localStorage.setItem(KEY, JSON.stringify(known));
}

let wanted = $state.raw<readonly string[]>([]);
/** Parts that come with an answer of the engine have so many ms to appear. */
const PATIENCE = 2500;

export const isWanted = (name: string): boolean => wanted.includes(name);

/** The part is in sight. */
export function reached(name: string): void {
  wanted = [];
  fold(name, false);
}

/** Unfolds the first of these parts and brings it into sight, now or when it is there; `missing` is called when none comes. */
export function reveal(names: readonly string[], missing: () => void): void {
  wanted = names;
  setTimeout(() => {
    if (wanted !== names) return;
    wanted = [];
    missing();
  }, PATIENCE);
}
