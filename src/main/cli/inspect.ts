/** `chainrule inspect`: nodes, shapes, parameters, problems. Fails when the drawing has errors. */
import { check } from '../../engine/compile/check';
import { shapeText } from '../../engine/ir/shape';
import { opOf } from '../../engine/ops/index';
import type { Dataset } from '../../engine/data/dataset';
import { Refusal } from '../services/refusal';
import { type Io, json, plural, type Status, table } from './io';
import { readDataIfAny, readProject } from './project';

export async function inspect(io: Io, file: string, options: { readonly json?: boolean }): Promise<Status> {
  const project = await readProject(io, file);
  let data: Dataset | null = null;
  /** Why the project's data cannot be read: a problem like others, the drawing can still be looked at. */
  let dataFault: string | null = null;
  try {
    data = await readDataIfAny(io, project, true);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    dataFault = error.message;
  }
  const { problems, shapes, learnables, totals, objective, prediction } = check(project, data);
  const nodes = Object.values(project.nodes);
  const count = (severity: string): number => problems.filter((p) => p.severity === severity).length;
  const errors = count('error') + (dataFault === null ? 0 : 1);

  if (options.json) {
    for (const { id, op, label } of nodes)
      json(io, {
        event: 'node',
        node: id,
        op,
        label: label ?? id,
        shape: shapes.get(id) ?? null,
        ...(learnables.get(id) ?? { weights: 0, biases: 0 }),
      });
    for (const { code, severity, at, message } of problems) json(io, { event: 'problem', code, severity, ...at, message });
    if (dataFault !== null) json(io, { event: 'problem', code: 'data-unreadable', severity: 'error', message: dataFault });
    json(io, {
      event: 'done',
      title: project.settings.title,
      nodes: nodes.length,
      edges: Object.keys(project.edges).length,
      ...totals,
      parameters: totals.weights + totals.biases,
      objective,
      prediction,
      rows: data?.rows ?? null,
      task: data?.task ?? null,
      errors,
      warnings: count('warning'),
      hints: count('hint'),
      trained: project.weights !== undefined,
    });
    return errors > 0 ? 1 : 0;
  }

  io.out(`${project.settings.title}: ${plural(nodes.length, 'node')}, ${plural(Object.keys(project.edges).length, 'edge')}`);
  if (nodes.length > 0) {
    const rows = nodes.map(({ id, op, label }) => {
      const shape = shapes.get(id);
      const learned = learnables.get(id);
      return [
        label === undefined || label === id ? id : `${id} (${label})`,
        opOf(op)?.title ?? op,
        shape ? shapeText(shape) : '?',
        learned ? `${plural(learned.weights, 'weight')}, ${plural(learned.biases, 'bias', 'biases')}` : '',
      ];
    });
    io.out('');
    for (const line of table([['Node', 'Operation', 'Shape', 'Learns'], ...rows])) io.out(`  ${line}`);
    io.out('');
  }
  io.out(
    `Parameters: ${(totals.weights + totals.biases).toLocaleString('en')} (${plural(totals.weights, 'weight')}, ${plural(totals.biases, 'bias', 'biases')})${project.weights ? ', trained numbers are kept in the file' : ''}.`,
  );
  if (objective !== null) io.out(`Minimises '${objective}'${prediction === null ? '' : `; the prediction is '${prediction}'`}.`);
  if (data) {
    const { train, validation, test } = data.split;
    io.out(
      `Data: ${data.name}, ${plural(data.rows, 'row')} (${train.length} to train, ${validation.length} to validate, ${test.length} to test), ${data.task}.`,
    );
  }
  if (problems.length === 0 && dataFault === null) io.out('No problems.');
  for (const { severity, message } of problems) io.out(`${severity}: ${message}`);
  if (dataFault !== null) io.out(`error: ${dataFault}`);
  return errors > 0 ? 1 : 0;
}
