import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type ClusterState, type ObjectRef, objectKey } from '../../src/api/cluster-state.ts';
import type { Ingress } from '../../src/api/kubernetes.ts';
import { type Applied, ControlPlane, type ControlPlaneOptions } from '../../src/processes/control-plane.ts';
import type { DataPlanes } from '../../src/processes/data-planes.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { createSilentLog, type Log } from '../../src/telemetry/logger.ts';
import type { TranslateOptions } from '../../src/translate/translate-options.ts';
import { until } from '../support/until.ts';
import { emptyState, readManifests, testOptions } from '../translate/manifest-state.ts';

/** A cluster of one public host for each name. */
const stateWith = (...names: readonly string[]): ClusterState => {
  const documents = names.map(
    (name) => `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, namespace: apps, annotations: {entragate.dev/access: public}}
spec:
  ingressClassName: entragate
  rules: [{host: ${name}.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${name}, port: {name: http}}}}]}}]`,
  );
  const ingressClass = `
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: entragate}
spec: {controller: ${testOptions.controllerName}}`;
  const text = [ingressClass, ...documents].join('\n---');
  return readManifests(text, { state: emptyState(), options: testOptions }).state;
};

/** Host names of a snapshot, in order. */
const hostsOf = (snapshot: Snapshot) =>
  [...snapshot.hosts.values()].map(({ value }) => (value.pattern.kind === 'any' ? '*' : value.pattern.name)).sort();

/** Nothing is tried again, nor given up, but where a test is about it (ms). */
const HOUR = 3_600_000;

/** A control plane whose source, preparation and data planes the test holds in its hands. */
class Stage {
  state: ClusterState = stateWith('one');
  options: TranslateOptions = testOptions;
  prepare: (state: ClusterState) => Promise<ClusterState> = async (state) => state;
  readSecrets: ControlPlaneOptions['readSecrets'] = async () => false;
  /** Awaited by every publication. */
  acknowledged: Promise<void> = Promise.resolve();
  now = Date.now();
  readonly published: (readonly string[])[] = [];
  /** Kinds of access of everything that was published last. */
  access: readonly string[] = [];
  readonly applied: Applied[] = [];
  /** What was logged, with the error that it is about. */
  readonly problems: string[] = [];
  #listener: () => void = () => {};
  readonly control: ControlPlane;

  constructor(
    timing: { readonly retryAfter: number; readonly patience: number } = { retryAfter: HOUR, patience: HOUR },
  ) {
    const planes: DataPlanes = {
      start: async () => ({ https: 0, http: 0 }),
      publish: async (snapshot) => {
        this.published.push(hostsOf(snapshot));
        this.access = [...snapshot.hosts.values()].flatMap(({ value }) =>
          value.routes.map((route) => route.access.kind),
        );
        await this.acknowledged;
      },
      isServing: () => true,
      setKeys: () => {},
      revoke: () => {},
      metrics: async () => [],
      drain: async () => {},
    };
    const log: Log = {
      ...createSilentLog(),
      error: (fields, message) => void this.problems.push(`${message} ${inspect(fields)}`),
    };
    this.control = new ControlPlane({
      source: {
        state: () => this.state,
        onChange: (listener) => {
          this.#listener = listener;
          return () => {
            this.#listener = () => {};
          };
        },
      },
      translation: () => this.options,
      prepare: (state) => this.prepare(state),
      readSecrets: (refs) => this.readSecrets(refs),
      planes,
      log,
      ...timing,
      now: () => this.now,
      onApplied: (applied) => this.applied.push(applied),
    });
  }

  change(...names: readonly string[]): void {
    this.state = stateWith(...names);
    this.tell();
  }

  tell(): void {
    this.#listener();
  }
}

describe('The rounds of the control plane', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage();
  });
  afterEach(() => stage.control.stop());

  it('[CLOSED] deny everything while what is known is too old, changes that come meanwhile included, and nothing afterwards', async () => {
    await stage.control.start();
    assert.deepEqual(stage.access, ['public']);
    stage.control.setOutdated(true);
    await until(() => stage.published.length === 2);
    assert.deepEqual([stage.published.at(-1), stage.access], [['one.example.com'], ['denied']]);
    stage.change('one', 'two');
    await until(() => stage.published.length === 3);
    assert.deepEqual(stage.access, ['denied', 'denied']);
    stage.control.setOutdated(false);
    await until(() => stage.published.length === 4);
    assert.deepEqual(stage.access, ['public', 'public']);
    assert.deepEqual(stage.problems, []);
  });

  it('tell that a certificate has expired when it does, though nothing changes', async () => {
    const { state } = readManifests(
      `keyPair: { fixture: ledger, namespace: apps, name: ledger-tls }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ledger, namespace: apps, annotations: {entragate.dev/access: public}}
spec:
  ingressClassName: entragate
  tls: [{hosts: [ledger.example.com], secretName: ledger-tls}]
  defaultBackend: {service: {name: ledger, port: {number: 80}}}
  rules: [{host: ledger.example.com}]`,
      { state: stateWith(), options: testOptions },
    );
    stage.state = state;
    stage.now = Date.parse('2126-10-30T15:23:12.950Z'); // 50 ms before its end
    await stage.control.start();
    stage.now += 50;
    await until(() => stage.applied.length === 2);
    assert.deepEqual(stage.applied.at(-1)?.changes, [
      'Ingress apps/ledger: now programmed; access is public, nobody signs in. Service ledger does not exist: its requests are answered with 503. The certificate in Secret ledger-tls expired at 2126-10-30T15:23:13Z: browsers refuse it.',
    ]);
  });

  it('have sent the first snapshot, and had it acknowledged, when the start is done', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    stage.acknowledged = promise;
    let isStarted = false;
    const started = stage.control.start().then(() => {
      isStarted = true;
    });
    await turns();
    assert.deepEqual(stage.published, [['one.example.com']]);
    assert.equal(isStarted, false);
    assert.equal(stage.applied.length, 0);
    resolve();
    await started;
    assert.deepEqual(
      stage.applied.map(({ isFirst, changes }) => [isFirst, changes]),
      [[true, []]],
    );
  });

  it('[STATIC] go on when a snapshot is acknowledged by nobody, as where every worker dies of it: what takes it back has to be sent', async () => {
    stage = new Stage({ retryAfter: HOUR, patience: 100 });
    stage.acknowledged = new Promise(() => {});
    const started = stage.control.start();
    await until(() => stage.published.length === 1);
    stage.acknowledged = Promise.resolve();
    stage.change('two');
    await until(() => stage.applied.length === 1);
    await started;
    assert.deepEqual(stage.published.at(-1), ['two.example.com']);
    assert.deepEqual(
      stage.applied.map(({ isFirst }) => isFirst),
      [true],
      'only now all data planes serve',
    );
    assert.equal(stage.control.behind(), 0);
    assert.match(stage.problems.join(), /snapshot-not-acknowledged/);
  });

  it('[ORDER] never overlap: what changes during one, however often, is taken up by one more', async () => {
    await stage.control.start();
    const { promise, resolve } = Promise.withResolvers<void>();
    stage.acknowledged = promise;
    stage.change('one', 'two');
    await turns();
    for (const name of ['three', 'four', 'five']) stage.change('one', name);
    await turns();
    assert.equal(stage.published.length, 2, 'the round waits for the data planes');
    resolve();
    await turns();
    assert.deepEqual(stage.published.slice(1), [
      ['one.example.com', 'two.example.com'],
      ['five.example.com', 'one.example.com'],
    ]);
    assert.ok(stage.applied.at(-1)?.changes.some((line) => line.includes('five')));
  });

  it('[STATIC] keep the last good snapshot when preparing the next fails, say so, and take the one after', async () => {
    await stage.control.start();
    stage.prepare = async () => {
      throw new Error('no certificate can be made');
    };
    stage.change('one', 'two');
    await turns();
    assert.equal(stage.published.length, 1);
    assert.equal(stage.problems.length, 1);
    assert.ok(stage.control.behind() > 0);
    stage.prepare = async (state) => state;
    stage.change('one', 'three');
    await turns();
    assert.deepEqual(stage.published.at(-1), ['one.example.com', 'three.example.com']);
  });

  it('[STATIC] try again what could not be applied though nothing changes, and count meanwhile how long they are behind', async () => {
    stage = new Stage({ retryAfter: 50, patience: HOUR });
    await stage.control.start();
    assert.equal(stage.control.behind(), 0);
    stage.prepare = async () => {
      throw new Error('no certificate can be made');
    };
    stage.change('one', 'two');
    await until(() => stage.problems.length >= 3);
    assert.ok(stage.control.behind() > 90, 'since the first of them');
    stage.prepare = async (state) => state;
    await until(() => stage.published.length === 2);
    assert.deepEqual(stage.published.at(-1), ['one.example.com', 'two.example.com']);
    await until(() => stage.control.behind() === 0);
  });

  it('say that nothing is applied while a data plane can not serve from it, try again, and are served first when it can', async () => {
    stage = new Stage({ retryAfter: 50, patience: HOUR });
    stage.acknowledged = Promise.reject(new Error('a worker can not serve from it'));
    stage.acknowledged.catch(() => {});
    await stage.control.start();
    assert.equal(stage.published.length, 1);
    await until(() => stage.published.length >= 3);
    assert.equal(stage.applied.length, 0, 'no status says that it is programmed, and readiness is false');
    assert.ok(stage.control.behind() > 0);
    stage.acknowledged = Promise.resolve();
    await until(() => stage.applied.length === 1);
    assert.equal(stage.applied[0]?.isFirst, true);
    stage.acknowledged = Promise.reject(new Error('a worker can not serve from it'));
    stage.acknowledged.catch(() => {});
    stage.change('one', 'two');
    await until(() => stage.control.behind() > 0);
    stage.acknowledged = Promise.resolve();
    await until(() => stage.applied.length === 2);
    assert.equal(stage.control.behind(), 0);
    assert.equal(stage.applied[1]?.isFirst, false);
    assert.ok(
      stage.applied[1]?.changes.some((line) => line.includes('two')),
      'what changed since what was served',
    );
  });

  it('[CLOSED] deny everything that is too old also when nothing newer can be applied', async () => {
    await stage.control.start();
    stage.prepare = async () => {
      throw new Error('no certificate can be made');
    };
    stage.control.setOutdated(true);
    await until(() => stage.published.length > 1);
    assert.deepEqual([stage.published.at(-1), stage.access], [['one.example.com'], ['denied']]);
    stage.prepare = async (state) => state;
    stage.control.setOutdated(false);
    await until(() => stage.access[0] === 'public');
  });

  it('[CLOSED] send no first snapshot while preparing it fails: everything stays 503', async () => {
    stage.prepare = async () => {
      throw new Error('no certificate can be made');
    };
    await stage.control.start();
    assert.deepEqual([stage.published, stage.applied], [[], []]);
    stage.prepare = async (state) => state;
    stage.change('one');
    await turns();
    assert.deepEqual(stage.published, [['one.example.com']]);
    assert.equal(stage.applied[0]?.isFirst, true);
  });

  it('[CLOSED] send no snapshot that is not valid, say so, and send the next that is', async () => {
    stage.options = { ...testOptions, authHost: 'No Host' };
    await stage.control.start();
    assert.deepEqual([stage.published, stage.applied], [[], []]);
    assert.match(stage.problems.join(), /snapshot-invalid/);
    stage.options = testOptions;
    stage.change('one', 'two');
    await turns();
    assert.deepEqual(stage.published, [['one.example.com', 'two.example.com']]);
  });

  it('[ISOLATED] deny a namespace that something can not be translated of, say so once, and take up what others change', async () => {
    await stage.control.start();
    const broken = (...names: readonly string[]): ClusterState => {
      const state = stateWith(...names);
      const [ingress] = state.ingresses.values();
      assert.ok(ingress !== undefined);
      const poison = {
        ...ingress,
        metadata: { ...ingress.metadata, namespace: 'evil' },
        spec: null as unknown as Ingress['spec'],
      };
      return { ...state, ingresses: new Map([...state.ingresses, [objectKey('evil', 'poison'), poison]]) };
    };
    for (const names of [['one', 'two'], ['three']]) {
      stage.state = broken(...names);
      stage.tell();
      await turns();
      assert.deepEqual(
        stage.published.at(-1),
        names.map((name) => `${name}.example.com`),
      );
    }
    assert.deepEqual(
      stage.applied.map(({ denied }) => denied),
      [[], ['evil'], ['evil']],
    );
    assert.equal(stage.problems.length, 1);
    assert.match(stage.problems.join(), /are denied as a whole: evil.*TypeError/s);
    assert.equal(stage.control.behind(), 0, 'what others wrote is of now');
    stage.change('one');
    await turns();
    assert.deepEqual(stage.applied.at(-1)?.denied, []);
  });

  it('[STATIC] send nothing before the Secrets that a change is the first to name were read, and then what they told', async () => {
    await stage.control.start();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const asked: (readonly ObjectRef[])[] = [];
    stage.readSecrets = async (refs) => {
      asked.push(refs);
      return promise;
    };
    stage.change('one', 'two');
    await turns();
    assert.deepEqual([asked.length, stage.published.length], [1, 1], 'the round waits for the Secrets');
    stage.state = stateWith('one', 'two', 'three');
    resolve(true);
    await turns();
    assert.deepEqual(stage.published.slice(1), [['one.example.com', 'three.example.com', 'two.example.com']]);
  });

  it('end with a stop: nothing is sent after it', async () => {
    await stage.control.start();
    await stage.control.stop();
    stage.change('one', 'two');
    stage.control.setOutdated(true);
    await turns();
    assert.equal(stage.published.length, 1);
  });
});

/** Lets everything run that waits for nothing but its turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
