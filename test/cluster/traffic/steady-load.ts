import { setTimeout as delay } from 'node:timers/promises';
import {
  type ClientAnswer,
  type ClientOptions,
  type KeepAliveClient,
  openKeepAliveClient,
} from './keep-alive-client.ts';

/** One client that asks the same again and again, over one connection for as long as it lasts. */
export interface LoadMember {
  /** In messages about wrong answers. */
  readonly name: string;
  readonly host: string;
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Null when the answer is as it should be, else what is wrong with it. */
  readonly judge: (answer: ClientAnswer) => string | null;
}

export interface LoadTotals {
  readonly requests: number;
  /** Wrong answers, lost connections and missing answers. */
  readonly wrong: number;
  /** The first of them, in words. */
  readonly examples: readonly string[];
  /** Longest wait for an answer (ms). */
  readonly slowest: number;
}

/** Clients at work. */
export interface SteadyLoad {
  readonly totals: () => LoadTotals;
  readonly stop: () => Promise<LoadTotals>;
}

const MOST_EXAMPLES = 10;

/**
 * Starts all members; each pauses after every answer.
 *
 * @param pause in milliseconds
 */
export async function startSteadyLoad(
  target: Omit<ClientOptions, 'host'>,
  members: readonly LoadMember[],
  pause: number,
): Promise<SteadyLoad> {
  const count = new Tally();
  let isStopped = false;
  const open = ({ host }: LoadMember) => openKeepAliveClient({ ...target, host });
  const run = async (member: LoadMember, first: KeepAliveClient) => {
    let client = first;
    while (!isStopped) {
      try {
        await count.one(member, client);
      } catch (error) {
        count.add(member, error instanceof Error ? error.message : String(error));
        client.close();
        const opened = await open(member).catch(() => null);
        if (opened !== null) client = opened;
      }
      await delay(pause);
    }
    client.close();
  };
  const clients = await Promise.all(members.map(async (member) => [member, await open(member)] as const));
  const running = clients.map(([member, client]) => run(member, client));
  return {
    totals: () => count.totals(),
    stop: async () => {
      isStopped = true;
      await Promise.all(running);
      return count.totals();
    },
  };
}

class Tally {
  #requests = 0;
  #wrong = 0;
  #slowest = 0;
  readonly #examples: string[] = [];

  async one(member: LoadMember, client: KeepAliveClient): Promise<void> {
    const startedAt = performance.now();
    this.#requests += 1;
    const answer = await client.ask(member.path, member.fields);
    this.#slowest = Math.max(this.#slowest, performance.now() - startedAt);
    const fault = member.judge(answer);
    if (fault !== null) this.add(member, fault);
  }

  add({ name }: LoadMember, fault: string): void {
    this.#wrong += 1;
    if (this.#examples.length < MOST_EXAMPLES) this.#examples.push(`${name}: ${fault.slice(0, 200)}`);
  }

  totals(): LoadTotals {
    return {
      requests: this.#requests,
      wrong: this.#wrong,
      examples: [...this.#examples],
      slowest: Math.round(this.#slowest),
    };
  }
}

/** A judge that wants a status, and the name of an app where it is 200. */
export function expectStatus(status: number, app = ''): LoadMember['judge'] {
  return (answer) => {
    if (answer.status !== status) return `${answer.status} instead of ${status}: ${answer.body}`;
    return app !== '' && answer.body !== app ? `answered by ${answer.body} instead of ${app}` : null;
  };
}
