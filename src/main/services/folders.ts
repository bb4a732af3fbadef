/**
 * Where things are: the program's own resources, and the user's folder for settings, recovery copies and
 * the list of recent files. `CHAINRULE_HOME` puts the latter elsewhere (tests, portable use).
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder above this file that holds `resources/datasets`; works from sources, builds and packages. */
function programFolder(): string {
  let folder = import.meta.dirname;
  for (;;) {
    if (existsSync(join(folder, 'resources', 'datasets'))) return folder;
    const above = dirname(folder);
    if (above === folder) throw new Error(`The program's resources were not found above ${import.meta.dirname}.`);
    folder = above;
  }
}

const program = programFolder();
export const resources = join(program, 'resources');
/** Built files that are started by their path. */
export const builtMain = join(program, 'out', 'main');
/** The built window. */
export const rendererFolder = join(program, 'out', 'renderer');

export const version = (JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')) as { version: string }).version;

export function configFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CHAINRULE_HOME) return env.CHAINRULE_HOME;
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Chainrule');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Chainrule');
  return join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'chainrule');
}
