/** Entry of a thread that trains for sweeps. */
import { parentPort } from 'node:worker_threads';
import { serveTasks } from './thread';

const port = parentPort!;
port.on(
  'message',
  serveTasks((message) => port.postMessage(message)),
);
