/** The export formats: one line each, in the order of the menu. */
import type { Exporter } from './exporter';
import { npz } from './npz';
import { onnx } from './onnx';
import { numpy, pytorch } from './python';
import { safetensors } from './safetensors';

export const exporters: readonly Exporter[] = [onnx, pytorch, numpy, safetensors, npz];
