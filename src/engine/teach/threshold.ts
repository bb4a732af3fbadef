/**
 * The McCulloch–Pitts unit: binary inputs, excitatory or inhibitory edges, a threshold. It fires when the
 * sum of its inputs exceeds the threshold. What it can compute is found by trying everything.
 */
export type Sign = 1 | -1;

export interface ThresholdUnit {
  /** +1 excitatory, −1 inhibitory. */
  readonly signs: readonly Sign[];
  readonly threshold: number;
}

export interface TruthRow {
  readonly inputs: readonly number[];
  readonly sum: number;
  readonly output: 0 | 1;
}

export const inputRows = (count: number): readonly (readonly number[])[] =>
  Array.from({ length: 2 ** count }, (_, row) => Array.from({ length: count }, (_, i) => (row >> (count - 1 - i)) & 1));

const netInput = ({ signs }: Pick<ThresholdUnit, 'signs'>, inputs: readonly number[]): number =>
  inputs.reduce((s, x, i) => s + signs[i]! * x, 0);
const exceeds = (net: number, threshold: number): boolean => net > threshold;
const fires = (unit: ThresholdUnit, inputs: readonly number[]): boolean => exceeds(netInput(unit, inputs), unit.threshold);

/** The biological neuron: within one interval of time it counts the signals that excite and those that inhibit. */
export function biologicalNeuron(
  excitatory: number,
  inhibitory: number,
  threshold: number,
): { readonly net: number; readonly fires: boolean } {
  const net = excitatory - inhibitory;
  return { net, fires: exceeds(net, threshold) };
}

export const truthTable = (unit: ThresholdUnit): readonly TruthRow[] =>
  inputRows(unit.signs.length).map((inputs) => ({
    inputs,
    sum: netInput(unit, inputs),
    output: fires(unit, inputs) ? 1 : 0,
  }));

export interface Gate {
  readonly name: string;
  readonly inputs: number;
  readonly f: (inputs: readonly number[]) => boolean;
  /** A unit that computes it; null when there is none. */
  readonly unit: ThresholdUnit | null;
}

export const gates: readonly Gate[] = [
  { name: 'AND', inputs: 2, f: ([a, b]) => a === 1 && b === 1, unit: { signs: [1, 1], threshold: 1.5 } },
  { name: 'OR', inputs: 2, f: ([a, b]) => a === 1 || b === 1, unit: { signs: [1, 1], threshold: 0.5 } },
  { name: 'NOT', inputs: 1, f: ([a]) => a === 0, unit: { signs: [-1], threshold: -0.5 } },
  { name: 'XOR', inputs: 2, f: ([a, b]) => a !== b, unit: null },
];

export const computes = (unit: ThresholdUnit, gate: Gate): boolean =>
  unit.signs.length === gate.inputs && inputRows(gate.inputs).every((row) => fires(unit, row) === gate.f(row));

export interface Search {
  readonly tried: number;
  readonly found: ThresholdUnit | null;
}

/** Every choice of signs with every threshold between whole numbers: the sum is whole, so no other threshold differs. */
export function searchUnit(gate: Gate): Search {
  let tried = 0;
  let found: ThresholdUnit | null = null;
  for (let mask = 0; mask < 2 ** gate.inputs; mask++) {
    const signs = Array.from({ length: gate.inputs }, (_, i): Sign => ((mask >> i) & 1 ? -1 : 1));
    for (let threshold = -gate.inputs - 0.5; threshold <= gate.inputs + 0.5; threshold++) {
      tried++;
      const unit = { signs, threshold };
      if (computes(unit, gate)) found ??= unit;
    }
  }
  return { tried, found };
}

/** How many of the 16 functions of two bits a unit with any real weights computes: 14, all but XOR and its negation. */
export function reachableFunctions(): ReadonlySet<string> {
  const rows = inputRows(2);
  const reached = new Set<string>();
  for (let w1 = -2; w1 <= 2; w1++)
    for (let w2 = -2; w2 <= 2; w2++)
      for (let threshold = -4.5; threshold <= 4.5; threshold++)
        reached.add(rows.map(([a, b]) => (w1 * a! + w2 * b! > threshold ? '1' : '0')).join(''));
  return reached;
}
