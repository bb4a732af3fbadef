/** Turning pages of the course, and what an exercise keeps while somebody does it. */
import { describe, expect, test } from 'vitest';
import { courseExercises } from '../../../src/engine/teach/course-exercises';
import { Course, lessonInHash } from '../../../src/renderer/learn/course.svelte';
import { Session } from '../../../src/renderer/learn/exercise/session.svelte';
import { type Memory, Progress } from '../../../src/renderer/learn/progress.svelte';

const memory = (text: string | null = null): Memory => ({
  read: () => text,
  write: (next) => {
    text = next;
  },
});

describe('the course', () => {
  test('an address names a page, or none', () => {
    expect(lessonInHash('#learn/3.6.7')).toBe('3.6.7');
    expect(lessonInHash('#learn/9.9')).toBeNull();
    expect(lessonInHash('#other')).toBeNull();
    expect(lessonInHash('')).toBeNull();
  });
  test('it opens where it was left, and pages keep what was seen on them', () => {
    const kept = memory();
    const course = new Course(new Progress(kept));
    expect(course.go('nowhere')).toBe(false);
    course.go('1.7');
    course.report('one', true);
    course.go('1.8');
    expect(course.facts).toEqual({});
    course.go('1.7');
    expect(course.facts).toEqual({ one: true });
    expect(new Course(new Progress(kept)).id).toBe('1.7');
  });
});

describe('an exercise', () => {
  const one = courseExercises.find((e) => e.id === '1')!;
  const start = (): { session: Session; said: Set<string> } => {
    const said = new Set<string>();
    const session = new Session({
      project: one.project,
      node: one.node,
      title: one.title,
      printed: one.values,
      seed: null,
      report: (name) => said.add(name),
    });
    return { session, said };
  };
  test('shows nothing but what is given until it is solved', () => {
    const { session, said } = start();
    expect([...(session.shown.values as ReadonlySet<string>)].sort()).toEqual(['a', 'b', 't', 'x']);
    session.choose('A');
    expect(session.pick!.mistake).toBe('added');
    expect(session.shown.gradients).toBe('none');
    session.choose('B');
    expect(session.shown).toEqual({ values: 'all', locals: 'all', gradients: 'all' });
    expect(said).toEqual(new Set(['solved', 'solved Exercise 1']));
  });
  test('filling in counts what was found at once, later, and shown; shown numbers solve nothing', () => {
    const { session, said } = start();
    session.entry = '4';
    session.fill();
    expect(session.slip!.verdict).toBe('wrong');
    session.entry = '3';
    session.fill();
    expect(session.outcomes).toEqual(['later']);
    while (session.blank) {
      if (session.outcomes.length === 1) session.reveal();
      else {
        session.entry = String(session.blank.answer);
        session.fill();
      }
    }
    expect(session.outcomes.filter((o) => o === 'first')).toHaveLength(session.blanks.length - 2);
    expect(said.has('solved')).toBe(false);
  });
  test('the same seed gives the same numbers, and new numbers start over', () => {
    const { session } = start();
    session.choose('B');
    session.renew(7);
    expect(session.solved).toBe(false);
    const again = start().session;
    again.renew(7);
    expect(again.question!.answer).toBe(session.question!.answer);
    expect(again.question!.choices).toEqual(session.question!.choices);
  });
});
