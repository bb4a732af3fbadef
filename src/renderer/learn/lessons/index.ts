/** The lessons in the order of the course: one list a chapter. */
import type { Lesson } from '../lesson';
import { chapter1 } from './chapter1';
import { chapter2 } from './chapter2';
import { chapter3 } from './chapter3';

export const chapters: readonly { readonly number: 1 | 2 | 3; readonly title: string; readonly lessons: readonly Lesson[] }[] = [
  { number: 1, title: 'Artificial neurons', lessons: chapter1 },
  { number: 2, title: 'Artificial neural networks', lessons: chapter2 },
  { number: 3, title: 'Training a neural network', lessons: chapter3 },
];

export const lessons: readonly Lesson[] = chapters.flatMap((chapter) => chapter.lessons);
