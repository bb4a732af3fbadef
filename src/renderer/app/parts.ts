/** The parts of the window, as those see them who act on several at once. */
import type { HostApi } from '../../main/contract';
import type { Editor } from '../editor/editor.svelte';
import type { Workspace } from '../panels/workspace.svelte';
import type { OpenDocument } from '../run/document.svelte';
import type { Run } from '../run/run.svelte';
import type { News } from '../ui/toast';

export interface Camera {
  zoomIn(): void;
  zoomOut(): void;
  centerOn(ids: readonly string[]): void;
  fit(): void;
}

export interface Parts {
  readonly host: HostApi;
  readonly editor: Editor;
  readonly workspace: Workspace;
  readonly run: Run;
  readonly document: OpenDocument;
  readonly camera: Camera | null;
  notify(news: News): void;
}
