import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ServiceMapping } from '../../src/config/config.ts';
import { createDial, MappedServices } from '../../src/processes/mapped-services.ts';
import { emptyState, readManifests, testOptions } from '../translate/manifest-state.ts';

const state = readManifests(
  `
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: apps}
spec: {ports: [{name: http, port: 80}, {name: metrics, port: 9000}]}
---
apiVersion: v1
kind: Service
metadata: {name: six, namespace: apps}
spec: {ipFamilies: [IPv6], ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ledger-1, namespace: apps, labels: {kubernetes.io/service-name: ledger}}
addressType: IPv4
ports: [{name: http, port: 8080}, {name: metrics, port: 9000}]
endpoints: [{addresses: [192.0.2.10]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ledger-1, namespace: other, labels: {kubernetes.io/service-name: ledger}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [192.0.2.99]}]
`,
  { state: emptyState(), options: testOptions },
).state;

const mapping = (service: string, port: string, target: number, namespace = 'apps'): ServiceMapping => ({
  namespace,
  service,
  port,
  target: { host: '127.0.0.1', port: target },
});
/** `address:port` of every endpoint of one Service port. */
const endpointsOf = (mapped: MappedServices, namespace: string, service: string, port: string) =>
  [...mapped.overlay(state).endpointSlices.values()]
    .filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.labels['kubernetes.io/service-name'] === service,
    )
    .flatMap(({ ports, endpoints }) =>
      ports
        .filter(({ name }) => name === port)
        .flatMap((each) => endpoints.flatMap(({ addresses }) => addresses.map((address) => `${address}:${each.port}`))),
    );

describe('Mapped Services', () => {
  it('change nothing where nothing is mapped', () => {
    assert.equal(new MappedServices([]).overlay(state), state);
  });

  it('have one endpoint that leads to the target, instead of those of the manifests', () => {
    const mapped = new MappedServices([mapping('ledger', 'http', 9001)]);
    const [endpoint = '', ...more] = endpointsOf(mapped, 'apps', 'ledger', 'http');
    assert.deepEqual(more, []);
    const [address = '', port] = endpoint.split(':');
    const dial = createDial(mapped.mappings);
    assert.deepEqual(dial(address, Number(port)), { host: '127.0.0.1', port: 9001, isMapped: true });
  });

  it('are found by the name or by the number of their port', () => {
    for (const port of ['http', '80']) {
      assert.equal(
        endpointsOf(new MappedServices([mapping('ledger', port, 9001)]), 'apps', 'ledger', 'http').length,
        1,
      );
    }
  });

  it('leave other ports, and the Service of the same name in another namespace, as they are', () => {
    const mapped = new MappedServices([mapping('ledger', 'http', 9001)]);
    assert.deepEqual(endpointsOf(mapped, 'apps', 'ledger', 'metrics'), ['192.0.2.10:9000']);
    assert.deepEqual(endpointsOf(mapped, 'other', 'ledger', 'http'), ['192.0.2.99:8080']);
    assert.deepEqual(createDial(mapped.mappings)('192.0.2.99', 8080), {
      host: '192.0.2.99',
      port: 8080,
      isMapped: false,
    });
  });

  it('share no address, so that two of them never share connections', () => {
    const mapped = new MappedServices([
      mapping('ledger', 'http', 9001),
      mapping('ledger', 'metrics', 9002),
      mapping('six', 'http', 9003),
    ]);
    const found = [
      ...endpointsOf(mapped, 'apps', 'ledger', 'http'),
      ...endpointsOf(mapped, 'apps', 'ledger', 'metrics'),
      ...endpointsOf(mapped, 'apps', 'six', 'http'),
    ];
    assert.equal(new Set(found.map((each) => each.slice(0, each.lastIndexOf(':')))).size, 3, found.join());
    assert.match(found[2] ?? '', /^2001:db8::/);
  });

  it('that are named but not there are told', () => {
    const wrong = [
      mapping('ledger', 'https', 1),
      mapping('nothing', 'http', 2),
      mapping('ledger', 'http', 3, 'elsewhere'),
    ];
    const mapped = new MappedServices([mapping('ledger', 'http', 9001), ...wrong]);
    assert.deepEqual(mapped.unused(state), wrong);
  });
});
