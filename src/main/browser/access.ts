/**
 * Who may talk to browser mode. A token in the address, good for one use, is exchanged for a session cookie;
 * after that only requests with the cookie, this server's own host name and, for the socket, its own origin
 * are answered. Other programs' pages in the same browser have none of the three.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const secret = (): string => randomBytes(32).toString('base64url');

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

export class Access {
  private readonly tokens = new Set<string>();
  private readonly session = secret();

  constructor(private readonly port: number) {}

  /** A new token for one more browser. */
  issue(): string {
    const token = secret();
    this.tokens.add(token);
    return token;
  }

  /** Uses a token up. */
  redeem(token: string): boolean {
    for (const known of this.tokens)
      if (same(known, token)) {
        this.tokens.delete(known);
        return true;
      }
    return false;
  }

  /** Cookies do not know ports, so the name does. */
  private get cookieName(): string {
    return `chainrule-${this.port}`;
  }
  get cookie(): string {
    return `${this.cookieName}=${this.session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  hasSession(request: IncomingMessage): boolean {
    return (request.headers.cookie ?? '').split(';').some((part) => {
      const [name, value = ''] = part.trim().split('=', 2);
      return name === this.cookieName && same(value, this.session);
    });
  }

  /** A page on another name that resolves to this machine sends its own name here (DNS rebinding). */
  hasOwnHost(request: IncomingMessage): boolean {
    const host = request.headers.host ?? '';
    return host === `127.0.0.1:${this.port}` || host === `localhost:${this.port}`;
  }

  hasOwnOrigin(request: IncomingMessage): boolean {
    return request.headers.origin === `http://${request.headers.host}` && this.hasOwnHost(request);
  }
}
