/**
 * The algorithm of the browser playgrounds: one object a neuron, one a connection, one row at a time, in
 * double precision. Our own implementation of that algorithm.
 */
import type { Rival } from './rival';

interface Activation {
  readonly value: (x: number) => number;
  readonly derivative: (x: number) => number;
}

const activations: Readonly<Record<'tanh' | 'relu' | 'identity', Activation>> = {
  tanh: { value: Math.tanh, derivative: (x) => 1 - Math.tanh(x) ** 2 },
  relu: { value: (x) => Math.max(0, x), derivative: (x) => (x <= 0 ? 0 : 1) },
  identity: { value: (x) => x, derivative: () => 1 },
};

class Unit {
  readonly inputs: Link[] = [];
  readonly outputs: Link[] = [];
  bias = 0;
  sum = 0;
  value = 0;
  valueGradient = 0;
  sumGradient = 0;
  biasTotal = 0;
  count = 0;

  constructor(readonly activation: Activation) {}
}

class Link {
  total = 0;
  count = 0;

  constructor(
    readonly from: Unit,
    readonly to: Unit,
    public weight: number,
  ) {}
}

export const perObjectRival: Rival = async (w, { x, y }, given) => {
  const last = w.dims.length - 1;
  const kindOf = (l: number): 'tanh' | 'relu' | 'identity' => (l === 0 ? 'identity' : l === last ? w.last : w.activation);
  const layers = w.dims.map((units, l) => Array.from({ length: units }, () => new Unit(activations[kindOf(l)])));
  for (let l = 0; l < last; l++)
    layers[l + 1]!.forEach((to, o) => {
      to.bias = given[2 * l + 1]![o]!;
      layers[l]!.forEach((from, i) => {
        const link = new Link(from, to, given[2 * l]![i * w.dims[l + 1]! + o]!);
        from.outputs.push(link);
        to.inputs.push(link);
      });
    });
  const [inputs, outputs] = [w.dims[0]!, w.dims[last]!];
  const [first, out] = [layers[0]!, layers[last]!];

  const forward = (at: number): void => {
    for (let i = 0; i < inputs; i++) first[i]!.value = x[at * inputs + i]!;
    for (let l = 1; l <= last; l++)
      for (const unit of layers[l]!) {
        unit.sum = unit.bias;
        for (const link of unit.inputs) unit.sum += link.weight * link.from.value;
        unit.value = unit.activation.value(unit.sum);
      }
  };
  const lossGradient = (at: number): void => {
    if (w.loss === 'mean-squared-error') {
      for (const [o, unit] of out.entries()) unit.valueGradient = (2 * (unit.value - y[at * outputs + o]!)) / outputs;
      return;
    }
    const most = Math.max(...out.map((unit) => unit.value));
    const total = out.reduce((sum, unit) => sum + Math.exp(unit.value - most), 0);
    for (const [o, unit] of out.entries()) unit.valueGradient = Math.exp(unit.value - most) / total - y[at * outputs + o]!;
  };
  const backward = (at: number): void => {
    lossGradient(at);
    for (let l = last; l >= 1; l--) {
      for (const unit of layers[l]!) {
        unit.sumGradient = unit.valueGradient * unit.activation.derivative(unit.sum);
        unit.biasTotal += unit.sumGradient;
        unit.count++;
      }
      for (const unit of layers[l]!)
        for (const link of unit.inputs) {
          link.total += unit.sumGradient * link.from.value;
          link.count++;
        }
      if (l > 1)
        for (const unit of layers[l - 1]!) {
          unit.valueGradient = 0;
          for (const link of unit.outputs) unit.valueGradient += link.weight * link.to.sumGradient;
        }
    }
  };
  const update = (): void => {
    for (let l = 1; l <= last; l++)
      for (const unit of layers[l]!) {
        unit.bias -= (w.rate * unit.biasTotal) / unit.count;
        unit.biasTotal = 0;
        unit.count = 0;
        for (const link of unit.inputs) {
          link.weight -= (w.rate / link.count) * link.total;
          link.total = 0;
          link.count = 0;
        }
      }
  };

  let next = 0;
  return {
    rows: w.batch,
    async run(steps) {
      for (let step = 0; step < steps; step++) {
        for (let row = next * w.batch; row < (next + 1) * w.batch; row++) {
          forward(row);
          backward(row);
        }
        update();
        next = (next + 1) % w.batches;
      }
    },
    async parameters() {
      return layers.slice(1).flatMap((units, l) => {
        const weights = new Float64Array(w.dims[l]! * units.length);
        for (const [o, unit] of units.entries())
          for (const [i, link] of unit.inputs.entries()) weights[i * units.length + o] = link.weight;
        return [weights, Float64Array.from(units, (unit) => unit.bias)];
      });
    },
  };
};
