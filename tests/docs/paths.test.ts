/** What the documentation points to is there: files and folders that it names, and pages that it links. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/built';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

/** Files and folders of the house, with a slash before each so that a name is never the end of another. */
const there = ['src', 'tests', 'resources', 'docs'].flatMap((top) => [
  `/${top}/`,
  ...readdirSync(join(root, top), { withFileTypes: true, recursive: true }).map(
    (entry) => `/${join(entry.parentPath, entry.name).slice(root.length + 1)}${entry.isDirectory() ? '/' : ''}`,
  ),
]);

/** `ops/name.ts` stands for a file that is still to be written, `file.csv` for one of the reader's. */
const isExample = (path: string): boolean => /\b[nN]ame\b|^(dataset:)?file\.|^train\.py$/.test(path);

/** What is said in code and reads like a place: a file of ours by its ending, a folder by its slash. */
const placesIn = (text: string): string[] =>
  [...text.matchAll(/`([\w./-]+)`/g)]
    .map((match) => match[1]!)
    .filter(
      (path) =>
        /\.(ts|svelte|mjs)$/.test(path) || /^(src|tests|resources|docs)\//.test(path) || /^[a-z][\w-]*(\/[\w-]+)*\/$/.test(path),
    )
    .filter((path) => !isExample(path) && !path.includes('node_modules'));

test.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replace(/```[\s\S]*?```/g, '');
  const missing = placesIn(text).filter((path) => {
    // A part of the window is said by its folders; `-file.ts` is the end of two names.
    const end = path.startsWith('-') ? path : `/${path.replace(/^renderer\//, 'src/renderer/')}`;
    return !there.some((one) => one.endsWith(end) || one.endsWith(`${end}/`));
  });
  const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
  missing.push(...links.filter((link) => !existsSync(join(root, dirname(page), link))));
  expect(missing).toEqual([]);
});
