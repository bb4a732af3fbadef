/**
 * Runs exported programs for the check after an export, in a Python of the user's machine that has their library. Without
 * one there is no such check, and nothing is installed. The program lies in a folder of its own for that time; it is
 * started without a shell, and stopped when it takes too long.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { PythonProgram } from '../../engine/export/exporter';
import type { RunPython } from '../../engine/export/verify';

/** Milliseconds for one Python on a user's machine; PyTorch alone takes some seconds to load. */
const PATIENCE = 45_000;
const NO_LIBRARY = 3;
/** Apple's stand-in asks to install developer tools when it is run; the real one lies elsewhere. */
const STAND_IN = '/usr/bin/python3';
const APPLES_OWN = '/Library/Developer/CommandLineTools/usr/bin/python3';

/** `${answers}` stands where the format says how it is asked. */
const script = ({ module, answers }: PythonProgram): string => `import json, os, platform, sys
folder = sys.argv[1]
try:
    import numpy as np
    import ${module} as library
except Exception:
    sys.exit(${NO_LIBRARY})
sys.path.insert(0, folder)
shapes = json.load(open(os.path.join(folder, 'shapes.json')))
inputs = [np.fromfile(os.path.join(folder, f'input{i}.bin'), np.float32).reshape(shape) for i, shape in enumerate(shapes)]
import model
${answers}
np.asarray(outputs, np.float32).tofile(os.path.join(folder, 'outputs.bin'))
print(platform.python_version(), library.__version__.split('+')[0])
`;

/** Pythons on the path, each once. */
async function pythons(path: string): Promise<readonly string[]> {
  const names = process.platform === 'win32' ? ['python.exe', 'python3.exe'] : ['python3', 'python'];
  const found = new Map<string, string>();
  for (const folder of path.split(delimiter).filter((part) => part !== ''))
    for (const name of names) {
      const file = join(folder, name);
      const candidate = process.platform === 'darwin' && file === STAND_IN ? APPLES_OWN : file;
      try {
        await access(candidate, constants.X_OK);
        const real = await realpath(candidate);
        if (!found.has(real)) found.set(real, candidate);
      } catch {
        // There is none.
      }
    }
  return [...found.values()];
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

const run = (python: string, args: readonly string[], cwd: string, patience: number): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, PYTHONIOENCODING: 'utf-8', PYTHONDONTWRITEBYTECODE: '1' };
    execFile(python, args, { cwd, env, timeout: patience, windowsHide: true, maxBuffer: 2 ** 20 }, (error, out, errors) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, out, errors }),
    );
  });

/** Runs in the first Python on `path` that has the library. */
export const pythonOn =
  (path: string, patience = PATIENCE): RunPython =>
  async (program, files, inputs) => {
    const all = await pythons(path);
    if (all.length === 0) return { absent: 'there is no Python on this machine' };
    const folder = await mkdtemp(join(tmpdir(), 'chainrule-check-'));
    try {
      for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
      await writeFile(join(folder, 'shapes.json'), JSON.stringify(inputs.map(({ shape }) => shape)));
      for (const [i, { data }] of inputs.entries()) await writeFile(join(folder, `input${i}.bin`), Float32Array.from(data));
      for (const python of all) {
        const { code, out, errors } = await run(python, ['-c', script(program), folder], folder, patience);
        if (code === NO_LIBRARY) continue;
        if (code === null) return { absent: `Python took longer than ${patience / 1000} seconds` };
        if (code !== 0) return { stopped: errors.trim().split('\n').at(-1) || `it ended with ${code}` };
        const bytes = await readFile(join(folder, 'outputs.bin'));
        const [version, library] = out.trim().split(' ');
        return {
          output: new Float32Array(new Uint8Array(bytes).buffer),
          ranBy: `Python ${version} with ${program.title} ${library}, model.py itself`,
        };
      }
      return { absent: `no Python on this machine has ${program.title}` };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

export const runPython: RunPython = (...asked) => pythonOn(process.env['PATH'] ?? '')(...asked);
