/** `chainrule serve`: the window in the user's own browser, until Ctrl+C. */
import { type Io, json, type Status } from './io';

export interface ServeOptions {
  readonly port?: number;
  readonly open: boolean;
  readonly json?: boolean;
}

export async function serve(io: Io, { port, open, json: asJson }: ServeOptions): Promise<Status> {
  // Loaded when asked for: the other commands need no server.
  const { startBrowserHost } = await import('../browser/index');
  const host = await startBrowserHost({ open, ...(port === undefined ? {} : { port }) });
  if (asJson) json(io, { event: 'serving', url: host.url, port: host.port });
  else io.out(`Chainrule is at ${host.url}`);
  io.err('Press Ctrl+C to end it.');
  await io.interrupted;
  await host.close();
  return 0;
}
