/**
 * Questions to the kept moments of training: when did this unit die, when did this weight change its sign,
 * when did the loss first rise? Moments lie some steps apart, so an answer names the two between which it
 * happened. What the moments hold is only read.
 */
import type { Dataset } from '../data/dataset';
import type { NodeId } from '../graph/graph';
import { bufferIds } from '../plan';
import type { Session } from './session';
import type { Moment } from './timeline';

export type WhenQuestion =
  /** `node` of the expanded drawing, whose value has an element for each unit. */
  | { readonly kind: 'dead'; readonly node: NodeId; readonly unit: number }
  | { readonly kind: 'sign'; readonly parameter: NodeId; readonly element: number }
  | { readonly kind: 'loss-rise' };

export interface WhenAnswer {
  /** The first moment at which it had happened; null where it did not, or cannot be told. */
  readonly moment: number | null;
  /** In words, with the steps between which it happened. */
  readonly message: string;
}

const steps = (before: Moment, after: Moment): string =>
  after.step - before.step === 1 ? `at step ${after.step}` : `between step ${before.step} and step ${after.step}`;
const short = (x: number): string => String(Number(x.toPrecision(4))).replace('-', '−');

/** `rows` are those that a unit must be silent for; `breathe` lets other work in between moments. */
export async function whenDid(
  question: WhenQuestion,
  moments: readonly Moment[],
  session: Session,
  data: Dataset,
  rows: Uint32Array,
  breathe: () => Promise<void>,
): Promise<WhenAnswer> {
  if (moments.length < 2) return { moment: null, message: 'Train a little first: there are no moments to search yet.' };
  switch (question.kind) {
    case 'loss-rise':
      return lossRise(moments);
    case 'sign':
      return signChange(moments, question.parameter, question.element);
    case 'dead':
      return death(moments, question, async (moment) => {
        await breathe();
        const { values } = await session.forward(
          data.x,
          data.features.length,
          data.y,
          data.targets.length,
          rows,
          [bufferIds.value(question.node)],
          moment.state,
        );
        const width = values[0]!.length / rows.length;
        for (let row = 0; row < rows.length; row++) if (values[0]![row * width + question.unit] !== 0) return true;
        return false;
      });
  }
}

function lossRise(moments: readonly Moment[]): WhenAnswer {
  let before: Moment | null = null;
  for (const moment of moments) {
    if (moment.loss === null) continue;
    if (before !== null && moment.loss > before.loss!)
      return {
        moment: moment.id,
        message: `The loss of the batch first rose ${steps(before, moment)}, from ${short(before.loss!)} to ${short(moment.loss)}.`,
      };
    before = moment;
  }
  return { moment: null, message: 'From each kept moment to the next the loss of the batch fell.' };
}

/** The latest change, searched backwards. */
function signChange(moments: readonly Moment[], parameter: NodeId, element: number): WhenAnswer {
  const numberAt = (moment: Moment): number | undefined => moment.state.get(bufferIds.value(parameter))?.[element];
  for (let i = moments.length - 1; i > 0; i--) {
    const [after, before] = [numberAt(moments[i]!), numberAt(moments[i - 1]!)];
    if (after === undefined || before === undefined)
      return { moment: null, message: 'That weight is not trained, so it has no past.' };
    if (after * before < 0)
      return {
        moment: moments[i]!.id,
        message: `It last changed its sign ${steps(moments[i - 1]!, moments[i]!)}, from ${short(before)} to ${short(after)}.`,
      };
  }
  return { moment: null, message: `It has had the same sign at all ${moments.length} kept moments.` };
}

async function death(
  moments: readonly Moment[],
  { unit }: { readonly unit: number },
  isAlive: (moment: Moment) => Promise<boolean>,
): Promise<WhenAnswer> {
  if (await isAlive(moments.at(-1)!))
    return {
      moment: null,
      message: `Unit ${unit + 1} is not dead: at the latest moment it gives something else than 0 for some rows.`,
    };
  for (let i = moments.length - 2; i >= 0; i--)
    if (await isAlive(moments[i]!))
      return {
        moment: moments[i + 1]!.id,
        message: `Unit ${unit + 1} died ${steps(moments[i]!, moments[i + 1]!)}: since then it gives 0 for every row, and no gradient reaches its weights.`,
      };
  return {
    moment: moments[0]!.id,
    message: `Unit ${unit + 1} is dead at every kept moment, from step ${moments[0]!.step} on: it gave 0 for every row before it could learn.`,
  };
}
