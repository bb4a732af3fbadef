/**
 * The foreign libraries, loaded when they are asked for. Plain JavaScript, because they are installed only
 * where the bench runs; what is used of them is described in `libraries.d.ts`.
 */
export async function tensorflow() {
  const tf = await import('@tensorflow/tfjs');
  const { setThreadsCount, setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  return { tf, setThreadsCount, setWasmPaths };
}

export const jax = () => import('@jax-js/jax');

export async function brain() {
  const found = await import('brain.js');
  return found.NeuralNetwork ?? found.default.NeuralNetwork;
}
