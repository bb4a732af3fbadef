/** A project with its trained numbers as exporters take it. */
import { EVALUATION_BATCH } from '../compile/compile';
import { expand } from '../compile/expand';
import { infer } from '../compile/infer';
import { prepare, programOf } from '../compile/program';
import type { Project } from '../graph/project';
import type { Tensor } from '../ir/shape';
import type { DatasetInfo } from '../train/dataset';
import type { Model } from './exporter';

export function modelOf(project: Project, weights: Readonly<Record<string, Tensor>>, data: DatasetInfo | null): Model {
  return {
    title: project.settings.title,
    graph: expand(project, infer(project).shapes).graph,
    program: programOf(prepare(project, data), 'forward', EVALUATION_BATCH),
    weights,
    data,
  };
}
