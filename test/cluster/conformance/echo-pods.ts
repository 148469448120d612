import http from 'node:http';
import { objectKey } from '../../../src/api/cluster-state.ts';
import type { Mappings } from '../../../src/processes/mapped-services.ts';
import type { ApiRequests } from '../kube/api-requests.ts';
import { applyObject, endpointSliceObject } from '../kube/objects.ts';

/** What an echo server says of the request that reached it, and of itself. */
export interface Echo {
  /** Request target as received. */
  readonly path: string;
  readonly host: string;
  readonly method: string;
  readonly proto: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly service: string;
  readonly pod: string;
}

interface EchoPod {
  readonly address: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Echo servers behind the Services of one Ingress, at documentation addresses (RFC 5737). */
export interface EchoPods {
  /** Where the addresses really are. */
  readonly mappings: Mappings;
  /** Writes a Service and as many of its endpoints as asked for. */
  readonly expose: (
    admin: ApiRequests,
    namespace: string,
    service: string,
    portName: string,
    pods: number,
  ) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** @param pods how many each Service has at most, by name of the Service */
export async function startEchoPods(pods: Readonly<Record<string, number>>): Promise<EchoPods> {
  const running = new Map<string, readonly EchoPod[]>();
  let address = 0;
  for (const [service, count] of Object.entries(pods)) {
    const ofService: EchoPod[] = [];
    for (let index = 0; index < count; index += 1) {
      address += 1;
      ofService.push(await startEchoPod(service, `${service}-${index}`, `192.0.2.${address}`));
    }
    running.set(service, ofService);
  }
  const all = [...running.values()].flat();
  return {
    mappings: all.map((pod) => [pod.address, { host: '127.0.0.1', port: pod.port }] as const),
    expose: async (admin, namespace, service, portName, count) => {
      const port = { ...(portName === '' ? {} : { name: portName }), port: 8080, targetPort: 3000 };
      await applyObject(admin, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { namespace, name: service },
        spec: { ports: [port] },
      });
      const addresses = (running.get(service) ?? []).slice(0, count).map((pod) => pod.address);
      if (addresses.length < count) throw new Error(`${objectKey(namespace, service)} has no ${count} pods`);
      const slice = endpointSliceObject(namespace, `${service}-1`, service, addresses);
      await applyObject(admin, { ...slice, ports: [{ name: portName, port: 3000, protocol: 'TCP' }] });
    },
    close: async () => {
      for (const pod of all) await pod.close();
    },
  };
}

/** As the suite's own, it sets a type and a length, Node.js adds the date, and nobody a `Server`. */
async function startEchoPod(service: string, pod: string, address: string): Promise<EchoPod> {
  const server = http.createServer((request, response) => {
    const echo: Echo = {
      path: request.url ?? '',
      host: request.headers.host ?? '',
      method: request.method ?? '',
      proto: `HTTP/${request.httpVersion}`,
      headers: request.headers,
      service,
      pod,
    };
    const body = JSON.stringify(echo);
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('a TCP server has a port');
  return {
    address,
    port: bound.port,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
