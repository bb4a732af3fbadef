/** Which parts of panels are folded away: remembered by name, in this window and after it. */
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
