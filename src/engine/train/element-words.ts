/**
 * One element of a step's array, opened: the scalar sum that makes it, in symbols and with numbers, and
 * the elements of other arrays that it takes, each with the step where that one was found.
 */
import { nameOf } from '../compile/infer';
import type { NodeId } from '../graph/graph';
import { type Expr, read, substitute } from '../ir/expr';
import { ACC } from '../ir/kernel';
import { asTerm, type Convention, type Latex, latexOf, numberLatex } from '../ir/latex';
import { product } from '../ir/shape';
import { type BufferId, bufferIds, type Step } from '../plan';
import { elementOf, type Element, type Source } from './elements';
import type { Replay } from './replay';
import { shapeInRows } from './trace';
import { placesOf } from './trace-links';
import { indexed, indicesOf, symbolOf } from './trace-symbols';
import type { RecordedStep, Trace } from './trace-types';
import { NEW } from './trace-words';

export interface ElementSource {
  readonly latex: Latex;
  readonly value: number;
  /** In words, for those who do not see the formula. */
  readonly title: string;
  /** Step at which it was found, and which element it is there; absent where it is no step of its own. */
  readonly at?: { readonly index: number; readonly element: number };
}

export interface OpenedTerm {
  readonly latex: Latex;
  readonly numbers: Latex;
  readonly value: number;
  readonly sources: readonly ElementSource[];
}

export interface OpenedElement {
  /** The element itself. */
  readonly latex: Latex;
  readonly formula: Latex;
  readonly numbers: Latex;
  readonly terms: readonly OpenedTerm[];
  /** Terms in all, of which the largest are listed, and what the others come to. */
  readonly count: number;
  readonly rest: number;
  readonly value: number;
}

const number = (x: number): Latex => numberLatex(x, 5);

/** Null where the element is given, not computed. */
export function openElement(
  replay: Replay,
  trace: Trace,
  step: RecordedStep,
  element: number,
  convention: Convention,
): OpenedElement | null {
  return new Opener(replay, trace, convention).open(step, element);
}

class Opener {
  readonly #places: ReadonlyMap<BufferId, number>;

  constructor(
    readonly replay: Replay,
    readonly trace: Trace,
    readonly convention: Convention,
  ) {
    this.#places = placesOf(trace, replay.graph);
  }

  open(step: RecordedStep, at: number): OpenedElement | null {
    if (step.mean || step.verification) return null;
    if (step.update) return this.#update(step, at);
    if (step.phase === 'backward')
      return step.edge === undefined
        ? this.#sum(step.node, at)
        : this.#kernels(this.replay.backOf(step.edge), bufferIds.edge(step.edge), at);
    if (step.phase === 'loss' && step.gradient) return null;
    return this.#kernels(this.replay.stepsOf(step.node), bufferIds.value(step.node), at);
  }

  #kernels(steps: readonly Step[], buffer: BufferId, at: number): OpenedElement | null {
    for (const { kernel, bind } of steps.toReversed()) {
      const store = kernel.stores.find(({ to }) => bind[to] === buffer);
      if (!store) continue;
      const element = elementOf(kernel, (name) => this.replay.device.numbers(bind[name]!), store.to, at, this.replay.rows);
      if (element) return this.#written(element, buffer, at, bind);
    }
    return null;
  }

  #written(element: Element, buffer: BufferId, at: number, bind: Readonly<Record<string, BufferId>>): OpenedElement {
    const latex = this.#symbol(buffer, at);
    const source = ({ name, at: place, value }: Source): ElementSource => this.#source(bind[name]!, place, value);
    const terms = element.terms.map(({ sources, value }): OpenedTerm => {
      const found = new Map(sources.map((s) => [s.name, source(s)]));
      return {
        latex: latexOf(element.body, (name) => found.get(name)!.latex),
        numbers: latexOf(element.body, (name) => number(found.get(name)!.value)),
        value,
        sources: unique([...found.values()]),
      };
    });
    const around = new Map(element.finishSources.map((s) => [s.name, source(s)]));
    const finished = (gathered: Latex, name: (n: string) => Latex): Latex =>
      latexOf(element.finish, (n) => (n === ACC ? gathered : name(n)));
    const gathered = (part: (term: OpenedTerm) => Latex, rest: Latex | null): Latex => {
      if (element.fold === null) return part(terms[0]!);
      const parts = terms.map((term, i) => (i === 0 || element.fold === 'max' ? part(term) : asTerm(part(term))));
      if (rest !== null) parts.push(rest);
      if (element.fold === 'max') return `\\max\\left(${parts.join(',\\ ')}\\right)`;
      const sum = parts.join(' + ');
      return isPlain(element.finish) ? sum : `\\left(${sum}\\right)`;
    };
    const more = element.count > terms.length;
    const formula = finished(
      gathered((term) => term.latex, more ? '\\dots' : null),
      (name) => around.get(name)!.latex,
    );
    const numbers = finished(
      gathered((term) => term.numbers, more ? (element.fold === 'sum' ? asTerm(number(element.rest)) : '\\dots') : null),
      (name) => number(around.get(name)!.value),
    );
    return {
      latex,
      formula: `${latex} = ${formula}`,
      numbers: `${latex} = ${numbers} = ${number(element.value)}`,
      terms: [
        ...terms,
        ...(around.size > 0
          ? [
              {
                latex: finished('\\Sigma', (name) => around.get(name)!.latex),
                numbers: finished(number(element.gathered), (name) => number(around.get(name)!.value)),
                value: element.value,
                sources: unique([...around.values()]),
              },
            ]
          : []),
      ],
      count: element.count,
      rest: element.rest,
      value: element.value,
    };
  }

  /** A value that feeds several edges: the contributions of all of them. */
  #sum(node: NodeId, at: number): OpenedElement {
    const edges = Object.values(this.replay.graph.edges).filter(
      ({ from, id }) => from === node && this.#places.has(bufferIds.edge(id)),
    );
    const terms = edges.map((e): OpenedTerm => {
      const buffer = bufferIds.edge(e.id);
      const source = this.#source(buffer, at, this.replay.device.numbers(buffer)[at]!);
      return { latex: source.latex, numbers: number(source.value), value: source.value, sources: [source] };
    });
    const value = terms.reduce((sum, term) => sum + term.value, 0);
    const latex = this.#symbol(bufferIds.gradient(node), at);
    const joined = (part: (term: OpenedTerm) => Latex): Latex =>
      terms.map((term, i) => (i === 0 ? part(term) : asTerm(part(term)))).join(' + ');
    return {
      latex,
      formula: `${latex} = ${joined((term) => term.latex)}`,
      numbers: `${latex} = ${joined((term) => term.numbers)} = ${number(value)}`,
      terms,
      count: terms.length,
      rest: 0,
      value,
    };
  }

  #update({ node, value, gradient, update }: RecordedStep, at: number): OpenedElement | null {
    const { rules, bind, before, after, parameter, gradient: gradientBuffer } = update!;
    const rule = rules.at(-1)!;
    const old = this.trace.steps.find((step) => step.phase === 'forward' && step.node === node)?.value;
    if (!old || !gradient) return null;
    const bufferOf = (name: string): BufferId => bind[name.startsWith(NEW) ? name.slice(NEW.length) : name]!;
    const tensorOf = (name: string) => {
      const buffer = bufferOf(name);
      if (buffer === parameter) return old;
      if (buffer === gradientBuffer) return gradient;
      return (name.startsWith(NEW) ? after : before)[buffer];
    };
    const names: string[] = [];
    // The memory's own rules are put in, so that every name is a number that was there before.
    const whole = rules
      .slice(0, -1)
      .reduce<Expr>(
        (e, { to, expression }) => substitute(e, (name) => (name === `${NEW}${to}` ? expression : read(name))),
        rule.expression,
      );
    substitute(whole, (name) => {
      if (!names.includes(name)) names.push(name);
      return read(name);
    });
    const sources = new Map<string, ElementSource>();
    for (const name of names) {
      const tensor = tensorOf(name);
      if (!tensor) return null;
      const buffer = bufferOf(name);
      const place = tensor.data.length === 1 ? 0 : at;
      sources.set(name, this.#source(buffer, place, tensor.data[place]!));
    }
    const latex = this.#symbol(parameter, at);
    const result = value.data[at]!;
    const right = latexOf(whole, (name) => sources.get(name)!.latex);
    const plugged = latexOf(whole, (name) => number(sources.get(name)!.value));
    return {
      latex,
      formula: `${latex} \\leftarrow ${right}`,
      numbers: `${latex} \\leftarrow ${plugged} = ${number(result)}`,
      terms: [{ latex: right, numbers: plugged, value: result, sources: unique([...sources.values()]) }],
      count: 1,
      rest: 0,
      value: result,
    };
  }

  #source(buffer: BufferId, element: number, value: number): ElementSource {
    const index = this.#places.get(buffer);
    return {
      latex: this.#symbol(buffer, element),
      value,
      title: this.#title(buffer, element),
      ...(index === undefined ? {} : { at: { index, element } }),
    };
  }

  #indices(buffer: BufferId, element: number): readonly number[] {
    const spec = this.replay.specs.get(buffer);
    if (!spec) return [];
    const shape = shapeInRows(spec.shape, this.replay.rows);
    if (product(shape) === 1) return [];
    const axes = shape.length === 2 && shape[1] === 1 && this.replay.rows > 1 ? [shape[0]!] : shape;
    const indices = indicesOf(element, axes);
    return indices.length === 2 && this.convention === 'column' ? indices.toReversed() : indices;
  }

  #symbol(buffer: BufferId, element: number): Latex {
    const indices = this.#indices(buffer, element);
    const at = (symbol: Latex): Latex => indexed(symbol, indices);
    const [kind, id] = [buffer.slice(0, 2), buffer.slice(2)];
    const { graph } = this.replay;
    const symbol = (node: NodeId): Latex => at(symbolOf(node, graph.nodes[node] ? nameOf(graph.nodes[node]) : node));
    const partial = (node: NodeId): Latex => `\\frac{\\partial ${this.trace.of}}{\\partial ${symbol(node)}}`;
    switch (kind) {
      case 'v:':
        return symbol(id);
      case 'g:':
        return partial(id);
      case 'e:': {
        const e = graph.edges[id]!;
        const alone = Object.values(graph.edges).filter(
          (other) => other.from === e.from && this.#places.has(bufferIds.edge(other.id)),
        );
        const through = symbolOf(e.to, nameOf(graph.nodes[e.to]!));
        return alone.length === 1 ? partial(e.from) : `\\left.${partial(e.from)}\\right|_{${through}}`;
      }
      case 'r:':
        return '\\frac{1}{n}';
      default: {
        const name = id.slice(id.lastIndexOf('/') + 1);
        return at(symbolOf(name, name));
      }
    }
  }

  #title(buffer: BufferId, element: number): string {
    const indices = this.#indices(buffer, element);
    const which = indices.length === 0 ? '' : `element ${indices.join(', ')} of `;
    const id = buffer.slice(2);
    const { graph } = this.replay;
    const called = (node: NodeId): string => (graph.nodes[node] ? nameOf(graph.nodes[node]) : node);
    switch (buffer.slice(0, 2)) {
      case 'v:':
        return `${which}${called(id)}`;
      case 'g:':
        return `${which}the gradient at ${called(id)}`;
      case 'e:':
        return `${which}what comes back through ${called(graph.edges[id]!.to)}`;
      default:
        return `${which}${id.slice(id.lastIndexOf('/') + 1)}`;
    }
  }
}

const isPlain = (e: Expr): boolean => e.kind === 'read' && e.name === ACC;

function unique(sources: readonly ElementSource[]): readonly ElementSource[] {
  const seen = new Set<Latex>();
  return sources.filter(({ latex }) => !seen.has(latex) && seen.add(latex));
}
