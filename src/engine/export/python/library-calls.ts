/**
 * Functions that a library has for an operation: those that ONNX's name tells (`onnx-calls.ts`), and those that an operation
 * states itself (`torch` in `ops/op.ts`), since PyTorch has functions for more than ONNX does.
 */
import type { Call, OnnxSpelling, Primitive } from '../../ops/op';
import type { Functions } from './functions';
import type { Library } from './library';
import type { Python } from './text';

/** Null where the library has no function of that meaning for this call. */
export function libraryCall(
  library: Library,
  op: Primitive,
  call: Call,
  args: Readonly<Record<string, Python>>,
  functions: Functions,
  training: Python,
): Python | null {
  const stated = library.stated(op);
  if (stated) {
    const text = stated.text(args, call, training);
    if (text !== null) for (const [name, lines] of Object.entries(stated.defines ?? {})) functions.define(name, lines);
    return text;
  }
  const spelling: OnnxSpelling | null = op.onnx;
  const writer = spelling && library.calls[spelling.type];
  if (!spelling || !writer || spelling.fits?.(call) === false) return null;
  return writer({
    args: op.ports(call.attrs).map(({ name }) => args[name]!),
    attributes: spelling.attributes?.(call) ?? {},
    constants: spelling.constants?.(call) ?? [],
  });
}
