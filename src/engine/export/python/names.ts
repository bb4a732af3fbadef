/**
 * Names of nodes as Python identifiers: legal, plain ASCII, never a word that Python or the written file
 * needs, and no two alike. The same drawing gives the same names.
 */
const RESERVED: ReadonlySet<string> = new Set([
  // Python's keywords and constants.
  ...'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield match case type'.split(
    ' ',
  ),
  // Functions that the written text calls.
  ...'abs enumerate float int len list max min next print range slice str sum super tuple zip map dict set open iter'.split(' '),
  // What the file itself is made of.
  ...'self np torch F csv sys Path sliding_window_view weights'.split(' '),
]);

const LETTERS: Readonly<Record<string, string>> = {
  α: 'alpha',
  β: 'beta',
  γ: 'gamma',
  δ: 'delta',
  ε: 'epsilon',
  η: 'eta',
  θ: 'theta',
  λ: 'lambda_',
  μ: 'mu',
  ρ: 'rho',
  σ: 'sigma',
  τ: 'tau',
  φ: 'phi',
  ω: 'omega',
  Σ: 'sum',
  ß: 'ss',
  ø: 'o',
  æ: 'ae',
};

/** A legal identifier for any text: accents and subscripts are taken off, everything else becomes an underscore. */
export function identifier(text: string): string {
  const plain = [...text]
    .map((c) => LETTERS[c] ?? c)
    .join('')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/_+/g, '_')
    .replace(/^_+|_+$/g, '');
  const name = plain === '' ? 'node' : /^\d/.test(plain) ? `n${plain}` : plain;
  return RESERVED.has(name) ? `${name}_` : name;
}

export class Names {
  readonly #taken = new Set<string>();

  /** `taken`: names that the surroundings use already. */
  constructor(taken: Iterable<string> = []) {
    for (const name of taken) this.#taken.add(name);
  }

  /** The first wish where it is free, else a name after the second. */
  takeOr(wish: string, otherwise: string): string {
    return this.take(this.#taken.has(identifier(wish)) ? otherwise : wish);
  }

  /** A name of its own for a text: `hidden`, then `hidden_2`. */
  take(text: string): string {
    const wish = identifier(text);
    let name = wish;
    for (let i = 2; this.#taken.has(name); i++) name = `${wish.replace(/_$/, '')}_${i}`;
    this.#taken.add(name);
    return name;
  }
}
