/** `chainrule explain`: the plan of a project and the code generated from it, for reading. */
import type { Layout } from '../../engine/backends/wasm/layout';
import { moduleText } from '../../engine/backends/wasm/text';
import { compile } from '../../engine/compile/compile';
import { type BackendWish, type Code, type Plan, print } from '../../engine/plan';
import { Refusal } from '../services/refusal';
import { type Io, json, plural, type Status } from './io';
import { openMachine } from './machine';
import { readDataIfAny, readProject, soundDrawing } from './project';

export interface ExplainOptions {
  readonly backend: BackendWish;
  readonly json?: boolean;
}

export async function explain(io: Io, file: string, { backend, json: asJson }: ExplainOptions): Promise<Status> {
  const project = await readProject(io, file);
  const data = await readDataIfAny(io, project, true);
  soundDrawing(project, data, 'compiled');
  const machine = await openMachine(false);
  // Code can be generated for a GPU that is not here: emission is pure.
  const profile =
    backend === 'webgpu'
      ? { ...machine.profile, present: [...machine.profile.present, { backend, title: 'any' }] }
      : machine.profile;
  const compiled = compile({ project, data, profile, backend, revision: 0 }, machine.backends);
  if (!compiled.ok) throw new Refusal(compiled.problems.map((p) => p.message).join('\n'), 'bad-drawing');
  const { train, evaluate } = compiled.value;
  for (const [purpose, plan] of [
    ['training', train],
    ['evaluation', evaluate],
  ] as const) {
    if (!plan) {
      if (!asJson) io.out(`No plan for ${purpose}: the loss depends on nothing that learns.`);
    } else if (asJson)
      json(io, { event: 'plan', purpose, backend: plan.backend, program: plan.program, code: listing(plan.code) });
    else show(io, purpose, plan);
  }
  return 0;
}

function show(io: Io, purpose: string, plan: Plan): void {
  io.out(`── ${purpose} ──`);
  io.out(print(plan.program));
  io.out('');
  io.out(`── ${purpose}: code for ${plan.backend} ──`);
  io.out(listing(plan.code));
  io.out('');
}

function listing(code: Code): string {
  switch (code.kind) {
    case 'none':
      return 'The reference interprets the plan itself.';
    case 'wgsl':
      return code.modules.join('\n\n');
    case 'wasm':
      return `;; A WebAssembly module of ${plural(code.bytes.length, 'byte')}.\n${moduleText(code.bytes, code.layout as Layout)}`;
  }
}
