/** Names of nodes: which may stand in a file, and what is said of one that is not there. */
import { ID_LIMIT, nearest } from './file-reader';
import type { Node } from './graph';
import { safeKey } from './json';

export const noNode = (id: string, nodes: Readonly<Record<string, Node>>): string => {
  const meant = nearest(id, Object.keys(nodes).slice(0, 2000));
  return `names the node '${id.slice(0, ID_LIMIT)}', which is not in the file. ${meant ? `Did you mean '${meant}'?` : 'Add the node, or remove this connection.'}`;
};

/** Why a text may not be the name of a node, or null. Dots build the names of edges; slashes those of parts of an opened layer. */
export function idFault(id: string): string | null {
  if (id === '') return 'a node needs a name.';
  if (id.length > ID_LIMIT) return `this name has ${id.length} characters; at most ${ID_LIMIT} are allowed.`;
  if (!safeKey(id)) return `'${id}' may not be used as a name.`;
  if (/[.\p{Cc}]/u.test(id)) return `the name '${id}' may not hold dots or control characters. Use a label for such text.`;
  if (id.split('/').includes(''))
    return `the name '${id}' may hold a slash only between an opened layer and its part, as in 'hidden/weight'.`;
  return null;
}
