/**
 * Numbers and keys as people read them. One place, so that a loss looks the same in the top bar, the plot
 * and the stepper.
 */

/** Making a formatter takes longer than writing a thousand numbers with it. */
const formats = new Map<number, Intl.NumberFormat>();
function plainText(value: number, digits: number, grouped: boolean): string {
  const key = digits * 2 + (grouped ? 1 : 0);
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits, useGrouping: grouped });
    formats.set(key, format);
  }
  return format.format(value);
}

/** `digits` significant digits, without exponents where a plain number is as short; minus as U+2212. */
export function numberText(value: number, digits = 4): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text =
    size >= 1e6 || size < 1e-4
      ? value.toExponential(Math.max(0, digits - 2))
      : plainText(Number(value.toPrecision(digits)), digits, size >= 1e4);
  return text
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e')
    .replaceAll('-', '−');
}

export const fixedText = (value: number, decimals: number): string => value.toFixed(decimals).replace('-', '−');

export const countText = (value: number): string => Math.round(value).toLocaleString('en-US');

export const plural = (count: number, one: string, many = `${one}s`): string => `${countText(count)} ${count === 1 ? one : many}`;

/** Digits below the line: 12 as ₁₂. */
export const subscript = (number: number | string): string =>
  String(number).replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));
/** A name with its last digits below the line: w1 as w₁, w2,1 as w₂,₁. */
export const subscripted = (name: string): string =>
  name.replace(/_?\d+(,\d+)*$/, (digits) => subscript(digits.replace('_', '')));

export const percentText = (share: number, decimals = 0): string => `${fixedText(share * 100, decimals)} %`;

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let at = 0;
  let size = bytes;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at++;
  }
  return `${at === 0 ? size : numberText(size, 3)} ${units[at]}`;
}

/** A number that someone typed: `1,5`, `1.5`, `−2`, `1e-3`; null when it is none. */
export function parseNumber(text: string): number | null {
  const plain = text
    .trim()
    .replaceAll('−', '-')
    .replace(/^(-?\d+),(\d+)$/, '$1.$2');
  if (plain === '') return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** `just now`, `12 minutes ago`, `yesterday`, `3 March`. */
export function agoText(time: number, now: number): string {
  const minutes = Math.round((now - time) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${plural(minutes, 'minute')} ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return `${plural(hours, 'hour')} ago`;
  const days = Math.round(hours / 24);
  if (days === 1) return 'yesterday';
  if (days < 7) return `${days} days ago`;
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });
}

const onMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

/** `$mod+Shift+KeyZ`, as tinykeys reads it, for people: `Ctrl Shift Z` or `⌘ ⇧ Z`. */
const keyNames: Readonly<Record<string, string>> = {
  Comma: ',',
  Period: '.',
  Equal: '+',
  Minus: '−',
  BracketLeft: '[',
  BracketRight: ']',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  PageUp: 'Page Up',
  PageDown: 'Page Down',
  Delete: 'Del',
  Escape: 'Esc',
};

export function keysText(keys: string): string {
  const modifiers: Readonly<Record<string, string>> = onMac ? { $mod: '⌘', Shift: '⇧', Alt: '⌥' } : { $mod: 'Ctrl' };
  return keys
    .split(' ')[0]!
    .split('+')
    .map((key) => modifiers[key] ?? keyNames[key] ?? key.replace(/^(Key|Digit)/, ''))
    .join(onMac ? '' : '+');
}
