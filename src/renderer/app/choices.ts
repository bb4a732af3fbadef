/** What can be found by typing: every command, page of the course, example and operation; or every node of the drawing. */
import { opOf, ops } from '../../engine/ops/index';
import type { App } from '../app.svelte';
import type { Editor } from '../editor/editor.svelte';
import { lessons } from '../learn/lessons/index';
import type { Choice } from '../panels/CommandPalette.svelte';

/** Operations of the project's own come before those of the catalogue. */
function addChoices(editor: Editor, focus: () => void): readonly Choice[] {
  const own = Object.keys(editor.project.composites ?? {}).flatMap((name) => opOf(name) ?? []);
  return [...own, ...ops.values()].map((op) => ({
    id: `add.${op.name}`,
    title: `Add ${op.title}`,
    group: 'Add a node',
    keywords: op.keywords ?? [],
    run: () => {
      editor.addOp(op.name);
      focus();
    },
  }));
}

export function commandChoices(app: App, focus: () => void): readonly Choice[] {
  const { editor, workspace, document: doc } = app;
  const examples = (): readonly Choice[] =>
    doc.examples.map((example) => ({
      id: `example.${example.name}`,
      title: `Open example: ${example.title}`,
      group: 'Examples',
      run: () => void doc.example(example),
    }));
  return [
    ...app.commands
      .filter((command) => command.enabled() && command.id !== 'view.palette')
      .map((command) => ({
        id: command.id,
        title: command.title,
        group: command.menu,
        keys: command.keys[0],
        keywords: command.keywords,
        run: command.run,
      })),
    ...lessons.map((lesson) => ({
      id: `learn.${lesson.id}`,
      title: `${lesson.id} ${lesson.title}`,
      group: 'Learn',
      keywords: ['lesson', 'page', ...(lesson.also ? [lesson.also] : [])],
      run: () => app.learn(lesson.id),
    })),
    ...(workspace.welcome ? examples() : editor.lock?.keeps.includes('drawing') ? [] : addChoices(editor, focus)),
  ];
}

export const nodeChoices = (editor: Editor, focus: () => void): readonly Choice[] =>
  Object.values(editor.project.nodes).map((node) => ({
    id: node.id,
    title: node.label ? `${node.label} (${node.id})` : node.id,
    group: opOf(node.op)?.title ?? node.op,
    run: () => {
      editor.reveal({ node: node.id });
      focus();
    },
  }));
