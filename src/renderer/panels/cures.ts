/**
 * One-click answers to problems whose cure is clear: the sentence of the diagnostic already says what to
 * do, and the button does it as an ordinary edit that can be undone.
 */
import type { Diagnostic } from '../../engine/graph/diagnostics';
import * as edits from '../../engine/graph/edits';
import type { Node } from '../../engine/graph/graph';
import { completeAttrs } from '../../engine/ops/attrs';
import { activationOf, insteadInTraining } from '../../engine/ops/facts';
import { opOf } from '../../engine/ops/index';
import { product } from '../../engine/ir/shape';
import type { Editor } from '../editor/editor.svelte';
import type { Workspace } from './workspace.svelte';

export interface Cure {
  readonly title: string;
  readonly run: () => void;
}

export function cureOf(problem: Diagnostic, editor: Editor, workspace: Workspace): Cure | null {
  const { node: id, edge } = problem.at;
  const node = id === undefined ? undefined : editor.project.nodes[id];
  switch (problem.code) {
    case 'data-missing':
      return { title: 'Choose data', run: () => workspace.show('data') };
    case 'data-width': {
      const width = node && widthOffered(node.op, editor);
      if (!node || !width) return null;
      return {
        title: `Set the shape to ${width}`,
        run: () =>
          editor.edit(
            'Fit to the data',
            edits.inTurn(edits.setAttr(node.id, 'shape', [width]), edits.setAttr(node.id, 'columns', '')),
          ),
      };
    }
    case 'no-gradient':
      return node ? withGradient(node, editor) : null;
    case 'unknown-node':
    case 'unknown-port':
      return edge === undefined
        ? null
        : { title: 'Remove the connection', run: () => editor.edit('Remove the connection', edits.remove([edge])) };
    case 'several-losses':
      return node
        ? {
            title: `Minimise ${node.label ?? node.id}`,
            run: () => editor.edit('Choose the loss', edits.setTraining({ objective: node.id })),
          }
        : null;
    default:
      return null;
  }
}

/** A step of its own becomes a sigmoid; a layer or neuron with a step as its activation gets another activation. */
function withGradient(node: Node, editor: Editor): Cure | null {
  const activation = activationOf(node.op, node.attrs);
  const instead = insteadInTraining(activation ?? node.op);
  // A unit that holds a step among other parts has no counterpart.
  if (instead === null) return null;
  const title = `Use a ${opOf(instead)!.title.toLowerCase()}`;
  const now: Node =
    activation === null ? { ...node, op: instead, attrs: {} } : { ...node, attrs: { ...node.attrs, activation: instead } };
  return {
    title,
    run: () => editor.edit(title, (project) => ({ ...project, nodes: { ...project.nodes, [node.id]: now } })),
  };
}

/** Columns that are left for a node: all features or targets, less those of other nodes of its kind. */
function widthOffered(op: string, editor: Editor): number | null {
  const data = editor.data;
  if (data === null || (op !== 'input' && op !== 'target')) return null;
  const all = op === 'input' ? data.features.length : data.targets.length;
  const same = Object.values(editor.project.nodes).filter((node) => node.op === op);
  if (same.length === 1) return all;
  const used = same
    .slice(1)
    .reduce((sum, node) => sum + product(completeAttrs(opOf(op)!, node.attrs)['shape'] as readonly number[]), 0);
  return all - used > 0 ? all - used : null;
}
