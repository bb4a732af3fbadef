/**
 * What can be done at a part that is seen through a lens. Each is an edit of the layer that the part is of,
 * with its trained numbers, and one step of undo; where a layer cannot say what is wished, people are told
 * why and offered to open it for good.
 */
import { addNeuron, type Difference, intoNeurons, type NeuronEdit, removeNeuron } from '../../../engine/compile/neuron-edits';
import { type NeuronLayer, neuronLayers } from '../../../engine/compile/neurons';
import type { NodeId } from '../../../engine/graph/graph';
import type { Weights } from '../../../engine/plan';
import type { Editor } from '../../editor/editor.svelte';
import { type PartName, partId, weightId } from '../../editor/lens';
import type { Run } from '../../run/run.svelte';
import type { Workspace } from '../workspace.svelte';

export interface Desk {
  readonly editor: Editor;
  readonly run: Run;
  readonly workspace: Workspace;
}

export const layerOf = ({ editor }: Pick<Desk, 'editor'>, id: NodeId): NeuronLayer | undefined =>
  neuronLayers(editor.checked).get(id);

/** The part that shows a number of a parameter, for tables of parameters. */
export function partAt(layer: NeuronLayer, key: string, at: number): string | null {
  if (key === layer.weight) return weightId(layer.id, at % layer.units, Math.floor(at / layer.units));
  if (key === layer.bias) return partId({ owner: layer.id, kind: 'bias', unit: at, input: -1 });
  return null;
}

export function setNumber({ editor, run }: Desk, key: string, at: number, value: number): void {
  const tensor = run.weights?.[key];
  if (tensor) editor.editNumbers(`Change ${key}`, [{ kind: 'set', key, at, before: tensor.data[at]!, after: value }]);
}

async function numbersOf({ run }: Desk): Promise<Weights | null> {
  if (run.backend === null) return null;
  const weights = await run.readWeights();
  return Object.keys(weights).length > 0 ? weights : null;
}

function take({ editor, workspace }: Desk, label: string, made: NeuronEdit, after: (() => void) | null, said: string): void {
  if ('fault' in made) {
    workspace.announce(made.fault);
    void workspace.ask({
      title: 'This cannot be done here',
      text: made.fault,
      choices: [{ value: 'ok', title: 'Close', kind: 'primary' }],
    });
    return;
  }
  editor.edit(label, made.edit, undefined, made.numbers);
  after?.();
  workspace.announce(said);
}

export async function addOne(desk: Desk, id: NodeId): Promise<void> {
  const { editor } = desk;
  const numbers = await numbersOf(desk);
  const unit = layerOf(desk, id)?.units ?? 0;
  take(
    desk,
    'Add a neuron',
    addNeuron(editor.project, editor.checked, editor.data, id, numbers),
    () => editor.select([editor.lensOf(id) === 'layers' ? id : partId({ owner: id, kind: 'neuron', unit, input: -1 })]),
    `${id} has ${unit + 1} neurons.`,
  );
}

export async function removeOne(desk: Desk, id: NodeId, unit: number): Promise<void> {
  const { editor } = desk;
  const numbers = await numbersOf(desk);
  const width = layerOf(desk, id)?.units ?? 1;
  take(
    desk,
    'Remove a neuron',
    removeNeuron(editor.project, editor.checked, editor.data, id, unit, numbers),
    () => editor.select([]),
    `${id} has ${width - 1} neurons.`,
  );
}

/** The layer becomes single neurons in the project itself. */
export async function openForGood(desk: Desk, id: NodeId, difference: Difference | null = null): Promise<void> {
  const { editor } = desk;
  if (desk.run.running) await desk.run.pause();
  const numbers = await numbersOf(desk);
  take(
    desk,
    `Open ${id} into neurons`,
    intoNeurons(editor.project, editor.checked, id, numbers, difference),
    () => {
      editor.select([id]);
      editor.reveal({ node: id });
    },
    `${id} is single neurons now.`,
  );
}

/** Whether a difference of one neuron is worth opening the layer for good. */
async function agrees({ workspace }: Desk, id: NodeId, why: string): Promise<boolean> {
  const answer = await workspace.ask({
    title: `Open ‘${id}’ for good?`,
    text: `${why} Opened into single neurons, each can have its own. The trained numbers stay, and undo brings the layer back.`,
    choices: [
      { value: 'open', title: 'Open into neurons', kind: 'primary' },
      { value: 'no', title: 'Leave it' },
    ],
  });
  return answer === 'open';
}

export async function changeActivation(desk: Desk, id: NodeId, unit: number, activation: string): Promise<void> {
  if (await agrees(desk, id, 'A layer has one activation for all of its neurons.'))
    await openForGood(desk, id, { unit, activation });
}

export async function cutWeight(desk: Desk, id: NodeId, unit: number, input: number): Promise<void> {
  const { editor, run, workspace } = desk;
  const layer = layerOf(desk, id);
  if (!layer) return;
  const answer = await workspace.ask({
    title: 'Cut this weight?',
    text: `‘${id}’ keeps its weights as one matrix, so none of them can be missing. Set it to 0, from where training may move it again, or open the layer into single neurons for good, of which this one then has an input less. The trained numbers stay.`,
    choices: [
      { value: 'zero', title: 'Set it to 0', kind: 'primary' },
      { value: 'open', title: 'Open into neurons' },
      { value: 'no', title: 'Leave it' },
    ],
  });
  if (answer === 'open') await openForGood(desk, id, { unit, without: input });
  if (answer !== 'zero') return;
  const weights = run.weights ?? (await run.readWeights());
  const at = input * layer.units + unit;
  const before = weights[layer.weight]?.data[at];
  if (before !== undefined) editor.editNumbers('Set a weight to 0', [{ kind: 'set', key: layer.weight, at, before, after: 0 }]);
}

/** The Delete key at a part. */
export async function removePart(desk: Desk, part: PartName): Promise<void> {
  if (!layerOf(desk, part.owner)) {
    const name = desk.editor.project.nodes[part.owner]?.label ?? part.owner;
    desk.workspace.announce(
      `A single number is no node of its own. Change the shape of ‘${name}’ in its settings, or delete all of it.`,
    );
    return;
  }
  if (part.kind === 'neuron' || part.kind === 'sum' || part.kind === 'activation') await removeOne(desk, part.owner, part.unit);
  else if (part.kind === 'weight' || part.kind === 'product') await cutWeight(desk, part.owner, part.unit, part.input);
  else desk.workspace.announce('A bias goes only with all biases of its layer: switch Bias off in the layer’s settings.');
}
