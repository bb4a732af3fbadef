/**
 * The security list of the shells, read off the real options, headers and answers: browser mode over real
 * HTTP (requests written by hand, since clients tidy up paths and host names), the desktop's options as data.
 */
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect as tcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startBrowserHost, type BrowserHost } from '../../src/main/browser/index';
import { isOwnPage, isPermitted, permissions, schemePrivileges, webPreferences } from '../../src/main/electron/options';
import { isSafeLink } from '../../src/main/host';
import { contentSecurityPolicy, securityHeaders, staticFile } from '../../src/main/services/static-files';

let folder: string;
let server: BrowserHost;
let cookie: string;

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** A request with exactly this path and these headers. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: server.port, path, method, headers, setHost: !('host' in headers) },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      },
    );
    request.on('error', reject);
    request.end();
  });
}

/** 'open', or the status with which the upgrade was refused. */
function socket(headers: Record<string, string>, path = '/socket?window=test-window'): Promise<'open' | number> {
  return new Promise((resolve) => {
    const ws = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
    ws.on('open', () => {
      ws.close();
      resolve('open');
    });
    ws.on('unexpected-response', (_request, response) => resolve(response.statusCode!));
    ws.on('error', () => resolve(0));
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chainrule-security-'));
  const renderer = join(folder, 'renderer');
  await mkdir(join(renderer, 'assets'), { recursive: true });
  await writeFile(join(renderer, 'index.html'), '<!doctype html><title>the page</title>');
  await writeFile(join(renderer, 'assets', 'index-12345678.js'), 'export {}');
  await writeFile(join(folder, 'secret.json'), '"secret"');
  await writeFile(join(folder, 'renderer-beside.json'), '"secret"');
  server = await startBrowserHost({ config: join(folder, 'config'), renderer });
  const entry = await ask(new URL(server.url).pathname + new URL(server.url).search);
  expect(entry.status).toBe(303);
  cookie = String(entry.headers['set-cookie']).split(';')[0]!;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe('browser mode', () => {
  test('listens on the loopback address only', async () => {
    const { networkInterfaces } = await import('node:os');
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address && !address.internal && address.family === 'IPv4')?.address;
    if (!outside) return;
    const reached = await new Promise<boolean>((resolve) => {
      const connection = tcp(server.port, outside, () => {
        connection.destroy();
        resolve(true);
      });
      connection.on('error', () => resolve(false));
    });
    expect(reached).toBe(false);
  });

  test('exchanges the token once, for a cookie that scripts and other sites cannot use', async () => {
    const url = new URL(server.newUrl());
    const first = await ask(url.pathname + url.search);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe('/');
    expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly/);
    expect(String(first.headers['set-cookie'])).toMatch(/SameSite=Strict/);
    const again = await ask(url.pathname + url.search);
    expect(again.status).toBe(403);
    expect(again.text).toMatch(/was used before/);
    expect(again.headers['set-cookie']).toBeUndefined();
    // With the cookie the same address is only a reload.
    expect((await ask(url.pathname + url.search, { cookie })).status).toBe(303);
  });

  test('answers nothing without the session', async () => {
    for (const path of ['/', '/index.html', '/assets/index-12345678.js', '/?token=wrong', '/?token=']) {
      const answer = await ask(path);
      expect(answer.status).toBe(403);
      expect(answer.text).not.toMatch(/the page/);
    }
    expect((await ask('/', { cookie: `chainrule-${server.port}=wrong` })).status).toBe(403);
    expect((await ask('/', { cookie })).text).toMatch(/the page/);
  });

  test('answers only to its own name (DNS rebinding)', async () => {
    for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1', `127.0.0.1:${server.port + 1}`, ''])
      expect((await ask('/', { host, cookie })).status).not.toBe(200);
    expect((await ask('/', { host: `localhost:${server.port}`, cookie })).status).toBe(200);
  });

  test('opens sockets only for its own page', async () => {
    const origin = `http://127.0.0.1:${server.port}`;
    expect(await socket({ cookie, origin })).toBe('open');
    expect(await socket({ cookie })).toBe(403);
    expect(await socket({ origin })).toBe(403);
    expect(await socket({ cookie, origin: 'http://evil.example' })).toBe(403);
    expect(await socket({ cookie, origin: 'null' })).toBe(403);
    expect(await socket({ cookie, origin: `https://127.0.0.1:${server.port}` })).toBe(403);
    expect(await socket({ cookie, origin: 'http://evil.example', host: 'evil.example' })).toBe(403);
    expect(await socket({ cookie, origin }, '/other?window=test-window')).toBe(403);
    expect(await socket({ cookie, origin }, '/socket')).toBe(403);
    expect(await socket({ cookie, origin }, '/socket?window=../../x')).toBe(403);
  });

  test('survives messages that are none, and ends their connection', async () => {
    const origin = `http://127.0.0.1:${server.port}`;
    for (const garbage of [Buffer.from('garbage'), 'text', Buffer.alloc(0), Buffer.from([0, 0, 0, 1, 255, 255, 255, 255])]) {
      const ws = new WebSocket(`ws://127.0.0.1:${server.port}/socket?window=garbage-window`, { headers: { cookie, origin } });
      await new Promise((resolve) => ws.once('open', resolve));
      const closed = new Promise<number>((resolve) => ws.once('close', resolve));
      ws.send(garbage);
      expect(await closed).toBe(1003);
    }
    expect((await ask('/', { cookie })).status).toBe(200);
  });

  test('sends the isolation headers and the policy with every answer', async () => {
    for (const answer of [
      await ask('/', { cookie }),
      await ask('/'),
      await ask('/nothing', { cookie }),
      await ask('/', { cookie }, 'POST'),
    ]) {
      expect(answer.headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(answer.headers['cross-origin-embedder-policy']).toBe('require-corp');
      expect(answer.headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'/);
    }
    expect((await ask('/', { cookie }, 'POST')).status).toBe(405);
  });

  test('leaves its folder on no path', async () => {
    for (const path of [
      '/../secret.json',
      '/..%2fsecret.json',
      '/%2e%2e/secret.json',
      '/%2e%2e%2fsecret.json',
      '/assets/../../secret.json',
      '/assets/..%5c..%5csecret.json',
      '/..\\secret.json',
      '//secret.json',
      '/../renderer-beside.json',
      '/%00/../secret.json',
      '/C:/secret.json',
      '/%E0%A4%A',
      `/${folder}/secret.json`,
    ]) {
      const answer = await ask(path, { cookie });
      expect([403, 404, 400]).toContain(answer.status);
      expect(answer.text).not.toMatch(/secret"/);
    }
  });

  test('serves known kinds of files only, those with a hash for ever', async () => {
    const script = await ask('/assets/index-12345678.js', { cookie });
    expect(script.headers['content-type']).toMatch(/text\/javascript/);
    expect(script.headers['cache-control']).toMatch(/immutable/);
    expect((await ask('/', { cookie })).headers['cache-control']).toBe('no-cache');
    await symlink('/etc/hostname', join(folder, 'renderer', 'link')).catch(() => undefined);
    expect(await staticFile(join(folder, 'renderer'), '/link')).toBeNull();
  });
});

describe('the policy', () => {
  test('loads nothing from elsewhere and runs no inline script', () => {
    const policy = contentSecurityPolicy();
    const rules = new Map(policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1)] as const));
    expect(rules.get('default-src')).toEqual(["'none'"]);
    expect(rules.get('script-src')).toEqual(["'self'", "'wasm-unsafe-eval'"]);
    // Styles in the page only of known content: the pointers that are shown while a divider is dragged.
    const [own, ...known] = rules.get('style-src')!;
    expect(own).toBe("'self'");
    expect(known).toHaveLength(7);
    for (const one of known) expect(one).toMatch(/^'sha256-[\w+/]{43}='$/);
    expect(rules.get('worker-src')).toEqual(["'self'"]);
    expect(rules.get('connect-src')).toEqual(["'self'"]);
    expect(rules.get('frame-ancestors')).toEqual(["'none'"]);
    expect(rules.get('base-uri')).toEqual(["'none'"]);
    expect(policy).not.toMatch(/unsafe-eval'(?!;)(?<!wasm-unsafe-eval')|https?:|\*/);
    expect(securityHeaders()['Cross-Origin-Opener-Policy']).toBe('same-origin');
  });
});

describe('the desktop window', () => {
  test('is sandboxed, isolated, and without Node', () => {
    expect(webPreferences('/preload.cjs')).toMatchObject({
      preload: '/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
    });
  });

  test('has its own secure scheme, which does not get around the policy', () => {
    expect(schemePrivileges.privileges).toMatchObject({ standard: true, secure: true });
    expect(schemePrivileges.privileges).not.toHaveProperty('bypassCSP');
    expect(schemePrivileges.privileges).not.toHaveProperty('corsEnabled');
  });

  test('listens only to its own page', () => {
    expect(isOwnPage('chainrule://app/index.html')).toBe(true);
    for (const url of [
      'chainrule://evil/index.html',
      'https://app/',
      'file:///app',
      'chainrule:app',
      'about:blank',
      '',
      'chainrule://app.evil/',
    ])
      expect(isOwnPage(url)).toBe(false);
  });

  test('has no permission that is not in its table', () => {
    expect(Object.keys(permissions).sort()).toEqual(['clipboard-read', 'clipboard-sanitized-write']);
    for (const other of [
      'media',
      'geolocation',
      'notifications',
      'openExternal',
      'hid',
      'serial',
      'usb',
      'constructor',
      'toString',
    ])
      expect(isPermitted(other)).toBe(false);
  });

  test('opens https links only', () => {
    expect(isSafeLink('https://example.org/a?b#c')).toBe(true);
    for (const url of [
      'http://example.org',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'https://user:pass@example.org',
      'smb://x',
      'data:text/html,x',
      '\\\\server\\share',
      '',
    ])
      expect(isSafeLink(url)).toBe(false);
  });
});
