/** Title and legend above the field of a plot in a file; the window writes them beside it. The legend takes as many lines as it needs. */
import type { Ink } from './colours';
import { legendOf, type LegendEntry, type Picture } from './picture';
import type { Surface } from './plane';
import { SMALL } from './room';
import { outline } from './shapes';

const TITLE_LINE = 29;
const LINE = 17;
const MARGIN = 12;
/** Mark and the gaps around a title of the legend. */
const BEFORE = 22;
const AFTER = 12;

interface Placed extends LegendEntry {
  readonly left: number;
  readonly line: number;
}

function placed(context: Surface, picture: Picture, width: number, ink: Ink): readonly Placed[] {
  context.font = `${SMALL}px ${ink.font}`;
  const room = width - 2 * MARGIN;
  let [left, line] = [0, 0];
  return legendOf(picture).map((entry) => {
    let { title } = entry;
    while (title.length > 2 && context.measureText(title).width + BEFORE > room) title = `${title.slice(0, -2).trimEnd()}…`;
    const wide = BEFORE + context.measureText(title).width;
    if (left > 0 && left + wide > room) [left, line] = [0, line + 1];
    const at = { ...entry, title, left: MARGIN + left, line };
    left += wide + AFTER;
    return at;
  });
}

export function headHeight(context: Surface, picture: Picture, width: number, ink: Ink): number {
  const last = placed(context, picture, width, ink).at(-1);
  return TITLE_LINE + (last ? (last.line + 1) * LINE : 0);
}

export function drawHead(context: Surface, picture: Picture, width: number, ink: Ink): void {
  context.fillStyle = ink.css('--text');
  context.font = `600 13px ${ink.font}`;
  context.fillText(picture.title, MARGIN, 20);
  for (const { title, colour, mark, faint, shape = 0, left, line } of placed(context, picture, width, ink)) {
    const middle = TITLE_LINE + line * LINE + LINE / 2;
    context.strokeStyle = ink.css(colour, faint ? 0.55 : 1);
    context.fillStyle = ink.css(colour, faint ? 0.55 : 1);
    context.lineWidth = 1.8;
    context.beginPath();
    if (mark === 'line' || mark === 'dashed') {
      context.setLineDash(mark === 'dashed' ? [5, 4] : []);
      context.moveTo(left, middle);
      context.lineTo(left + 16, middle);
      context.stroke();
      context.setLineDash([]);
    } else {
      outline(context, shape, left + 8, middle, 4);
      if (mark === 'ring') context.stroke();
      else context.fill();
    }
    context.fillStyle = ink.css('--text-2');
    context.fillText(title, left + BEFORE, middle + 4);
  }
}
