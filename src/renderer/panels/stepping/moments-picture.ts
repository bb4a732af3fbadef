/**
 * The moments of training that are kept, as a plot: the batch's loss at each of them, in their order, since older ones lie
 * further apart. It stands above the slider that goes to them, moment over moment.
 */
import type { MomentInfo } from '../../../engine/train/timeline';
import type { Picture, Point } from '../../charts/picture';
import { extent, ticksBetween, widened } from '../../charts/plane';
import { countText, numberText, plural } from '../../ui/format';

/** Nearly all of the losses, and how many times as high the highest may stand: one wild start does not flatten the rest. */
const USUAL = 0.98;
const WILD = 4;

/** The highest loss that the field reaches up to; of losses in their order. */
function seenUpTo(losses: readonly number[]): number {
  const [least, usual, top] = [losses[0]!, losses[Math.floor(USUAL * (losses.length - 1))]!, losses.at(-1)!];
  // Of two nothing is usual.
  return losses.length > 2 && top - least > WILD * (usual - least) ? usual : top;
}

/** How much of the axis lies between two marks at least. */
const APART = 0.1;

/** Round epochs, each at its first moment. */
function roundEpochs(moments: readonly MomentInfo[]): readonly number[] {
  const [first, last] = [moments[0]?.epoch ?? 0, moments.at(-1)?.epoch ?? 0];
  const marks: number[] = [];
  for (const epoch of ticksBetween(first, last, 8)) {
    const at = moments.findIndex((moment) => moment.epoch >= epoch);
    if (at >= 0 && Number.isInteger(epoch) && (marks.length === 0 || at - marks.at(-1)! > APART * moments.length)) marks.push(at);
  }
  return marks;
}

export function momentsPicture(moments: readonly MomentInfo[]): Picture {
  const last = Math.max(1, moments.length - 1);
  const losses = moments.flatMap(({ loss }) => (loss !== null && Number.isFinite(loss) ? [loss] : [])).sort((a, b) => a - b);
  const [low, high] = widened(extent(losses.length > 0 ? [losses[0]!, seenUpTo(losses)] : []), 0.08);
  // Before the first step there is no loss.
  const known = [...moments.keys()].filter((at) => Number.isFinite(moments[at]!.loss ?? Number.NaN));
  const pointOf = (at: number): Point => {
    const { epoch, step, loss, bookmark } = moments[at]!;
    return {
      x: at,
      y: loss!,
      get text() {
        return `${bookmark === null ? '' : `${bookmark}: `}epoch ${countText(epoch)}, step ${countText(step)}, batch loss ${numberText(loss!, 3)}`;
      },
      spot: { kind: 'epoch', epoch },
    };
  };
  return {
    title: 'Time travel',
    summary: `Loss of the batch at ${plural(moments.length, 'moment')} of training. Enter goes to the moment that is read.`,
    x: { title: '', low: 0, high: last, names: moments.map(({ epoch }) => countText(epoch)), marks: roundEpochs(moments) },
    y: { title: '', low: losses.length > 0 ? Math.max(low, Math.min(0, losses[0]!)) : 0, high: losses.length > 0 ? high : 1 },
    series: [{ title: 'Batch loss', colour: '--accent', look: 'line', width: 1.5, points: known.map(pointOf) }],
    over: (context, plane, ink) => {
      context.strokeStyle = ink.css('--group-function');
      context.lineWidth = 1.2;
      context.setLineDash([3, 3]);
      moments.forEach(({ bookmark }, at) => {
        if (bookmark === null) return;
        context.beginPath();
        context.moveTo(plane.toX(at), plane.top);
        context.lineTo(plane.toX(at), plane.bottom);
        context.stroke();
      });
      context.setLineDash([]);
    },
    table: () => ({
      columns: ['epoch', 'step', 'batch loss', 'bookmark'],
      rows: moments.map(({ epoch, step, loss, bookmark }) => [epoch, step, loss, bookmark]),
    }),
  };
}
