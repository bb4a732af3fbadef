/** The menu at the pointer: what can be done with the selection, or with the place that was clicked. */
import type { EdgeId, NodeId } from '../../engine/graph/graph';
import { opOf } from '../../engine/ops/index';
import type { Editor } from '../editor/editor.svelte';
import { lenses, lensTitles, ownerOfPart } from '../editor/lens';
import { lensesFor } from './open-scene';

export interface Entry {
  readonly title: string;
  readonly keys?: string;
  readonly run: () => void;
  readonly enabled?: boolean;
}

/** What only the canvas can do. */
export interface MenuHost {
  readonly editor: Editor;
  /** `edge`: between its ends. */
  quickAdd(edge?: EdgeId): void;
  fit(): void;
  startConnecting(): void;
  renameGroup(group: string): void;
  readonly inspect: ((id: NodeId) => void) | undefined;
  /** The neuron under the pointer, and the question to its past. */
  readonly unit: { readonly node: NodeId; readonly index: number } | null;
  readonly whenDied: ((node: NodeId, unit: number) => void) | undefined;
  /** A wish from the command list, by its id. */
  readonly command: ((id: string) => void) | undefined;
}

/** Blocks of entries, divided by lines. */
export function pointerMenu(host: MenuHost): readonly (readonly Entry[])[] {
  const { editor, inspect, command } = host;
  const { nodes } = editor.project;
  const wish = (id: string) => (): void => command?.(id);
  // Data does not die.
  const unit = host.unit !== null && opOf(nodes[host.unit.node]?.op ?? '')?.kind !== 'source' ? host.unit : null;
  const past: readonly Entry[] =
    unit && host.whenDied
      ? [
          {
            title: `When did neuron ${unit.index + 1} of ${nodes[unit.node]?.label ?? unit.node} die?`,
            run: () => host.whenDied?.(unit.node, unit.index),
          },
        ]
      : [];
  if (editor.selection.size === 0)
    return [
      [
        { title: 'Add a node here…', keys: 'N', run: () => host.quickAdd() },
        ...(command ? [{ title: 'Paste', keys: 'Ctrl+V', run: wish('edit.paste') }] : []),
      ],
      [
        { title: 'Select all', keys: 'Ctrl+A', run: () => editor.selectAll(), enabled: Object.keys(nodes).length > 0 },
        { title: 'Lay out automatically', run: () => editor.layout(), enabled: Object.keys(nodes).length > 0 },
        { title: 'Fit the drawing', run: () => host.fit() },
      ],
    ];
  const owners = [...editor.selection].map((id) => ownerOfPart(id, (name) => Object.hasOwn(nodes, name)));
  const looked = owners.find((id) => id !== null && lensesFor(id, editor.project, editor.checked).length > 1);
  const closer: readonly Entry[] =
    looked && command
      ? lensesFor(looked, editor.project, editor.checked).map((lens) => ({
          title: lens === 'layers' ? 'As one node' : `As ${lensTitles[lens].toLowerCase()}`,
          keys: `Ctrl+Alt+${lenses.indexOf(lens) + 1}`,
          run: wish(`lens.selection.${lens}`),
          enabled: editor.lensOf(looked) !== lens,
        }))
      : [];
  if (editor.selectedNodes.length === 0 && editor.selectedEdges.length === 0)
    return [
      [{ title: 'Inspect', keys: 'Enter', run: () => inspect?.([...editor.selection][0]!) }, ...past],
      closer,
      command && editor.selectedPart
        ? [
            { title: 'Add a neuron to the layer', run: wish('layer.addNeuron') },
            { title: 'Remove', keys: 'Delete', run: wish('edit.delete') },
            { title: 'Open the layer into neurons for good', run: wish('layer.openForGood') },
          ]
        : [],
    ].filter((block) => block.length > 0);
  if (editor.selectedNodes.length === 0)
    return [
      [
        ...(editor.selectedEdges.length === 1
          ? [{ title: 'Put a node between…', keys: 'N', run: () => host.quickAdd(editor.selectedEdges[0]) }]
          : []),
        {
          title: editor.selectedEdges.length === 1 ? 'Remove connection' : 'Remove connections',
          keys: 'Delete',
          run: () => editor.deleteSelection(),
        },
      ],
    ];
  const several = editor.selectedNodes.length > 1;
  const single = several ? null : editor.selectedNodes[0]!;
  const grouped = editor.selectedNodes.map((id) => nodes[id]?.group).find((group) => group !== undefined);
  return [
    [
      ...(single !== null && inspect ? [{ title: 'Inspect', keys: 'Enter', run: () => inspect(single) }] : []),
      ...(single !== null ? [{ title: 'Connect…', keys: 'C', run: () => host.startConnecting() }] : []),
      ...(single !== null && command ? [{ title: 'Rename', keys: 'F2', run: wish('edit.rename') }] : []),
      ...(single !== null && opOf(nodes[single]?.op ?? '')?.kind === 'composite'
        ? [{ title: 'Open into parts', run: () => editor.open(single), enabled: editor.canOpen(single) }]
        : []),
      ...(single !== null && command && opOf(nodes[single]?.op ?? '')?.kind !== 'source'
        ? [{ title: 'Derive its value, step by step', run: wish('step.derive') }]
        : []),
      ...past,
    ],
    closer,
    [
      ...(command
        ? [
            { title: 'Cut', keys: 'Ctrl+X', run: wish('edit.cut') },
            { title: 'Copy', keys: 'Ctrl+C', run: wish('edit.copy') },
          ]
        : []),
      { title: 'Duplicate', keys: 'Ctrl+D', run: () => editor.duplicateSelection() },
      { title: 'Delete', keys: 'Delete', run: () => editor.deleteSelection() },
      { title: 'Delete and join its neighbours', run: () => editor.deleteAndJoin() },
    ],
    [
      { title: 'Group', keys: 'Ctrl+G', run: () => editor.group() },
      ...(command ? [{ title: 'Make an operation of my own…', keys: 'Ctrl+Shift+M', run: wish('arrange.makeOwn') }] : []),
      ...(grouped !== undefined
        ? [
            { title: 'Rename the group', run: () => host.renameGroup(grouped) },
            { title: 'Ungroup', keys: 'Ctrl+Shift+G', run: () => editor.ungroup() },
          ]
        : []),
      ...(several
        ? [
            { title: 'Align middles in a row', run: () => editor.align('center-y') },
            { title: 'Align middles in a column', run: () => editor.align('center-x') },
            { title: 'Lay out these', run: () => editor.layout() },
          ]
        : []),
    ],
  ].filter((block) => block.length > 0);
}
