/**
 * The equations of a drawing as LaTeX, in the row-vector convention of the course's chapter 2 (xW + b) or
 * the column-vector convention of its section 3.6.20 (Wx + b); and what is left of a network whose
 * activations are all the identity: one matrix and one bias.
 */
import { infer, nameOf } from '../compile/infer';
import { findObjective } from '../compile/objective';
import type { NodeId } from '../graph/graph';
import type { Project } from '../graph/project';
import { type Convention, type Latex, productLatex } from '../ir/latex';
import { sampleShape, type Tensor } from '../ir/shape';
import { activated } from '../ops/activations';
import { opOf } from '../ops/index';
import type { Weights } from '../plan';
import { symbolOf } from '../train/trace-symbols';

export interface Equation {
  readonly node: NodeId;
  readonly latex: Latex;
}

const shapeLatex = (shape: readonly number[]): Latex =>
  shape.length === 0 ? '' : `\\in \\mathbb{R}^{${shape.length === 1 ? shape[0] : shape.join(' \\times ')}}`;

/** W and b of the layer, numbered where there are several. */
function lettersOf(project: Project, order: readonly NodeId[]): ReadonlyMap<NodeId, Latex> {
  const layers = order.filter((id) => project.nodes[id]!.op === 'dense');
  return new Map(layers.map((id, i) => [id, layers.length === 1 ? '' : `_{${i + 1}}`]));
}

const affine = (x: Latex, index: Latex, bias: boolean, convention: Convention): Latex => {
  const product = productLatex(x, `\\mathbf{W}${index}`, convention);
  return bias ? `${product} + \\mathbf{b}${index}` : product;
};

export function equationsOf(project: Project, convention: Convention): readonly Equation[] {
  const inferred = infer(project);
  const letters = lettersOf(project, inferred.order);
  const symbol = (id: NodeId): Latex => {
    const plain = symbolOf(id, nameOf(project.nodes[id]!));
    const shape = inferred.shapes.get(id);
    return shape && sampleShape(shape).length > 0 && /^[a-z](?:_\{\d+\})?$/i.test(plain)
      ? plain.replace(/^./, (c) => `\\mathbf{${c}}`)
      : plain;
  };
  const { node: objective } = findObjective(project, inferred);
  return inferred.order.flatMap((id): Equation[] => {
    const known = inferred.calls.get(id);
    if (!known) return [];
    const { op, call } = known;
    const shape = sampleShape(call.out);
    if (op.kind === 'source') return shape.length > 0 ? [{ node: id, latex: `${symbol(id)} ${shapeLatex(shape)}` }] : [];
    const inputs = [...inferred.links.into.get(id)!];
    const left = id === objective ? 'l' : symbol(id);
    let right: Latex;
    if (op.name === 'dense') {
      const sum = affine(symbol(inputs[0]![1].from), letters.get(id)!, call.attrs['bias'] === true, convention);
      right = activated(sum, call, convention);
    } else right = op.formula(Object.fromEntries(inputs.map(([port, e]) => [port, symbol(e.from)])), call, convention);
    return [{ node: id, latex: `${left} = ${right}` }];
  });
}

/** All equations as one aligned block to paste into a document. */
export const equationsBlock = (equations: readonly Equation[]): Latex =>
  `\\begin{aligned}\n${equations.map(({ latex }) => latex.replace(/(=|\\in)/, '&$1')).join(' \\\\\n')}\n\\end{aligned}`;

export interface Collapsed {
  readonly latex: readonly Latex[];
  /** Of the one matrix that is left: inputs × outputs. */
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly layers: readonly NodeId[];
}

/** What remains if all activations were the identity; a fault when the drawing is no chain of layers. */
export function collapse(
  project: Project,
  weights: Weights | null,
  convention: Convention,
): Collapsed | { readonly fault: string } {
  const inferred = infer(project);
  const { prediction } = findObjective(project, inferred);
  let at = prediction?.node ?? null;
  const layers: NodeId[] = [];
  while (at !== null) {
    const op = opOf(project.nodes[at]!.op);
    if (op?.kind === 'source') break;
    const edges = [...(inferred.links.into.get(at)?.values() ?? [])];
    if (edges.length !== 1 || (op?.name !== 'dense' && op?.group !== 'activation'))
      return {
        fault: `'${nameOf(project.nodes[at]!)}' is neither a fully connected layer nor an activation, so the drawing is not a plain chain of layers.`,
      };
    if (op.name === 'dense') layers.unshift(at);
    at = edges[0]!.from;
  }
  if (at === null || layers.length === 0) return { fault: 'The drawing has no layers between an input and its answer.' };
  const n = layers.length;
  const index = (i: number): Latex => (n === 1 ? '' : `_{${i + 1}}`);
  const order = convention === 'row' ? [...layers.keys()] : [...layers.keys()].reverse();
  const product = order.map((i) => `\\mathbf{W}${index(i)}`).join('\\,');
  const bias = layers
    .map((_, i) => {
      const rest = order
        .filter((j) => j > i)
        .map((j) => `\\mathbf{W}${index(j)}`)
        .join('\\,');
      return convention === 'row'
        ? `\\mathbf{b}${index(i)}${rest && `\\,${rest}`}`
        : `${rest && `${rest}\\,`}\\mathbf{b}${index(i)}`;
    })
    .join(' + ');
  const nested = layers.reduce<Latex>(
    (x, _, i) => affine(i === 0 ? x : `\\left(${x}\\right)`, index(i), true, convention),
    '\\mathbf{x}',
  );
  const latex = [
    `\\mathbf{y} = ${nested}`,
    convention === 'row'
      ? `\\mathbf{y} = \\mathbf{x}\\,\\underbrace{${product}}_{\\mathbf{W}} + \\underbrace{${bias}}_{\\mathbf{b}}`
      : `\\mathbf{y} = \\underbrace{${product}}_{\\mathbf{W}}\\,\\mathbf{x} + \\underbrace{${bias}}_{\\mathbf{b}}`,
    affine('\\mathbf{y} = \\mathbf{x}', '', true, 'row'),
  ];
  if (convention === 'column') latex[2] = '\\mathbf{y} = \\mathbf{W}\\,\\mathbf{x} + \\mathbf{b}';
  const parts = weights === null ? null : layers.map((id) => ({ weight: weights[`${id}/weight`], bias: weights[`${id}/bias`] }));
  if (parts === null || parts.some((p) => p.weight === undefined)) return { latex, weight: null, bias: null, layers };
  return { latex, layers, ...collapseNumbers(parts.map((p) => ({ weight: p.weight!, bias: p.bias ?? null }))) };
}

/** W₁W₂…Wₙ and the bias that goes with it; vectors are rows. */
export function collapseNumbers(layers: readonly { readonly weight: Tensor; readonly bias: Tensor | null }[]): {
  readonly weight: Tensor;
  readonly bias: Tensor;
} {
  let weight: Tensor | null = null;
  let bias: readonly number[] = [];
  for (const layer of layers) {
    const [rows, columns] = [layer.weight.shape[0]!, layer.weight.shape[1]!];
    const apply = (row: ArrayLike<number>): number[] =>
      Array.from({ length: columns }, (_, j) => {
        let sum = 0;
        for (let i = 0; i < rows; i++) sum += row[i]! * layer.weight.data[i * columns + j]!;
        return sum;
      });
    const before: Tensor = weight ?? {
      shape: [rows, rows],
      data: Float64Array.from({ length: rows * rows }, (_, i) => (i % (rows + 1) === 0 ? 1 : 0)),
    };
    const outer = before.shape[0]!;
    const data = Array.from({ length: outer }, (_, i) => apply(before.data.slice(i * rows, (i + 1) * rows))).flat();
    bias = apply(bias.length === 0 ? new Array<number>(rows).fill(0) : bias).map((x, j) => x + (layer.bias?.data[j] ?? 0));
    weight = { shape: [outer, columns], data: Float64Array.from(data) };
  }
  return { weight: weight!, bias: { shape: [bias.length], data: Float64Array.from(bias) } };
}

/** The one affine map over a plane of two inputs, the others at 0: a map for each output, row 0 at y's low end. */
export function affineMaps(
  { weight, bias }: { readonly weight: Tensor; readonly bias: Tensor },
  axes: readonly [number, number],
  x: readonly [number, number],
  y: readonly [number, number],
  resolution: number,
): readonly Float32Array[] {
  const outputs = weight.shape[1]!;
  const at = ([low, high]: readonly [number, number], i: number): number => low + ((high - low) * (i + 0.5)) / resolution;
  return Array.from({ length: outputs }, (_, k) =>
    Float32Array.from({ length: resolution * resolution }, (_c, cell) => {
      const [row, column] = [Math.floor(cell / resolution), cell % resolution];
      return (
        at(x, column) * weight.data[axes[0] * outputs + k]! + at(y, row) * weight.data[axes[1] * outputs + k]! + bias.data[k]!
      );
    }),
  );
}
