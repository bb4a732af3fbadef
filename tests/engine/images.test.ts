/** A small convolutional network learns the digits, drawn in five lines and trained through the ordinary path. */
import { expect, test } from 'vitest';
import { check } from '../../src/engine/compile/check';
import { parseFormula } from '../../src/engine/compile/formula/read';
import type { Project } from '../../src/engine/graph/project';
import { readDataset } from '../../src/main/services/datasets';
import { readProjectFile } from '../../src/main/services/projects';
import { trained } from '../support/training';

test.each([
  ['convolution and max pooling', 'flatten(max_pooling(convolution_2d(image, filters=8)))', 0.9],
  [
    'with batch normalisation and dropout',
    'dropout(flatten(average_pooling(batch_normalisation(convolution_2d(image, filters=8)))), rate=0.2)',
    0.9,
  ],
])('digits: %s', async (_name, network, least) => {
  const digits = await readProjectFile('resources/examples/07-digits.chainrule');
  const data = await readDataset(digits.settings.data as Parameters<typeof readDataset>[0], digits.settings.split);
  const drawing = parseFormula(`x = input(shape=[64]); t = target(shape=[10])
    image = reshape(x, shape=[1, 8, 8])
    features = ${network}
    scores = dense(features, units=10, activation='identity')
    loss = cross_entropy_logits(scores, t)`);
  if (!drawing.ok) throw new Error(drawing.fault.message);
  const training = { optimizer: 'adam', hyper: { rate: 0.005 }, batch: 32, epochs: 6, seed: 1 };
  const project: Project = { ...drawing.graph, positions: drawing.positions, settings: { ...digits.settings, training } };
  expect(check(project, data).problems).toEqual([]);
  const { session, troubles } = await trained(project, data);
  expect(troubles).toEqual([]);
  expect((await session.score(data, data.split.test))!.accuracy).toBeGreaterThan(least);
  session.close();
});
