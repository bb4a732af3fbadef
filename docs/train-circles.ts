/**
 * The engine alone, without a window: draws a network as text and trains it on the circles.
 * Run it with `npx rolldown docs/train-circles.ts --file circles.mjs && node circles.mjs`.
 */
import { backends } from '../src/engine/backends/index';
import { compile } from '../src/engine/compile/compile';
import { parseFormula } from '../src/engine/compile/formula/read';
import { generateDataset } from '../src/engine/data/generators';
import { defaultSettings } from '../src/engine/graph/project';
import { Session } from '../src/engine/train/session';
import { Trainer } from '../src/engine/train/trainer';

const drawing = parseFormula(`
  x = input(shape=[2]); t = target(shape=[1])
  hidden = dense(x, units=8, activation='tanh')
  score = dense(hidden, units=1, activation='identity')
  loss = binary_cross_entropy_logits(score, t)`);
if (!drawing.ok) throw new Error(drawing.fault.message);

const training = { optimizer: 'adam', hyper: { rate: 0.03 }, batch: 10, epochs: 60, seed: 1 };
const project = { ...drawing.graph, positions: drawing.positions, settings: { ...defaultSettings, training } };
const data = generateDataset({ kind: 'generator', name: 'circles', count: 500, noise: 0.1, seed: 1 }, defaultSettings.split);
const profile = { present: [{ backend: 'wasm' as const, title: 'CPU' }], absent: [] };
const plans = compile({ project, data, profile, backend: 'auto', revision: 1 }, backends);
if (!plans.ok) throw new Error(plans.problems.map((problem) => problem.message).join('\n'));

const session = await Session.open(plans.value, backends);
session.initialize(training.seed);
const rest = { scoreEvery: 0, scoreRows: 500, breathe: async () => {}, sleep: async () => {}, now: () => performance.now() };
const trainer = new Trainer(
  session,
  data,
  { ...training, ...rest },
  {
    slice: () => {},
    point: ({ epoch, train }) => epoch % 20 === 0 && console.log(`epoch ${epoch}: loss ${train.loss.toFixed(4)}`),
    trouble: ({ message }) => console.error(message),
  },
);
await trainer.train();
export const result = await session.score(data, data.split.test);
console.log(`of the test points, ${(100 * result!.accuracy!).toFixed(1)} % are right`);
session.close();
