/**
 * The trained network as a program in Python, to be read, run and trained on: one archive with `model.py`,
 * which needs NumPy or PyTorch and nothing else, and its weights. The program is written from the drawing's
 * own definitions (`python/`), so it says what is computed here.
 */
import { strToU8, unzipSync, zipSync } from 'fflate';
import { NotExportable } from './description';
import type { Exporter, Model } from './exporter';
import { npz } from './npz';
import { towardPrediction } from './python/drawing';
import { sourceOf, WEIGHTS } from './python/file';
import { numpy as numpyLibrary, pytorch as torchLibrary } from './python/library';
import { numpyFile } from './python/numpy-file';
import { torchFile } from './python/torch-file';

const PROGRAM = 'model.py';
/** Same project, same bytes: zip cannot hold "no date", so each entry carries its earliest one. */
const NO_DATE = new Date(1980, 0, 1);

function pack(model: Model, program: string): Uint8Array {
  for (const { key } of model.program.parameters)
    if (!model.weights[key]) throw new NotExportable(`There are no trained numbers for '${key}'. Train the network first.`);
  return zipSync({ [PROGRAM]: strToU8(program), [WEIGHTS]: [npz.write(model), { level: 0 }] }, { level: 6, mtime: NO_DATE });
}

/** As `forward` lists them. */
function inputsOf(model: Model): readonly string[] {
  const { prepared } = sourceOf(model.project, model.data);
  const needed = towardPrediction(prepared);
  return prepared.inferred.order.filter((id) => {
    const op = prepared.inferred.calls.get(id)?.op;
    return needed.has(id) && op?.kind === 'source' && op.role === 'input';
  });
}

function readWeights(bytes: Uint8Array): ReturnType<NonNullable<Exporter['readWeights']>> {
  const weights = unzipSync(bytes)[WEIGHTS];
  if (!weights) throw new Error(`The archive holds no ${WEIGHTS}.`);
  return npz.readWeights!(weights);
}

export const pytorch: Exporter = {
  name: 'pytorch',
  title: 'PyTorch program',
  about: 'A program to read and to train on: module, loss, optimizer and weights, for raw rows of a table.',
  extension: 'zip',
  write: (model) => pack(model, torchFile(sourceOf(model.project, model.data))),
  readWeights,
  python: {
    title: torchLibrary.title,
    module: 'torch',
    answers: `import torch
with torch.no_grad():
    outputs = model.load()(*[torch.from_numpy(x) for x in inputs]).numpy()`,
    files: unzipSync,
    inputs: inputsOf,
  },
};

export const numpy: Exporter = {
  name: 'numpy',
  title: 'NumPy program',
  about: 'A program without a framework: forward, backward written out by hand, its check, and weights.',
  extension: 'zip',
  write: (model) => pack(model, numpyFile(sourceOf(model.project, model.data))),
  readWeights,
  python: {
    title: numpyLibrary.title,
    module: 'numpy',
    answers: 'outputs = model.forward(*[x.astype(float) for x in inputs], **model.load())',
    files: unzipSync,
    inputs: inputsOf,
  },
};
