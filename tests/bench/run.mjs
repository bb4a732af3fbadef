/** Starts the bench. Its files are TypeScript as Vite reads it, so Vite runs them. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const path = fileURLToPath(new URL('./main.ts', import.meta.url));
const { module } = await runnerImport(path, { configFile: false, logLevel: 'error' });
process.exit(await module.main(process.argv.slice(2), (url) => import(url)));
