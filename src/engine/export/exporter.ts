/** What an exporter is: a model in, bytes out, and a way to run the file again for the check. */
import type { Graph } from '../graph/graph';
import type { Project } from '../graph/project';
import type { Tensor } from '../ir/shape';
import type { Program } from '../plan';
import type { DatasetInfo } from '../data/dataset';

export interface Model {
  readonly title: string;
  /** As it is drawn, with its settings: formats that train on need them. */
  readonly project: Project;
  /** The expanded drawing (primitives and sources only). */
  readonly graph: Graph;
  /** The forward program of the same drawing: shapes, parameters, prediction. */
  readonly program: Program;
  /** By parameter key. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** How features and targets are encoded; null when the project has no data. */
  readonly data: DatasetInfo | null;
}

export interface Exporter {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly extension: string;
  /** Throws `NotExportable` with a sentence for people. */
  write(model: Model): Uint8Array;
  /** Set for archives with a program in Python: the check runs it where the host has a Python with that library. */
  readonly python?: PythonProgram;
  /** Formats that hold weights: reads them back by key. Absent: the file is a program that is run itself. */
  readWeights?(bytes: Uint8Array): Readonly<Record<string, Tensor>>;
}

export interface PythonProgram {
  /** The library that it needs, as people call it and as Python imports it. */
  readonly title: string;
  readonly module: string;
  /** Python that sets `outputs` from `model`, the program, and `inputs`, arrays of float32. */
  readonly answers: string;
  files(bytes: Uint8Array): Readonly<Record<string, Uint8Array>>;
  /** The inputs that the program's answers take, in order. */
  inputs(model: Model): readonly string[];
}

/** Rows on which an exported file is run and compared. Encoded features, row-major. */
export interface Sample {
  readonly rows: number;
  readonly width: number;
  readonly x: Float32Array;
  /** The program's own predictions for them: rows × outputs. */
  readonly expected: Float32Array;
}

export interface Verification {
  readonly rows: number;
  readonly outputs: number;
  /** Largest |difference| between the file's output and the program's own. */
  readonly largestDifference: number;
  /** What ran the file: "onnxruntime-web 1.30", "Python 3.13.1 with NumPy 2.1". */
  readonly ranBy: string;
  readonly passed: boolean;
}
