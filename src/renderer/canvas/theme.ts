/** The drawing's colours, read from the page's custom properties so that light, dark and every theme follow. */
import type { OpGroup } from '../../engine/ops/op';

export interface Theme {
  readonly bg: string;
  readonly dot: string;
  readonly nodeBg: string;
  readonly nodeBorder: string;
  readonly text: string;
  readonly textDim: string;
  /** Lines that carry no number yet; drawn half transparent. */
  readonly line: string;
  readonly accent: string;
  readonly danger: string;
  readonly warning: string;
  readonly success: string;
  readonly pos: string;
  readonly neg: string;
  readonly font: string;
  readonly groups: Readonly<Record<OpGroup, string>>;
}

/** Used where a property is missing, and where there is no page at all. */
export const plainTheme: Theme = {
  bg: '#fafafb',
  dot: '#dcdce4',
  nodeBg: '#ffffff',
  nodeBorder: '#d4d4de',
  text: '#1b1b25',
  textDim: '#676778',
  line: '#676778',
  accent: '#5a45d6',
  danger: '#c4243b',
  warning: '#8a5a00',
  success: '#17734a',
  pos: '#0877bd',
  neg: '#c9600c',
  font: 'system-ui, sans-serif',
  groups: {
    own: '#2f6f8f',
    data: '#4d6070',
    arithmetic: '#8a5208',
    function: '#16756a',
    reduction: '#3d63b8',
    shape: '#5b6b1f',
    activation: '#b02d73',
    layer: '#5a45d6',
    loss: '#b93a2c',
    penalty: '#8f3a6b',
  },
};

export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const read = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const names = Object.keys(plainTheme.groups) as OpGroup[];
  const groups = Object.fromEntries(names.map((g) => [g, read(`--group-${g}`, plainTheme.groups[g])])) as Theme['groups'];
  return {
    bg: read('--canvas-bg', plainTheme.bg),
    dot: read('--canvas-dot', plainTheme.dot),
    nodeBg: read('--node-bg', plainTheme.nodeBg),
    nodeBorder: read('--node-border', plainTheme.nodeBorder),
    text: read('--text', plainTheme.text),
    textDim: read('--text-dim', plainTheme.textDim),
    line: read('--canvas-line', read('--text-dim', plainTheme.line)),
    accent: read('--accent', plainTheme.accent),
    danger: read('--danger', plainTheme.danger),
    warning: read('--warning', plainTheme.warning),
    success: read('--success', plainTheme.success),
    pos: read('--pos', plainTheme.pos),
    neg: read('--neg', plainTheme.neg),
    font: read('--font', plainTheme.font),
    groups,
  };
}
