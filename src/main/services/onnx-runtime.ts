/**
 * Runs ONNX files for the check after an export, in ONNX Runtime's WebAssembly build, which needs nothing
 * but its own package. It is loaded on first use, because most sessions never export.
 */
import { product, type Tensor } from '../../engine/ir/shape';
import type { RunOnnx } from '../../engine/export/verify';

/** ONNX Runtime's severity of messages that are shown: errors. */
const ERRORS_ONLY = 3;

export const runOnnx: RunOnnx = async (bytes, inputs) => {
  const ort = await import('onnxruntime-web');
  // One thread: more would start workers that outlive a short-lived command.
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    logSeverityLevel: ERRORS_ONLY,
  });
  try {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, data }]: [string, Tensor]) => [
        name,
        new ort.Tensor('float32', Float32Array.from(data), shape),
      ]),
    );
    const results = await session.run(feeds);
    const output = results[session.outputNames[0]!]!;
    const data = await output.getData();
    if (!(data instanceof Float32Array) || data.length !== product(output.dims))
      throw new Error('ONNX Runtime answered with something else than float32 numbers.');
    return { output: data.slice(), ranBy: `onnxruntime-web ${ort.env.versions.web ?? ''}`.trim() };
  } finally {
    await session.release();
  }
};
