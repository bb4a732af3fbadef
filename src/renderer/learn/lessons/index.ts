/** The lessons in the order of the course: one list a chapter. */
import type { Lesson } from '../lesson';
import { arrays } from './arrays';
import { backpropagation } from './backpropagation';
import { chapter1 } from './chapter1';
import { chapter2 } from './chapter2';
import { training } from './training';

export const chapters: readonly { readonly number: 1 | 2 | 3; readonly title: string; readonly lessons: readonly Lesson[] }[] = [
  { number: 1, title: 'Artificial neurons', lessons: chapter1 },
  { number: 2, title: 'Artificial neural networks', lessons: chapter2 },
  { number: 3, title: 'Training a neural network', lessons: [...training, ...backpropagation, ...arrays] },
];

export const lessons: readonly Lesson[] = chapters.flatMap((chapter) => chapter.lessons);
