/** A WebSocket as a `Port`: messages are bytes made by `wire.ts`. What cannot be read ends the connection. */
import type { WebSocket } from 'ws';
import { decode, encode } from '../../engine/wire';
import type { Port } from '../../engine/remote';

/** Close code for messages that are none of ours. */
const BAD_MESSAGE = 1003;

function read(bytes: Uint8Array): { readonly value: unknown } | null {
  try {
    return { value: decode(bytes) };
  } catch {
    return null;
  }
}

export function socketPort(socket: WebSocket): Port {
  return {
    post: (message) => {
      if (socket.readyState === socket.OPEN) socket.send(encode(message));
    },
    onMessage: (listener) => {
      const receive = (data: unknown, isBinary: boolean): void => {
        const message = isBinary && data instanceof Uint8Array ? read(data) : null;
        if (message) listener(message.value);
        else socket.close(BAD_MESSAGE);
      };
      socket.on('message', receive);
      return () => socket.off('message', receive);
    },
    onClose: (listener) => {
      socket.on('close', listener);
      return () => socket.off('close', listener);
    },
  };
}
