/** Precision, recall and F1 of each class as a picture: three bars a class. */
import type { ClassScore } from '../../../engine/train/confusion';
import type { Picture, Series } from '../../charts/picture';

const measures = [
  { key: 'precision', title: 'Precision', colour: '--accent' },
  { key: 'recall', title: 'Recall', colour: '--group-function' },
  { key: 'f1', title: 'F1', colour: '--text-dim' },
] as const;
const WIDTH = 0.26;

export function classScoresPicture(scores: readonly ClassScore[], classes: readonly string[], summary: string): Picture {
  return {
    title: 'Each class',
    summary,
    x: { title: 'class', low: -0.5, high: Math.max(1, classes.length) - 0.5, names: classes },
    y: { title: 'share', low: 0, high: 1 },
    series: measures.map(
      ({ key, title, colour }, at): Series => ({
        title,
        colour,
        look: 'bars',
        width: WIDTH,
        points: scores.flatMap((score, k) =>
          Number.isNaN(score[key])
            ? []
            : [{ x: k + (at - 1) * WIDTH, y: score[key], text: `${classes[k]}: ${title} ${score[key].toFixed(3)}` }],
        ),
      }),
    ),
    table: () => ({
      columns: ['class', 'precision', 'recall', 'f1', 'rows'],
      rows: scores.map(({ precision, recall, f1, support }, k) => [classes[k] ?? String(k), precision, recall, f1, support]),
    }),
  };
}
