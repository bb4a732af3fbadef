/**
 * How much room the axes of a picture take, and which of their marks and names fit there. Numbers are never cut: where they
 * are long, fewer stand beside an axis and it takes more room; names that are too long for a line stand upright.
 */
import type { Picture } from './picture';
import { ticksOf, tickTexts, wholeView, type View } from './plane';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels of letters, as small as they are beside an axis. */
export const SMALL = 11;
const LETTER = 6.2;
const THIN = 3;
const widthOf = (text: string): number => [...text].reduce((sum, letter) => sum + (/[.,'ijl]/.test(letter) ? THIN : LETTER), 0);
const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, widthOf(text)), 0);

const RIGHT = 10;
/** Plots under each other have their fields under each other; only long names and numbers take more room. */
const LEFT = 44;
const BESIDE = 10;
const MOST_LEFT = 120;
/** Of upright names. */
const MOST_DOWN = 96;
const LINE = 12;
/** Under the field, of marks in a line. */
const LYING = 18;
const TITLE = 15;

export const topOf = ({ y }: Picture): number => (y.title === '' ? 8 : 24);
const namesLeft = ({ y }: Picture): number => (y.names ? Math.min(MOST_LEFT, Math.max(30, 14 + widest(y.names))) : LEFT);

/** Whether the names of the x axis stand upright: each has a line of its own there, and none fits beside the others. */
function upright(picture: Picture, width: number): boolean {
  const { names } = picture.x;
  if (!names || names.length < 2) return false;
  const room = (width - namesLeft(picture) - RIGHT) / names.length;
  return names.some((name) => name.length > 2) && room >= LINE && widest(names) + 6 > room;
}

const bottomOf = (picture: Picture, width: number): number =>
  (upright(picture, width) ? Math.min(MOST_DOWN, widest(picture.x.names!)) + 10 : LYING) + (picture.x.title === '' ? 0 : TITLE);

const shortened = (text: string, room: number): string => {
  const most = Math.max(2, Math.floor(room / LETTER));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
};

interface Marks {
  readonly ticks: readonly number[];
  readonly texts: readonly string[];
}
export interface Room {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly upright: boolean;
  readonly x: Marks;
  readonly y: Marks;
}

const MOST_MARKS = 8;
const MOST_NAMES = 200;

function rows(picture: Picture, view: View, height: number): Marks {
  const { y } = picture;
  const most = Math.max(2, Math.floor(height / (y.names ? LINE + 1 : 28)));
  const ticks = ticksOf(y, view.y, Math.min(most, y.names ? MOST_NAMES : MOST_MARKS));
  const texts = tickTexts(y, ticks);
  return { ticks, texts: y.names ? texts.map((text) => shortened(text, namesLeft(picture) - BESIDE)) : texts };
}

function columns(picture: Picture, view: View, width: number, stand: boolean): Marks {
  const { x } = picture;
  const of = (each: number): Marks => {
    const ticks = ticksOf(x, view.x, Math.min(Math.max(2, Math.floor(width / each)), x.names ? MOST_NAMES : MOST_MARKS));
    return { ticks, texts: tickTexts(x, ticks) };
  };
  if (!x.names) {
    const usual = of(52);
    const needed = widest(usual.texts) + 12;
    return needed <= width / Math.max(1, usual.ticks.length) ? usual : of(needed);
  }
  const marks = of(stand ? LINE : Math.max(LINE, widest(x.names) + 6));
  const room = stand ? MOST_DOWN : Math.max(44, width / Math.max(1, marks.ticks.length));
  return { ticks: marks.ticks, texts: marks.texts.map((text) => shortened(text, room)) };
}

export function roomOf(picture: Picture, view: View, { width, height }: Size): Room {
  const stand = upright(picture, width);
  const [top, bottom] = [topOf(picture), bottomOf(picture, width)];
  const y = rows(picture, view, height - top - bottom);
  const left = picture.y.names ? namesLeft(picture) : Math.max(LEFT, Math.ceil(widest(y.texts)) + BESIDE);
  return { left, right: RIGHT, top, bottom, upright: stand, x: columns(picture, view, width - left - RIGHT, stand), y };
}

/** What a picture takes of the room that it is given: square fields are as large as fit, and upright names take none of a field. */
export function sizeFor(picture: Picture, width: number, height: number): Size {
  if (!picture.square)
    return { width, height: height + (upright(picture, width) ? bottomOf(picture, width) - LYING - TITLE : 0) };
  const room = roomOf(picture, wholeView(picture), { width, height });
  const [across, down] = [room.left + room.right, room.top + room.bottom];
  const side = Math.max(90, Math.min(width - across, height - down));
  return { width: side + across, height: side + down };
}
