/**
 * The built window as files, for the two shells that serve it, and the headers that go with every answer:
 * nothing from elsewhere may be loaded, and the page is isolated, so that shared memory works.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';

/** While a divider is dragged, the panes' library writes one of these rules into the page, word for word, in an empty style. */
const dragged = ['', ...['ew', 'w', 'e', 'ns', 'n', 's'].map((way) => `*{cursor: ${way}-resize!important;}`)];
const hashes = dragged.map((rule) => `'sha256-${createHash('sha256').update(rule).digest('base64')}'`);

/**
 * `'wasm-unsafe-eval'` because the worker instantiates generated WebAssembly; style attributes because
 * KaTeX and positioned popups write them (no style elements but those of known content).
 */
export function contentSecurityPolicy(socket = ''): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src 'self' ${hashes.join(' ')}`,
    "style-src-attr 'unsafe-inline'",
    "worker-src 'self'",
    "font-src 'self'",
    "img-src 'self' data: blob:",
    `connect-src 'self'${socket && ` ${socket}`}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export const securityHeaders = (socket = ''): Readonly<Record<string, string>> => ({
  'Content-Security-Policy': contentSecurityPolicy(socket),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()',
});

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
};

export interface StaticFile {
  readonly content: Uint8Array;
  readonly type: string;
  /** The name holds a hash of the content, so it may be kept for ever. */
  readonly lasting: boolean;
}

/** A file below `folder`, or null: outside of it, of an unknown kind, or absent. */
export async function staticFile(folder: string, urlPath: string): Promise<StaticFile | null> {
  let path: string;
  try {
    path = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (/[\p{Cc}\\:]/u.test(path)) return null;
  if (path.endsWith('/')) path += 'index.html';
  const root = resolve(folder);
  const full = resolve(join(root, path));
  if (!full.startsWith(root + sep)) return null;
  const type = types[extname(full).toLowerCase()];
  if (!type) return null;
  try {
    return { content: await readFile(full), type, lasting: /-[\w-]{8}\.\w+$/.test(full) };
  } catch {
    return null;
  }
}
