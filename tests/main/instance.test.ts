/** Which other programs of the same user still live: locks and recovery copies are judged by it. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Instance, startInstance } from '../../src/main/services/instance';

let config = '';
let own: Instance;
beforeAll(async () => {
  config = mkdtempSync(join(tmpdir(), 'chainrule-instance-'));
  own = await startInstance(config);
});
afterAll(async () => {
  await own.close();
  rmSync(config, { recursive: true, force: true });
});

const fileOf = (id: string): string => join(config, 'instances', `${id}.alive`);

/** Another program, as its file tells of it. `age`: seconds since it touched the file. */
function another(pid: number, host = hostname(), age = 0): string {
  const id = randomUUID();
  writeFileSync(fileOf(id), `${pid} ${host}`);
  const then = Date.now() / 1000 - age;
  utimesSync(fileOf(id), then, then);
  return id;
}

/** The number of a process that was, and is no more. */
async function gone(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await new Promise((resolve) => child.on('exit', resolve));
  return child.pid!;
}

test('it lives itself, and so does another that still touches its file', async () => {
  expect(await own.isAlive(own.id)).toBe(true);
  const other = await startInstance(config);
  expect(await own.isAlive(other.id)).toBe(true);
  expect(await other.isAlive(own.id)).toBe(true);
  await other.close();
  expect(await own.isAlive(other.id)).toBe(false);
  expect(readdirSync(join(config, 'instances'))).toEqual([`${own.id}.alive`]);
});

test('one whose process is gone is dead at once, however fresh its file is', async () => {
  expect(await own.isAlive(another(await gone()))).toBe(false);
});

test('a process number that was given to another program does not keep a dead one alive', async () => {
  expect(await own.isAlive(another(process.pid))).toBe(true);
  expect(await own.isAlive(another(process.pid, hostname(), 60))).toBe(false);
});

test('of a program on another machine, in a shared home, only its file tells', async () => {
  const pid = await gone();
  expect(await own.isAlive(another(pid, `not-${hostname()}`))).toBe(true);
  expect(await own.isAlive(another(pid, `not-${hostname()}`, 60))).toBe(false);
});

test('an empty file, as older versions wrote it, counts by its age', async () => {
  const id = randomUUID();
  writeFileSync(fileOf(id), '');
  expect(await own.isAlive(id)).toBe(true);
});

test('names that are none are never looked for', async () => {
  mkdirSync(join(config, 'elsewhere'));
  writeFileSync(join(config, 'elsewhere', 'x.alive'), `${process.pid} ${hostname()}`);
  for (const id of ['', '../elsewhere/x', `${own.id}/../${own.id}`, 'x'.repeat(36)])
    expect(await own.isAlive(id), id).toBe(false);
});

test('its file is for the user alone, and a home that cannot be written costs only that', async () => {
  if (process.platform !== 'win32') expect(statSync(fileOf(own.id)).mode & 0o077).toBe(0);
  writeFileSync(join(config, 'file'), '');
  const homeless = await startInstance(join(config, 'file'));
  expect(await homeless.isAlive(homeless.id)).toBe(true);
  await homeless.close();
});
