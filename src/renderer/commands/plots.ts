/** The Plots menu: to every plot of the results by its name. */
import type { Menu } from './command';

interface Plot {
  readonly id: string;
  readonly title: string;
  /** Names of the parts of the panel that show it: the first that is there. */
  readonly parts: readonly string[];
  readonly keywords: readonly string[];
  /** Why it may not be there. */
  readonly missing: string;
}

const needsRun = 'It appears when a network with data is ready to run.';
const needsClasses = 'It needs classes to predict; these data have a number as their target, or the network is not ready yet.';

const blocks: readonly (readonly Plot[])[] = [
  [
    { id: 'loss', title: 'Loss', parts: ['Loss'], keywords: ['curve', 'training', 'validation'], missing: needsRun },
    {
      id: 'metric',
      title: 'Accuracy or R²',
      parts: ['metric'],
      keywords: ['metric', 'curve', 'score'],
      missing: 'It appears after the first epochs.',
    },
    {
      id: 'map',
      title: 'Decision boundary',
      parts: ['map', 'map slice'],
      keywords: ['map', 'plane', 'confidence'],
      missing: 'It needs at least two features.',
    },
    {
      id: 'fit',
      title: 'Fitted curve',
      parts: ['Fitted curve'],
      keywords: ['regression'],
      missing: 'It needs one feature and a number as the target.',
    },
  ],
  [
    {
      id: 'confusion',
      title: 'Confusion matrix',
      parts: ['Confusion matrix'],
      keywords: ['classes', 'mistakes'],
      missing: needsClasses,
    },
    {
      id: 'images',
      title: 'Images with predictions',
      parts: ['Images'],
      keywords: ['gallery', 'pictures', 'wrong'],
      missing: 'It needs images as features and classes as the target.',
    },
    {
      id: 'classes',
      title: 'Precision, recall and F1 of each class',
      parts: ['Each class'],
      keywords: ['support'],
      missing: needsClasses,
    },
    {
      id: 'roc',
      title: 'ROC and precision–recall curves',
      parts: ['ROC curve'],
      keywords: ['auc', 'threshold', 'area', 'receiver'],
      missing: needsClasses,
    },
    {
      id: 'errors',
      title: 'Predicted against actual, residuals',
      parts: ['Predicted against actual'],
      keywords: ['scatter', 'errors', 'histogram', 'regression'],
      missing: 'It needs a number as the target; these data have classes, or the network is not ready yet.',
    },
  ],
  [
    {
      id: 'layers',
      title: 'Inside the layers',
      parts: ['Inside the layers'],
      keywords: ['spread', 'saturated', 'dead'],
      missing: needsRun,
    },
    {
      id: 'course',
      title: 'Layers over time',
      parts: ['Layers over time'],
      keywords: ['histogram', 'activations', 'gradients', 'weights', 'updates', 'ratio'],
      missing: needsRun,
    },
    {
      id: 'activations',
      title: 'Activation functions at work',
      parts: ['Activation'],
      keywords: ['operating points', 'derivative', 'saturation', 'slope'],
      missing: needsRun,
    },
    {
      id: 'surface',
      title: 'Loss surface',
      parts: ['Loss surface'],
      keywords: ['landscape', 'contour', 'descent', 'path', 'directions'],
      missing: needsRun,
    },
    {
      id: 'noise',
      title: 'Gradient noise',
      parts: ['Gradient noise'],
      keywords: ['batch size', 'variance', 'fan', 'noise scale'],
      missing: needsRun,
    },
  ],
];

export function plotCommands({ app, block, shows }: Menu): void {
  blocks.forEach((plots, at) => {
    block(
      'Plots',
      at + 1,
      ...plots.map(({ id, title, parts, keywords, missing }) => ({
        id: `plot.${id}`,
        title,
        keywords: ['plot', 'chart', 'show', ...keywords],
        enabled: shows('results'),
        run: () => app.workspace.showPlot(parts, `${title}: not here`, missing),
      })),
    );
  });
}
