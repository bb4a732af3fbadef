/**
 * A drawing as lines of Python: the values in the order in which they are computed, and the reverse pass that
 * follows from them. What a layer consists of is written into one line where it reads well, unless the reverse
 * pass asks for a value by name; a layer's own name goes to what leaves it.
 */
import { ancestors, descendants } from '../../compile/objective';
import type { Prepared } from '../../compile/program';
import type { Node, NodeId } from '../../graph/graph';
import { isBatched, product, sampleShape, type Shape } from '../../ir/shape';
import { opOf } from '../../ops/index';
import { type Call, GRADIENT, OUT, type Primitive, ROWS } from '../../ops/op';
import { NotExportable } from '../description';
import { Functions } from './functions';
import type { Library } from './library';
import { identifier, Names } from './names';
import { averageText, gradientReads, gradientText, inTraining, readsBesides, valueText, valueUses } from './spelling';
import { numberText, plus, type Python, tupleText } from './text';

/** Names that the files, their functions and PyTorch's modules have for themselves. */
const TAKEN = (
  'forward loss_and_gradients load save encode encode_targets decode predict answers check_gradients train update new_memory main ' +
  'Network KEYS FEATURES TARGETS CLASSES FROZEN memory gradients rows rate step optimizer_of schedule_of epoch epochs batch row_weights ' +
  'loss_in_use rng shares averages worst flat at losses moved slope gradient network optimizer learned outputs answer answers_of file group order start seed name names ' +
  'number as_text HOW math re fall plateaus rate_factor read_table plain_number ' +
  // What `dir(nn.Module())` lists, of PyTorch 1.12 to 2.
  'training parameters named_parameters buffers named_buffers modules named_modules children named_children register_buffer ' +
  'register_parameter register_module register_forward_hook register_forward_pre_hook register_backward_hook register_full_backward_hook ' +
  'register_full_backward_pre_hook register_state_dict_pre_hook register_state_dict_post_hook register_load_state_dict_pre_hook ' +
  'register_load_state_dict_post_hook requires_grad_ zero_grad eval apply add_module state_dict load_state_dict to cpu cuda half float ' +
  'double type share_memory extra_repr get_parameter get_buffer get_submodule set_submodule get_extra_state set_extra_state compile ' +
  'bfloat16 xpu ipu mtia to_empty dump_patches T_destination call_super_init'
).split(' ');

/** The module's own methods that lines may call a value by, but no part of the module: `self.loss` is one or the other. */
const METHODS: ReadonlySet<string> = new Set(['loss']);

/** Lines may be longer than this only where one expression is. */
const LINE = 84;

export type Drawn = Pick<Prepared, 'inferred' | 'graph' | 'owner' | 'objective' | 'prediction'>;

export interface Leaf {
  readonly id: NodeId;
  readonly name: string;
  readonly shape: Shape;
}

/** Words of a drawing in a comment: on one line, without what could end it. */
export const words = (text: string): string => text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();

export interface WriterOptions {
  /** The text by which lines call what the module holds: `self.` in a class. */
  readonly self?: string;
  /** Of another writer of the same drawing, for functions that both call. */
  readonly functions?: Functions;
  /** Nodes besides the parameters that the reverse pass goes to. */
  readonly toward?: readonly NodeId[];
  /** Whether operations are written as they train, where that differs: by `shares`, the rows' parts of the mean, and `rng`. */
  readonly training?: boolean;
}

export class DrawingWriter {
  readonly inputs: readonly Leaf[];
  readonly targets: readonly Leaf[];
  readonly parameters: readonly (Leaf & { readonly frozen: boolean })[];
  readonly functions: Functions;
  readonly #library: Library;
  readonly #drawn: Drawn;
  /** The drawing as people drew it: what layers are called and what they are. */
  readonly #nodes: Readonly<Record<NodeId, Node>>;
  readonly #names: Names;
  readonly #nameOf = new Map<NodeId, string>();
  readonly #texts = new Map<NodeId, Python>();
  readonly #constants = new Map<NodeId, { readonly name: string; readonly text: Python }>();
  readonly #self: string;
  readonly #toward: readonly NodeId[];
  readonly #training: boolean;
  /** Names of the numbers that operations draw, by node. */
  readonly #drawnNames = new Map<NodeId, Readonly<Record<string, string>>>();

  constructor(
    library: Library,
    drawn: Drawn,
    nodes: Readonly<Record<NodeId, Node>>,
    { self = '', functions, toward = [], training = false }: WriterOptions = {},
  ) {
    this.#library = library;
    this.#drawn = drawn;
    this.#nodes = nodes;
    this.#self = self;
    const { order, calls } = drawn.inferred;
    // A function that an operation brings has its name in the whole file.
    const defined = [...calls.values()].flatMap(({ op }) =>
      op.kind === 'primitive' ? Object.keys(op.torch?.defines ?? {}) : [],
    );
    this.#names = new Names([...TAKEN, ...defined]);
    const leaves = (role: string): Leaf[] => {
      const held = role === 'parameter' || role === 'constant';
      return order.flatMap((id) => {
        const found = calls.get(id);
        return found?.op.kind === 'source' && found.op.role === role
          ? [{ id, name: this.#names.take(held && METHODS.has(identifier(id)) ? `${id}_${role}` : id), shape: found.call.out }]
          : [];
      });
    };
    // A layer's value has the layer's name; its parts add theirs.
    const layers = this.#layerOutputs();
    for (const [id, layer] of layers) this.#nameOf.set(id, this.#names.take(layer));
    this.inputs = leaves('input');
    this.targets = leaves('target');
    this.parameters = leaves('parameter').map((leaf) => ({
      ...leaf,
      frozen: drawn.graph.nodes[leaf.id]!.attrs['frozen'] === true,
    }));
    for (const id of order)
      if (calls.get(id)?.op.kind === 'primitive' && !this.#nameOf.has(id)) this.#nameOf.set(id, this.#names.take(id));
    for (const { id, name } of [...this.inputs, ...this.targets]) this.#texts.set(id, name);
    for (const { id, name } of this.parameters) this.#texts.set(id, self + name);
    for (const { id, name } of leaves('constant')) this.#nameOf.set(id, name);
    this.functions = functions ?? new Functions(this.#names);
    this.#toward = toward;
    this.#training = training;
  }

  /** Constants that lines call by name. */
  get constants(): readonly { readonly name: string; readonly text: Python }[] {
    return [...this.#constants.values()];
  }

  name(id: NodeId): string {
    return this.#nameOf.get(id) ?? this.#texts.get(id) ?? id;
  }

  /** The text of a value that is written already, or of a source. */
  text(id: NodeId): Python {
    return this.#texts.get(id) ?? this.#constant(id);
  }

  /** A value is from now on called by another text, as where a function gave it. */
  call(id: NodeId, text: Python): void {
    this.#texts.set(id, text);
  }

  /**
   * The lines that compute these nodes. `kept` have to have lines of their own, since they are asked for by
   * name later; `training` is the text of whether the network trains.
   */
  forward(ids: ReadonlySet<NodeId>, kept: ReadonlySet<NodeId>, training: Python = 'False'): string[] {
    const { inferred, owner, graph } = this.#drawn;
    const lines: string[] = [];
    let before: NodeId | undefined;
    const begun = new Set<NodeId>();
    for (const id of inferred.order) {
      const found = inferred.calls.get(id);
      if (!ids.has(id) || found?.op.kind !== 'primitive' || this.#texts.has(id)) continue;
      const { call } = found;
      const op = this.#form(found.op);
      lines.push(...this.#draw(id, found.op, call));
      const text = valueText(this.#library, op, call, this.#args(id, op, call), this.functions, training);
      const of = owner[id]!;
      if (this.#standsInLine(id, ids, kept, text)) {
        this.#texts.set(id, text);
        continue;
      }
      if (of !== before && of !== id && !begun.has(of)) {
        const drawnAs = this.#nodes[of];
        const title = drawnAs && opOf(drawnAs.op)?.title;
        if (title) lines.push(`# ${words(drawnAs.label ?? of)}: ${words(title.toLowerCase())}`);
        begun.add(of);
      }
      before = of;
      const label = of === id ? graph.nodes[id]?.label : undefined;
      const note = label !== undefined && words(label) !== id ? `  # ${words(label)}` : '';
      const name = this.#nameOf.get(id)!;
      this.#texts.set(id, name);
      lines.push(`${name} = ${text}${note}`);
    }
    return lines;
  }

  /** Values that the reverse pass toward the parameters reads by name. */
  readBack(): ReadonlySet<NodeId> {
    const { inferred, objective } = this.#drawn;
    const read = new Set<NodeId>();
    if (objective === null) return read;
    const wanted = this.#wanted();
    for (const id of ancestors(inferred, [objective])) {
      const { op, call } = inferred.calls.get(id)!;
      if (op.kind !== 'primitive') continue;
      const into = inferred.links.into.get(id)!;
      for (const [port, edge] of into)
        if (wanted.has(edge.from))
          for (const name of readsOf(this.#form(op), call, port, this.#library))
            read.add(name === OUT ? id : into.get(name)!.from);
      if (this.#averaged(op, call).length > 0) for (const edge of into.values()) read.add(edge.from);
    }
    return read;
  }

  /** The reverse pass: its lines, and the text of the gradient of each parameter that learns and of what else it goes to. */
  backward(seed: Python): { readonly lines: readonly string[]; readonly gradients: ReadonlyMap<NodeId, Python> } {
    const { inferred, objective } = this.#drawn;
    const lines: string[] = [];
    const texts = new Map<NodeId, Python>();
    if (objective === null) return { lines, gradients: texts };
    const wanted = this.#wanted();
    const parts = new Map<NodeId, Python[]>([[objective, [seed]]]);
    const close = (id: NodeId): Python => {
      const own = parts.get(id)!;
      const sum = own.reduce(plus);
      let text = sum;
      if (!/^\w+$/.test(sum)) {
        const wish = `d_${this.#nameOf.get(id) ?? this.parameters.find((p) => p.id === id)?.name ?? id}`;
        text = this.#names.take(wish);
        lines.push(`${text} = ${sum}`);
      }
      texts.set(id, text);
      return text;
    };
    for (const id of [...inferred.order].reverse()) {
      const { op, call } = inferred.calls.get(id) ?? {};
      if (!parts.has(id) || texts.has(id) || !op || !call) continue;
      const text = close(id);
      if (op.kind !== 'primitive') continue;
      for (const [port, edge] of inferred.links.into.get(id)!) {
        if (!wanted.has(edge.from)) continue;
        const args = { ...this.#args(id, op, call), [OUT]: this.text(id), [GRADIENT]: text };
        const part = gradientText(this.#library, this.#form(op), call, port, args, this.functions);
        if (part === null) continue;
        const so = [...(parts.get(edge.from) ?? []), part];
        parts.set(edge.from, so);
        // A weight's gradient stands with its layer, as soon as all of it is there.
        const feeds = inferred.links.outOf.get(edge.from)!.length;
        if (inferred.calls.get(edge.from)!.op.kind === 'source' && so.length === feeds) close(edge.from);
      }
    }
    const learned = [...this.#learning(), ...this.#toward].filter((id) => texts.has(id));
    return { lines, gradients: new Map(learned.map((id) => [id, texts.get(id)!])) };
  }

  /** The text of the new number of each parameter that keeps an average, of the nodes that lead to the objective. */
  averages(): ReadonlyMap<NodeId, Python> {
    const { inferred, objective } = this.#drawn;
    const texts = new Map<NodeId, Python>();
    for (const id of objective === null ? [] : ancestors(inferred, [objective])) {
      const { op, call } = inferred.calls.get(id)!;
      if (op.kind !== 'primitive') continue;
      for (const port of this.#averaged(op, call)) {
        const { from } = inferred.links.into.get(id)!.get(port)!;
        texts.set(from, averageText(this.#library, op, call, port, this.#args(id, op, call), this.functions));
      }
    }
    return texts;
  }

  /** Whether lines take numbers from `rng`. */
  get draws(): boolean {
    return this.#drawnNames.size > 0;
  }

  #form = (op: Primitive): Primitive => (this.#training ? inTraining(op) : op);

  /** Ports through which an operation changes parameters while it trains. */
  #averaged(op: Primitive, call: Call): readonly string[] {
    if (!this.#training || !op.training || op.training.state) return [];
    const stored = new Set(op.training.update(call).kernels.flatMap(({ stores }) => stores.map(({ to }) => to)));
    return op.ports(call.attrs).flatMap(({ name }) => (stored.has(name) ? [name] : []));
  }

  /** The lines that draw an operation's numbers. */
  #draw(id: NodeId, { training }: Primitive, call: Call): string[] {
    if (!this.#training || !training?.drawn) return [];
    const rows = [...this.inputs, ...this.targets].find(({ shape }) => isBatched(shape))?.name;
    const shape = call.out.map((length) => (length === 'batch' ? `len(${rows})` : length));
    const names: Record<string, string> = {};
    const lines = Object.entries(training.drawn.numbers).map(([name, text]) => {
      names[name] = this.#names.take(`${this.#nameOf.get(id) ?? id}_${name}`);
      return `${names[name]} = ${text(tupleText(shape), call)}`;
    });
    this.#drawnNames.set(id, names);
    return lines;
  }

  #learning = (): NodeId[] => this.parameters.filter(({ frozen }) => !frozen).map(({ id }) => id);

  /** Nodes between the parameters that learn and the objective. */
  #wanted(): ReadonlySet<NodeId> {
    const { inferred, objective } = this.#drawn;
    const before = ancestors(inferred, [objective!]);
    const toward = descendants(
      inferred,
      [...this.#learning(), ...this.#toward].filter((id) => before.has(id)),
    );
    return new Set([...toward].filter((id) => before.has(id) && id !== objective));
  }

  #args(id: NodeId, op: Primitive, call: Call): Record<string, Python> {
    const into = this.#drawn.inferred.links.into.get(id)!;
    const ports = op.ports(call.attrs).map(({ name }) => name);
    const fixed = ports.map((port) => this.#number(into.get(port)!.from));
    const bare = op.group === 'arithmetic' && ports.length > 1 && fixed.includes(null);
    const args = Object.fromEntries(
      ports.map((port, i) => [port, bare && fixed[i] ? fixed[i] : this.text(into.get(port)!.from)]),
    );
    if (this.#training && readsBesides(this.#form(op), call).includes(ROWS)) args[ROWS] = 'shares';
    return { ...args, ...this.#drawnNames.get(id) };
  }

  /** A constant that is one number, as its digits. */
  #number(id: NodeId): Python | null {
    const { op, call } = this.#drawn.inferred.calls.get(id)!;
    if (op.kind !== 'source' || op.role !== 'constant' || call.out.length > 0) return null;
    return numberText((call.attrs['values'] as readonly number[])[0] ?? 0);
  }

  #constant(id: NodeId): Python {
    let made = this.#constants.get(id);
    if (!made) {
      const { call } = this.#drawn.inferred.calls.get(id)!;
      const given = call.attrs['values'] as readonly number[];
      const lengths = sampleShape(call.out);
      const { array, full } = this.#library.constant;
      const size = lengths.length === 0 ? '()' : tupleText(lengths);
      // A point, so that whole numbers do not make an array of integers.
      const numbers = given.map((x) => (Number.isInteger(x) && Math.abs(x) < 1e15 ? `${x}.0` : numberText(x)));
      const text =
        given.length === product(lengths) && given.length !== 1
          ? `${array}([${numbers.join(', ')}])${lengths.length > 1 ? `.reshape(${lengths.join(', ')})` : ''}`
          : lengths.length === 0
            ? `${array}(${numbers[0] ?? '0.0'})`
            : `${full}(${size}, ${numbers[0] ?? '0.0'})`;
      made = { name: this.#nameOf.get(id)!, text };
      this.#constants.set(id, made);
    }
    return this.#self + made.name;
  }

  /** Whether a part of a layer is written where it is used, without a line of its own. */
  #standsInLine(id: NodeId, ids: ReadonlySet<NodeId>, kept: ReadonlySet<NodeId>, text: Python): boolean {
    const { inferred, owner } = this.#drawn;
    if (kept.has(id) || owner[id] === id) return false;
    const out = inferred.links.outOf.get(id)!.filter((e) => ids.has(e.to));
    const [edge] = out;
    if (out.length !== 1 || !edge || owner[edge.to] !== owner[id] || text.length > LINE) return false;
    const { op, call } = inferred.calls.get(edge.to)!;
    return op.kind === 'primitive' && usesOf(this.#form(op), call, this.#library)[edge.port]! <= 1;
  }

  /** The part of each layer whose value leaves it. */
  #layerOutputs(): ReadonlyMap<NodeId, NodeId> {
    const { inferred, owner, objective, prediction } = this.#drawn;
    const layers = new Map<NodeId, NodeId>();
    const seen = new Set<NodeId>();
    for (const id of [...inferred.order].reverse()) {
      const of = owner[id]!;
      const op = inferred.calls.get(id)?.op;
      if (of === id || op?.kind !== 'primitive' || op.group === 'penalty' || seen.has(of)) continue;
      const leaves = inferred.links.outOf.get(id)!.some((e) => owner[e.to] !== of);
      if (!leaves && id !== objective && id !== prediction?.node) continue;
      // A sum with penalties belongs to the loss, which keeps its own name.
      if (inferred.calls.has(of)) continue;
      seen.add(of);
      layers.set(id, of);
    }
    return layers;
  }
}

const known = new WeakMap<Call, Map<string, unknown>>();
/** Equal uses share their call, so each is asked once of an operation and a library. */
function once<T>(call: Call, key: string, make: () => T): T {
  let answers = known.get(call);
  if (!answers) known.set(call, (answers = new Map()));
  if (!answers.has(key)) answers.set(key, make());
  return answers.get(key) as T;
}

const readsOf = (op: Primitive, call: Call, port: string, library: Library): readonly string[] =>
  once(call, `${library.name}: ${op.name} reads for ${port}`, () => gradientReads(op, call, port, library));

const usesOf = (op: Primitive, call: Call, library: Library): Readonly<Record<string, number>> =>
  once(call, `${library.name}: ${op.name} uses`, () => valueUses(op, call, library));

/** The nodes on the way to the prediction; a sentence where there is none, or where it depends on a target. */
export function towardPrediction({ inferred, prediction }: Drawn): ReadonlySet<NodeId> {
  if (!prediction)
    throw new NotExportable('The drawing has no prediction to export. Connect the output of the network to a loss first.');
  const needed = ancestors(inferred, [prediction.node]);
  for (const id of needed) {
    const op = inferred.calls.get(id)?.op;
    if (!op) throw new NotExportable(`'${id}' has a problem. Solve it (see the list of problems), then export.`);
    if (op.kind === 'source' && op.role === 'target')
      throw new NotExportable(
        `The prediction depends on the target '${id}'. Take the target out of the path to the prediction, then export.`,
      );
  }
  return needed;
}

/** The mean over the batch, where there is one number for each sample. */
export const isPerSample = ({ inferred, objective }: Drawn): boolean =>
  objective !== null && isBatched(inferred.shapes.get(objective)!);
