/**
 * What the test command says at its end: each failure of every part by name, with the first lines of its
 * error. It stands just before the last line, because a log's tail is often all that people are given.
 */

/** @typedef {{ part: string, name: string, error: string }} Failure */
/** @typedef {{ passed: number, failures: Failure[] }} Report what the reporters beside this file write */

const LINES_OF_ONE = 6;
const WIDTH = 200;

/** @param {string} text */
const plain = (text) => text.replace(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');

/**
 * The block, of at most `limit` lines: with many failures each has fewer lines, and who finds no room is counted.
 * @param {readonly Failure[]} failures
 * @param {number} [limit]
 * @returns {string}
 */
export function failedBlock(failures, limit = 60) {
  if (failures.length === 0) return '';
  const room = limit - 2;
  const each = Math.max(0, Math.min(LINES_OF_ONE, Math.floor(room / failures.length) - 1));
  const shown = failures.slice(0, room);
  const lines = shown.flatMap(({ part, name, error }) => [
    `✘ ${part} › ${name}`,
    ...plain(error)
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, each)
      .map((line) => `    ${line}`),
  ]);
  const rest = failures.length - shown.length;
  return [
    `Failed (${failures.length}):`,
    ...lines.map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line)),
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ].join('\n');
}
