/** The backends: one line each, in the order of preference. */
import type { BackendName } from '../plan';
import type { Backend } from './backend';
import { reference } from './reference/index';
import { wasm } from './wasm/index';
import { webgpu } from './webgpu/index';

export const backends: ReadonlyMap<BackendName, Backend> = new Map(
  [webgpu, wasm, reference].map((backend) => [backend.name, backend]),
);
