/**
 * What a teacher's lock forbids: a rule on edits, asked in the one place through which all of them go. The
 * answer is a sentence for whoever tried. How the lock stands in a file is read here too.
 */
import { type Reader, shown } from './file-reader';
import { type Lock, lockHides, lockKeeps, type Project, type Settings } from './project';

/** Equality of settings: small plain values. */
const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

const seedsOf = ({ data, split, training }: Settings): readonly unknown[] => [
  training.seed,
  split.seed,
  data.kind === 'generator' ? data.seed : null,
];
const withoutSeed = <T extends object>(value: T): T => ({ ...value, seed: 0 });

/** Whether trained numbers may not be changed by hand. */
export const keepsNumbers = (lock: Lock | undefined): boolean =>
  lock !== undefined && (lock.keeps.includes('drawing') || lock.keeps.includes('seeds'));

/** Why the lock of `before` does not allow this edit, or null. `changesNumbers`: trained numbers are typed or dragged. */
export function lockRefusal(before: Project, after: Project, changesNumbers = false): string | null {
  const [was, is] = [before.settings, after.settings];
  const { lock } = was;
  if (!lock) return null;
  const keeps = (what: Lock['keeps'][number]): boolean => lock.keeps.includes(what);
  if (is.lock !== lock) return 'This project is locked. Open the lock first.';
  if (
    keeps('drawing') &&
    (before.nodes !== after.nodes || before.edges !== after.edges || before.composites !== after.composites)
  )
    return 'The drawing is locked by the teacher. Nodes can be moved, but not changed.';
  if (
    keeps('data') &&
    !(same(withoutSeed(was.data), withoutSeed(is.data)) && same(withoutSeed(was.split), withoutSeed(is.split)))
  )
    return 'The data are locked by the teacher.';
  if (keeps('training') && !same(withoutSeed(was.training), withoutSeed(is.training)))
    return 'The training settings are locked by the teacher.';
  if (keeps('seeds') && !same(seedsOf(was), seedsOf(is)))
    return 'The seeds are fixed by the teacher, so that everybody sees the same numbers.';
  if (changesNumbers && keepsNumbers(lock))
    return 'The numbers are fixed by the teacher; training may change them, typing may not.';
  return null;
}

export function readLock(reader: Reader | null): Pick<Settings, 'lock'> {
  if (!reader) return {};
  const list = <T extends string>(key: string, known: readonly T[]): readonly T[] => {
    const given = reader.texts(key, []);
    const odd = given.find((one) => !(known as readonly string[]).includes(one));
    if (odd !== undefined) reader.faults.add(reader.at(key), `holds ${shown(odd)}. Known are: ${known.join(', ')}.`);
    return known.filter((one) => given.includes(one));
  };
  const password = reader.object('password');
  const lock: Lock = {
    keeps: list('keeps', lockKeeps),
    hides: list('hides', lockHides),
    answers: reader.flag('answers', false),
    ...(password
      ? { password: { salt: password.text('salt', undefined, 200), hash: password.text('hash', undefined, 200) } }
      : {}),
  };
  password?.end();
  reader.end();
  return { lock };
}
