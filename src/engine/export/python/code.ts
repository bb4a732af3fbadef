/**
 * Python to look at and to copy: one operation with the names of its ports, with what flows back in NumPy, or
 * the whole drawing as functions and a module, without weights and data.
 */
import { expand } from '../../compile/expand';
import { infer } from '../../compile/infer';
import { prepare } from '../../compile/program';
import type { Diagnostic } from '../../graph/diagnostics';
import { edge, type Edge, type Node } from '../../graph/graph';
import type { Project } from '../../graph/project';
import { isBatched, sampleShape } from '../../ir/shape';
import type { Call, Op } from '../../ops/op';
import { NotExportable } from '../description';
import { DrawingWriter, towardPrediction } from './drawing';
import { pythonFile } from './file';
import type { Library } from './library';
import { numpyNetwork } from './numpy-network';
import type { Python } from './text';
import { torchNetwork } from './torch-network';

const NETWORKS = { numpy: numpyNetwork, pytorch: torchNetwork } as const;

/** Whether an operation takes something, so that there is a value to write. */
export const hasCode = (op: Op, call: Call): boolean => op.kind !== 'source' && op.ports(call.attrs).length > 0;

/** The value of one operation, `y` where that is free, and in NumPy the gradients that it sends back; null for what takes nothing. */
export function nodeCode(op: Op, call: Call, library: Library): Python | null {
  const ports = op.ports(call.attrs).map(({ name }) => name);
  if (!hasCode(op, call)) return null;
  // An operation of one's own may have an input called y.
  let own = 'y';
  for (let i = 2; ports.includes(own) || ports.includes(`d_${own}`); i++) own = `y_${i}`;
  const nodes: Record<string, Node> = { [own]: { id: own, op: op.name, attrs: call.attrs } };
  const edges: Record<string, Edge> = {};
  for (const port of ports) {
    const shape = call.shapes[port]!;
    nodes[port] = { id: port, op: isBatched(shape) ? 'input' : 'parameter', attrs: { shape: sampleShape(shape) } };
    const into = edge(port, own, port);
    edges[into.id] = into;
  }
  const drawn = infer({ nodes, edges });
  const { graph, owner, output } = expand({ nodes, edges }, drawn.shapes, drawn);
  const inferred = infer(graph);
  const objective = output.get(own) ?? own;
  const writer = new DrawingWriter(
    library,
    { inferred, graph, owner: Object.fromEntries(owner), objective, prediction: null },
    {},
    { toward: ports },
  );
  const read = library.writesBackward ? writer.readBack() : [];
  const lines = writer.forward(new Set(inferred.order), new Set([...read, objective]), 'training');
  if (library.writesBackward) {
    const { lines: pass, gradients } = writer.backward(`d_${writer.name(objective)}`);
    const named = [...gradients].flatMap(([id, text]) => {
      const name = `d_${writer.name(id)}`;
      return text === name ? [] : [`${name} = ${text}`];
    });
    const all = [...pass, ...named];
    if (all.length > 0) lines.push('', `# Backward, from d_${writer.name(objective)}:`, ...all);
  }
  const constants = writer.constants.map(({ name, text }) => `${name} = ${text}`);
  return pythonFile([...writer.functions.definitions, [...constants, ...lines].join('\n')]).trimEnd();
}

/** The drawing in Python, or why there is none. `problems`: what a check of the drawing found. */
export function codeOfDrawing(
  problems: readonly Diagnostic[],
  project: Project,
  library: Library,
): { readonly code: Python } | { readonly fault: string } {
  const error = problems.find((problem) => problem.severity === 'error');
  if (error) return { fault: `The drawing has an error, so it has no code yet. ${error.message}` };
  try {
    return { code: drawingCode(project, library) };
  } catch (cause) {
    if (cause instanceof NotExportable) return { fault: cause.message };
    throw cause;
  }
}

/** A sound drawing in Python; throws a sentence where it has neither an answer nor a loss. */
function drawingCode(project: Project, library: Library): Python {
  const prepared = prepare(project, null);
  if (!prepared.prediction && prepared.objective === null)
    throw new NotExportable('There is neither an answer nor a loss to write yet. Connect the output of the network to a loss.');
  const needed = prepared.prediction ? towardPrediction(prepared) : new Set<string>();
  const { code, constants } = NETWORKS[library.name](prepared, project.nodes, needed);
  return pythonFile([library.imports(code.join('\n')).join('\n'), constants.join('\n'), ...code]);
}
