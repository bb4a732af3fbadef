/** A run of the history comes back into the window, with its weights where they were kept. */
import { exchange } from '../../engine/graph/edits';
import type { Parts } from './parts';
import { sentence } from './sentence';

/** A run of the history: its drawing, its settings and its weights, in this project or as one of their own. */
export async function bringBack(parts: Parts, id: string, where: 'here' | 'new', which: 'last' | 'best'): Promise<void> {
  try {
    const [detail, checkpoint, best] = await Promise.all([
      parts.host.runDetail(id),
      parts.host.runCheckpoint(id),
      which === 'best' ? parts.host.runBest(id) : null,
    ]);
    const { name } = detail;
    if (where === 'here') parts.editor.edit(`Bring back ${name}`, exchange(detail.project, 'bookmarks'));
    else if (!(await parts.document.draft(detail.project))) return;
    await parts.run.settled();
    const { points, seconds } = detail;
    const stands = checkpoint !== null && (await parts.run.restore(checkpoint, points, best === null ? { id, seconds } : null));
    if (stands && best !== null) await parts.run.setWeights(best.weights);
    parts.camera?.fit();
    parts.notify(
      stands
        ? {
            kind: 'success',
            title: `${name} is back`,
            text:
              best === null
                ? `It stands after epoch ${checkpoint.epoch} of ${detail.project.settings.training.epochs}; training goes on from there.`
                : `With the weights of epoch ${best.epoch}.`,
          }
        : {
            kind: 'info',
            title: `The drawing of ${name} is back`,
            text: 'Its weights were not kept, or do not fit; it starts from new ones.',
          },
    );
  } catch (error) {
    parts.notify({ kind: 'error', title: 'The run could not be brought back', text: sentence(error) });
  }
}
