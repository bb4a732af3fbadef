/** The first part of the Run menu: training by hand, and what trains beside or in the background. */
import type { Menu } from './command';

export function runCommands({ app, block, drawn, frees, shows }: Menu): void {
  const { run, workspace } = app;
  block(
    'Run',
    1,
    {
      id: 'run.toggle',
      title: 'Train or pause',
      keys: ['$mod+Enter'],
      keywords: ['start', 'stop', 'play'],
      whileTyping: true,
      enabled: () => drawn() && (run.canTrain || run.running),
      run: () => void run.toggle(),
    },
    {
      id: 'run.step',
      title: 'Train one step',
      keys: ['$mod+Period'],
      keywords: ['batch'],
      enabled: () => drawn() && run.canTrain && !run.busy,
      run: () => void run.stepOnce(),
    },
    {
      id: 'run.epoch',
      title: 'Train one epoch',
      keys: ['$mod+Shift+Period'],
      enabled: () => drawn() && run.canTrain && !run.busy,
      run: () => void run.epochOnce(),
    },
    {
      id: 'run.reset',
      title: 'Reset the weights, same seed',
      keys: ['$mod+Alt+KeyR'],
      enabled: () => drawn() && run.backend !== null,
      run: () => void app.reset('same'),
    },
    {
      id: 'run.resetNew',
      title: 'Reset the weights, new seed',
      keys: ['$mod+Alt+Shift+KeyR'],
      enabled: () => drawn() && run.backend !== null && frees('seeds'),
      run: () => void app.reset('new'),
    },
  );
  block(
    'Run',
    4,
    {
      id: 'run.race',
      title: 'Race variants side by side…',
      keywords: ['compare', 'optimizer', 'rate', 'trial', 'experiment'],
      enabled: () => drawn() && run.canTrain,
      run: () => workspace.push({ kind: 'race' }),
    },
    {
      id: 'run.sweep',
      title: 'Sweep over settings…',
      keywords: ['grid', 'random', 'search', 'queue', 'hyperparameters', 'background'],
      enabled: () => drawn() && run.canTrain,
      run: () => workspace.push({ kind: 'sweep' }),
    },
    {
      id: 'run.findRate',
      title: 'Find a learning rate…',
      keywords: ['range test', 'finder', 'lr', 'step size'],
      enabled: () => shows('train')() && run.canTrain,
      run: () => workspace.push({ kind: 'rate-finder' }),
    },
    {
      id: 'run.crossValidate',
      title: 'Cross-validate…',
      keywords: ['k-fold', 'folds', 'validation', 'score', 'deviation'],
      enabled: () => drawn() && run.canTrain,
      run: () => workspace.push({ kind: 'sweep', folds: 5 }),
    },
    {
      id: 'run.queue',
      title: 'Train this project in the background',
      keywords: ['queue', 'later', 'history'],
      enabled: () => drawn() && run.canTrain,
      run: () => void app.queue(),
    },
    {
      id: 'run.showQueue',
      title: 'Show the queue of runs…',
      keywords: ['order', 'waiting', 'background', 'sweep', 'priority'],
      enabled: () => !workspace.welcome,
      run: () => workspace.push({ kind: 'queue' }),
    },
  );
}
