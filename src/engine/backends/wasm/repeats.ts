/**
 * Layers of equal size have equal instructions but for addresses. The first is generated and recorded; the
 * others are said again with their own addresses, to the byte as if they had been generated.
 */
import { Func, type Operand, type Recording, type ValueType } from './assembler';
import type { Dag } from './dag';
import type { Access, Nest, Target } from './nest';
import { nestsOf, type Piece } from './piece';
import type { Schedule } from './schedule';

interface Known {
  readonly recording: Recording;
  readonly places: ReadonlyMap<Operand, number>;
}

export class Repeats {
  readonly #known = new Map<string, Known>();
  readonly #dags = new Map<Dag, number>();

  constructor(
    readonly scheduleOf: (nest: Nest) => Schedule,
    /** Numbers below this size are stored as 0, for the first byte of a buffer. */
    readonly vanishing: ReadonlyMap<number, number>,
  ) {}

  /** The function of a step that has one to itself. */
  func(pieces: readonly Piece[], parameters: readonly ValueType[], emit: (f: Func) => void): Func {
    const key = pieces.map((piece) => this.#keyOf(piece)).join(' ');
    const operands = pieces.flatMap(nestsOf).flatMap(operandsOf);
    const known = this.#known.get(key);
    if (known)
      return Func.again(
        known.recording,
        parameters,
        (operand) => operands[known.places.get(operand)!]!.address - operand.address,
      );
    const f = new Func(parameters).record();
    emit(f);
    this.#known.set(key, { recording: f.recording(), places: new Map(operands.map((operand, at) => [operand, at])) });
    return f;
  }

  /** Equal for pieces whose instructions differ in nothing but addresses. */
  #keyOf(piece: Piece): string {
    if (piece.kind === 'nest') return this.#nestKey(piece.nest);
    return `loop ${piece.times} ${piece.depth} ${piece.divided} (${piece.body.map((inner) => this.#keyOf(inner)).join(' ')})`;
  }

  #nestKey(nest: Nest): string {
    const { axes, outer, outRank, combine, dag, body, ordered } = nest;
    let number = this.#dags.get(dag);
    if (number === undefined) this.#dags.set(dag, (number = this.#dags.size));
    let key = `${axes.join()} ${outer} ${outRank} ${combine} ${number} ${body} ${ordered} ${Object.values(this.scheduleOf(nest)).join()}`;
    for (const [name, { strides }] of nest.reads) key += `;${name}:${strides.join()}`;
    for (const target of nest.targets) key += `;${this.#targetKey(target)}`;
    return key;
  }

  /** How a vector is stored depends on whether it ends its buffer. */
  #targetKey({ value, strides, address, start, end, loose }: Target): string {
    return `${value}:${strides.join()} ${address % 16} ${end < 0 ? '' : end - address} ${loose === true} ${this.vanishing.get(start) ?? ''}`;
  }
}

const operandsOf = (nest: Nest): readonly Access[] => [...nest.reads.values(), ...nest.targets];
