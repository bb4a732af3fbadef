/**
 * What commands do with the selected nodes, or with the part of a layer that is selected through a lens: look
 * closer, ask when a neuron died, add a neuron, open, remove; and whether they can.
 */
import type { NodeId } from '../../engine/graph/graph';
import { product, sampleShape } from '../../engine/ir/shape';
import { opOf } from '../../engine/ops/index';
import { lensesFor } from '../canvas/open-scene';
import { type Lens, lensTitles, ownerOfPart } from '../editor/lens';
import { addOne, layerOf, openForGood, removePart } from '../panels/lenses/part-edits';
import type { Parts } from './parts';

export class Selected {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get canOpenParts(): boolean {
    return this.#parts.editor.selectedNodes.some((id) => this.#parts.editor.canOpen(id));
  }

  look = (lens: Lens, at: 'whole' | 'selection'): void => {
    const { nodes } = this.#parts.editor.project;
    const owners = [...this.#parts.editor.selection].map((id) => ownerOfPart(id, (name) => Object.hasOwn(nodes, name)));
    const ids = at === 'whole' ? [] : [...new Set(owners.filter((id) => id !== null))];
    this.#parts.editor.lookThrough(lens, ids);
    const what = at === 'whole' ? 'The drawing' : ids.map((id) => nodes[id]?.label ?? id).join(', ');
    this.#parts.workspace.announce(`${what} as ${lensTitles[lens].toLowerCase()}.`);
    if (at === 'whole') setTimeout(() => this.#parts.camera?.fit(), 60);
    else setTimeout(() => this.#parts.camera?.centerOn(ids), 60);
  };

  get canLookCloser(): boolean {
    const { nodes } = this.#parts.editor.project;
    return [...this.#parts.editor.selection].some((id) => {
      const owner = ownerOfPart(id, (name) => Object.hasOwn(nodes, name));
      const { editor } = this.#parts;
      return owner !== null && lensesFor(owner, editor.project, editor.checked).length > 1;
    });
  }

  get canDerive(): boolean {
    const id = this.#parts.editor.selectedNodes.at(-1);
    const op = id === undefined ? undefined : opOf(this.#parts.editor.project.nodes[id]?.op ?? '');
    return op !== undefined && op.kind !== 'source';
  }

  /** The neuron that is selected: a part that a lens shows, or a node of one number. */
  get #neuron(): { readonly node: NodeId; readonly unit: number } | null {
    const part = this.#parts.editor.selectedPart;
    if (part) return part.unit < 0 ? null : { node: part.owner, unit: part.unit };
    const node = this.#parts.editor.selectedNodes.length === 1 ? this.#parts.editor.selectedNodes[0]! : null;
    if (node === null || !this.canDerive) return null;
    const shape = this.#parts.editor.checked.shapes.get(node);
    return shape !== undefined && product(sampleShape(shape)) === 1 ? { node, unit: 0 } : null;
  }
  get canAskDeath(): boolean {
    return this.#parts.run.timeline.moments.length > 1 && this.#neuron !== null;
  }
  whenNeuronDied = async (): Promise<void> => {
    if (this.#neuron) await this.whenDied(this.#neuron.node, this.#neuron.unit);
  };

  /** Asks the kept moments of training since when a neuron is silent, and goes to that moment. */
  whenDied = async (drawn: NodeId, unit: number): Promise<void> => {
    const node = this.#parts.editor.checked.expansion.output.get(drawn) ?? drawn;
    if (this.#parts.run.running) await this.#parts.run.pause();
    const answer = await this.#parts.run.timeline.find({ kind: 'dead', node, unit });
    if (answer === null) return;
    this.#parts.workspace.show('results');
    const name = this.#parts.editor.project.nodes[drawn]?.label ?? drawn;
    this.#parts.notify({ kind: 'info', title: `${name}, neuron ${unit + 1}`, text: answer.message });
  };

  remove = (): void => {
    const part = this.#parts.editor.selectedPart;
    if (part === null) this.#parts.editor.deleteSelection();
    else void removePart(this.#parts, part);
  };

  /** The layer of neurons that is selected, or that the selected part is of. */
  get #layer(): NodeId | null {
    const [id] = this.#parts.editor.selection;
    if (this.#parts.editor.selection.size !== 1 || id === undefined) return null;
    const { nodes } = this.#parts.editor.project;
    const owner = ownerOfPart(id, (name) => Object.hasOwn(nodes, name));
    return owner !== null && layerOf(this.#parts, owner) !== undefined ? owner : null;
  }
  get canAddNeuron(): boolean {
    return this.#layer !== null;
  }
  addNeuron = (): void => {
    if (this.#layer !== null) void addOne(this.#parts, this.#layer);
  };
  openForGood = (): void => {
    if (this.#layer !== null) void openForGood(this.#parts, this.#layer);
  };

  openParts = (): void => {
    for (const id of this.#parts.editor.selectedNodes) if (this.#parts.editor.canOpen(id)) this.#parts.editor.open(id);
  };
}
