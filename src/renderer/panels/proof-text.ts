/** What the badge says of the background's checks: a word for the bar, a line for each thing that was compared. */
import type { BackendName } from '../../engine/plan';
import { DEVICE_TOLERANCE, type Gap, LENS_TOLERANCE, type Proof } from '../../engine/train/proof';
import { countText } from '../ui/format';

export type Tone = 'fine' | 'wait' | 'wrong';

export interface ProofLine {
  readonly name: string;
  readonly text: string;
  readonly tone: Tone;
}

export interface ProofText {
  readonly tone: Tone;
  readonly short: string;
  readonly lines: readonly ProofLine[];
}

/** 3.1 × 10⁻¹⁶, as people write it; exactly 0 where nothing differs. */
export function tinyText(x: number): string {
  if (!Number.isFinite(x)) return 'not a number';
  if (x === 0) return '0';
  const [digits, power] = x.toExponential(1).split('e');
  const high = [...String(Number(power))].map((c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]!)).join('');
  return `${digits} × 10${high}`;
}

const NAMES: Readonly<Record<BackendName, string>> = {
  webgpu: 'WebGPU',
  wasm: 'the CPU (WebAssembly)',
  reference: 'the CPU in float64',
};

const gapLine = (name: string, gap: Gap | null, limit: number, absent: string): ProofLine =>
  gap === null
    ? { name, text: absent, tone: 'wait' }
    : {
        name,
        text: gap.worst <= limit ? tinyText(gap.worst) : `${tinyText(gap.worst)}${gap.at === null ? '' : `, at ${gap.at}`}`,
        tone: gap.worst <= limit ? 'fine' : 'wrong',
      };

/** `canTrain`: there is something to check, and nothing is known of it yet. */
export function proofText(proof: Proof | null, isRunning: boolean, canTrain: boolean): ProofText {
  if (isRunning) return { tone: 'wait', short: 'Checks wait', lines: [] };
  if (proof === null) return { tone: 'wait', short: canTrain ? 'Checking…' : 'Nothing to check', lines: [] };
  const waiting = proof.isDone ? 'not compared' : 'being compared';
  const lines: ProofLine[] = [
    gapLine('Layers and matrices', proof.matrices, LENS_TOLERANCE, waiting),
    gapLine('Layers and neurons', proof.neurons, LENS_TOLERANCE, waiting),
    gapLine('Layers and scalars', proof.scalars, LENS_TOLERANCE, proof.isTooLarge ? 'too many scalars to compare' : waiting),
    gapLine(`Live numbers on ${NAMES[proof.devices.live]} and reference`, proof.device, DEVICE_TOLERANCE, waiting),
    ...(proof.devices.training === null
      ? []
      : [
          gapLine(
            `A training step on ${NAMES[proof.devices.training]} and reference`,
            proof.step,
            DEVICE_TOLERANCE,
            proof.trainsOtherwise ? 'not compared: some operations act in training only' : waiting,
          ),
        ]),
  ];
  const isWrong =
    proof.fault !== null || lines.some((line) => line.tone === 'wrong') || (proof.isDone && proof.verified < proof.of);
  const kinks = proof.kinks > 0 ? `; ${countText(proof.kinks)} at a kink, where there is no slope` : '';
  const sampled = proof.of < proof.size - proof.kinks && proof.isDone ? `, chosen from ${countText(proof.size)}` : '';
  lines.push({
    name: 'Gradients and slopes of the loss',
    text:
      proof.of === 0
        ? proof.isDone
          ? `none to compare${kinks}`
          : 'being compared'
        : `${countText(proof.verified)} of ${countText(proof.of)} verified${sampled}${kinks}`,
    tone: proof.isDone && proof.verified < proof.of ? 'wrong' : proof.isDone ? 'fine' : 'wait',
  });
  // Nothing can be said of gradients where the numbers themselves are gone.
  const gone = [proof.matrices, proof.neurons, proof.scalars, proof.device, proof.step].some(
    (gap) => gap && Number.isNaN(gap.worst),
  );
  const short = isWrong
    ? gone
      ? 'Not a number'
      : 'Gradients differ'
    : proof.of === 0
      ? proof.isDone
        ? 'Lenses agree'
        : 'Checking…'
      : `${countText(proof.verified)} of ${countText(proof.of)} gradients`;
  return { tone: isWrong ? 'wrong' : proof.isDone ? 'fine' : 'wait', short, lines };
}
