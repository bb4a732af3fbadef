/** How formulas write arrays everywhere in the window: vectors as rows or as columns. Remembered on this machine. */
import type { Convention } from '../../engine/ir/latex';

const KEY = 'chainrule.convention';

export class Notation {
  convention = $state<Convention>('row');

  constructor(
    readonly storage: Pick<Storage, 'getItem' | 'setItem'> | null = typeof localStorage === 'undefined' ? null : localStorage,
  ) {
    if (storage?.getItem(KEY) === 'column') this.convention = 'column';
  }

  choose(convention: Convention): void {
    this.convention = convention;
    this.storage?.setItem(KEY, convention);
  }

  turn(): void {
    this.choose(this.convention === 'row' ? 'column' : 'row');
  }
}
