/** The Help menu: the course and the shortcuts. */
import type { Menu } from './command';

export function helpCommands({ app, block, drawn, always }: Menu): void {
  const { workspace } = app;
  block(
    'Help',
    1,
    {
      id: 'help.learn',
      title: 'Learn: the course',
      keys: ['$mod+Shift+KeyU'],
      keywords: ['lesson', 'chapter', 'exercise', 'course', 'tutorial'],
      whileTyping: true,
      enabled: always,
      run: () => app.learn(),
    },
    {
      id: 'help.exercise',
      title: 'Learn: exercise 1',
      keywords: ['chain rule', 'first', 'practice', 'quiz'],
      enabled: always,
      run: () => app.learn('3.6.7'),
    },
    {
      id: 'help.ownExercise',
      title: 'Exercises from this drawing',
      keywords: ['question', 'generate', 'practice', 'quiz', 'class set', 'moodle', 'gift', 'print', 'derivative'],
      enabled: () => drawn() && !app.empty,
      run: () => app.learn('3.6.13', 'own-exercise'),
    },
    {
      id: 'help.shortcuts',
      title: 'Keyboard shortcuts',
      keys: ['F1', 'Shift+?'],
      enabled: always,
      run: () => workspace.push({ kind: 'shortcuts' }),
    },
  );
}
