/** Messages as bytes: whatever is sent arrives, and what is no message is refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadMessage, decode, encode } from '../../src/engine/wire';

const array = fc.oneof(
  fc.float32Array({ maxLength: 20 }),
  fc.float64Array({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }),
  fc.uint32Array({ maxLength: 20 }),
  fc.int16Array({ maxLength: 20 }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    array,
    tie('list'),
    tie('table'),
  ),
  list: fc.array(fc.oneof(tie('value'), fc.constant(undefined)), { maxLength: 5 }),
  table: fc.dictionary(
    fc.string({ maxLength: 4 }).filter((key) => key !== '__proto__'),
    tie('value'),
    { maxKeys: 5, noNullPrototype: true },
  ),
}));

describe('a message', () => {
  test('arrives as it was sent', () => {
    fc.assert(
      fc.property(value, (message) => {
        expect(decode(encode(message))).toStrictEqual(message);
      }),
      { numRuns: 500 },
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e308, 5e-324])(
    'keeps the number %d',
    (number) => {
      expect(decode(encode({ number, list: [number] }))).toStrictEqual({ number, list: [number] });
    },
  );

  test('may hold what looks like a mark', () => {
    for (const message of [{ $: 'f32', n: 3 }, { $: 'object', v: { $: 'undefined' } }, [{ $: 1 }]])
      expect(decode(encode(message))).toStrictEqual(message);
  });

  test('costs little more than its numbers, and arrives with memory of its own', () => {
    const numbers = Float32Array.from({ length: 100_000 }, (_, i) => i);
    const bytes = encode({ part: numbers.subarray(10, 90_000) });
    expect(bytes.length).toBeLessThan(4 * 89_990 + 200);
    // As sockets deliver: somewhere within a larger piece of memory, at an odd place.
    const pool = new Uint8Array(bytes.length + 11);
    pool.set(bytes, 7);
    const arrived = decode(pool.subarray(7, 7 + bytes.length)) as { part: Float32Array };
    pool.fill(255);
    expect(arrived.part).toEqual(numbers.slice(10, 90_000));
    expect(arrived.part.byteOffset).toBe(0);
  });

  test('cannot be a function, and a member that is undefined is left out', () => {
    expect(() => encode({ run: () => 1 })).toThrow(BadMessage);
    expect(decode(encode({ a: undefined, b: 1 }))).toStrictEqual({ b: 1 });
    expect(decode(encode(undefined))).toBeNull();
  });
});

describe('bytes that are none', () => {
  test('are refused, cut off or changed anywhere', () => {
    const good = encode({ t: 'call', id: 1, args: [Float32Array.of(1, 2, 3), { $: 2 }, -0] });
    const refusedOrRead = (bytes: Uint8Array): void => {
      try {
        decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(BadMessage);
      }
    };
    for (let length = 0; length < good.length; length++) expect(() => decode(good.subarray(0, length))).toThrow(BadMessage);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const changed = good.slice();
        changed[at] = byte;
        refusedOrRead(changed);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => refusedOrRead(bytes)),
      { numRuns: 1000 },
    );
  });

  test('reach no prototype', () => {
    const json = new TextEncoder().encode('{"__proto__":{"polluted":1}}');
    const bytes = new Uint8Array(8 + json.length + 4);
    new DataView(bytes.buffer).setUint32(0, 1);
    new DataView(bytes.buffer).setUint32(4, json.length);
    bytes.set(json, 8);
    expect(() => decode(bytes)).toThrow(/forbidden/);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
