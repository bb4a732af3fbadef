/** Analytic gradients of a drawing against central differences, in float64 on the reference. */
import { prepare, programOf } from '../../src/engine/compile/program';
import { ReferenceDevice } from '../../src/engine/backends/reference/index';
import type { Project } from '../../src/engine/graph/project';
import { bufferIds, type Program } from '../../src/engine/plan';
import { sizeOf } from '../../src/engine/ir/shape';

export interface Opened {
  readonly program: Program;
  readonly device: ReferenceDevice;
  readonly rows: number;
}

/** Opens a drawing's every-edge program; parameters hold the numbers given in the drawing. */
export function open(project: Project, rows = 1, inputs: Readonly<Record<string, readonly number[]>> = {}): Opened {
  const program = programOf(prepare(project, null), 'every-edge', rows);
  const device = new ReferenceDevice(program);
  for (const p of program.parameters) if (p.given) device.numbers(p.value).fill(p.given[0]!);
  for (const p of program.parameters) if (p.given && p.given.length > 1) device.write(p.value, p.given);
  for (const [node, numbers] of Object.entries(inputs)) device.write(bufferIds.value(node), numbers);
  device.numbers(bufferIds.rowWeights).fill(1 / rows);
  return { program, device, rows };
}

export const run = ({ device, rows }: Opened): void => device.runPhases(['forward', 'loss', 'backward'], rows);

export const value = ({ device }: Opened, node: string): number => device.numbers(bufferIds.value(node))[0]!;
export const gradient = ({ device }: Opened, node: string): number => device.numbers(bufferIds.gradient(node))[0]!;
export const edgeGradient = ({ device }: Opened, edge: string): number => device.numbers(bufferIds.edge(edge))[0]!;

/** Largest |analytic − numeric| / max(1, |analytic|, |numeric|) over every element of every parameter and input. */
export function worstGradientError(opened: Opened, h = 1e-5): number {
  const { device, program, rows } = opened;
  const loss = (): number => {
    device.runPhases(['forward', 'loss'], rows);
    return device.batchLoss(rows);
  };
  run(opened);
  const leaves = program.buffers.filter((b) => b.role === 'parameter' || b.role === 'input');
  let worst = 0;
  for (const leaf of leaves) {
    const id = bufferIds.gradient(leaf.id.slice(2));
    if (!program.buffers.some((b) => b.id === id)) continue;
    run(opened);
    const analytic = Float64Array.from(device.numbers(id));
    const numbers = device.numbers(leaf.id);
    for (let i = 0; i < sizeOf(leaf.shape, rows); i++) {
      const old = numbers[i]!;
      numbers[i] = old + h;
      const up = loss();
      numbers[i] = old - h;
      const down = loss();
      numbers[i] = old;
      const numeric = (up - down) / (2 * h);
      const error = Math.abs(analytic[i]! - numeric) / Math.max(1, Math.abs(analytic[i]!), Math.abs(numeric));
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}
