/** What commands act on, as narrow as they need it: the composition root offers it, tests offer a small stand-in. */
import type { Library } from '../../engine/export/python/library';
import type { Lock } from '../../engine/graph/project';
import type { Lens } from '../editor/lens';
import type { BottomTab, OpenDialog, SideTab, Theme } from '../panels/workspace.svelte';

export type Alignment = 'left' | 'right' | 'top' | 'bottom' | 'center-x' | 'center-y' | 'distribute-x' | 'distribute-y';

export interface CommandTarget {
  readonly editor: {
    readonly lock: Lock | null;
    readonly selection: ReadonlySet<string>;
    readonly selectedNodes: readonly string[];
    readonly canUndo: boolean;
    readonly canRedo: boolean;
    readonly undoLabel: string | null;
    readonly redoLabel: string | null;
    undo(): void;
    redo(): void;
    deleteSelection(): void;
    duplicateSelection(): void;
    selectAll(): void;
    group(): void;
    ungroup(): void;
    align(how: Alignment): void;
    layout(): void;
  };
  readonly clipboard: {
    copy(cut: boolean): Promise<void>;
    /** The whole drawing as Python for that library. */
    copyCode(library: Library): Promise<void>;
    paste(): Promise<void>;
  };
  /** What is selected, or the part that is seen through a lens. */
  readonly selected: {
    /** Through another lens: the whole drawing, or what is selected. */
    look(lens: Lens, at: 'whole' | 'selection'): void;
    readonly canLookCloser: boolean;
    readonly canOpenParts: boolean;
    openParts(): void;
    readonly canDerive: boolean;
    readonly canAskDeath: boolean;
    whenNeuronDied(): Promise<void>;
    readonly canAddNeuron: boolean;
    addNeuron(): void;
    openForGood(): void;
    remove(): void;
  };
  readonly run: {
    readonly running: boolean;
    readonly canTrain: boolean;
    readonly canStep: boolean;
    readonly busy: boolean;
    readonly backend: string | null;
    readonly notation: { turn(): void };
    readonly live: { showForward: boolean; showBackward: boolean };
    readonly stepper: {
      readonly trace: unknown;
      next(): void;
      back(): void;
      nextPhase(): void;
      previousPhase(): void;
      finishPhase(): void;
      runTo(node: string): boolean;
      stepInside(): void;
      faster(): void;
      slower(): void;
      toggle(): void;
    };
    readonly timeline: {
      readonly index: number;
      readonly inPast: boolean;
      readonly moments: readonly unknown[];
      readonly moment: { readonly id: number; readonly epoch: number; readonly bookmark: string | null } | null;
      seek(index: number): Promise<void>;
      bookmark(moment: number | null, name: string | null): Promise<void>;
    };
    toggle(): Promise<void>;
    stepOnce(): Promise<void>;
    epochOnce(): Promise<void>;
  };
  readonly workspace: {
    readonly welcome: boolean;
    readonly leftOpen: boolean;
    readonly rightOpen: boolean;
    readonly bottomOpen: boolean;
    setTheme(theme: Theme): void;
    show(tab: SideTab): void;
    showBottom(tab: BottomTab): void;
    /** A plot of the results by the names of the parts of the panel that show it. */
    showPlot(parts: readonly string[], title: string, missing: string): void;
    push(dialog: OpenDialog): void;
  };
  readonly camera: { zoomIn(): void; zoomOut(): void; fit(): void } | null;
  readonly empty: boolean;
  readonly hasKeptWeights: boolean;
  queue(): Promise<void>;
  newProject(): Promise<void>;
  newFromData(): void;
  open(): Promise<void>;
  save(as: boolean): Promise<boolean>;
  startPage(): Promise<void>;
  learn(page?: string, figure?: 'own-exercise'): void;
  keepWeights(): Promise<void>;
  dropWeights(): void;
  reset(seed: 'same' | 'new'): Promise<void>;
  /** A row of numbers can be typed for the drawing. */
  readonly canTypeRow: boolean;
  stepThrough(): Promise<void>;
  deriveSelected(): Promise<void>;
  present(): void;
  rename(): void;
  togglePane(pane: 'left' | 'right' | 'bottom'): void;
}
