/** The page's own scheme: files of the built window with the same headers as in browser mode. */
import { protocol } from 'electron';
import { securityHeaders, staticFile } from '../services/static-files';
import { isOwnPage, SCHEME, schemePrivileges } from './options';

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([schemePrivileges]);
}

export function handleScheme(folder: string): void {
  const headers = securityHeaders();
  protocol.handle(SCHEME, async (request) => {
    const refuse = (status: number): Response => new Response('There is no such page.\n', { status, headers });
    if (!isOwnPage(request.url) || (request.method !== 'GET' && request.method !== 'HEAD')) return refuse(404);
    const file = await staticFile(folder, new URL(request.url).pathname);
    if (!file) return refuse(404);
    return new Response(new Uint8Array(file.content), { status: 200, headers: { ...headers, 'Content-Type': file.type } });
  });
}
