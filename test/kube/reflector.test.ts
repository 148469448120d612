import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, it } from 'mocha';
import { kindInfo } from '../../src/api/kinds.ts';
import { type ApiClient, type ApiLimits, apiLimits, createApiClient } from '../../src/kube/api-server/api-client.ts';
import { causeOf } from '../../src/kube/api-server/api-failure.ts';
import {
  type ReflectorPhase,
  type ReflectorTiming,
  reflectorTiming,
  runReflector,
} from '../../src/kube/objects/reflector.ts';
import { until } from '../support/until.ts';
import { type Script, type ScriptedApiServer, startScriptedApiServer } from './scripted-api-server.ts';

/** What a test sees of a reflector: everything it told, in order. */
interface Seen {
  readonly lists: (readonly string[])[];
  readonly events: string[];
  readonly phases: ReflectorPhase[];
  /** Versions that watches asked to go on from. */
  readonly versions: string[];
  /** How often it said that the API server was heard. */
  heard: number;
}

const BACKOFF = { first: 10, last: 50 };
const policy = kindInfo('Policy');
const group = 'e14f56fd-b956-4009-b06c-dc8a5e9207c8';

/** As kube-apiserver words it. */
const tooLarge = 'Timeout: Too large resource version: 999, current: 10';

function item(name: string, resourceVersion: string): object {
  return { metadata: { namespace: 'apps', name, resourceVersion }, spec: { groups: [group] } };
}

function event(type: string, name: string, resourceVersion: string): string {
  return `${JSON.stringify({ type, object: item(name, resourceVersion) })}\n`;
}

function sendList(response: ServerResponse, resourceVersion: string, names: readonly string[], next = ''): void {
  const metadata = { resourceVersion, continue: next };
  response.end(JSON.stringify({ metadata, items: names.map((name) => item(name, resourceVersion)) }));
}

function causes({ phases }: Seen): readonly string[] {
  return phases.flatMap((phase) => (phase.kind === 'failing' ? [causeOf(phase.failure)] : []));
}

/** What a test waits for, in place of what the product would. */
interface Short {
  readonly limits?: Partial<ApiLimits>;
  readonly timing?: Partial<ReflectorTiming>;
}

/** Begins with a text and goes on with spaces, one now and then, until the client leaves. */
function drip(response: ServerResponse, text: string): void {
  response.write(text);
  const timer = setInterval(() => response.write(' '), 50);
  response.once('close', () => clearInterval(timer));
}

describe('a reflector, told what no API server should say', () => {
  let server: ScriptedApiServer | null = null;
  let client: ApiClient | null = null;
  let running: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;

  const start = async (script: Script, short: Short = {}): Promise<Seen> => {
    assert.ok(policy !== undefined);
    const seen: Seen = { lists: [], events: [], phases: [], versions: [], heard: 0 };
    server = await startScriptedApiServer((what, url, response, request) => {
      if (what === 'watch') seen.versions.push(url.searchParams.get('resourceVersion') ?? '');
      script(what, url, response, request);
    });
    client = createApiClient({ kind: 'kubeconfig', path: server.kubeconfig }, { ...apiLimits, ...short.limits });
    const stop = new AbortController();
    const ended = runReflector(
      {
        client,
        info: policy,
        namespace: null,
        timing: { ...reflectorTiming, backoff: BACKOFF, ...short.timing },
        onListed: (objects) => seen.lists.push(objects.map(({ ref }) => ref.name)),
        onEvent: ({ type, object }) => seen.events.push(`${object.ref.name} ${type}`),
        onHeard: () => {
          seen.heard += 1;
        },
        onPhase: (phase) => seen.phases.push(phase),
      },
      stop.signal,
    );
    running = { stop, ended };
    return seen;
  };

  afterEach(async () => {
    running?.stop.abort();
    await running?.ended;
    client?.close();
    await server?.close();
  });

  it('has heard the API server after a list, an event and a bookmark, and not by a watch that merely opens', async () => {
    const seen = await start((what, { searchParams }, response) => {
      if (what === 'list') return sendList(response, '1', []);
      response.write(event('ADDED', 'finance', '2'));
      if (searchParams.get('allowWatchBookmarks') !== 'true') return;
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '3' } } })}\n`);
    });
    await until(() => seen.heard === 3);
    assert.deepEqual(seen.phases.at(-1), { kind: 'watching' });
    assert.deepEqual(seen.events, ['finance written']);
  });

  it('lists again after a line that is no JSON, and tells nothing of it', async () => {
    let lists = 0;
    const seen = await start((what, _url, response) => {
      if (what === 'list') {
        lists += 1;
        sendList(response, String(lists * 10), ['a']);
      } else if (lists === 1) {
        response.write(event('ADDED', 'b', '11'));
        response.write('{"type": "ADDED", "object": \n');
      } else {
        response.write(event('ADDED', 'c', '21'));
      }
    });
    await until(() => seen.events.includes('c written'));
    assert.deepEqual(seen.events, ['b written', 'c written']);
    assert.deepEqual(seen.versions, ['10', '20']);
    assert.deepEqual(causes(seen), ['malformed']);
  });

  it('lists again after an event of another kind, of no type or without a version', async () => {
    const bad = [
      `${JSON.stringify({ type: 'ADDED', object: { ...item('x', '1'), apiVersion: 'v1', kind: 'Secret' } })}\n`,
      event('UNHEARD', 'x', '1'),
      event('MODIFIED', 'x', ''),
      'null\n',
    ];
    let watches = 0;
    const seen = await start((what, _url, response) => {
      if (what === 'list') sendList(response, '10', []);
      else response.write(bad[watches++] ?? event('ADDED', 'good', '11'));
    });
    await until(() => seen.events.length > 0);
    assert.deepEqual(seen.events, ['good written']);
    assert.equal(seen.lists.length, bad.length + 1);
  });

  it('goes on from the last whole event after a connection that broke inside of one', async () => {
    let watches = 0;
    const seen = await start((what, _url, response) => {
      if (what === 'list') {
        sendList(response, '10', ['a']);
        return;
      }
      watches += 1;
      if (watches > 1) response.write(event('DELETED', 'a', '13'));
      else {
        response.write(`${event('ADDED', 'b', '11')}${event('BOOKMARK', '', '12')}`);
        response.write(event('ADDED', 'half', '13').slice(0, 30), () => response.destroy());
      }
    });
    await until(() => seen.events.includes('a deleted'));
    assert.deepEqual(seen.events, ['b written', 'a deleted']);
    assert.deepEqual(seen.versions, ['10', '12']);
    assert.equal(seen.lists.length, 1);
  });

  it('takes nothing for an empty list: not a body without items, not pages of two versions, not half a body, and no page that is not a 200', async () => {
    let lists = 0;
    const seen = await start((what, url, response) => {
      if (what === 'watch') {
        response.flushHeaders();
        return;
      }
      lists += 1;
      const isSecondPage = url.searchParams.has('continue');
      if (lists === 1) response.end('{"metadata": {"resourceVersion": "9"}}');
      else if (lists === 2) response.end('{}');
      else if (lists === 3)
        response.write('{"metadata": {"resourceVersion": "9"}, "items": [', () => response.destroy());
      else if (lists === 4) sendList(response, '9', ['a'], 'more');
      else if (lists === 5 && isSecondPage) sendList(response, '10', ['b']);
      else if (lists === 6) {
        response.statusCode = 202;
        sendList(response, '10', []);
      } else sendList(response, '11', ['a', 'b']);
    });
    await until(() => seen.lists.length > 0);
    assert.deepEqual(seen.lists, [['a', 'b']]);
    assert.deepEqual(causes(seen), ['malformed', 'malformed', 'network', 'malformed', 'status']);
  });

  it('[ISOLATED] lists a page of more than memory holds in smaller ones: a tenant with a hundred large objects kept all from being listed', async () => {
    const names = Array.from({ length: 90 }, (_, index) => `large-${index}`);
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(3 * 1024 * 1024) };
    let sent = 0;
    const pages: number[] = [];
    const seen = await start((what, url, response) => {
      if (what === 'watch') {
        response.flushHeaders();
        return;
      }
      const from = Number(url.searchParams.get('continue') ?? 0);
      const to = Math.min(from + Number(url.searchParams.get('limit')), names.length);
      pages.push(to - from);
      const page = function* () {
        yield `{"metadata": {"resourceVersion": "10", "continue": "${to === names.length ? '' : to}"}, "items": [`;
        for (let index = from; index < to; index += 1) {
          const text = JSON.stringify({
            ...item(`large-${index}`, '1'),
            metadata: { namespace: 'apps', name: `large-${index}`, annotations },
          });
          sent += text.length;
          yield `${index === from ? '' : ','}${text}`;
        }
        yield ']}';
      };
      Readable.from(page())
        .on('error', () => {})
        .pipe(response);
    });
    await until(() => seen.lists.length > 0, 240_000);
    console.log(
      `      pages of ${[...new Set(pages)].join(', ')} objects; ${Math.round(sent / 1e6)} MB for ${names.length} of 3 MiB`,
    );
    assert.deepEqual(seen.lists, [names]);
    assert.deepEqual(causes(seen), []);
  }).timeout(300_000);

  it('[ISOLATED] lists in pages of many again where objects are small: those behind five large ones came one by one', async () => {
    const names = Array.from({ length: 2_005 }, (_, index) => `o-${String(index).padStart(4, '0')}`);
    const filler = 'x'.repeat(9 * 1024 * 1024);
    let pages = 0;
    const seen = await start((what, url, response) => {
      if (what === 'watch') {
        response.flushHeaders();
        return;
      }
      pages += 1;
      const from = Number(url.searchParams.get('continue') ?? 0);
      const to = Math.min(from + Number(url.searchParams.get('limit')), names.length);
      const page = function* () {
        yield `{"metadata": {"resourceVersion": "10", "continue": "${to === names.length ? '' : to}"}, "items": [`;
        for (let index = from; index < to; index += 1) {
          const annotations = index < 5 ? { 'example.com/note': filler } : {};
          const metadata = { namespace: 'apps', name: names[index], annotations };
          yield `${index === from ? '' : ','}${JSON.stringify({ ...item('', '1'), metadata })}`;
        }
        yield ']}';
      };
      Readable.from(page())
        .on('error', () => {})
        .pipe(response);
    });
    await until(() => seen.lists.length > 0);
    assert.deepEqual(seen.lists, [names]);
    console.log(`      ${pages} pages for ${names.length} objects, of which five are 9 MiB`);
    assert.ok(pages < 60, `${pages} pages`);
  });

  it('follows no pages that lead in a circle, as those of a cache between do: what was listed would grow for ever', async () => {
    let lists = 0;
    const seen = await start((what, url, response) => {
      if (what === 'watch') return response.flushHeaders();
      lists += 1;
      if (lists > 20 && !url.searchParams.has('continue')) return sendList(response, '10', ['a']);
      sendList(response, '10', ['a'], url.searchParams.get('continue') === 'one' ? 'two' : 'one');
    });
    await until(() => seen.lists.length > 0);
    assert.deepEqual(seen.lists, [['a']]);
    assert.ok(causes(seen).length > 3 && causes(seen).every((cause) => cause === 'malformed'), causes(seen).join());
  });

  it('lists again where an answer comes byte by byte: whoever waits for it whole would wait for ever', async () => {
    let lists = 0;
    const script: Script = (what, _url, response) => {
      if (what === 'watch') return response.flushHeaders();
      lists += 1;
      if (lists > 1) return sendList(response, '10', ['a']);
      drip(response, '{"metadata": ');
    };
    const seen = await start(script, { limits: { whole: 2_000 } });
    await until(() => seen.lists.length > 0);
    assert.deepEqual([seen.lists, causes(seen)], [[['a']], ['silent']]);
  });

  it('goes on from a watch that is not closed when it should be, and only seems to be alive', async () => {
    let watches = 0;
    const script: Script = (what, _url, response) => {
      if (what === 'list') return sendList(response, '10', ['a']);
      watches += 1;
      if (watches > 1) return response.write(event('ADDED', 'b', '11'));
      drip(response, '{"type": ');
    };
    const seen = await start(script, { timing: { watchTimeout: 0, overtime: 500 } });
    await until(() => seen.events.length > 0);
    assert.deepEqual([seen.events, seen.versions.slice(0, 2)], [['b written'], ['10', '10']]);
    assert.deepEqual(causes(seen).slice(0, 1), ['network']);
  });

  it('waits as long as a 429 asks for, and lists nothing again for it', async () => {
    const watchedAt: number[] = [];
    const seen = await start((what, _url, response) => {
      if (what === 'list') {
        sendList(response, '10', ['a']);
        return;
      }
      watchedAt.push(performance.now());
      if (watchedAt.length > 1) response.write(event('ADDED', 'b', '11'));
      else response.writeHead(429, { 'Retry-After': '1' }).end('{"kind": "Status", "message": "too many requests"}');
    });
    await until(() => seen.events.length > 0);
    const [first = 0, second = 0] = watchedAt;
    assert.ok(second - first >= 990, `${second - first} ms`);
    assert.equal(seen.lists.length, 1);
    assert.deepEqual(causes(seen), ['throttled']);
  });

  for (const [what, message, cause, lists] of [
    ['that the server has not got as far ("too large resource version")', tooLarge, 'future-version', 2],
    ['by a gateway that the server took too long', 'the request timed out', 'status', 1],
  ] as const) {
    it(`takes nothing away when a watch is told 504 ${what}, names it, and ${lists > 1 ? 'lists again' : 'goes on where it was'}`, async () => {
      let watches = 0;
      const seen = await start((asked, _url, response) => {
        if (asked === 'list') {
          sendList(response, '10', ['a']);
          return;
        }
        watches += 1;
        if (watches > 1) response.write(event('ADDED', 'b', '11'));
        else response.writeHead(504).end(JSON.stringify({ kind: 'Status', code: 504, reason: 'Timeout', message }));
      });
      await until(() => seen.events.length > 0);
      assert.deepEqual([causes(seen), seen.lists.length, seen.versions], [[cause], lists, ['10', '10']]);
      assert.deepEqual(seen.events, ['b written'], 'nothing was deleted meanwhile');
    });
  }

  it('lists again at once when a watch is told 410, but does not ask in a loop a server that says so every time', async () => {
    const askedAt: number[] = [];
    const seen = await start((what, _url, response) => {
      if (what === 'list') sendList(response, '10', ['a']);
      else {
        askedAt.push(performance.now());
        const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
        response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      }
    });
    await until(() => askedAt.length > WATCHES);
    assertInNoLoop(askedAt);
    assert.ok(causes(seen).every((cause) => cause === 'expired'));
  });

  it('does not ask in a loop a server that closes every watch it opens', async () => {
    const askedAt: number[] = [];
    await start((what, _url, response) => {
      if (what === 'list') sendList(response, '10', ['a']);
      else {
        askedAt.push(performance.now());
        response.end();
      }
    });
    await until(() => askedAt.length > WATCHES);
    assertInNoLoop(askedAt);
  });
});

const WATCHES = 20;

/** Each wait is half of the longest at least, but for those before the waits have grown. */
function assertInNoLoop(askedAt: readonly number[]): void {
  const took = (askedAt[WATCHES] ?? 0) - (askedAt[0] ?? 0);
  assert.ok(took > (WATCHES - 5) * (BACKOFF.last / 2), `${WATCHES} more watches in ${took} ms`);
}
