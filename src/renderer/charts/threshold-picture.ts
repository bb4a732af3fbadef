/** ROC and precision–recall curves, a line for each class against the rest, with what a class would get by guessing. */
import { corners, type ThresholdCurves, type ThresholdPoint } from '../../engine/train/analysis/threshold-curves';
import { numberText, percentText } from '../ui/format';
import type { Ink } from './colours';
import { classToken } from './map-picture';
import type { Picture, Series } from './picture';
import type { Plane, Surface } from './plane';

export interface ClassCurves {
  readonly index: number;
  readonly name: string;
  readonly curves: ThresholdCurves;
}

/** Lines that have names in the legend at most. */
const MOST_NAMES = 10;

function guide(context: Surface, plane: Plane, ink: Ink, from: number, to: number): void {
  context.strokeStyle = ink.css('--text-dim');
  context.lineWidth = 1.2;
  context.setLineDash([5, 4]);
  context.beginPath();
  context.moveTo(plane.toX(0), plane.toY(from));
  context.lineTo(plane.toX(1), plane.toY(to));
  context.stroke();
  context.setLineDash([]);
}

const least = (threshold: number): string =>
  Number.isFinite(threshold) ? `sure by ${percentText(threshold, 1)} or more` : 'none taken';

const axes = (x: string, y: string): Pick<Picture, 'x' | 'y'> => ({
  x: { title: x, low: 0, high: 1 },
  y: { title: y, low: 0, high: 1.005 },
});

function tableOf(classes: readonly ClassCurves[]) {
  return {
    columns: ['class', 'threshold', 'false positive rate', 'recall', 'precision'],
    rows: classes.flatMap(({ name, curves }) =>
      curves.points.map(({ threshold, falseShare, recall, precision }) => [
        name,
        Number.isFinite(threshold) ? threshold : null,
        falseShare,
        recall,
        precision,
      ]),
    ),
  };
}

const lines = (
  classes: readonly ClassCurves[],
  score: (curves: ThresholdCurves) => number,
  place: (point: ThresholdPoint) => { readonly x: number; readonly y: number },
  words: (point: ThresholdPoint) => string,
): readonly Series[] =>
  classes.map(({ index, name, curves }) => ({
    title: `${name} (${numberText(score(curves), 3)})`,
    colour: classToken(index),
    look: 'line',
    // Of many, colours alone do not tell every eye which is which.
    dashed: index % 10 >= 5,
    width: 2,
    spot: { kind: 'class', index },
    points: corners(
      curves.points,
      (point) => place(point).x,
      (point) => place(point).y,
    ).map((point) => ({
      ...place(point),
      spot: { kind: 'class', index },
      get text() {
        return `${name}, ${least(point.threshold)}: ${words(point)}`;
      },
    })),
  }));

export function rocPicture(classes: readonly ClassCurves[], summary: string): Picture {
  return {
    title: 'ROC curve',
    summary,
    ...axes('false positive rate', 'recall'),
    square: true,
    // A guess finds as many of the class as it takes of the others.
    under: (context, plane, ink) => guide(context, plane, ink, 0, 1),
    series: lines(
      classes,
      ({ area }) => area,
      ({ falseShare, recall }) => ({ x: falseShare, y: recall }),
      ({ falseShare, recall }) => `${percentText(recall, 1)} found, ${percentText(falseShare, 1)} false alarms`,
    ),
    ...(classes.length > MOST_NAMES ? { legend: [] } : {}),
    table: () => tableOf(classes),
  };
}

export function precisionRecallPicture(classes: readonly ClassCurves[], summary: string): Picture {
  const alone = classes.length === 1 ? classes[0]!.curves : null;
  return {
    title: 'Precision and recall',
    summary,
    ...axes('recall', 'precision'),
    square: true,
    // A guess is as precise as the class is common.
    under: (context, plane, ink) => {
      if (alone === null) return;
      const share = alone.positives / (alone.positives + alone.negatives);
      guide(context, plane, ink, share, share);
    },
    series: lines(
      classes,
      ({ averagePrecision }) => averagePrecision,
      ({ recall, precision }) => ({ x: recall, y: precision }),
      ({ recall, precision }) => `${percentText(recall, 1)} found, ${percentText(precision, 1)} of what is taken is right`,
    ),
    ...(classes.length > MOST_NAMES ? { legend: [] } : {}),
    table: () => tableOf(classes),
  };
}
