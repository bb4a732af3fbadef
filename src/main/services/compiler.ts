/**
 * Compiling, with the latest results kept: an undo, a second window or a moved node asks for a program
 * that was made before. What a program depends on is exactly its key, so nothing stale can come back.
 */
import type { Profile } from '../../engine/backends/backend';
import { backends } from '../../engine/backends/index';
import { compile } from '../../engine/compile/compile';
import type { Result } from '../../engine/graph/diagnostics';
import type { Project } from '../../engine/graph/project';
import type { BackendWish, Plans } from '../../engine/plan';
import type { DatasetInfo } from '../../engine/data/dataset';

const KEPT = 8;
/** Larger programs are not kept: eight of them would fill the memory. */
const KEPT_CHARACTERS = 4_000_000;

export class Compiler {
  private readonly results = new Map<string, Result<Plans>>();
  /** For the test: how many requests were answered from memory. */
  hits = 0;

  compile(project: Project, profile: Profile, backend: BackendWish, revision: number, data: DatasetInfo | null): Result<Plans> {
    // Positions, labels and groups are drawn, not computed.
    const nodes = Object.values(project.nodes).map(({ id, op, attrs }) => [id, op, attrs]);
    const edges = Object.values(project.edges).map(({ from, to, port }) => [from, to, port]);
    const columns = data && [data.task, data.features.map((c) => c.name), data.targets.map((c) => c.name), data.classes];
    const key = JSON.stringify([nodes, edges, project.settings.training, columns, profile, backend]);
    const kept = this.results.get(key);
    if (kept) {
      this.hits++;
      this.results.delete(key);
      this.results.set(key, kept);
      return kept.ok ? { ok: true, value: { ...kept.value, revision } } : kept;
    }
    const result = compile({ project, data, profile, backend, revision, race: true, watched: true }, backends);
    if (key.length < KEPT_CHARACTERS) {
      this.results.set(key, result);
      if (this.results.size > KEPT) this.results.delete(this.results.keys().next().value!);
    }
    return result;
  }
}
