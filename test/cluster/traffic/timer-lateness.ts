import { Worker } from 'node:worker_threads';

const EVERY_MS = 20;

/** Asks for a timer again and again on a thread that does nothing else: what is late there is late because the machine is busy. */
const sample = `
const { parentPort } = require('node:worker_threads');
const late = [];
let due = performance.now() + ${EVERY_MS};
const tick = () => {
  late.push(performance.now() - due);
  due = performance.now() + ${EVERY_MS};
  timer = setTimeout(tick, ${EVERY_MS});
};
let timer = setTimeout(tick, ${EVERY_MS});
parentPort.once('message', () => {
  clearTimeout(timer);
  parentPort.postMessage(late);
});
`;

/** Starts to measure how late timers are (ms). */
export function measureTimerLateness(): { readonly stop: () => Promise<readonly number[]> } {
  const worker = new Worker(sample, { eval: true });
  return {
    stop: async () => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>();
      worker.once('message', resolve).once('error', reject).postMessage('stop');
      const late = await promise;
      await worker.terminate();
      return late;
    },
  };
}
