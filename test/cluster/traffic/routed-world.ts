import { until } from '../../support/until.ts';
import type { ApiServer } from '../kube/api-server.ts';
import {
  applyObject,
  deleteObject,
  endpointSliceObject,
  namespaceObject,
  type RouteOptions,
  routeObject,
  serviceObject,
  type TestObject,
} from '../kube/objects.ts';
import { type Release, type Replica, type ReplicaOptions, startRelease } from '../release/release.ts';
import { type ClientAnswer, type ClientOptions, openKeepAliveClient } from './keep-alive-client.ts';
import { type NamedApps, startNamedApps } from './named-apps.ts';

export const PUBLIC = { 'entragate.dev/access': 'public' };

/** A release with named apps, and one replica that serves it. */
export interface RoutedWorld {
  readonly release: Release;
  readonly apps: NamedApps;
  readonly replica: Replica;
  readonly client: (host: string) => ClientOptions;
  readonly apply: (...objects: readonly TestObject[]) => Promise<void>;
  readonly delete: (...objects: readonly TestObject[]) => Promise<void>;
  /** Answer to one GET over a connection of its own. */
  readonly get: (host: string, path?: string, cookie?: string) => Promise<ClientAnswer>;
  /** Waits until a GET is answered so: with this status, and by this app where it is 200. Returns how long that took (ms). */
  readonly becomes: (host: string, status: number, app?: string, cookie?: string) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** Namespaces that the suites write into. */
const namespaces = ['apps', 'hr'];

/**
 * @param names of the apps
 * @param options of the replica
 */
export async function startRoutedWorld(
  server: ApiServer,
  names: readonly string[],
  options: (release: Release) => Promise<ReplicaOptions> = async () => ({}),
): Promise<RoutedWorld> {
  await using started = new AsyncDisposableStack();
  const apps = await startNamedApps(names);
  started.defer(() => apps.close());
  const release = await startRelease(server, apps.mappings);
  started.defer(() => release.close());
  const { admin } = server;
  for (const name of namespaces) await applyObject(admin, namespaceObject(name));
  const replica = await release.start(await options(release));
  await until(replica.isReady);
  const client = (host: string) => ({ port: release.httpsPort, ca: release.authority.caPem, host });
  const get: RoutedWorld['get'] = async (host, path = '/', cookie = '') => {
    const connection = await openKeepAliveClient(client(host));
    try {
      return await connection.ask(path, cookie === '' ? {} : { Cookie: cookie });
    } finally {
      connection.close();
    }
  };
  const running = started.move();
  return {
    ...{ release, apps, replica, client, get },
    apply: async (...objects) => {
      for (const object of objects) await applyObject(admin, object);
    },
    delete: async (...objects) => {
      for (const object of objects) await deleteObject(admin, object);
    },
    becomes: async (host, status, app, cookie) => {
      const startedAt = performance.now();
      let last: ClientAnswer = { status: 0, location: '', body: '' };
      await until(async () => {
        last = await get(host, '/', cookie);
        return last.status === status && (app === undefined || last.body === app);
      }).catch(() => {
        throw new Error(`${host} answers ${last.status} ${last.body.slice(0, 300)}, not ${status} ${app ?? ''}`);
      });
      return performance.now() - startedAt;
    },
    close: () => running.disposeAsync(),
  };
}

/** A Service, and endpoints of it that are those of an app. */
export function serviceOf(
  { apps }: Pick<RoutedWorld, 'apps'>,
  namespace: string,
  service: string,
  app: string,
): readonly [service: TestObject, slice: TestObject] {
  return [
    serviceObject(namespace, service),
    endpointSliceObject(namespace, `${service}-1`, service, [apps.get(app).address]),
  ];
}

/** An Ingress of `apps` that sends everything for a host to the Service of that name, without asking who comes. */
export function publicRoute(name: string, further: Partial<RouteOptions> = {}): TestObject {
  const host = `${name}.example.com`;
  return routeObject({ namespace: 'apps', name, host, annotations: PUBLIC, service: name, ...further });
}
