import { Agent, request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

/** Somebody who asks the same again and again, and what the answer has to be. */
export interface LoadUser {
  readonly name: string;
  readonly cookie: string;
  readonly status: number;
  /** Part of the body. */
  readonly says: string;
}

export interface LoadOptions {
  /** Of the app, as browsers write it. */
  readonly url: string;
  readonly ca: string;
  /** Loopback ports of the replicas. */
  readonly ports: readonly number[];
  /** Each is at work on each replica. */
  readonly users: readonly LoadUser[];
  /** Between an answer and the next request (ms). */
  readonly pause: number;
}

export interface LoadTotals {
  readonly requests: number;
  /** Answers that are not as they should be, and requests that no answer came to though their replica was there. */
  readonly wrong: number;
  /** The first of them, in words. */
  readonly examples: readonly string[];
  /** Requests that ended with a replica that was killed. */
  readonly lost: number;
  /** Longest wait for an answer (ms). */
  readonly slowest: number;
}

type Place = 'there' | 'leaving' | 'killed';

const ANSWER_LIMIT = 60_000;
const MOST_EXAMPLES = 10;

/** Users at work on several replicas. */
export class RoamingLoad {
  readonly #options: LoadOptions;
  readonly #places: Map<number, Place>;
  readonly #working: readonly Promise<void>[];
  readonly #examples: string[] = [];
  #requests = 0;
  #wrong = 0;
  #lost = 0;
  #slowest = 0;
  #isStopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#places = new Map(options.ports.map((port) => [port, 'there']));
    this.#working = options.ports.flatMap((port) => options.users.map((user) => this.#work(port, user)));
  }

  /** Nobody goes to a replica any more; requests under way are still answered. */
  leave(port: number): void {
    this.#places.set(port, 'leaving');
  }

  /** A replica is killed: requests to it may end without an answer. */
  killed(port: number): void {
    this.#places.set(port, 'killed');
  }

  back(port: number): void {
    this.#places.set(port, 'there');
  }

  totals(): LoadTotals {
    return {
      requests: this.#requests,
      wrong: this.#wrong,
      examples: [...this.#examples],
      lost: this.#lost,
      slowest: Math.round(this.#slowest),
    };
  }

  async stop(): Promise<LoadTotals> {
    this.#isStopped = true;
    await Promise.all(this.#working);
    return this.totals();
  }

  async #work(home: number, user: LoadUser): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: this.#options.ca });
    while (!this.#isStopped) {
      await this.#ask(this.#portFor(home), user, agent);
      await delay(this.#options.pause);
    }
    agent.destroy();
  }

  #portFor(home: number): number {
    if (this.#places.get(home) === 'there') return home;
    const others = this.#options.ports.filter((port) => this.#places.get(port) === 'there');
    return others[this.#requests % others.length] ?? home;
  }

  async #ask(port: number, user: LoadUser, agent: Agent): Promise<void> {
    const startedAt = performance.now();
    this.#requests += 1;
    try {
      const { status, body } = await get(port, this.#options.url, user.cookie, agent);
      this.#slowest = Math.max(this.#slowest, performance.now() - startedAt);
      if (status === user.status && body.includes(user.says)) return;
      this.#tell(`${user.name} at ${port}: ${status} instead of ${user.status}: ${body.slice(0, 200)}`);
    } catch (error) {
      if (this.#places.get(port) === 'killed') this.#lost += 1;
      else this.#tell(`${user.name} at ${port}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #tell(example: string): void {
    this.#wrong += 1;
    if (this.#examples.length < MOST_EXAMPLES) this.#examples.push(example);
  }
}

function get(port: number, url: string, cookie: string, agent: Agent) {
  const { hostname: servername, host, pathname } = new URL(url);
  const headers = { Host: host, ...(cookie === '' ? {} : { Cookie: cookie }) };
  const signal = AbortSignal.timeout(ANSWER_LIMIT);
  const options = { host: '127.0.0.1', port, servername, path: pathname, headers, agent, signal };
  return new Promise<{ readonly status: number; readonly body: string }>((resolve, reject) => {
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.once('error', reject).end();
  });
}
