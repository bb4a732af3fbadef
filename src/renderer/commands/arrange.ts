/** The Arrange menu: layout, groups, layers opened into parts, operations of one’s own, alignment. */
import type { Menu } from './command';
import type { Alignment } from './target';

export function arrangeCommands({ app, block, drawn, frees, some }: Menu): void {
  const { editor, workspace } = app;
  block(
    'Arrange',
    1,
    {
      id: 'arrange.layout',
      title: 'Lay out automatically',
      keys: ['$mod+Shift+KeyL'],
      keywords: ['tidy', 'order'],
      enabled: () => drawn() && !app.empty,
      run: () => editor.layout(),
    },
    { id: 'arrange.group', title: 'Group', keys: ['$mod+KeyG'], enabled: some(1), run: () => editor.group() },
    { id: 'arrange.ungroup', title: 'Ungroup', keys: ['$mod+Shift+KeyG'], enabled: some(1), run: () => editor.ungroup() },
    {
      id: 'arrange.open',
      title: 'Open into parts',
      keys: ['$mod+Shift+KeyE'],
      keywords: ['explode', 'layer', 'neuron'],
      enabled: () => drawn() && app.selected.canOpenParts,
      run: () => app.selected.openParts(),
    },
    {
      id: 'layer.addNeuron',
      title: 'Add a neuron to the layer',
      keywords: ['unit', 'wider'],
      enabled: () => drawn() && app.selected.canAddNeuron,
      run: () => app.selected.addNeuron(),
    },
    {
      id: 'layer.openForGood',
      title: 'Open the layer into neurons for good',
      keywords: ['explode', 'single', 'units'],
      enabled: () => drawn() && app.selected.canAddNeuron,
      run: () => app.selected.openForGood(),
    },
    {
      id: 'arrange.makeOwn',
      title: 'Make an operation of my own…',
      keys: ['$mod+Shift+KeyM'],
      keywords: ['composite', 'block', 'reuse', 'name', 'custom', 'macro'],
      enabled: () => drawn() && frees('drawing') && editor.selectedNodes.length > 0,
      run: () => workspace.push({ kind: 'own' }),
    },
    {
      id: 'arrange.own',
      title: 'My operations…',
      keywords: ['composite', 'custom', 'rename', 'delete', 'edit'],
      run: () => workspace.push({ kind: 'own-list' }),
    },
  );
  const alignments: readonly (readonly [Alignment, string, number])[] = [
    ['left', 'Align left edges', 2],
    ['center-x', 'Align centres on a vertical line', 2],
    ['right', 'Align right edges', 2],
    ['top', 'Align top edges', 2],
    ['center-y', 'Align centres on a horizontal line', 2],
    ['bottom', 'Align bottom edges', 2],
    ['distribute-x', 'Distribute horizontally', 3],
    ['distribute-y', 'Distribute vertically', 3],
  ];
  for (const [how, title, count] of alignments)
    block('Arrange', 2, { id: `arrange.${how}`, title, enabled: some(count), run: () => editor.align(how) });
}
