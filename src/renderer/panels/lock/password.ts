/**
 * A teacher's password as it stands in a project file: never itself, only what PBKDF2 makes of it, so that
 * a password that is used elsewhere does not travel with an exercise sheet.
 */
import type { Lock } from '../../../engine/graph/project';

type Stored = NonNullable<Lock['password']>;

const ROUNDS = 200_000;

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

async function derive(password: string, salt: Uint8Array<ArrayBuffer>): Promise<string> {
  // Typed on another keyboard, é may be one character or two.
  const text = new TextEncoder().encode(password.normalize('NFC'));
  const key = await crypto.subtle.importKey('raw', text, 'PBKDF2', false, ['deriveBits']);
  const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ROUNDS }, key, 256);
  return base64(new Uint8Array(bits));
}

export async function hashed(password: string): Promise<Stored> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return { salt: base64(salt), hash: await derive(password, salt) };
}

/** A damaged entry matches no password. */
export async function matches(password: string, { salt, hash }: Stored): Promise<boolean> {
  try {
    return (await derive(password, bytesOf(salt))) === hash;
  } catch {
    return false;
  }
}
