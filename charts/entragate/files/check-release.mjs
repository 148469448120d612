// What `helm test` runs: the release is ready, and a host without policy is denied. Prints what it saw and ends with 1 if not so.
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

const { METRICS_ADDRESS, METRICS_PORT, ADDRESS, HTTPS_PORT, DENIED_HOST, DENIALS, SECONDS } = process.env;
const denials = DENIALS.split(',');

/** Status of the answer, or the reason why there is none; `no-certificate` where the handshake is refused. */
function statusOf(client, options) {
  return new Promise((resolve) => {
    const request = client.get({ ...options, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(String(response.statusCode));
    });
    request.once('timeout', () => request.destroy(new Error('no answer within 5 s')));
    const isRefused = ({ code }) => code === 'EPROTO' || code?.startsWith('ERR_SSL') === true;
    request.once('error', (error) => resolve(isRefused(error) ? 'no-certificate' : error.message));
  });
}

const readiness = () => statusOf(http, { host: METRICS_ADDRESS, port: Number(METRICS_PORT), path: '/readyz' });
// The certificate is that of another host: what counts here is what is answered behind it.
const denial = () =>
  statusOf(https, {
    host: ADDRESS,
    port: Number(HTTPS_PORT),
    servername: DENIED_HOST,
    headers: { host: DENIED_HOST },
    rejectUnauthorized: false,
  });

async function expect(what, ask, wanted) {
  const deadline = performance.now() + Number(SECONDS) * 1_000;
  for (;;) {
    const seen = await ask();
    const isOpen = !wanted.includes('200') && seen.startsWith('2');
    if (wanted.includes(seen) || isOpen || performance.now() > deadline) {
      console.log(`${what}: ${seen}${wanted.includes(seen) ? '' : `, not ${wanted.join(' or ')}`}`);
      if (!wanted.includes(seen)) process.exit(1);
      return;
    }
    await delay(500);
  }
}

await expect('/readyz', readiness, ['200']);
await expect(`https://${DENIED_HOST}/`, denial, denials);
