/**
 * Answers as people write them: `-2.25`, `−2,25`, `-9/4`, `1 1/2`, `5e-3`. An answer is right when the
 * exact number rounds to it; one that is off by no more than rounded intermediate results is said to be so.
 */
export type Verdict = 'right' | 'rounding' | 'wrong' | 'unreadable';

export interface Grade {
  readonly verdict: Verdict;
  /** What was read; null when it is no number. */
  readonly value: number | null;
}

interface Written {
  readonly value: number;
  /** Decimals that were written; null for fractions and whole numbers in exact form. */
  readonly decimals: number | null;
  readonly significant: number;
}

const DECIMAL = /^([+-]?)(\d+(?:[.,]\d*)?|[.,]\d+)(?:e([+-]?\d{1,3}))?$/i;
const FRACTION = /^([+-]?)(?:(\d+)\s+)?(\d+(?:[.,]\d+)?)\s*[/⁄:]\s*([+-]?)(\d+(?:[.,]\d+)?)$/;
const plain = (digits: string): number => Number(digits.replace(',', '.'));

function readWritten(text: string): Written | null {
  const clean = text
    .trim()
    .replaceAll(/[−–—‒]/g, '-')
    .replaceAll(/[ \u2009\u202f]/g, ' ')
    .replace(/^([+-])\s+/, '$1')
    .replace(/^\((.*)\)$/, '$1');
  const fraction = FRACTION.exec(clean);
  if (fraction) {
    const [, sign, whole, top, signBelow, bottom] = fraction;
    const below = plain(bottom!);
    if (below === 0) return null;
    const size = (whole === undefined ? 0 : Number(whole)) + plain(top!) / below;
    return { value: (sign === '-' ? -1 : 1) * (signBelow === '-' ? -1 : 1) * size, decimals: null, significant: 15 };
  }
  const decimal = DECIMAL.exec(clean);
  if (!decimal) return null;
  const [, sign, digits, exponent = '0'] = decimal;
  const after = digits!.split(/[.,]/)[1]?.length ?? 0;
  const significant = digits!.replace(/[.,]/, '').replace(/^0+/, '').length;
  return {
    value: (sign === '-' ? -1 : 1) * plain(digits!) * 10 ** Number(exponent),
    decimals: after - Number(exponent),
    significant,
  };
}

export const parseAnswer = (text: string): number | null => readWritten(text)?.value ?? null;

/** Two numbers that differ only by how floating point adds up. */
export const same = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

/** How far intermediate results rounded to two or three digits may carry an answer. */
const CLOSE = 0.02;

export function grade(text: string, exact: number): Grade {
  const written = readWritten(text);
  if (written === null) return { verdict: 'unreadable', value: null };
  const { value, decimals, significant } = written;
  if (same(value, exact)) return { verdict: 'right', value };
  const gap = Math.abs(value - exact);
  // One digit says too little to count as a rounded answer: 1 is not 0.8176.
  const enough = significant >= 2 || (decimals !== null && decimals >= 3);
  if (enough && decimals !== null && gap <= 0.5 * 10 ** -decimals * (1 + 1e-9)) return { verdict: 'right', value };
  // Fractions are not rounded, but 1/3 for 0.3333 is right.
  if (decimals === null && gap <= 2e-4 * Math.abs(exact)) return { verdict: 'right', value };
  const oneOff = enough && decimals !== null && decimals >= 2 && gap <= 1.5 * 10 ** -decimals;
  if (Math.sign(value) === Math.sign(exact) && (gap <= CLOSE * Math.abs(exact) || oneOff)) return { verdict: 'rounding', value };
  return { verdict: 'wrong', value };
}

/** A number as an exercise prints it: up to four decimals, a real minus. */
export function answerText(value: number, digits = 6): string {
  if (value === 0) return '0';
  const rounded = Number(value.toPrecision(digits));
  return String(rounded).replaceAll('-', '−');
}

/** A factor of a product in text: negative numbers in brackets. */
export const factorText = (value: number): string => (value < 0 ? `(${answerText(value)})` : answerText(value));
