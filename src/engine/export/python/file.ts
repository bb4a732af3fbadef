/** What the files for NumPy and for PyTorch share: what they are made from, their head, and how long lists break. */
import { ancestors } from '../../compile/objective';
import { type Prepared, prepare } from '../../compile/program';
import type { DatasetInfo } from '../../data/dataset';
import type { Project } from '../../graph/project';
import { words } from './drawing';
import { type Python, stringText } from './text';

/** A project made ready to be written. */
export interface Source {
  readonly project: Project;
  readonly data: DatasetInfo | null;
  readonly prepared: Prepared;
}

export const sourceOf = (project: Project, data: DatasetInfo | null): Source => ({
  project,
  data,
  prepared: prepare(project, data),
});

/** The file of weights beside the program. */
export const WEIGHTS = 'weights.npz';

/** Words for a docstring, which nothing in them can end. */
export const docWords = (text: string): string => words(text).replaceAll('\\', '/').replaceAll('"', "'");

/** Parts with commas between them, broken into lines of some length. */
export function listed(open: string, parts: readonly string[], close: string, width = 118): string {
  const whole = `${open}${parts.join(', ')}${close}`;
  if (whole.length <= width) return whole;
  const pad = ' '.repeat(/^ */.exec(open)![0].length + 4);
  const lines: string[] = [];
  let line = pad;
  for (const part of parts) {
    if (line.length > pad.length && line.length + part.length > width - 2) {
      lines.push(line.trimEnd());
      line = pad;
    }
    line += `${part}, `;
  }
  return [open, ...lines, line.trimEnd(), `${pad.slice(4)}${close}`].join('\n');
}

/** Name in the program → name in the file of weights. */
export const keysText = (parameters: readonly { readonly id: string; readonly name: string }[]): Python =>
  [
    `# Names here, and in ${WEIGHTS}.`,
    'KEYS = {',
    ...parameters.map(({ id, name }) => `    ${stringText(name)}: ${stringText(id)},`),
    '}',
  ].join('\n');

/** Definitions with the blank lines that Python's readers expect. */
export const pythonFile = (parts: readonly Python[]): Python => `${parts.filter((part) => part !== '').join('\n\n\n')}\n`;

export const predictionWords = (takes: 'value' | 'probability' | 'logit'): string =>
  takes === 'value' ? 'The answer' : takes === 'probability' ? 'The probabilities' : 'The scores (logits)';

/** Whether some operation does something else in training. */
export const trainsDifferently = ({ inferred, objective }: Pick<Prepared, 'inferred' | 'objective'>): boolean =>
  objective !== null &&
  [...ancestors(inferred, [objective])].some((id) => {
    const op = inferred.calls.get(id)!.op;
    return op.kind === 'primitive' && op.training !== undefined;
  });
