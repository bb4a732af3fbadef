#!/usr/bin/env node
/** Entry of the command `chainrule`: the terminal's streams, and Ctrl+C. */
import type { WriteStream } from 'node:tty';
import { runCli } from './run';

// A reader that closes early (`chainrule step … | head`) ends the command without a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** Ctrl+C keeps its usual meaning until a command asks to be told. */
let interrupted: Promise<void> | null = null;
const listen = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });

process.exitCode = await runCli(process.argv.slice(2), {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  terminal: process.stderr.isTTY ? (process.stderr as WriteStream) : null,
  get interrupted() {
    interrupted ??= listen();
    return interrupted;
  },
  input: process.stdin,
  folder: process.cwd(),
});
